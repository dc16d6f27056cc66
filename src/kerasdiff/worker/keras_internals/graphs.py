"""Which private parts of TensorFlow does kerasdiff use? They are the same for every generation of Keras.

Imports generations; imported by the room alone.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import tensorflow as tf

from kerasdiff.worker.keras_internals.generations import Live, keras


def eager_context_started() -> bool:
    """Whether TensorFlow has run anything eagerly or looked for devices: its threads and CUDA do not survive a fork.

    ``context_safe()`` of ``tensorflow.python.eager.context`` gives the one context there is, or ``None``, and
    ``_initialized`` says whether it was started. Checked with TensorFlow 2.16 to 2.21.
    """
    context = sys.modules["tensorflow.python.eager.context"].context_safe()
    return context is not None and bool(context._initialized)


LEGACY = "TF_USE_LEGACY_KERAS"
"""Variable of the environment that says that ``tf.keras`` is to be ``tf_keras`` (TensorFlow 2.16 to 2.21)."""


def legacy_asked() -> bool:
    """Whether ``tf.keras`` is to be ``tf_keras``, by what the environment says now (:data:`LEGACY`)."""
    return os.environ.get(LEGACY) in ("true", "True", "1")


def legacy_routed() -> bool:
    """Whether it is, by the first place that submodules of ``tensorflow`` are looked for in.

    ``tensorflow/__init__.py`` reads the variable when it is imported. Checked with TensorFlow 2.16 to 2.21.
    """
    return "tf_keras" in str(next(iter(tf.__path__), ""))


def ask_again() -> None:
    """Lets the attribute ``tf.keras`` follow the environment as it is when somebody next asks for a part of it.

    ``KerasLazyLoader`` reads the variable once. Checked with TensorFlow 2.16 to 2.21.
    """
    from tensorflow.python.util.lazy_loader import KerasLazyLoader

    module = sys.modules["tensorflow"]
    vars(module)["keras"] = KerasLazyLoader(vars(module))


def route_to_legacy() -> None:
    """Makes ``tf.keras`` mean ``tf_keras`` in imports too, as if TensorFlow were imported now.

    Submodules of it are looked for in the package's ``__path__``. Checked with TensorFlow 2.16 to 2.21.

    Raises:
        ImportError: If ``tf_keras`` is not installed.
    """
    api = importlib.import_module("tf_keras.api._v2")
    module = sys.modules["tensorflow"]
    ask_again()
    module.__path__ = [str(next(iter(api.__path__))), *module.__path__]
    for name in [name for name in sys.modules if f"{name}.".startswith("tensorflow.keras.")]:
        del sys.modules[name]


def most_turns(loop: Live) -> int | None:
    """How many turns a loop takes at most, where a constant says; ``None`` where none does.

    ``while_v2`` gives a loop that bound as its second input, -1 for none. Checked with TensorFlow 2.16 to 2.21.
    """
    bound = loop.inputs[1]
    while bound.op.type in ("Identity", "Cast", "Max"):  # Keras takes the longest of its sequences, of a single number
        bound = bound.op.inputs[0]
    value = tf.get_static_value(bound)
    most = int(value.max()) if value is not None and value.size and value.dtype.kind in "iu" else -1
    return most if most >= 0 else None


def op_count(graph: Live) -> int:
    """The number of ops a graph has so far, without listing them (``Graph.version``, TensorFlow 2.16 to 2.21)."""
    return int(graph.version)


def captures(graph: Live) -> list[tuple[Live, Live]]:
    """What a function graph takes from outside: each tensor or resource there, with the placeholder in the graph.

    ``FuncGraph.captures``; the class itself is not exported. Checked with TensorFlow 2.16 to 2.21.
    """
    return list(graph.captures)


def graph_variables(graph: Live) -> tuple[Live, ...]:
    """The variables a function graph uses (``FuncGraph.variables``, TensorFlow 2.16 to 2.21)."""
    return tuple(graph.variables)


def final_updates(graph: Live) -> list[Live]:
    """The ops a function graph runs for what they do (``FuncGraph.control_outputs``, TensorFlow 2.16 to 2.21)."""
    return list(graph.control_outputs)


_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")


@contextmanager
def scope_named(layer: Live) -> Iterator[None]:
    """Gives a layer a name that TensorFlow takes for a scope of a graph, while it is called: outside one all names do.

    ``name_scope`` of a function graph takes ASCII letters, digits and a few signs. ``Operation.name`` is written past
    the layer's own ``__setattr__``. Checked with TensorFlow 2.16 to 2.21 and Keras 3.11 to 3.15.1.
    """
    held: dict[str, Live] = layer.__dict__
    name = held.get("name")
    if not isinstance(name, str) or _SCOPE.fullmatch(name):
        yield
        return
    plain = re.sub(r"[^A-Za-z0-9_.-]", lambda sign: f"u{ord(sign.group()):x}", name)
    held["name"] = f"n{plain}"
    try:
        yield
    finally:
        held["name"] = name


def frames_of(op: Live) -> list[tuple[str, int, str]]:
    """The Python frames an op was made in, outermost first: file, line, function.

    ``Operation.traceback``. Checked with TensorFlow 2.16 to 2.21.
    """
    return [(frame.filename, int(frame.lineno), str(frame.name)) for frame in op.traceback]


PLUMBING = frozenset(
    {"error_handler", "op_dispatch_handler", "binary_op_wrapper", "r_binary_op_wrapper", "wrapper", "_call_wrapper",
     "__call__", "inner", "op_wrapper", "<lambda>", "tensor_equals", "wrapped", "_wrapper", "new_func"}
)  # fmt: skip
"""Functions between a user's line and the library function called there, which say nothing (TensorFlow 2.16 to 2.21,
Keras 3.11 to 3.15.1)."""

_OPERATORS = {
    "slice_helper": "getitem",
    "tensor_not_equals": "not_equal",
    "radd": "add",
    "rmul": "mul",
    "rsub": "sub",
    "rtruediv": "truediv",
}


def public_name(function: str) -> str:
    """A library function by the name that users know: ``_slice_helper`` is ``getitem``, ``while_loop_v2`` no news.

    Checked with TensorFlow 2.16 to 2.21.
    """
    plain = re.sub(r"(_dispatch|_factory|_for_tf|_v2)+$", "", function).strip("_")
    return _OPERATORS.get(plain, plain)


def is_stateful(op: Live) -> bool:
    """Whether an op's result does not follow from its operands (``Operation.op_def``, TensorFlow 2.16 to 2.21)."""
    return bool(op.op_def.is_stateful)


