"""Pairs about weights laid out another way."""

import keras
import tensorflow as tf
from keras import layers, ops


class Linear(layers.Layer):
    """A linear layer whose matrix is laid out as in PyTorch: outputs by inputs."""

    def __init__(self, units, how="flag", initializer="glorot_uniform"):
        super().__init__()
        self.units, self.how, self.initializer = units, how, initializer

    def build(self, shape):
        self.weight = self.add_weight(shape=(self.units, shape[-1]), initializer=self.initializer, name="weight")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        if self.how == "flag":
            return tf.matmul(x, self.weight, transpose_b=True) + self.bias
        if self.how == "einsum":
            return ops.einsum("bi,oi->bo", x, self.weight) + self.bias
        return ops.matmul(x, ops.transpose(self.weight)) + self.bias


def ported(how="flag", bent=True, initializer="glorot_uniform"):
    """One square matrix and two others."""
    x = h = keras.Input((5,))
    for units in (7, 7):
        h = Linear(units, how, initializer)(h)
        h = ops.relu(h) if bent else h
    return keras.Model(x, Linear(3, how, initializer)(h))


def dense(initializer="glorot_uniform"):
    settings = {"kernel_initializer": initializer}
    return keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(7, "relu", **settings),
            layers.Dense(7, "relu", **settings),
            layers.Dense(3, **settings),
        ]
    )


class Square(keras.Model):
    """A square matrix, transposed or not: a saved file goes into both."""

    def __init__(self, transposed=False, how="flag"):
        super().__init__()
        self.transposed, self.how = transposed, how

    def build(self, shape):
        self.matrix = self.add_weight(shape=(4, 4), name="matrix")

    def call(self, x):
        if self.how == "flag":
            return tf.matmul(x, self.matrix, transpose_b=self.transposed)
        return ops.matmul(x, ops.transpose(self.matrix) if self.transposed else self.matrix)


class LinearByHand(layers.Layer):
    """A linear layer without a bias whose matrix is laid out as in PyTorch, in several spellings."""

    def __init__(self, units, how):
        super().__init__()
        self.units, self.how = units, how

    def build(self, shape):
        self.kernel = self.add_weight(shape=(self.units, shape[-1]), name="kernel")

    def call(self, x):
        if self.how == "left":
            return ops.transpose(ops.matmul(self.kernel, ops.transpose(x)))
        if self.how == "sum":
            return ops.sum(x[:, None, :] * self.kernel, axis=-1)
        return ops.matmul(x, ops.transpose(self.kernel))


def squares(how=None, bent="relu", policy="float32", units=8):
    """Two matrices, square ones where ``units`` is 8, by layers of Keras or by hand."""
    keras.config.set_dtype_policy(policy)
    x = h = keras.Input((8,))
    for activation in ("relu", bent):
        h = layers.Dense(units, use_bias=False)(h) if how is None else LinearByHand(units, how)(h)
        h = layers.Activation(activation)(h)
    return keras.Model(x, h)


class Holder(layers.Layer):
    """A square matrix under one name in a saved file, by a layer of Keras or by hand."""

    def __init__(self, how):
        super().__init__()
        self.linear = layers.Dense(8, use_bias=False) if how is None else LinearByHand(8, how)

    def call(self, x):
        return self.linear(x)


def held(how=None):
    return keras.Sequential([keras.Input((8,)), Holder(how)])


class Joined(layers.Layer):
    """Query, key and value from three matrices, or from one."""

    def __init__(self, joined):
        super().__init__()
        self.parts = layers.Dense(24) if joined else [layers.Dense(8) for _ in range(3)]

    def call(self, x):
        parts = [self.parts(x)] if isinstance(self.parts, layers.Layer) else [part(x) for part in self.parts]
        query, key, value = ops.split(ops.concatenate(parts, axis=-1), 3, axis=-1)
        return ops.matmul(ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1)))), value)


def joined(joined=True):
    return keras.Sequential([keras.Input((5, 8)), Joined(joined), layers.Dense(2)])


def towers(first=4, second=8):
    x = keras.Input((6,))
    return keras.Model(x, layers.Concatenate()([layers.Dense(first, "relu")(x), layers.Dense(second, "tanh")(x)]))
