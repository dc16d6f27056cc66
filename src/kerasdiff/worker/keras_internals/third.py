"""Which private parts of Keras 3 does kerasdiff use? These, and no other module names one.

Imports generations; imported by the room alone, which asks it where Keras 3 is in effect. What :mod:`.second` answers
too has its meaning from here.
"""

from __future__ import annotations

import importlib
import io
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from kerasdiff.worker.keras_internals.arrays import on_tensorflow
from kerasdiff.worker.keras_internals.generations import Live, keras


def public() -> Live:
    """The package itself."""
    return sys.modules["keras"]


def reread_configuration() -> None:
    """Lets Keras read ``KERAS_HOME`` and its ``keras.json`` again, as it does once when it is imported.

    All that is read stands in the globals of ``keras.src.backend.config``, which functions imported elsewhere share.
    Checked with Keras 3.11 to 3.15.1.
    """
    importlib.reload(sys.modules["keras.src.backend.config"])


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
    2.16 to 2.21 and Keras 3.11 to 3.15.1. On another backend it is the variable of Keras itself.
    """
    if not on_tensorflow():
        return variable
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

_AUTOMATIC_INPUT = re.compile(r"(keras_tensor|input|input_layer)(_\d+)?")

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

    Those of Keras 2 beside Keras 3 begin with ``tf_keras``. Checked with Keras 2.13 to 2.21 and 3.11 to 3.15.1.
    """
    return str(getattr(definition, "__module__", "")).startswith(("keras.", "tf_keras."))


def built_shapes(model: Live) -> tuple[object, bool]:
    """The shapes a model was built with, as Keras recorded them, and whether they are keyed by parameter of its call.

    Keys ``input_shape`` and ``shapes_dict`` of what the public ``get_build_config`` returns are written down nowhere
    else. The parameters' names end in ``_shape``. Checked with Keras 3.11 to 3.15.1.
    """
    config = model.get_build_config() or {}
    return config.get("input_shape", config.get("shapes_dict")), "shapes_dict" in config


def mask_of(tensor: Live) -> Live | None:
    """The mask a tensor carries from layer to layer, ``None`` where it carries none.

    Attribute ``_keras_mask``; ``keras.src.backend.common.masking`` is exported under no name. Checked with Keras
    3.11 to 3.15.1.
    """
    return getattr(tensor, "_keras_mask", None)


def set_mask(tensor: Live, mask: Live) -> None:
    """Makes a tensor carry a mask; see :func:`mask_of`."""
    tensor._keras_mask = mask


def learning_rate_of(optimizer: Live) -> Live:
    """What sets the learning rate: a variable, a schedule or a function.

    ``BaseOptimizer._learning_rate``; the public ``learning_rate`` is the number a schedule gives now. Checked with
    Keras 3.11 to 3.15.1.
    """
    return getattr(optimizer, "_learning_rate", None)


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


def loss_settings(loss: Live) -> Mapping[str, Live]:
    """Its config with what it hands to its function, which some leave out there (the ``delta`` of ``Huber``).

    ``LossFunctionWrapper._fn_kwargs``. Checked with Keras 3.11 to 3.15.1.
    """
    return {**getattr(loss, "_fn_kwargs", {}), **loss.get_config()}


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


def path_in_third(path: str) -> str:
    """A path in a file of weights as Keras 3 calls it."""
    return path


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
    if isinstance(copied, sys.modules["keras.src.utils.tracking"].Tracker):
        copied.stored_ids = {name: {id(one) for one in store} for name, (_, store) in copied.config.items()}
    if "_loss_ids" in state:
        state["_loss_ids"] = {id(loss) for loss in state.get("_losses", ())}
    if "_nodes_by_depth" in state:
        nodes = [node for level in state["_nodes_by_depth"].values() for node in level]
        node_key = sys.modules["keras.src.ops.function"].make_node_key
        state["_nodes"] = {node_key(node.operation, node.operation._inbound_nodes.index(node)) for node in nodes}
    if "_trainable_variables_indices" in state:
        known = (copied._var_key(variable) for variable in state["_trainable_variables"])
        state["_trainable_variables_indices"] = {key: at for at, key in enumerate(known)}


# --- What both generations have, each in its own way ------------------------------------------------------------------


def short_name(made: Live) -> str:
    """The name of a layer or variable as it was given, without what it stands in."""
    return str(made.name)


def path_of(variable: Live) -> str:
    """The name of a variable with what it stands in."""
    return str(variable.path)


def tensor_of(variable: Live) -> Live:
    """What of a variable a gradient is taken with respect to: TensorFlow's own variable (``Variable.value``)."""
    return variable.value


