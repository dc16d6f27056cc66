"""Which private parts of Keras and TensorFlow does kerasdiff use? These, and no other module names one.

Imports nothing of kerasdiff; imported by every package of the worker.

Each function or constant says what it is for and the versions whose source it was checked with. Most of these parts
have no public counterpart; ``tests/worker/test_keras_internals.py`` holds each to what is said here, so that a version
that moves one shows in a test and not in a verdict.
"""

from __future__ import annotations

import functools
import importlib
import io
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

Live: TypeAlias = Any
"""A living object of Keras, TensorFlow or the user's model: neither library has types that could be checked."""

# --- Starting -------------------------------------------------------------------------------------------------------


def eager_context_started() -> bool:
    """Whether TensorFlow has run anything eagerly or looked for devices: its threads and CUDA do not survive a fork.

    ``context_safe()`` of ``tensorflow.python.eager.context`` gives the one context there is, or ``None``, and
    ``_initialized`` says whether it was started. Checked with TensorFlow 2.16 to 2.21.
    """
    context = sys.modules["tensorflow.python.eager.context"].context_safe()
    return context is not None and bool(context._initialized)


def reread_configuration() -> None:
    """Lets Keras read ``KERAS_HOME`` and its ``keras.json`` again, as it does once when it is imported.

    All that is read stands in the globals of ``keras.src.backend.config``, which functions imported elsewhere share.
    Checked with Keras 3.11 to 3.15.1.
    """
    importlib.reload(sys.modules["keras.src.backend.config"])


# --- Layers and their variables -------------------------------------------------------------------------------------


def sublayers(layer: Live, *, deep: bool = False) -> list[Live]:
    """The layers a layer holds, those in lists and dicts too: its own ones, or with ``deep`` all below it.

    ``Layer._flatten_layers``; the public ``Model.layers`` leaves out what a custom layer holds. Checked with Keras 3.11
    to 3.15.1.
    """
    return list(layer._flatten_layers(include_self=False, recursive=deep))


def told_mode(model: Live) -> bool | None:
    """Whether ``fit`` and ``predict`` tell a model in which mode it is called; ``None`` for what has no ``fit``.

    They do where its ``call`` takes ``training``: else they call it without, and it runs as at inference, whatever is
    inside (``Trainer.train_step``, ``Layer._call_has_training_arg``). A ``train_step`` of the user's own is taken to
    tell it. Checked with Keras 3.11 to 3.15.1.
    """
    if not isinstance(model, keras.Model):
        return None
    own_step = type(model).train_step is not keras.Model.train_step
    return own_step or bool(getattr(model, "_call_has_training_arg", True))


def held_variables(layer: Live) -> list[Live]:
    """The variables a layer holds by itself, those of its sublayers left out, states of random generators last.

    ``Layer._trainable_variables``, ``_non_trainable_variables`` and ``_seed_generators``; the public properties mix in
    the sublayers'. Checked with Keras 3.11 to 3.15.1.
    """
    own = [*getattr(layer, "_trainable_variables", ()), *getattr(layer, "_non_trainable_variables", ())]
    return [*own, *(generator.state for generator in getattr(layer, "_seed_generators", ()))]


def declared_trainable(layer: Live) -> list[Live]:
    """The variables a layer holds and made to be trained, whether or not it is frozen now.

    ``Layer._trainable_variables``; what is frozen leaves the public ``trainable_variables``. Checked with Keras 3.11 to
    3.15.1.
    """
    return list(getattr(layer, "_trainable_variables", ()))


def handle_of(variable: Live) -> Live:
    """The resource a variable stands for in a graph; its identity is what tells variables apart there.

    ``handle`` of TensorFlow's resource variable, which a Keras variable holds as its ``value``. Checked with TensorFlow
    2.16 to 2.21 and Keras 3.11 to 3.15.1.
    """
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle


@contextmanager
def default_seeds() -> Iterator[list[int]]:
    """Notes the seeds that Keras draws meanwhile for layers and initializers that were given none.

    ``make_default_seed`` takes them from ``random``, which its module calls ``python_random``. Checked with Keras 3.11
    to 3.15.1.
    """
    module: Live = sys.modules["keras.src.random.seed_generator"]
    drawn: list[int] = []
    own = module.python_random

    def randint(low: int, high: int) -> int:
        drawn.append(own.randint(low, high))
        return drawn[-1]

    module.python_random = SimpleNamespace(randint=randint)
    try:
        yield drawn
    finally:
        module.python_random = own


