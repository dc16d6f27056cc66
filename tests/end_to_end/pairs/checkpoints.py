"""Models that store the same weights in other places, for the checkpoint rung."""

import os

import keras
import tensorflow as tf
from keras import layers


class Branches(keras.Model):
    """Two branches in a list, which Keras stores by their order."""

    def __init__(self, order=("tanh", "relu")):
        super().__init__()
        self.branches = [layers.Dense(4, activation=name) for name in order]
        self.order = order
        self.head = layers.Dense(2)

    def call(self, x):
        found = {name: branch(x) for name, branch in zip(self.order, self.branches, strict=True)}
        return self.head(found["tanh"] - found["relu"])


class Attributes(keras.Model):
    """A chain of layers held by attributes."""

    def __init__(self, first="c1", extra=False, width=5):
        super().__init__()
        setattr(self, first, layers.Dense(width, activation="relu"))
        self.chosen = first
        self.head = layers.Dense(2)
        if extra:
            self.spare = layers.Dense(3)
            self.spare.build((None, 6))

    def call(self, x):
        return self.head(getattr(self, self.chosen)(x))


class Bare(keras.Model):
    """Applies no weights at all."""

    def call(self, x):
        return tf.reduce_sum(x, axis=-1, keepdims=True)


class Undefined(keras.Model):
    """Takes an argument that no configuration can hold, so Keras has no ``.keras`` file for it."""

    def __init__(self, function=tf.abs):
        super().__init__()
        self.function = function
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(self.function(x))


class Affine(layers.Layer):
    """A Dense layer that loads in a way of its own: ``forgets`` leaves its bias as it was, ``ends`` the process."""

    def __init__(self, forgets=False, ends=False):
        super().__init__()
        self.forgets, self.ends = forgets, ends

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 3), initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(3,), initializer="zeros")

    def call(self, x):
        return tf.matmul(x, self.kernel) + self.bias

    def save_own_variables(self, store):
        if self.ends:
            os.abort()
        super().save_own_variables(store)

    def load_own_variables(self, store):
        self.kernel.assign(store["0"])
        if not self.forgets:
            self.bias.assign(store["1"])

    def get_config(self):
        return {"forgets": self.forgets}


def affine(forgets=False, noisy=False, ends=False, activation=None):
    last = [layers.Lambda(lambda x: x + tf.random.normal((1, 3)))] if noisy else []
    return keras.Sequential([keras.Input((6,)), Affine(forgets, ends), layers.Activation(activation), *last])


class Noisy(layers.Layer):
    """Holds a generator, whose state no weights file has."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x):
        return x + keras.random.normal(tf.shape(x), seed=self.seeds)


class Sampled(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense, self.noise = layers.Dense(4), Noisy()

    def call(self, x):
        return self.noise(self.dense(x))


def film():
    return keras.Sequential([keras.Input((3, 6, 6, 2)), layers.ConvLSTM2D(2, 3), layers.GlobalAveragePooling2D()])


def dropped(activation="relu"):
    """Draws random numbers in training alone."""
    inputs = keras.Input((6,))
    x = layers.Dropout(0.5)(layers.Dense(4, activation=activation)(inputs))
    return keras.Model(inputs, layers.Dense(2)(x))
