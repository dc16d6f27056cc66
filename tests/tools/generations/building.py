"""The model of a row, made with the Keras that is given: read by the models of both generations, and by the truth.

Runs on Python 3.9 and later, with nothing but TensorFlow and a Keras.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from table import TABLE

NAMES = ("x", "y", "z")
DTYPES = {"pixels": None, "float32": None}
"""Floats are said by nothing, so that they follow ``floatx``."""


def doubled(layers: Any) -> Any:
    """A layer of one's own without weights."""

    class Doubled(layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return inputs * 2.0

    return Doubled()


def scaled(layers: Any) -> Any:
    """With a weight and a loss."""

    class Scaled(layers.Layer):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="ones", regularizer="l2")

        def call(self, inputs: Any) -> Any:
            self.add_loss(0.01 * tf.reduce_sum(inputs**2))
            return inputs * self.scale

    return Scaled()


def noisy(layers: Any) -> Any:
    """That knows the mode."""

    class Noisy(layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any, training: Any = None) -> Any:
            return inputs * 3.0 if training else inputs

    return Noisy()


def wrapping(layers: Any) -> Any:
    """A wrapper that calls what it holds, and adds the input's mean."""

    class Wrapping(layers.Wrapper):  # type: ignore[misc]
        def call(self, inputs: Any, training: Any = None) -> Any:
            del training
            return self.layer(inputs) + tf.reduce_mean(inputs)

    return Wrapping


def call_text(name: str, position: int, second: bool) -> str:
    """The call of a row as it is made: of Keras 2 where ``second``."""
    rows = TABLE[name]
    text = rows.texts[position]
    text = text[0 if second else 1] if isinstance(text, tuple) else text
    if "L." in text or "(L)" in text:
        return text.replace("L.{}", f"L.{name}")
    return f"L.{name}({text})({'x' if rows.raw else 'h'})"


def model_of(keras: Any, name: str, position: int, second: bool) -> Any:
    """The functional model of a row."""
    rows = TABLE[name]
    inputs = [keras.Input(shape, dtype=DTYPES.get(dtype, dtype)) for shape, dtype in rows.inputs]
    known = dict(zip(NAMES, inputs))  # noqa: B905  # Python 3.9
    call = call_text(name, position, second)
    if "h" in compile(call, "row", "eval").co_names:
        known["h"] = keras.layers.Dense(int(inputs[0].shape[-1]))(inputs[0])
    places = {
        "K": keras,
        "L": keras.layers,
        "tf": tf,
        "doubled": doubled,
        "scaled": scaled,
        "noisy": noisy,
        "wrapping": wrapping,
    }
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], eval(call, {**places, **known}))
