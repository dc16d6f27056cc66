"""What do models and layers of Keras 3 hold, what makes and calls them, and what are they named?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kerasdiff.worker.keras_internals.arrays import on_tensorflow
from kerasdiff.worker.keras_internals.generations import Live, keras


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


_AUTOMATIC_INPUT = re.compile(r"(keras_tensor|input|input_layer)(_\d+)?")


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
