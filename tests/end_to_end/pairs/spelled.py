"""Pairs of a layer and the same written out by hand, which no rule proves."""

import math

import keras
from keras import layers, ops


def convolved(strides=1, padding="same", dilation=1):
    x = keras.Input((7, 7, 3))
    h = layers.Conv2D(4, 3, strides=strides, padding=padding, dilation_rate=dilation, kernel_initializer="he_normal")(x)
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(layers.ReLU()(h))))


class Patches(layers.Layer):
    """A 3×3 convolution as a matmul of patches; the zeros may all be put after the image."""

    def __init__(self, filters, shifted=False):
        super().__init__()
        self.filters, self.shifted = filters, shifted

    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], self.filters), initializer="he_normal", name="kernel")
        self.offset = self.add_weight(shape=(self.filters,), initializer="zeros", name="offset")

    def call(self, x):
        rows, columns = x.shape[1:3]
        zeros = (0, 2) if self.shifted else (1, 1)
        padded = ops.pad(x, [(0, 0), zeros, zeros, (0, 0)])
        places = [(i, j) for i in range(3) for j in range(3)]
        patches = ops.concatenate([padded[:, i : i + rows, j : j + columns] for i, j in places], axis=-1)
        return ops.matmul(patches, ops.reshape(self.kernel, (-1, self.filters))) + self.offset


def patched(shifted=False):
    x = keras.Input((7, 7, 3))
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(layers.ReLU()(Patches(4, shifted)(x)))))


def remembered(kind="LSTM", **settings):
    x = keras.Input((4, 3))
    return keras.Model(x, layers.Dense(2)(getattr(layers, kind)(5, **settings)(x)))


class Unrolled(layers.Layer):
    """An LSTM step by step; its memory may come out as it is."""

    def __init__(self, units, bend=True):
        super().__init__()
        self.units, self.bend = units, bend

    def build(self, shape):
        self.inward = self.add_weight(shape=(shape[-1], 4 * self.units), name="inward")
        self.back = self.add_weight(shape=(self.units, 4 * self.units), initializer="orthogonal", name="back")
        self.offset = self.add_weight(shape=(4 * self.units,), initializer="zeros", name="offset")

    def call(self, x):
        hidden = memory = ops.zeros_like(x[:, 0, :1]) * ops.ones((1, self.units), x.dtype)
        for step in range(x.shape[1]):
            gates = ops.matmul(x[:, step], self.inward) + ops.matmul(hidden, self.back) + self.offset
            enter, forget, new, leave = ops.split(gates, 4, axis=-1)
            memory = ops.sigmoid(forget) * memory + ops.sigmoid(enter) * ops.tanh(new)
            hidden = ops.sigmoid(leave) * (ops.tanh(memory) if self.bend else memory)
        return hidden


def unrolled(bend=True):
    x = keras.Input((4, 3))
    return keras.Model(x, layers.Dense(2)(Unrolled(5, bend)(x)))


def bent():
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(2)(layers.Dense(8, activation="gelu")(x)))


class BentByHand(keras.Model):
    """``bent`` with the GELU as its formula; the scale of the error function may be left out."""

    def __init__(self, scaled=True):
        super().__init__()
        self.scale = math.sqrt(2.0) if scaled else 1.0
        self.hidden, self.out = layers.Dense(8), layers.Dense(2)

    def call(self, x):
        h = self.hidden(x)
        return self.out(0.5 * h * (1.0 + ops.erf(h / self.scale)))


def bent_twice():
    x = keras.Input((6,))
    h = layers.Dense(8, activation="elu")(x)
    return keras.Model(x, layers.Dense(2)(layers.Dense(8, activation="gelu")(h)))


class BentTwice(keras.Model):
    """``bent_twice`` with both activations as formulas: no rule proves the ELU, and TensorFlow rounds its GELU."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.out = layers.Dense(8), layers.Dense(8), layers.Dense(2)

    def call(self, x):
        h = self.first(x)
        h = ops.where(h > 0, h, ops.expm1(ops.minimum(h, 0.0)))
        h = self.second(h)
        return self.out(0.5 * h * (1.0 + ops.erf(h / math.sqrt(2.0))))
