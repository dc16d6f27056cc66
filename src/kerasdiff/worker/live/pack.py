"""What does a live object consist of? Its state and its code, written down without a change to either.

Keras's own way to copy a model saves its config and its weights, and a config holds what its author remembered to put
into it. Here each object is taken as it is: its class, and all its attributes. The user's classes and functions go
along by value, as they are in memory, patched or not, and with them what they read of the user's modules. Libraries are
imported again. What cannot be written down is an error that names it, never left out.

Objects of Keras are written one after the other and not inside each other: a deep network would be a deep recursion.

Imports neither Keras nor TensorFlow: a function that builds a model may be packed in a process that has not either.
"""

from __future__ import annotations

import inspect
import io
import linecache
import marshal
import os
import pickle
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

import cloudpickle

from kerasdiff.errors import TargetError
from kerasdiff.side.payload import Payload
from kerasdiff.worker.live import unpack
from kerasdiff.worker.user_code.libraries import is_user_file

Live: TypeAlias = Any
"""A living object: what is packed is of no type known before."""

_REGISTRY = threading.Lock()
"""cloudpickle has one table a process of the modules whose code goes by value."""
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_ROOTS = ("keras", "tf_keras")
_CONTAINERS = (list, OrderedDict, dict, set)
_OF_WEAK = vars(weakref.WeakKeyDictionary()).keys()
_PLAIN = (*_CONTAINERS, weakref.WeakKeyDictionary, tuple, frozenset, str, bytes, int, float, BaseException, type, Enum)


def pack(model: Live, text: str) -> Payload:
    """Packs a model, a layer, or a class or function that makes one.

    Args:
        model: Stays as it is.
        text: What it is called in messages.

    Raises:
        TargetError: If something in it cannot be copied.
    """
    second = _is_second(type(model))
    keras = _second_public() if second else sys.modules.get("keras")
    body = io.BytesIO()
    pickler = _Pickler(body, second=second)
    with _REGISTRY, _code_by_value():
        registered = {} if keras is None else _registered(keras)
        _write(pickler, (model, registered), text)
    return Payload(
        body=body.getvalue(),
        path=tuple(str(Path(entry or os.getcwd()).absolute()) for entry in sys.path),
        sources={file: tuple(linecache.getlines(file)) for file in pickler.files if not Path(file).exists()},
        settings=() if keras is None else _settings(keras),
        root=_root(model),
        builds=not _is_of_keras(type(model)),
        second=second,
        backend="" if keras is None or second else keras.config.backend(),
    )


def _write(pickler: _Pickler, root: object, text: str) -> None:
    """Writes an object, then what of Keras it refers to, until all of that is written."""
    try:
        pickler.dump(root)
        for record in pickler.waiting():
            pickler.dump(record)
        pickler.dump(None)
    except Exception as error:  # any object may be in a model, and say in any way that it cannot be written down
        raise TargetError(
            f"{text} cannot be copied into a process of its own{_where(pickler.inside)}: {str(error).rstrip('.')}. "
            "Give the code that builds it instead, as a function or as FILE.py:NAME."
        ) from error


def _where(inside: object) -> str:
    """Which attribute of which object holds what cannot be written down."""
    if inside is None:
        return ""
    name = getattr(inside, "name", None)
    called = type(inside).__name__ + (f" {name!r}" if isinstance(name, str) else "")
    for attribute, value in _state(inside).items():
        try:
            alone = _Pickler(io.BytesIO())
            alone.dump(value)
        except Exception:  # as above
            return f" for the attribute {attribute} of {called}"
    return f" for {called}"


def _state(at: object) -> dict[str, Live]:
    from kerasdiff.worker.keras_internals import own_state

    return own_state(at)


