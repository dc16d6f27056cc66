"""Pairs about branches: how they are joined, split and shared."""

import keras
import tensorflow as tf
from keras import layers, ops


def _two_inputs():
    return keras.Input((6,), name="left"), keras.Input((6,), name="right")


def merge_layers():
    left, right = _two_inputs()
    a = layers.Dense(5, activation="relu")(left)
    b = layers.Dense(5, activation="tanh")(right)
    total = layers.Add()([a, b])
    product = layers.Multiply()([a, b])
    gap = layers.Subtract()([a, b])
    joined = layers.Concatenate()([total, product, gap])
    return keras.Model([left, right], layers.Dense(2)(joined))


class MergeOperators(keras.Model):
    """``merge_layers`` with operators, commuted where that is allowed, and declared in another order."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(2)
        self.b = layers.Dense(5, activation="tanh")
        self.a = layers.Dense(5, activation="relu")

    def call(self, inputs):
        left, right = inputs
        b = self.b(right)
        a = self.a(left)
        return self.head(tf.concat([b + a, a * b, a - b], axis=-1))


class MergeOps(keras.Model):
    """``merge_layers`` with ``keras.ops``."""

    def __init__(self):
        super().__init__()
        self.a = layers.Dense(5, activation="relu")
        self.b = layers.Dense(5, activation="tanh")
        self.head = layers.Dense(2)

    def call(self, inputs):
        left, right = inputs
        a, b = self.a(left), self.b(right)
        return self.head(ops.concatenate([ops.add(a, b), ops.multiply(b, a), ops.subtract(a, b)], axis=-1))


def subtract_swapped():
    left, right = _two_inputs()
    a = layers.Dense(5, activation="relu")(left)
    b = layers.Dense(5, activation="tanh")(right)
    total = layers.Add()([a, b])
    product = layers.Multiply()([a, b])
    gap = layers.Subtract()([b, a])
    joined = layers.Concatenate()([total, product, gap])
    return keras.Model([left, right], layers.Dense(2)(joined))


def concat_swapped():
    left, right = _two_inputs()
    a = layers.Dense(5, activation="relu")(left)
    b = layers.Dense(5, activation="tanh")(right)
    total = layers.Add()([a, b])
    product = layers.Multiply()([a, b])
    gap = layers.Subtract()([a, b])
    joined = layers.Concatenate()([product, total, gap])
    return keras.Model([left, right], layers.Dense(2)(joined))


class SplitCall(keras.Model):
    """Gates a vector by its other half, cut with ``tf.split``."""

    def __init__(self):
        super().__init__()
        self.wide, self.head = layers.Dense(8), layers.Dense(2)

    def call(self, x):
        value, gate = tf.split(self.wide(x), 2, axis=-1)
        return self.head(value * tf.sigmoid(gate))


class SplitSlices(keras.Model):
    """``SplitCall`` cut with slices."""

    def __init__(self):
        super().__init__()
        self.wide, self.head = layers.Dense(8), layers.Dense(2)

    def call(self, x):
        x = self.wide(x)
        return self.head(x[:, :4] * ops.sigmoid(x[:, 4:]))


class SplitHalvesSwapped(keras.Model):
    """``SplitSlices`` with value and gate exchanged."""

    def __init__(self):
        super().__init__()
        self.wide, self.head = layers.Dense(8), layers.Dense(2)

    def call(self, x):
        x = self.wide(x)
        return self.head(x[:, 4:] * ops.sigmoid(x[:, :4]))


def _residual(skip_from_input):
    x = image = keras.Input((8, 8, 4))
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    z = layers.Conv2D(4, 3, padding="same")(y)
    z = layers.Add()([z, x if skip_from_input else y])
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(z)))


def skip_from_input():
    return _residual(True)


def skip_from_hidden():
    return _residual(False)


class Siamese(keras.Model):
    """One tower for both inputs."""

    def __init__(self):
        super().__init__()
        self.tower = keras.Sequential([layers.Dense(5, activation="relu"), layers.Dense(4)])
        self.head = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        left, right = inputs
        return self.head(abs(self.tower(left) - self.tower(right)))


def siamese():
    left, right = _two_inputs()
    hidden, code = layers.Dense(5), layers.Dense(4)

    def tower(x):
        return code(keras.activations.relu(hidden(x)))

    gap = ops.absolute(layers.Subtract()([tower(left), tower(right)]))
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(gap))


def towers_apart():
    left, right = _two_inputs()

    def tower(x):
        return layers.Dense(4)(layers.Dense(5, activation="relu")(x))

    gap = ops.absolute(layers.Subtract()([tower(left), tower(right)]))
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(gap))


def _average(elu, turned):
    """Two branches that their weights' starts alone tell apart, behind an activation that no rule proves."""
    inputs = keras.Input((6,))
    x = elu(layers.Dense(5)(inputs))
    starts = ("he_normal", "glorot_uniform") if turned else ("glorot_uniform", "he_normal")
    branches = [
        layers.Dropout(0.3)(layers.Dense(4, activation="selu", kernel_initializer=start)(x)) for start in starts
    ]
    return keras.Model(inputs, layers.Dense(2)(layers.Average()(branches)))


def averaged():
    return _average(layers.Activation("elu"), turned=False)


def averaged_commuted():
    return _average(lambda x: ops.where(x > 0, x, ops.expm1(ops.minimum(x, 0.0))), turned=True)