def generators_stand_at(seed: int, drawn: int) -> bool:
    """Whether nobody has used a global generator since ``keras.utils.set_random_seed``, but Keras for so many seeds.

    Python's, numpy's, and that of eager TensorFlow (``Context._rng``). Checked with Keras 3.11 to 3.15.1, whose seeds
    are ``randint(1, 1_000_000_000)``, and with TensorFlow 2.16 to 2.21.
    """
    python = random.Random(seed)
    for _ in range(drawn):
        python.randint(1, 1_000_000_000)
    unused, now = np.random.RandomState(seed).get_state(), np.random.get_state()
    return (
        random.getstate() == python.getstate()
        and all(np.array_equal(one, two) for one, two in zip(unused, now, strict=True))
        and context.context()._rng.getstate() == random.Random(seed).getstate()
    )


def is_seed_state(variable: Live) -> bool:
    """Whether a variable is the state of a random generator: those are named ``seed_generator_state``.

    ``SeedGenerator``. Checked with Keras 3.11 to 3.15.1.
    """
    return "seed_generator_state" in str(variable.name)


def global_generator_state() -> Live:
    """The state of the generator that random functions without a seed share; it is made where no call has yet.

    ``global_seed_generator`` of ``keras.src.random.seed_generator``, which is exported under no name; a first call
    that draws makes it just so, and it lives on. Checked with Keras 3.11 to 3.15.1.
    """
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator().state


UNNAMED_FUNCTIONS: Mapping[str, str] = {"bias_initializer": "unit_forget_bias"}
"""Functions that Keras makes inside a layer, by the setting that asks for them: ones for the forget gate of an LSTM
(``LSTMCell.build``, Keras 3.11 to 3.15.1)."""

AUTOMATIC_INPUT = re.compile(r"(keras_tensor|input|input_layer)(_\d+)?")
"""Names that Keras makes up for inputs (``KerasTensor``, ``Input``, ``InputLayer``, Keras 3.11 to 3.15.1)."""

LAMBDA = "__lambda__"
"""Class name under which a config holds a lambda's byte code, file and line (Keras 3.11 to 3.15.1)."""

_FUNCTIONAL: list[type] = []


def functional_class() -> Live:
    """``Functional``, the class of what ``keras.Model(inputs, outputs)`` makes; it is exported under no name.

    With a layer in between: Keras 3.10 to 3.13 refuse an output that is the input (``Function.__init__``). Checked with
    Keras 3.11 to 3.15.1.
    """
    if not _FUNCTIONAL:
        entry = keras.Input((1,))
        _FUNCTIONAL.append(type(keras.Model(entry, keras.layers.Identity()(entry))))
    return _FUNCTIONAL[0]


def is_keras_own(definition: object) -> bool:
    """Whether a class or function is defined by Keras itself: its modules are ``keras.src.…`` and ``keras.…``.

    Checked with Keras 3.11 to 3.15.1.
    """
    return str(getattr(definition, "__module__", "")).startswith("keras.")


def built_shapes(model: Live) -> tuple[object, bool]:
    """The shapes a model was built with, as Keras recorded them, and whether they are keyed by parameter of its call.

    Keys ``input_shape`` and ``shapes_dict`` of what the public ``get_build_config`` returns are written down nowhere
    else. The parameters' names end in ``_shape``. Checked with Keras 3.11 to 3.15.1.
    """
    config = model.get_build_config() or {}
    return config.get("input_shape", config.get("shapes_dict")), "shapes_dict" in config


def functional_form(model: Live) -> Live:
    """The functional model that a ``Sequential`` is once it knows its inputs; any other model itself.

    ``Sequential._functional``. Checked with Keras 3.11 to 3.15.1.
    """
    return model._functional if isinstance(model, keras.Sequential) else model


# --- Masks ----------------------------------------------------------------------------------------------------------


def mask_of(tensor: Live) -> Live | None:
    """The mask a tensor carries from layer to layer, ``None`` where it carries none.

    Attribute ``_keras_mask``; ``keras.src.backend.common.masking`` is exported under no name. Checked with Keras
    3.11 to 3.15.1.
    """
    return getattr(tensor, "_keras_mask", None)


def set_mask(tensor: Live, mask: Live) -> None:
    """Makes a tensor carry a mask; see :func:`mask_of`."""
    tensor._keras_mask = mask


# --- Optimizers and losses ------------------------------------------------------------------------------------------

_DECAY_EXCLUSIONS = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")


def learning_rate_of(optimizer: Live) -> Live:
    """What sets the learning rate: a variable, a schedule or a function.

    ``BaseOptimizer._learning_rate``; the public ``learning_rate`` is the number a schedule gives now. Checked with
    Keras 3.11 to 3.15.1.
    """
    return getattr(optimizer, "_learning_rate", None)