@contextmanager
def _code_by_value() -> Iterator[None]:
    """Lets the user's classes and functions go by value, of whatever module they are."""
    known = cloudpickle.list_registry_pickle_by_value()
    modules: dict[str, ModuleType] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        named = isinstance(module, ModuleType) and module.__name__ == name and name not in {"__main__", *known}
        if named and isinstance(file, str) and is_user_file(file):
            modules[name] = module
    added = tuple(modules.values())
    for module in added:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it has no types
    """Writes what pickle cannot: code, objects of Keras and of TensorFlow.

    Args:
        file: What it is written to.
        second: Whether it is of Keras 2, whose variables are TensorFlow's own.

    Attributes:
        inside: The object of Keras whose attributes are being written.
        files: Files of all code that was written.
    """

    def __init__(self, file: io.BytesIO, *, second: bool = False) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._second = second
        self.inside: object = None
        self.files: dict[str, None] = {}
        self._objects: list[object] = []
        self._numbers: dict[int, int] = {}
        self._modules: dict[str, ModuleType] = {}
        self._names: set[str] = set()
        self._read: set[tuple[str, str]] = set()

    def waiting(self) -> Iterator[tuple[int | str, dict[str, Live]]]:
        """What is still to be written, which grows meanwhile: the state of an object by number, of a module by name."""
        done = 0
        while True:
            while done < len(self._objects):
                self.inside = self._objects[done]
                yield done, _state(self.inside)
                done += 1
            self.inside = None
            held = next(filter(None, map(self._unread, sorted(self._modules))), None)
            if held is None:
                return
            yield held

    def _unread(self, name: str) -> tuple[str, dict[str, Live]] | None:
        """What code may read of a module, by the names that stand in it, and was not written yet."""
        known = vars(self._modules[name])
        new = sorted(one for one in self._names & known.keys() if (name, one) not in self._read)
        self._read.update((name, one) for one in new)
        return (name, {one: known[one] for one in new}) if new else None

    def persistent_id(self, obj: Live) -> Live:
        """Puts a number and the class in the place of an object of Keras, and its name in that of a user's module."""
        if isinstance(obj, ModuleType):
            if not is_user_file(getattr(obj, "__file__", None) or "<none>"):
                return None
            self._modules[obj.__name__] = obj
            return obj.__name__, None
        if not _is_of_keras(type(obj)):
            return None
        if id(obj) not in self._numbers:
            self._numbers[id(obj)] = len(self._objects)
            self._objects.append(obj)
        return self._numbers[id(obj)], type(obj)

    def reducer_override(self, obj: Live) -> Live:
        """How an object is made again."""
        kind = type(obj)
        if kind is FunctionType:
            if is_user_file(obj.__code__.co_filename):
                self.files[obj.__code__.co_filename] = None
                self._names.update(_names(obj.__code__))
            elif (depth := _depth(obj)) is not None:
                return unpack.beneath, (obj.__module__, obj.__name__, depth)
        elif kind is CodeType:  # as Python keeps it in a file, with its lines; cloudpickle leaves the file's name out
            return marshal.loads, (marshal.dumps(obj),)
        elif isinstance(obj, ModuleType) and getattr(obj, "__file__", None) and sys.modules.get(obj.__name__) is obj:
            return unpack.module, (obj.__name__,)
        elif kind.__module__.startswith("tensorflow."):
            return self._of_tensorflow(obj)
        made = _made_again(obj, kind)
        return super().reducer_override(obj) if made is None else made

    def _of_tensorflow(self, obj: Live) -> Live:
        from kerasdiff.worker.keras_internals import (
            function_options,
            generator_parts,
            is_default_strategy,
            table_parts,
            unwrapped,
            variable_parts,
        )

        plain = unwrapped(obj)
        if self._second and isinstance(plain, list | dict):  # whose layers it finds through the wrapper
            items = list(plain.items()) if isinstance(plain, dict) else plain
            return unpack.watched, (type(plain),), items, None, None, unpack.fill_watched
        if isinstance(plain, dict):
            return dict, (), None, None, iter(plain.items())
        if plain is not None:
            return type(plain), (tuple(plain),)
        if hasattr(obj, "python_function"):
            return unpack.compiled, function_options(obj)
        table = table_parts(obj)
        if table is not None:
            return unpack.table, table
        if is_default_strategy(obj):
            return unpack.strategy, ()
        generator = generator_parts(obj)
        if generator is not None:
            return unpack.generator, generator
        variable = variable_parts(obj) if self._second else None
        if variable is not None:
            return unpack.variable, variable
        return super().reducer_override(obj)


