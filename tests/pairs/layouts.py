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

    def __init__(self, transposed=False):
        super().__init__()
        self.transposed = transposed

    def build(self, shape):
        self.matrix = self.add_weight(shape=(4, 4), name="matrix")

    def call(self, x):
        return tf.matmul(x, self.matrix, transpose_b=self.transposed)