def output_arguments(kind: str) -> Sequence[Live]:
    """The named outputs that an op of a kind declares; empty where the kind is not known.

    ``tensorflow.python.framework.op_def_registry``. Checked with TensorFlow 2.16 to 2.21.
    """
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(kind)
    return () if definition is None else definition.output_arg


def is_stateful_kind(kind: str) -> bool | None:
    """The same of a kind of op, ``None`` where TensorFlow knows none of this name.

    ``tensorflow.python.framework.op_def_registry``. Checked with TensorFlow 2.16 to 2.21.
    """
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(kind)
    return None if definition is None else bool(definition.is_stateful)


def captured(graph: Live, outer: Live, name: str) -> Live:
    """The placeholder by which a function graph takes in a tensor or resource from outside, under this name.

    ``FuncGraph.capture``. Checked with TensorFlow 2.16 to 2.21.
    """
    return graph.capture(outer, name=name)


GRADIENT_ATTRIBUTE = "_gradient_op_type"
"""Attribute of an op that names the gradient registered for it by ``tf.custom_gradient`` (TensorFlow 2.16 to 2.21)."""

SAVING_GRADIENTS = "tensorflow.python.ops."
"""Where the functions live whose custom gradient only saves memory (``tf.nn.silu``): the derivative of their ops is the
same. Checked with TensorFlow 2.16 to 2.21."""

NAMING_ATTRIBUTES = frozenset({"_class", "_output_shapes", GRADIENT_ATTRIBUTE})
"""Private attributes of an op that name things and change with what else the process has built (TensorFlow 2.16 to
2.21)."""


