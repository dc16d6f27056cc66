"""How is a packed object made again? Empty first, then with its attributes, in whatever precision is asked for."""

from __future__ import annotations

import importlib
import io
import linecache
import pickle
import sys
import threading
import weakref
from collections import OrderedDict
from types import ModuleType
from typing import Any, TypeAlias

from kerasdiff.side.payload import Payload

Live: TypeAlias = Any


def unpack(payload: Payload, precision: str) -> Live:
    """Another copy of the object, which shares nothing with those made before; call :func:`settle` first."""
    from kerasdiff.worker.keras_internals import identify, keras, to_precision

    _precision[:] = [precision]
    unpickler = _Unpickler(io.BytesIO(payload.body))
    model, registered = unpickler.load()
    keras.saving.get_custom_objects().update(registered)
    made = unpickler.made
    while (record := unpickler.load()) is not None:
        at, state = record
        (unpickler.modules[at] if isinstance(at, str) else made[at]).__dict__.update(state)
    for one in made.values():
        to_precision(one, precision)
    for one in made.values():  # what goes by identity, once all has its own
        identify(one)
    return model


def settle(payload: Payload) -> None:
    """Makes of this process what the other one is to code: where modules are found, and Keras's settings."""
    from kerasdiff.worker.keras_internals import keras

    sys.path += [entry for entry in payload.path if entry not in sys.path]
    for file, lines in payload.sources.items():
        linecache.cache[file] = sum(map(len, lines)), None, list(lines), file
    setters = {
        "floatx": keras.config.set_floatx,
        "dtype_policy": keras.config.set_dtype_policy,
        "image_data_format": keras.config.set_image_data_format,
        "epsilon": lambda text: keras.config.set_epsilon(float(text)),
    }
    for name, value in payload.settings:
        setters[name](value)


class _Unpickler(pickle.Unpickler):
    """Reads what :mod:`kerasdiff.worker.live.pack` writes.

    Attributes:
        made: The objects of Keras so far, by number.
        modules: Modules of the user's so far, by name.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.made: dict[int, Live] = {}
        self.modules: dict[str, ModuleType] = {}

    def persistent_load(self, pid: Live) -> Live:
        """The object of this number or the module of this name, still empty where it is met for the first time."""
        number, kind = pid
        if isinstance(number, str):
            return self.modules.setdefault(number, _Module(number))
        if number not in self.made:
            self.made[number] = object.__new__(kind)
        return self.made[number]

    def find_class(self, module: str, name: str) -> Live:
        """Makes classes anew for each copy, which cloudpickle would share."""
        found: Live = super().find_class(module, name)
        if module == "cloudpickle.cloudpickle" and name in ("_make_skeleton_class", "_make_skeleton_enum"):
            at = 4 if name == "_make_skeleton_class" else 5

            def make(*arguments: Live) -> Live:
                return found(*arguments[:at], None, *arguments[at + 1 :])

            return make
        return found


class _Module(ModuleType):
    """A module of the user's, with what code was seen to read of it as it was; anything else is imported."""

    def __getattr__(self, name: str) -> object:
        value: object = getattr(importlib.import_module(self.__name__), name)
        return value


def module(name: str) -> ModuleType:
    """A module, imported here."""
    return importlib.import_module(name)


def beneath(name: str, function: str, depth: int) -> Live:
    """A function of a library, as it is beneath so many wrappers."""
    found = getattr(importlib.import_module(name), function)
    for _ in range(depth):
        found = found.__wrapped__
    return found


def lock(kind: str) -> Live:
    """A lock that nobody holds."""
    return threading.Lock() if kind == "lock" else threading.RLock()


def empty(kind: Live) -> Live:
    """A container of Keras, which tracks what is put into it, with nothing in it yet."""
    return kind.__new__(kind)


def fill(container: Live, state: tuple[dict[str, Live], tuple[Live, ...]]) -> None:
    """Its attributes and items, put there past the tracking."""
    attributes, items = state
    container.__dict__.update(attributes)
    if isinstance(container, list):
        list.extend(container, items)
    elif isinstance(container, set):
        set.update(container, items)
    else:
        base = OrderedDict if isinstance(container, OrderedDict) else dict
        for key, value in items:
            base.__setitem__(container, key, value)


def watched(kind: Live) -> Live:
    """A list or dictionary that TensorFlow watches, with nothing in it yet."""
    import tensorflow as tf

    return tf.__internal__.tracking.wrap(kind())


def fill_watched(container: Live, items: Live) -> None:
    """Its items."""
    (container.update if isinstance(container, dict) else container.extend)(items)


def compiled(function: Live, options: dict[str, Live]) -> Live:
    """A ``tf.function``."""
    import tensorflow as tf

    return tf.function(function, **options)


def strategy() -> Live:
    """How TensorFlow distributes where nobody said anything."""
    import tensorflow as tf

    return tf.distribute.get_strategy()


def weak(kind: Live) -> Live:
    """A dictionary of this class that keeps nothing alive, with nothing in it yet."""
    made = kind.__new__(kind)
    weakref.WeakKeyDictionary.__init__(made)
    return made


_precision: list[str] = []
"""What a copy is made in, while one is."""


def variable(value: Live, trainable: bool, name: str) -> Live:
    """A variable of TensorFlow, in the precision of the copy where it is a number of float32."""
    import tensorflow as tf

    dtype = _precision[-1] if value.dtype == "float32" else value.dtype
    return tf.Variable(value, trainable=trainable, name=name, dtype=dtype)


def generator(state: Live, algorithm: int) -> Live:
    """A random generator of TensorFlow."""
    import tensorflow as tf

    return tf.random.Generator.from_state(state, algorithm)


def table(changes: bool, keys: Live, values: Live, default: Live) -> Live:
    """A lookup table."""
    import tensorflow as tf

    if not changes:
        return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)
    made = tf.lookup.experimental.MutableHashTable(keys.dtype, values.dtype, default)
    made.insert(keys, values)
    return made
