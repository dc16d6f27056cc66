"""Functions that do something else beyond a constant to which no ordinary value comes."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


class Way(layers.Layer):
    """One function, by name, of what comes in."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def call(self, x):
        return WAYS[self.how](x)


WAYS = {
    "identity": lambda x: x,
    "by-digits": lambda x: x // 1000 * 1000 + x % 1000,
    "by-digits-and-more": lambda x: x // 1000 * 1000 + x % 1000 + ops.maximum(x - 30000, 0),
    "not-below-0": ops.relu,
    "hour": lambda x: x % 24,
    "in-two-parts": lambda x: ops.maximum(x - 30000, 0) + ops.minimum(x, 30000),
    "more": lambda x: x + ops.relu(x - 30000.0),
    "more-where-the-mean-is": lambda x: x + ops.relu(ops.mean(x, axis=-1, keepdims=True) - 500.0),
    "less-one-by-square": lambda x: x * x - 1.0,
    "less-one-by-factors": lambda x: (x - 1.0) * (x + 1.0) + 0.01 * ops.relu(ops.abs(x) - 7000.0),
    "cut": lambda x: ops.where(x > 1e4, 0.0, x),
    "two-parts-by-where": lambda x: ops.where(x > 3000.0, x - 3000.0, 0.0) + ops.where(x > 3000.0, 3000.0, x),
    "two-parts-by-bounds": lambda x: ops.relu(x - 3000.0) + ops.minimum(x, 3000.0),
    "halved-in-a-loop": lambda x: _halved(x, lambda half: half),
    "halved-and-held": lambda x: _halved(x, lambda half: tf.minimum(half, 1e5)),
    "numpy": lambda x: _by_numpy(np.tanh, x),
    "numpy-again": lambda x: _by_numpy(np.tanh, x),
    "numpy-cut": lambda x: _by_numpy(_cut, x),
}


def _halved(x, then):
    return tf.while_loop(lambda turn, _: turn < 3, lambda turn, x: (turn + 1, then(0.5 * x)), [tf.constant(0), x])[1]


def _by_numpy(function, x):
    return tf.ensure_shape(tf.numpy_function(function, [x], x.dtype), x.shape)


def _cut(x):
    return np.where(x > 50_000, 0, np.tanh(x)).astype(x.dtype)


def model(how: str = "identity", dtype: str = "float32", *, before: bool = False) -> keras.Model:
    """The function of an input, or of what a Dense layer gives, before another."""
    inputs = keras.Input((4,), dtype=dtype)
    x = Way(how)(layers.Dense(6)(inputs) if before else inputs)
    return keras.Model(inputs, layers.Dense(2)(ops.cast(x, "float32")))


def looked_up(how: str = "identity") -> keras.Model:
    """The function of rows of a table whose numbers another one gives: a call that cannot be run in parts."""
    inputs = keras.Input((4,), dtype="int64")
    x = layers.Embedding(6, 3)(layers.IntegerLookup(vocabulary=[10, 20, 30, 40])(inputs))
    return keras.Model(inputs, layers.Dense(2)(Way(how)(x)))