def registered_gradient(attributes: Mapping[str, Live]) -> Callable[..., Live] | None:
    """The function that ``tf.custom_gradient`` registered for an op, by the op's attributes; ``None`` without one.

    ``tensorflow.python.framework.ops.gradient_registry``. Checked with TensorFlow 2.16 to 2.21.
    """
    if GRADIENT_ATTRIBUTE not in attributes:
        return None
    from tensorflow.python.framework import ops

    try:
        registered: Callable[..., Live] = ops.gradient_registry.lookup(attributes[GRADIENT_ATTRIBUTE].s.decode())
    except LookupError:
        return None
    return registered


def called_function(token: str) -> Callable[..., Live] | None:
    """The function of the user's that an op runs as Python code, by the op's token; ``None`` where it is gone.

    ``_py_funcs`` of ``tensorflow.python.ops.script_ops`` holds it, wrapped, and in an ``EagerFunc`` that of
    ``tf.py_function``. Checked with TensorFlow 2.16 to 2.21.
    """
    from tensorflow.python.ops import script_ops

    held = script_ops._py_funcs.get(token)
    if held is None:
        return None
    function: Callable[..., Live] = inspect.unwrap(getattr(held, "_func", held))
    return function


def variable_outside_graph(create: Live, **settings: Live) -> Live:
    """Makes a variable that ``tf.function`` does not learn of: it forbids them (``create`` is its guard).

    For ``tf.variable_creator_scope``; ``ResourceVariable`` is the class that ``tf.Variable`` makes outside any
    function. Checked with TensorFlow 2.16 to 2.21.
    """
    from tensorflow.python.ops.resource_variable_ops import ResourceVariable

    del create
    with tf.init_scope():
        return ResourceVariable(**{key: value for key, value in settings.items() if value is not None})


def write(variable: Live, value: Live) -> None:
    """Gives a variable a value of its own type and shape, in TensorFlow alone.

    Keras's own ``assign`` takes three times as long, for it reads the value back, and it is watched for what authors
    give.
    """
    inner = variable if isinstance(variable, tf.Variable) else variable.value
    inner.assign(value, read_value=False)


_CASTS: Live = sys.modules[tf.cast.__module__]
"""Where TensorFlow's own ops (GELU) take their cast from."""


@contextmanager
def exact_casts() -> Iterator[None]:
    """Lets ``tf.cast`` keep all digits of a Python float: it makes it a float32 first, so 1/255 would lose half.

    The cast that TensorFlow's own ops call is that of its private module, Keras 2's that of ``tf.compat.v2``. Checked
    with TensorFlow 2.16 to 2.21. What stands in for it goes by its name, after which a trace calls what it makes.
    """
    own, inner, compatible = tf.cast, _CASTS.cast, tf.compat.v2.cast

    @functools.wraps(own, updated=())
    def cast(*args: Live, **kwargs: Live) -> Live:
        given = {**dict(zip(("x", "dtype", "name"), args, strict=False)), **kwargs}
        if len(given) < len(args) + len(kwargs) or not isinstance(given.get("x"), float) or "dtype" not in given:
            return own(*args, **kwargs)
        return tf.constant(given.pop("x"), **given) if given.keys() <= {"x", "dtype", "name"} else own(*args, **kwargs)

    tf.cast = _CASTS.cast = tf.compat.v2.cast = cast
    try:
        yield
    finally:
        tf.cast, _CASTS.cast, tf.compat.v2.cast = own, inner, compatible


COMPILED_FUNCTIONS = ("train_function", "test_function", "predict_function")
"""Attributes of a model that hold what ``compile`` or ``fit`` made of it, and that it makes again.

``Trainer.make_train_function`` and the like. Checked with Keras 2.13 to 2.21 and 3.11 to 3.15.1.
"""


_CHECKPOINTING = "_self_"
"""How TensorFlow's notes on what it would save begin, which it makes anew where there are none.

Of ``Trackable`` in ``tensorflow.python.trackable.base``. Checked with TensorFlow 2.16 to 2.21.
"""


