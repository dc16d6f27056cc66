"""Pairs about activations: every spelling of the same function, and functions that only look alike."""

import keras
import tensorflow as tf
from keras import layers, ops


def fused():
    x = image = keras.Input((8, 8, 3))
    for filters in (4, 5, 6, 4, 5, 6):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return keras.Model(image, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))


class Spelled(keras.Model):
    """``fused`` with its six ReLUs and its softmax in seven spellings."""

    def __init__(self):
        super().__init__()
        self.convs = [layers.Conv2D(filters, 3, padding="same") for filters in (4, 5, 6, 4, 5, 6)]
        self.relu = layers.ReLU()
        self.activation = layers.Activation("relu")
        self.flatten = layers.Flatten()
        self.head = layers.Dense(3)
        self.softmax = layers.Softmax()

    def call(self, x):
        x = self.relu(self.convs[0](x))
        x = self.activation(self.convs[1](x))
        x = keras.activations.relu(self.convs[2](x))
        x = ops.relu(self.convs[3](x))
        x = tf.nn.relu(self.convs[4](x))
        x = tf.maximum(self.convs[5](x), 0.0)
        return self.softmax(self.head(self.flatten(x)))


def _layer_by_layer(*steps):
    return keras.Sequential([keras.Input((6,)), *steps])


def relu6_limit():
    return _layer_by_layer(
        layers.Dense(8), layers.ReLU(max_value=6.0), layers.Dense(8, activation="relu6"), layers.Dense(2)
    )


class Relu6(keras.Model):
    """``relu6_limit`` with one TensorFlow call and one Keras call."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.head = layers.Dense(8), layers.Dense(8), layers.Dense(2)

    def call(self, x):
        return self.head(ops.relu6(self.second(tf.nn.relu6(self.first(x)))))


def relu_unlimited():
    return _layer_by_layer(layers.Dense(8), layers.ReLU(), layers.Dense(8, activation="relu6"), layers.Dense(2))


def smooth_fused():
    return _layer_by_layer(
        layers.Dense(7, activation="tanh"),
        layers.Dense(6, activation="sigmoid"),
        layers.Dense(7, activation="elu"),
        layers.Dense(6, activation="silu"),
        layers.Dense(7, activation="softplus"),
        layers.Dense(2, activation="linear"),
    )


class Smooth(keras.Model):
    """``smooth_fused`` with its activations outside the layers."""

    def __init__(self):
        super().__init__()
        self.denses = [layers.Dense(units) for units in (7, 6, 7, 6, 7, 2)]
        self.elu = layers.ELU()

    def call(self, x):
        x = tf.tanh(self.denses[0](x))
        x = keras.activations.sigmoid(self.denses[1](x))
        x = self.elu(self.denses[2](x))
        x = tf.nn.silu(self.denses[3](x))
        x = ops.softplus(self.denses[4](x))
        return self.denses[5](x)


def leaky_layer(slope=0.3):
    return _layer_by_layer(layers.Dense(8), layers.LeakyReLU(negative_slope=slope), layers.Dense(2))


class LeakyFunction(keras.Model):
    """``leaky_layer`` through ``keras.activations.leaky_relu``, with that function's own default of 0.2."""

    def __init__(self, slope=0.2):
        super().__init__()
        self.slope = slope
        self.hidden, self.head = layers.Dense(8), layers.Dense(2)

    def call(self, x):
        return self.head(keras.activations.leaky_relu(self.hidden(x), negative_slope=self.slope))


def elu_layer(alpha=1.0):
    return _layer_by_layer(layers.Dense(8), layers.ELU(alpha=alpha), layers.Dense(2))


class EluFunction(keras.Model):
    """``elu_layer`` through ``keras.activations.elu``, or by hand, which TensorFlow has for an alpha of 1 alone."""

    def __init__(self, alpha=1.0, by_hand=False):
        super().__init__()
        self.alpha, self.by_hand = alpha, by_hand
        self.hidden, self.head = layers.Dense(8), layers.Dense(2)

    def call(self, x):
        x = self.hidden(x)
        if self.by_hand:
            return self.head(tf.where(x > 0, tf.nn.elu(x), self.alpha * tf.nn.elu(x)))
        return self.head(keras.activations.elu(x, alpha=self.alpha))


def elu_fused():
    return _layer_by_layer(layers.Dense(8, activation="elu"), layers.Dense(2))


def gelu_exact():
    return _layer_by_layer(layers.Dense(8, activation="gelu"), layers.Dense(2))


class GeluTanh(keras.Model):
    """The tanh approximation of gelu, as in the original BERT."""

    def __init__(self):
        super().__init__()
        self.hidden, self.head = layers.Dense(8), layers.Dense(2)

    def call(self, x):
        return self.head(ops.gelu(self.hidden(x), approximate=True))


def softmax_last():
    x = keras.Input((5, 4))
    return keras.Model(x, layers.Softmax()(layers.Dense(4)(x)))


def softmax_first():
    x = keras.Input((5, 4))
    return keras.Model(x, layers.Softmax(axis=1)(layers.Dense(4)(x)))


def relu_then_norm():
    x = image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(x)
    x = layers.Activation("relu")(x)
    x = layers.BatchNormalization()(x)
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def norm_then_relu():
    x = image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def norm_without_relu():
    x = image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(x)
    x = layers.BatchNormalization()(x)
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def softmax_in_head():
    return _layer_by_layer(layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax"))


def logits_in_head():
    return _layer_by_layer(layers.Dense(8, activation="relu"), layers.Dense(3))


def half_precision_softmax():
    return _layer_by_layer(layers.Dense(8, activation="relu"), layers.Dense(3), layers.Softmax(dtype="float16"))


def behind_tanh(activation="relu", limit=None):
    """What the last activation sees is small, however large the input is."""
    x = inputs = keras.Input((4,))
    x = layers.Activation(activation)(layers.Dense(4)(layers.Activation("tanh")(x)))
    x = x if limit is None else ops.clip(x, -1.0, limit)
    return keras.Model(inputs, layers.Dense(2)(x))


def scaling(by=1.0):
    """An activation of one's own, which does nothing where it multiplies by 1."""
    own = None if by is None else lambda x: x * by
    return keras.Sequential([keras.Input((6,)), layers.Dense(4, activation=own), layers.Dense(2)])


def squashed(by_hand=False):
    """A sigmoid, or half a tanh: the same up to 1e-16, which is much of a sigmoid of -32."""
    x = keras.Input((6,))
    h = layers.Dense(1)(x)
    return keras.Model(x, (ops.tanh(h / 2.0) + 1.0) / 2.0 if by_hand else ops.sigmoid(h))