def _made_again(obj: Live, kind: Live) -> Live | None:
    """How locks, dictionaries that keep nothing alive, and containers of Keras are made again."""
    if kind in _LOCKS:
        return unpack.lock, (kind.__name__,)
    if kind is threading.local:
        return threading.local, ()
    if issubclass(kind, weakref.WeakKeyDictionary):
        own = kind is weakref.WeakKeyDictionary  # Keras's caches hold what is of a graph, by that graph
        state = {name: value for name, value in vars(obj).items() if name not in _OF_WEAK}
        return unpack.weak, (kind,), state, None, iter(obj.items() if own else ())
    if kind.__module__.split(".")[0] in _ROOTS and issubclass(kind, _CONTAINERS):
        base: Live = next(one for one in _CONTAINERS if issubclass(kind, one))
        items = tuple(base.items(obj)) if issubclass(base, dict) else tuple(base.__iter__(obj))
        return unpack.empty, (kind,), (dict(vars(obj)), items), None, None, unpack.fill
    return None


def _depth(function: FunctionType) -> int | None:
    """How many wrappers there are around a function where its module has it by its name; ``None`` where it has not."""
    found, depth = getattr(sys.modules.get(function.__module__), function.__name__, None), 0
    while found is not None and found is not function:
        found, depth = getattr(found, "__wrapped__", None), depth + 1
    return depth if found is function and depth else None


def _names(code: CodeType) -> Iterator[str]:
    """Names that code reads, of globals and of attributes; those of Python's own are the same everywhere."""
    yield from (name for name in code.co_names if not name.startswith("__"))
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


_kinds: dict[type, bool] = {}


def _is_of_keras(kind: type) -> bool:
    """Whether objects of a class are Keras's, or of a class of the user's that builds on one of Keras."""
    if kind not in _kinds:
        own = any(str(base.__module__).split(".")[0] in _ROOTS for base in kind.__mro__)
        _kinds[kind] = own and not issubclass(kind, _PLAIN) and kind.__dictoffset__ != 0
    return _kinds[kind]


def _is_second(kind: type) -> bool:
    """Whether objects of a class are of Keras 2 (``tf_keras``)."""
    return any(str(base.__module__).split(".")[0] == "tf_keras" for base in kind.__mro__)


def _second_public() -> Live:
    from kerasdiff.worker.keras_internals import second_public

    return second_public()


def _registered(keras: Live) -> dict[str, Live]:
    """What the user registered with Keras, by name: strings in a model may stand for it."""
    known = keras.saving.get_custom_objects()
    homes = {name: sys.modules.get(getattr(one, "__module__", ""), None) for name, one in known.items()}
    files = {name: getattr(home, "__file__", None) for name, home in homes.items()}
    return {name: known[name] for name, file in files.items() if file is None or is_user_file(file)}


def _settings(keras: Live) -> tuple[tuple[str, str], ...]:
    """What is set for the whole process and decides what is built."""
    config = keras.config
    settings = {
        "floatx": config.floatx(),
        "dtype_policy": config.dtype_policy().name,
        "image_data_format": config.image_data_format(),
        "epsilon": repr(config.epsilon()),
    }
    return tuple(settings.items())


def _root(model: object) -> str:
    """The directory that source lines are shown relative to: that of the code, or the current one."""
    code: Live = type(model) if _is_of_keras(type(model)) else model
    try:
        file = inspect.getsourcefile(inspect.unwrap(code))
    except (TypeError, OSError):  # the latter of a class of `__main__` where that is no file, as in a notebook
        file = None
    here = Path.cwd()
    if file is None or not Path(file).exists() or not is_user_file(file):
        return str(here)
    folder = Path(file).resolve().parent
    return str(here if here in (folder, *folder.parents) else folder)
