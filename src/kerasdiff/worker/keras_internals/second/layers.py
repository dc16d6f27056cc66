"""Models and layers of Keras 2; see :mod:`...third.layers`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import tensorflow as tf

from kerasdiff.worker.keras_internals.generations import Live
from kerasdiff.worker.keras_internals.second.public import package, public


def sublayers(layer: Live, *, deep: bool = False) -> list[Live]:
    """The same method. Checked with Keras 2.13 to 2.21."""
    return list(layer._flatten_layers(include_self=False, recursive=deep))


def told_mode(model: Live) -> bool | None:
    """``train_step`` and ``predict_step`` always tell it: a ``call`` without ``training`` is run in it all the same.

    ``call_context().training`` of ``base_layer``. Checked with Keras 2.13 to 2.21.
    """
    return True if isinstance(model, public().Model) else None


def held_variables(layer: Live) -> list[Live]:
    """``_trainable_weights`` and ``_non_trainable_weights``; states of generators are no weights there.

    Checked with Keras 2.13 to 2.21.
    """
    return [*getattr(layer, "_trainable_weights", ()), *getattr(layer, "_non_trainable_weights", ())]


def declared_trainable(layer: Live) -> list[Live]:
    """None: whether a variable is trained is said by layers alone, and cannot be set."""
    return []


def handle_of(variable: Live) -> Live:
    """``handle`` of the variable itself."""
    return variable.handle


def functional_class() -> Live:
    """``keras.src.engine.functional.Functional``, as every built ``Sequential`` is. Checked with 2.13 to 2.21."""
    return package("src.engine.functional").Functional


def built_shapes(model: Live) -> tuple[object, bool]:
    """Key ``input_shape``; by parameter there is none. Checked with Keras 2.13 to 2.21."""
    shape = (model.get_build_config() or {}).get("input_shape")
    return tuple(shape) if isinstance(shape, tf.TensorShape) else shape, False


def short_name(made: Live) -> str:
    """Without the scopes before it and the port after it: ``dense/kernel:0`` is ``kernel``."""
    name = str(made.name)
    return name.split("/")[-1].removesuffix(":0") if isinstance(made, tf.Variable) else name


def path_of(variable: Live) -> str:
    """The whole name, without the port."""
    return str(variable.name).removesuffix(":0")


def tensor_of(variable: Live) -> Live:
    """The variable itself."""
    return variable


@cache
def _functions() -> tuple[type, ...]:
    """Layers that stand for one function or method in a functional model. Checked with Keras 2.13 to 2.21."""
    module = package("src.layers.core.tf_op_layer")
    return (module.ClassMethod, module.InstanceProperty, module.TFOpLambda)


def is_layer(live: Live) -> bool:
    """A layer that stands for a function (``TFOpLambda``) is none."""
    return isinstance(live, public().Layer) and not isinstance(live, _functions())


def called_as(live: Live) -> str:
    """Of a layer that stands for a function, that."""
    function = getattr(live, "function", None) if isinstance(live, _functions()) else None
    return type(live).__name__ if function is None else str(getattr(function, "__name__", type(live).__name__))


def making() -> Mapping[str, tuple[Live, str]]:
    """Weights are made by ``Layer.add_weight``, which is told their initializer and regularizer."""
    from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

    layer = public().Layer
    return {
        "operation": (layer, "__init__"),
        "weight": (layer, "add_weight"),
        "assign": (BaseResourceVariable, "assign"),
    }


def calling() -> Mapping[str, tuple[Live, str]]:
    """All are layers."""
    return {"layer": (public().Layer, "__call__")}


def kept_variables(layer: Live) -> list[Live]:
    """``RNN.states``, and the state of ``_random_generator``. Checked with Keras 2.13 to 2.21."""
    own = [one for one in tf.nest.flatten(getattr(layer, "states", None)) if isinstance(one, tf.Variable)]
    generator = getattr(getattr(layer, "_random_generator", None), "_generator", None)
    return own if generator is None else [*own, generator.state]


def is_automatic_input(model: Live, name: str) -> bool:
    """``input_1``; where the first layer of a ``Sequential`` has a shape, its name and ``_input``.

    ``Sequential.add``. Checked with Keras 2.13 to 2.21.
    """
    first = model.layers[0].name if isinstance(model, public().Sequential) and model.layers else ""
    return name == f"{first}_input" or re.fullmatch(r"input(_\d+)?", name) is not None
