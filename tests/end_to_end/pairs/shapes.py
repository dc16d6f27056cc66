"""Pairs about padding, strides, pooling and reshaping."""

import keras
import tensorflow as tf
from keras import layers, ops


def _convnet(*steps, shape=(8, 8, 3)):
    return keras.Sequential([keras.Input(shape), *steps])


def flatten_layer():
    return _convnet(layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(2))


def flatten_by_reshape():
    return _convnet(layers.Conv2D(4, 3, activation="relu"), layers.Reshape((-1,)), layers.Dense(2))


class FlattenByTensorflow(keras.Model):
    """``flatten_layer`` with ``tf.reshape``."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = layers.Conv2D(4, 3), layers.Dense(2)

    def call(self, x):
        x = tf.nn.relu(self.conv(x))
        return self.head(tf.reshape(x, (-1, 6 * 6 * 4)))


def with_no_ops():
    return _convnet(
        layers.Identity(),
        layers.Conv2D(4, 3, activation="relu"),
        layers.Activation("linear"),
        layers.Dropout(0.0),
        layers.Reshape((6, 6, 4)),
        layers.Flatten(),
        layers.Dense(2, activation="linear"),
    )


def global_pool_layer():
    return _convnet(layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(), layers.Dense(2))


class GlobalPoolByMean(keras.Model):
    """``global_pool_layer`` with ``keras.ops.mean``."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = layers.Conv2D(4, 3, activation="relu"), layers.Dense(2)

    def call(self, x):
        return self.head(ops.mean(self.conv(x), axis=(1, 2)))


class GlobalPoolByReduceMean(keras.Model):
    """``global_pool_layer`` with ``tf.reduce_mean``."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = layers.Conv2D(4, 3, activation="relu"), layers.Dense(2)

    def call(self, x):
        return self.head(tf.reduce_mean(self.conv(x), axis=[1, 2]))


def global_max():
    return _convnet(layers.Conv2D(4, 3, activation="relu"), layers.GlobalMaxPooling2D(), layers.Dense(2))


def same_padding(strides=1):
    return _convnet(layers.Conv2D(4, 3, strides=strides, padding="same"), layers.Flatten(), layers.Dense(2))


def explicit_padding(strides=1):
    return _convnet(
        layers.ZeroPadding2D(1),
        layers.Conv2D(4, 3, strides=strides, padding="valid"),
        layers.Flatten(),
        layers.Dense(2),
    )


def pooled(kind="max", padding="valid"):
    pool = layers.MaxPooling2D if kind == "max" else layers.AveragePooling2D
    return _convnet(
        layers.Conv2D(4, 3, activation="relu"),
        pool(2, padding=padding),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2),
    )


def convolved(strides=1, padding="valid", dilation=1, use_bias=True, kernel=3, units=2):
    return _convnet(
        layers.Conv2D(
            4, kernel, strides=strides, padding=padding, dilation_rate=dilation, use_bias=use_bias, activation="relu"
        ),
        layers.GlobalAveragePooling2D(),
        layers.Dense(units),
    )


def transposed():
    return _convnet(layers.Conv2D(4, 3), layers.Permute((2, 1, 3)), layers.Flatten(), layers.Dense(2))


def untransposed():
    return _convnet(layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2))


def rescaling_layer():
    return _convnet(layers.Rescaling(1.0 / 255), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2))


class DividedBy255(keras.Model):
    """``rescaling_layer`` with a division; the two may round apart by one unit in the last place."""

    def __init__(self):
        super().__init__()
        self.conv, self.flatten, self.head = layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)

    def call(self, x):
        return self.head(self.flatten(self.conv(x / 255.0)))


class DividedBy256(DividedBy255):
    """``DividedBy255`` with another constant."""

    def call(self, x):
        return self.head(self.flatten(self.conv(x / 256.0)))


def averaged(axis=1):
    """A functional model that averages with ``keras.ops``, which Keras numbers anew in each copy it makes."""
    x = keras.Input((4, 4))
    return keras.Model(x, layers.Dense(2)(ops.mean(layers.Dense(4)(x), axis=axis)))


def open_length(how="", length=None):
    """Sequences of any length: cut, taken for a given one, or summed over as if they had it."""
    x = h = keras.Input((length, 3))
    h = layers.Conv1D(4, 3, padding="same")(h)
    if how in ("valid", "same"):
        h = layers.MaxPooling1D(2, padding=how)(h)
    if how == "cut":
        h = h[:, :20]
    if how == "reshaped":
        h = ops.reshape(h, (-1, 16, 4))
    pooled = ops.sum(h, axis=1) / 16.0 if how == "summed" else ops.mean(h, axis=1)
    return keras.Model(x, layers.Dense(2)(pooled))


class Positions(keras.Model):
    """Positions are learned, and there are 16 of them."""

    def __init__(self, by_hand=False):
        super().__init__()
        self.words, self.places, self.out = layers.Embedding(20, 4), layers.Embedding(16, 4), layers.Dense(2)
        self.by_hand = by_hand

    def call(self, ids):
        h = self.words(ids) + self.places(ops.arange(ops.shape(ids)[1]))
        return self.out(
            ops.sum(h, axis=1) / ops.cast(ops.shape(h)[1], "float32") if self.by_hand else ops.mean(h, axis=1)
        )


def positions(by_hand=False):
    ids = keras.Input((None,), dtype="int32")
    return keras.Model(ids, Positions(by_hand)(ids))


class Shrunk(layers.Layer):
    """A sum over both sides of an image, divided by the length of one."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def call(self, x):
        return ops.sum(x, axis=(1, 2)) / ops.cast(ops.shape(x)[self.axis], x.dtype)


def open_sides(axis=1):
    """Images of any sides."""
    x = keras.Input((None, None, 3))
    return keras.Model(x, layers.Dense(2)(Shrunk(axis)(layers.Conv2D(4, 3, padding="same")(x))))