def without_decay(optimizer: Live, variables: Iterable[Live]) -> list[Live] | None:
    """The variables an optimizer leaves out of weight decay; ``None`` where it leaves out none.

    ``exclude_from_weight_decay`` is public, what it did is in no config: ``BaseOptimizer._exclude_from_weight_decay``
    and ``_use_weight_decay``. Checked with Keras 3.11 to 3.15.1.
    """
    if not any(getattr(optimizer, name, None) for name in _DECAY_EXCLUSIONS):
        return None
    return [variable for variable in variables if not optimizer._use_weight_decay(variable)]


def copy_decay_exclusions(source: Live, target: Live) -> None:
    """Makes one optimizer leave out of weight decay what the other does; see :func:`without_decay`."""
    for name in _DECAY_EXCLUSIONS:
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))


def set_iterations(optimizer: Live, number: int) -> None:
    """Makes an optimizer believe that it has taken so many steps.

    ``BaseOptimizer._iterations``; the public ``iterations`` counts updates where gradients are accumulated. Checked
    with Keras 3.11 to 3.15.1.
    """
    optimizer._iterations.assign(number)


def compile_loss_of(model: Live) -> Callable[..., Live] | None:
    """The loss of all outputs together, with weights, masks and reductions, as ``compile`` made it.

    ``Trainer._compile_loss``; the public ``compute_loss`` adds what layers add. Checked with Keras 3.11 to 3.15.1.
    """
    made: Callable[..., Live] | None = getattr(model, "_compile_loss", None)
    return made


def loss_arguments(loss: Live) -> Mapping[str, Live]:
    """The settings a loss hands to its function: the config of some leaves them out (the ``delta`` of ``Huber``).

    ``LossFunctionWrapper._fn_kwargs``. Checked with Keras 3.11 to 3.15.1.
    """
    return dict(getattr(loss, "_fn_kwargs", {}))


# --- Saved files ----------------------------------------------------------------------------------------------------

ARCHIVED_WEIGHTS = "model.weights.h5"
"""Name of the weights file inside a ``.keras`` archive (``saving_lib``, Keras 3.11 to 3.15.1)."""

TRAINING_STATE = ("optimizer/",)
"""How paths in a weights file begin that belong to a compiled model's training, not to the model (``saving_lib``, Keras
3.11 to 3.15.1)."""


def stored_variables(model: Live) -> dict[str, Live]:
    """What ``save_weights`` writes, by its path inside the file; nothing is written.

    ``saving_lib._save_state`` with a store that keeps what it is given. Checked with Keras 3.11 to 3.15.1.
    """
    from keras.src.saving import saving_lib

    class Kept(saving_lib.H5IOStore):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(io.BytesIO(), mode="w")
            self.kept: dict[str, Live] = {}

        def __setitem__(self, key: str, value: Live) -> None:
            place = f"{self._h5_entry_path}/vars/{key}" if self._h5_entry_path else f"vars/{key}"
            self.kept[place] = value

    store = Kept()
    try:
        saving_lib._save_state(model, weights_store=store, assets_store=None, inner_path="", visited_saveables=set())
    finally:
        store.close()
    return store.kept


# --- Function graphs ------------------------------------------------------------------------------------------------


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

    The cast that TensorFlow's own ops call is that of its private module. Checked with TensorFlow 2.16 to 2.21.
    """
    cast, inner = tf.cast, _CASTS.cast

    @functools.wraps(cast, updated=())
    def exact_cast(*args: Live, **kwargs: Live) -> Live:
        given = {**dict(zip(("x", "dtype", "name"), args, strict=False)), **kwargs}
        if len(given) < len(args) + len(kwargs) or not isinstance(given.get("x"), float) or "dtype" not in given:
            return cast(*args, **kwargs)
        return tf.constant(given.pop("x"), **given) if given.keys() <= {"x", "dtype", "name"} else cast(*args, **kwargs)

    tf.cast = _CASTS.cast = exact_cast
    try:
        yield
    finally:
        tf.cast, _CASTS.cast = cast, inner


# --- Copies of live objects -----------------------------------------------------------------------------------------

COMPILED_FUNCTIONS = ("train_function", "test_function", "predict_function")
"""Attributes of a model that hold what ``compile`` or ``fit`` made of it, and that it makes again.

``Trainer.make_train_function`` and the like. Checked with Keras 3.11 to 3.15.1.
"""


_CHECKPOINTING = "_self_"
"""How TensorFlow's notes on what it would save begin, which it makes anew where there are none.