def own_state(live: Live) -> dict[str, Live]:
    """The attributes of an object, without what Keras and TensorFlow make again where it is missing."""
    second = any(str(base.__module__).startswith("tf_keras.") for base in type(live).__mro__)
    state = {
        name: value
        for name, value in live.__dict__.items()
        if not name.startswith(_CHECKPOINTING) or (second and name in _HELD)
    }
    if isinstance(live, keras.Model) or "train_tf_function" in state:
        state.update((name, None) for name in (*COMPILED_FUNCTIONS, "train_tf_function") if name in state)
    return _of_second(state) if second else state


def _of_second(state: Mapping[str, Live]) -> dict[str, Live]:
    left_out = {*_MADE_AGAIN, *({"call"} if "symbol" in state else ())}
    kept = {name: value for name, value in state.items() if name not in left_out}
    if "_losses" in kept:  # of the graph that was made by the way
        kept["_losses"] = [one for one in kept["_losses"] if not tf.is_symbolic_tensor(one)]
    return kept


_HELD = frozenset({"_self_tracked_trackables", "_self_setattr_tracking"})
"""What a layer of Keras 2 holds, and whether it notes what it is given (``Layer``, Keras 2.13 to 2.21)."""

_MADE_AGAIN = frozenset({"_obj_reference_counts_dict", "_checkpoint", "_call_result"})
"""Notes of Keras 2: who is held how often, for checkpoints, the last result of a metric in its
graph (``Layer``, ``Model``, ``Metric``; Keras 2.13 to 2.21).

A layer that stands for a function (``TFOpLambda``, which has a ``symbol``) makes its ``call`` of it, too."""


def variable_parts(live: Live) -> tuple[Live, bool, str] | None:
    """The value of a variable of TensorFlow, whether it is trained, its name; ``None`` for anything else.

    ``ResourceVariable`` of ``resource_variable_ops``. Checked with TensorFlow 2.16 to 2.21.
    """
    from tensorflow.python.ops.resource_variable_ops import ResourceVariable

    if not isinstance(live, ResourceVariable):
        return None
    return live.numpy(), live.trainable, live.name.removesuffix(":0")


def generator_parts(live: Live) -> tuple[Live, int] | None:
    """The state of a random generator of TensorFlow and its algorithm; ``None`` for anything else."""
    return (live.state.numpy(), int(live.algorithm)) if isinstance(live, tf.random.Generator) else None


def unwrapped(live: Live) -> Live:
    """A list, tuple or dictionary that TensorFlow has wrapped to watch it, as it was; ``None`` for anything else.

    ``tensorflow.python.trackable.data_structures``. Checked with TensorFlow 2.16 to 2.21.
    """
    if type(live).__module__ != "tensorflow.python.trackable.data_structures":
        return None
    plain = next((one for one in (list, tuple, dict) if isinstance(live, one)), None)
    return None if plain is None else plain(live)


def is_default_strategy(live: Live) -> bool:
    """Whether this is how TensorFlow distributes where nobody said anything.

    ``_DefaultDistributionStrategy``, which ``tf.distribute.get_strategy`` gives. Checked with TensorFlow 2.16 to 2.21.
    """
    return live is tf.distribute.get_strategy() and not tf.distribute.has_strategy()


def table_parts(live: Live) -> tuple[bool, Live, Live, Live] | None:
    """A lookup table: whether it may be changed, its keys, its values, its default; ``None`` for anything else.

    The default is ``_default_value`` of ``lookup_ops``. Checked with TensorFlow 2.16 to 2.21.
    """
    if not isinstance(live, tf.lookup.StaticHashTable | tf.lookup.experimental.MutableHashTable):
        return None
    keys, values = live.export()
    return not isinstance(live, tf.lookup.StaticHashTable), keys, values, tf.convert_to_tensor(live._default_value)


def function_options(function: Live) -> tuple[Live, dict[str, Live]]:
    """What a ``tf.function`` is made of: its Python function, and the arguments it was made with.

    As its ``_clone`` makes another. Checked with TensorFlow 2.16 to 2.21.
    """
    options = {
        "input_signature": function.input_signature,
        "autograph": function._autograph,
        "jit_compile": function._jit_compile,
        "reduce_retracing": function._reduce_retracing,
    }
    return function.python_function, options
