"""Pairs about layers that are other layers in disguise, and about their look-alikes.

``dense``, ``time_distributed``, ``conv1d``, ``einsum`` and ``pointwise`` are one function; so are the others that
share a first word.
"""

import keras
import tensorflow as tf
from keras import layers


def _model(shape, *steps):
    return keras.Sequential([keras.Input(shape), *steps])


def dense(activation="relu"):
    return _model((6, 3), layers.Dense(5, activation=activation), layers.Dense(2))


def time_distributed():
    return _model(
        (6, 3), layers.TimeDistributed(layers.Dense(5, activation="relu")), layers.TimeDistributed(layers.Dense(2))
    )


def conv1d(kernel_size=1):
    return _model((6, 3), layers.Conv1D(5, kernel_size, padding="same", activation="relu"), layers.Conv1D(2, 1))


def einsum():
    return _model(
        (6, 3),
        layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d", activation="relu"),
        layers.EinsumDense("abc,cd->abd", (None, 2), bias_axes="d"),
    )


def pointwise():
    return _model(
        (6, 3),
        layers.Reshape((6, 1, 3)),
        layers.Conv2D(5, 1),
        layers.ReLU(),
        layers.Conv2D(2, 1),
        layers.Reshape((6, 2)),
    )


def any_length_dense():
    return _model((None, 3), layers.Dense(5, activation="relu"), layers.Dense(2))


def any_length_conv1d():
    return _model((None, 3), layers.Conv1D(5, 1, activation="relu"), layers.Conv1D(2, 1))


def heads_by_reshape():
    return _model((6, 8), layers.Dense(8), layers.Reshape((6, 2, 4)), layers.Permute((2, 1, 3)))


def heads_by_einsum(order=(2, 1, 3)):
    return _model((6, 8), layers.EinsumDense("abc,cde->abde", (None, 2, 4), bias_axes="de"), layers.Permute(order))


def flattened(transposed=False):
    first = layers.Permute((2, 1, 3)) if transposed else layers.Identity()
    return _model((4, 4, 3), first, layers.Flatten(), layers.Dense(7, activation="tanh"), layers.Dense(3))


def full_window():
    return _model((4, 4, 3), layers.Conv2D(7, 4, activation="tanh"), layers.Conv2D(3, 1), layers.Flatten())


def separable():
    return _model((8, 8, 3), layers.SeparableConv2D(5, 3, padding="same", activation="relu"))


def depthwise_pointwise(activation=None):
    return _model(
        (8, 8, 3),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False, activation=activation),
        layers.Conv2D(5, 1),
        layers.ReLU(),
    )


def rescaled():
    return _model((6, 6, 3), layers.Rescaling(1 / 127.5, -1), layers.Conv2D(2, 3))


class RescaledByHand(keras.Model):
    """``rescaled`` with the centre subtracted first."""

    def __init__(self, center=127.5):
        super().__init__()
        self.center, self.conv = center, layers.Conv2D(2, 3)

    def call(self, x):
        return self.conv((x - self.center) / 127.5)


def pooled_by_window():
    return _model((4, 4, 3), layers.ReLU(), layers.MaxPooling2D(4), layers.Flatten(), layers.Dense(2))


def pooled_by_reduction():
    return _model((4, 4, 3), layers.GlobalMaxPooling2D(), layers.ReLU(), layers.Dense(2))


def averaged_by_window():
    return _model((4, 4, 3), layers.ReLU(), layers.AveragePooling2D(4), layers.Flatten(), layers.Dense(2))


def averaged_by_reduction():
    return _model((4, 4, 3), layers.GlobalAveragePooling2D(), layers.ReLU(), layers.Dense(2))


def cropped():
    return _model((8, 3), layers.Cropping1D((1, 2)), layers.Dense(2))


class CroppedBySlices(keras.Model):
    """``cropped`` with indexing."""

    def __init__(self, begin=1):
        super().__init__()
        self.begin, self.head = begin, layers.Dense(2)

    def call(self, x):
        return self.head(x[:, self.begin : 6])


class FlattenedByBatch(keras.Model):
    """Flattens with the batch size read at run time."""

    def __init__(self, hidden=7):
        super().__init__()
        self.first, self.second = layers.Dense(hidden, activation="tanh"), layers.Dense(3)

    def call(self, x):
        return self.second(self.first(tf.reshape(x, [tf.shape(x)[0], 48])))


def padded_same():
    return _model((8, 3), layers.Conv1D(2, 3, padding="same"))


def padded_before(left=1, right=1):
    return _model((8, 3), layers.ZeroPadding1D((left, right)), layers.Conv1D(2, 3))


class SharedValue(keras.Model):
    """Uses one ReLU twice, or two of the same value."""

    def __init__(self, twice=False):
        super().__init__()
        self.twice, self.head = twice, layers.Dense(2)

    def call(self, x):
        y = tf.nn.relu(x)
        return self.head(tf.sqrt(y) * (tf.nn.relu(x) if self.twice else y))
