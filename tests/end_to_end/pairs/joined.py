"""Weights of one side that are several of the other: query, key and value, replicas, gates."""

from __future__ import annotations

import keras
from keras import layers, ops

PLAIN = {"kernel_initializer": "random_normal"}


def attended(inputs, q, k, v, rate=0.0, scale=0.5):
    weights = ops.softmax(scale * ops.matmul(q, ops.swapaxes(k, -1, -2)))
    return keras.Model(inputs, layers.Dense(2, name="out")(ops.matmul(layers.Dropout(rate)(weights), v)))


def fused():
    inputs = keras.Input((5, 4))
    return attended(inputs, *ops.split(layers.Dense(12, name="qkv", **PLAIN)(inputs), 3, axis=-1))


def separate(rate=0.0, scale=0.5, frozen=False, initializer="random_normal"):
    inputs = keras.Input((5, 4))
    made = [layers.Dense(4, name=name, kernel_initializer=initializer) for name in "qkv"]
    made[2].trainable = not frozen
    return attended(inputs, *(layer(inputs) for layer in made), rate=rate, scale=scale)


def fused_by_heads():
    """As in many ports: of each of the two heads, query, key and value stand together."""
    inputs = keras.Input((5, 4))
    joint = layers.Reshape((5, 2, 3, 2))(layers.Dense(12, name="qkv", **PLAIN)(inputs))
    q, k, v = (ops.transpose(joint[:, :, :, part], (0, 2, 1, 3)) for part in range(3))
    return heads(inputs, q, k, v)


def separate_heads():
    inputs = keras.Input((5, 4))
    q, k, v = (
        ops.transpose(layers.Reshape((5, 2, 2))(layers.Dense(4, name=name, **PLAIN)(inputs)), (0, 2, 1, 3))
        for name in "qkv"
    )
    return heads(inputs, q, k, v)


def heads(inputs, q, k, v):
    mixed = ops.matmul(ops.softmax(ops.matmul(q, ops.swapaxes(k, -1, -2))), v)
    return keras.Model(inputs, layers.Reshape((5, 4))(ops.transpose(mixed, (0, 2, 1, 3))))


class Replicas(layers.Layer):
    """Two Dense layers as one with kernels side by side, as in NNPDF's MultiDense."""

    def __init__(self, units, **given):
        super().__init__(**given)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(2, shape[-1], self.units), initializer="random_normal")
        self.bias = self.add_weight(name="bias", shape=(2, 1, self.units), initializer="zeros")

    def call(self, x):
        if len(x.shape) == 2:
            return ops.einsum("bi,nio->nbo", x, self.kernel) + self.bias
        return ops.matmul(x, self.kernel) + self.bias


def replicas():
    inputs = keras.Input((6,))
    both = Replicas(3, name="second")(ops.tanh(Replicas(5, name="first")(inputs)))
    return keras.Model(inputs, [both[0], both[1]])


def two_networks():
    inputs = keras.Input((6,))
    hidden = [layers.Dense(5, activation="tanh", name=f"first_{n}", **PLAIN)(inputs) for n in range(2)]
    return keras.Model(inputs, [layers.Dense(3, name=f"second_{n}", **PLAIN)(x) for n, x in enumerate(hidden)])


class Gates(layers.Layer):
    """An LSTM cell with a Dense layer a gate."""

    def __init__(self, units, **given):
        super().__init__(**given)
        self.state_size = [units, units]
        self.of_input = [layers.Dense(units, name=f"{gate}_x", **PLAIN) for gate in "ifco"]
        self.of_state = [layers.Dense(units, name=f"{gate}_h", use_bias=False, **PLAIN) for gate in "ifco"]

    def build(self, shape):
        for one, two in zip(self.of_input, self.of_state, strict=True):
            one.build(shape)
            two.build((None, self.state_size[0]))
        self.built = True

    def call(self, x, states):
        h, c = states
        i, f, g, o = (one(x) + two(h) for one, two in zip(self.of_input, self.of_state, strict=True))
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, [h, c]


def lstm():
    inputs = keras.Input((3, 2))
    layer = layers.LSTM(
        3, recurrent_initializer="random_normal", unit_forget_bias=False, use_cudnn=False, unroll=True, **PLAIN
    )
    return keras.Model(inputs, layer(inputs))


def gates():
    inputs = keras.Input((3, 2))
    return keras.Model(inputs, layers.RNN(Gates(3), unroll=True)(inputs))
