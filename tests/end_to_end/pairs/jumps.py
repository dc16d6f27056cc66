"""Functions that jump: at constants, at ids, where two values tie."""

from __future__ import annotations

import keras
from keras import layers, ops


class Jump(layers.Layer):
    """One elementwise function, by name, of what comes in."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def call(self, x):
        return WAYS[self.how](x)


WAYS = {
    "identity": lambda x: x,
    "sentinel": lambda x: ops.where(ops.equal(x, -1.0), 3.0, x),
    "sentinel-by-hand": lambda x: x + ops.cast(ops.equal(x, -1.0), x.dtype) * (3.0 - x),
    "from-half": lambda x: ops.cast(ops.greater_equal(x, 0.5), x.dtype),
    "above-half": lambda x: ops.cast(ops.greater(x, 0.5), x.dtype),
    "not-below-half": lambda x: ops.cast(ops.logical_not(ops.less(x, 0.5)), x.dtype),
    "scaled-from-half": lambda x: ops.cast(ops.greater_equal(x / 255.0, 0.5), x.dtype),
    "scaled-above-half": lambda x: ops.cast(ops.greater(x / 255.0, 0.5), x.dtype),
    "round": lambda x: ops.round(x),
    "half-up": lambda x: ops.floor(x + 0.5),
    "rounded-by-floor": lambda x: ops.where(
        ops.equal(x - ops.floor(x), 0.5), 2.0 * ops.round(x / 2.0), ops.floor(x + 0.5)
    ),
    "steep": lambda x: ops.sin(1e9 * (x * x)),
    "steep-in-another-order": lambda x: ops.sin((1e9 * x) * x),
    "odd-third": lambda x: ops.where(ops.equal(x, 0.37), 5.0, x),
}


def model(how: str, shape: tuple[int, ...] = (6, 3), *, before: bool = False, after: bool = True) -> keras.Model:
    """The function between two Dense layers, each where asked for."""
    x = inputs = keras.Input(shape)
    if before:
        x = layers.Dense(4, activation="sigmoid")(x)
    x = Jump(how)(x)
    if after:
        x = layers.Dense(3)(layers.Flatten()(x))
    return keras.Model(inputs, x)


def _ids(x, last: int):
    return ops.where(ops.equal(x, last), 0, x)


def lookup(rows: int = 50, last: int | None = None, *, offset: int = 0, other: int = 30) -> keras.Model:
    """Two tables, of which the second is smaller; the first is looked up with an id replaced, and with an offset."""
    ids, more = keras.Input((5,), dtype="int32", name="ids"), keras.Input((5,), dtype="int32", name="more")
    x = layers.Lambda(_ids, arguments={"last": last}, output_shape=(5,))(ids) if last is not None else ids
    first = layers.Embedding(rows, 4)(x + offset if offset else x)
    return keras.Model([ids, more], layers.Dense(2)(first + layers.Embedding(other, 4)(more)))


class Nudged(layers.Layer):
    """Adds a tensor that is made in float32, whatever the model is in: there is no float64 of this."""

    def call(self, x):
        return x + ops.convert_to_tensor(1e-9)


def narrow(*, more: bool = False) -> keras.Model:
    """A model that cannot be built in float64, with a layer more or without."""
    x = Nudged()(inputs := keras.Input((6, 4)))
    x = layers.Dense(4)(x) if more else x
    return keras.Model(inputs, layers.Dense(3)(x))


def saturating(by_hand=False):
    """A silu and a softmax; with large weights the softmax is 1, and its gradient what cancelling leaves of it."""
    x = ids = keras.Input((6,), dtype="int32")
    x = layers.Dense(3)(layers.Embedding(20, 4)(x))
    x = x * ops.sigmoid(x) if by_hand else keras.activations.silu(x)
    x = layers.MaxPooling1D(2)(layers.BatchNormalization()(x))
    x = layers.Dense(2)(layers.GlobalAveragePooling1D()(x))
    if not by_hand:
        return keras.Model(ids, keras.activations.softmax(x))
    powers = ops.exp(x - ops.max(x, -1, keepdims=True))
    return keras.Model(ids, powers / ops.sum(powers, -1, keepdims=True))