Of ``Trackable`` in ``tensorflow.python.trackable.base``. Checked with TensorFlow 2.16 to 2.21.
"""


def own_state(live: Live) -> dict[str, Live]:
    """The attributes of an object, without what Keras and TensorFlow make again where it is missing."""
    state = {name: value for name, value in live.__dict__.items() if not name.startswith(_CHECKPOINTING)}
    if isinstance(live, keras.Model):
        state.update((name, None) for name in COMPILED_FUNCTIONS if name in state)
    return state


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


def to_precision(copied: Live, precision: str) -> None:
    """Makes float64 of what is float32 by itself in an object copied attribute by attribute.

    A policy, a symbolic tensor, a variable and its value. Checked with Keras 3.11 to 3.15.1.
    """
    if precision == "float32":
        return
    if isinstance(copied, keras.dtype_policies.DTypePolicy):
        if copied.name == "float32":
            copied.__dict__.update(keras.dtype_policies.DTypePolicy(precision).__dict__)
        return
    state = copied.__dict__
    if isinstance(copied, keras.Variable | keras.KerasTensor | keras.Operation):
        state.update((name, precision) for name in ("_dtype", "dtype") if state.get(name) == "float32")
    value = state.get("_value")
    if isinstance(copied, keras.Variable) and value is not None and value.dtype == tf.float32:
        state["_value"] = tf.Variable(tf.cast(value, precision), trainable=value.trainable, name=copied.name)


def identify(copied: Live) -> None:
    """Tells an object that was copied attribute by attribute who the others are, where it knows them by identity.

    ``Tracker.stored_ids``, ``Layer._loss_ids``, ``Function._nodes`` and ``Optimizer._trainable_variables_indices``.
    Checked with Keras 3.11 to 3.15.1.
    """
    state = copied.__dict__
    if isinstance(copied, _TRACKER):
        copied.stored_ids = {name: {id(one) for one in store} for name, (_, store) in copied.config.items()}
    if "_loss_ids" in state:
        state["_loss_ids"] = {id(loss) for loss in state.get("_losses", ())}
    if "_nodes_by_depth" in state:
        nodes = [node for level in state["_nodes_by_depth"].values() for node in level]
        state["_nodes"] = {_node_key(node.operation, node.operation._inbound_nodes.index(node)) for node in nodes}
    if "_trainable_variables_indices" in state:
        known = (copied._var_key(variable) for variable in state["_trainable_variables"])
        state["_trainable_variables_indices"] = {key: at for at, key in enumerate(known)}


_TRACKER: Live = importlib.import_module("keras.src.utils.tracking").Tracker
_node_key: Live = importlib.import_module("keras.src.ops.function").make_node_key


# --- Errors ---------------------------------------------------------------------------------------------------------

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CALLING = re.compile(r"^Exception encountered when calling [^\n]*\n+", re.MULTILINE)
_ARGUMENTS = "Arguments received by"
_GRAPH_NOISE = re.compile(r"\{\{[^}]*\}\}\s*|\s*\[Op:\w+\](\s*name:\s*\S*)?")
_VALUES = re.compile(r",? numpy=.*")  # the whole value of a variable, which nobody reads


def bare_message(error: BaseException) -> str:
    """An error's text on one line, without what Keras and TensorFlow wrap around it: callers, arguments, node names.

    For messages to the user alone. Checked with TensorFlow 2.16 to 2.21 and Keras 3.11 to 3.15.1.
    """
    try:
        told = str(error)
    except BaseException:  # its text is the user's code
        told = ""
    text = _CALLING.sub("", _COLOUR.sub("", told))
    text = text.split(_ARGUMENTS, 1)[0]
    return _VALUES.sub(" …", " ".join(_GRAPH_NOISE.sub("", text).split())).rstrip(". ")


def refuses_code(error: BaseException) -> bool:
    """Whether Keras refused to load a model for the code it holds, which safe mode does not run.

    Checked with Keras 3.11 to 3.15.1: the message tells of ``safe_mode`` or ``enable_unsafe_deserialization``.
    """
    text = bare_message(error) + " " + str(error)
    return "unsafe_deserialization" in text or "safe_mode=False" in text


def is_data_dependent(error: BaseException) -> bool:
    """Whether a call failed because Python decided on the value of a tensor, which no graph holds.

    Either ``tf.errors.OperatorNotAllowedInGraphError``, or an error that names TensorFlow's ``SymbolicTensor``. Checked
    with TensorFlow 2.16 to 2.21.
    """
    return "SymbolicTensor" in bare_message(error) or type(error).__name__ == "OperatorNotAllowedInGraphError"
