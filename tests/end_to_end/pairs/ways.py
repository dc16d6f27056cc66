"""Layers of one shape that may correspond in several ways, one array laid out in two, and a cell in two layers."""

from __future__ import annotations

import keras
from keras import layers, ops


def gated(how="where", inner=None):
    """Two branches of one shape, by what joins them and what is applied to the second."""
    inputs = keras.Input((6,))
    gate = inputs[:, :1] > 0.25
    first, second = layers.Dense(3, name="first")(inputs), layers.Dense(3, name="second")(inputs)
    second = second if inner is None else ops.tanh(second)
    if how == "where":
        return keras.Model(inputs, ops.where(gate, first, second))
    open_ = ops.cast(gate, "float32")
    if how == "swapped":
        return keras.Model(inputs, open_ * second + (1.0 - open_) * first)
    return keras.Model(inputs, open_ * first + (1.0 - open_) * second)


def read_twice(way=0):
    inputs = keras.Input((4, 3))
    one, two = layers.LSTM(3)(inputs), layers.LSTM(3)(inputs)
    if way == 0:
        return keras.Model(inputs, ops.maximum(one, 0.0) - two)
    return keras.Model(inputs, (two + ops.abs(two)) / 2 - one)


def siamese(way=0):
    left, right = keras.Input((4,)), keras.Input((4,))
    towers = [layers.Dense(3, activation="tanh"), layers.Dense(3, activation="tanh")]
    own = [towers[0](left), towers[1](left), towers[0](right), towers[1](right)]
    if way == 0:
        return keras.Model([left, right], ops.sum(own[0] * own[2], -1) - 2 * ops.sum(own[1] * own[3], -1))
    dots = [ops.einsum("bi,bi->b", one, two) for one, two in zip(own[:2], own[2:], strict=True)]
    return keras.Model([left, right], dots[1] - 2 * dots[0])


def upsampled(product=False, block=2):
    """A transposed convolution whose windows do not overlap; as a product, whose channels are put side by side."""
    inputs = keras.Input((4, 4, 3))
    start = keras.initializers.RandomNormal(stddev=0.05)
    if not product:
        layer = layers.Conv2DTranspose(5, 2, strides=2, use_bias=False, kernel_initializer=start)
        return keras.Model(inputs, layer(inputs))
    x = layers.Dense(20, use_bias=False, kernel_initializer=start)(inputs)
    x = ops.reshape(x, (-1, 4, 4, 2, 2, 5))
    x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 8, 8, 5))
    return keras.Model(inputs, x if block == 2 else ops.tanh(x))


class Cell(layers.Layer):
    """A recurrent cell of two Dense layers, whose weights are made in another order than those of ``SimpleRNN``."""

    def __init__(self, activation):
        super().__init__()
        self.into, self.again = layers.Dense(3), layers.Dense(3, use_bias=False, kernel_initializer="orthogonal")
        self.activation = activation

    def build(self, shape):
        self.into.build((shape[0], shape[-1]))
        self.again.build((shape[0], 3))

    def call(self, x):
        h = ops.zeros((ops.shape(x)[0], 3))
        for step in ops.unstack(x, axis=1):
            h = self.activation(self.into(step) + self.again(h))
        return h


def recurrent():
    inputs = keras.Input((3, 3))
    return keras.Model(inputs, layers.SimpleRNN(3)(inputs))


def by_hand(activation=ops.tanh):
    inputs = keras.Input((3, 3))
    return keras.Model(inputs, Cell(activation)(inputs))


def by_hand_of_relu():
    return by_hand(ops.relu)