def is_layer(live: Live) -> bool:
    """Whether an object is a layer, and no function that a functional model calls (``keras.ops``)."""
    return isinstance(live, keras.layers.Layer)


def called_as(live: Live) -> str:
    """What is called, as its author writes it: the class of a layer or operation."""
    return type(live).__name__


def making() -> Mapping[str, tuple[Live, str]]:
    """The methods that every ``operation``, ``symbol`` and ``weight`` passes when it is made, and that ``assign``."""
    return {
        "operation": (keras.Operation, "__init__"),
        "symbol": (keras.KerasTensor, "__init__"),
        "weight": (keras.Variable, "__init__"),
        "assign": (keras.Variable, "assign"),
    }


def calling() -> Mapping[str, tuple[Live, str]]:
    """What every call of a ``layer`` and a functional ``operation`` passes, and a ``variable`` that is made there."""
    return {
        "layer": (keras.layers.Layer, "__call__"),
        "operation": (keras.Operation, "__call__"),
        "variable": (keras.Variable, "__init__"),
    }


def apply_gradients(optimizer: Live, gradients: Sequence[Live], variables: Sequence[Live]) -> None:
    """Takes one step (``Optimizer.apply``)."""
    optimizer.apply(gradients, variables)


def metrics_of(model: Live, targets: Live, outputs: Live) -> Mapping[str, Live]:
    """The metrics of one batch (``Model.compute_metrics``)."""
    figures: Mapping[str, Live] = model.compute_metrics(None, targets, outputs)
    return figures


def scaled_loss(optimizer: Live, loss: Live) -> Live:
    """The loss as a gradient is to be taken of it (``Optimizer.scale_loss``)."""
    return optimizer.scale_loss(loss)


def loss_of(model: Live, targets: Live, outputs: Live, *, training: bool) -> Live:
    """The loss of a batch with all that the model adds (``Model.compute_loss``)."""
    return model.compute_loss(y=targets, y_pred=outputs, training=training)


def kept_variables(layer: Live) -> list[Live]:
    """The variables that an attribute of a layer holds, weights or not: the state of a stateful recurrent layer.

    ``keras.tree.flatten`` sorts the keys of a mapping, and those of ``Model._compiled_trainable_state``, which is there
    once ``fit`` or ``load_weights`` made it, are layers. Checked with Keras 3.11 to 3.15.1.
    """
    return list(_variables_in(vars(layer)))


def _variables_in(held: Live) -> Iterator[Live]:
    """The variables in an attribute: itself, or in what it holds."""
    if isinstance(held, keras.Variable):
        yield held
    elif isinstance(held, Mapping):
        for one in held.values():
            yield from _variables_in(one)
    elif isinstance(held, (list, tuple)):
        for one in held:
            yield from _variables_in(one)


def is_automatic_input(model: Live, name: str) -> bool:
    """Whether Keras made up the name of an input of a model: that of ``KerasTensor``, ``Input`` or ``InputLayer``.

    Checked with Keras 3.11 to 3.15.1.
    """
    del model
    return _AUTOMATIC_INPUT.fullmatch(name) is not None


def as_in_float32(model: Live) -> None:
    """Lets layers compute in another precision what they compute in float32, where they would not: none of Keras 3."""
    del model


def is_compiled(model: Live) -> bool:
    """Whether a model was given an optimizer, losses or metrics (``Trainer.compiled``)."""
    return bool(getattr(model, "compiled", False))


def build_optimizer(optimizer: Live, variables: Sequence[Live]) -> None:
    """Makes the variables of an optimizer (``Optimizer.build``)."""
    optimizer.build(list(variables))


def optimizer_variables(optimizer: Live) -> list[Live]:
    """The variables of an optimizer (``Optimizer.variables``)."""
    return list(optimizer.variables)


def added_by(model: Live) -> list[Live]:
    """What layers add to the loss, that of their calls first and then the regularizers' (``Layer.losses``)."""
    return list(model.losses)


def drop_penalty(model: Live, variable: Live) -> None:
    """Takes the regularizer of a weight off."""
    del model
    variable.regularizer = None


def penalizes_frozen() -> bool:
    """Whether the regularizer of a frozen weight adds to the loss (``Layer._get_regularization_losses``: no)."""
    return False


def rate_now(optimizer: Live) -> Live:
    """The learning rate of the next step (``Optimizer.learning_rate``)."""
    return optimizer.learning_rate


def finish(optimizer: Live, variables: Sequence[Live]) -> None:
    """Puts averages in the place of variables, where an optimizer takes any, as ``fit`` does in the end."""
    optimizer.finalize_variable_values(variables)
