"""Pairs about quantised models and dtype policies."""

import keras
import tensorflow as tf
from keras import layers, ops


def plain(quantised=False):
    x = keras.Input((6,))
    model = keras.Model(x, layers.Dense(2)(layers.Dense(5, activation="relu")(x)))
    if quantised:
        model.quantize("int8")
    return model


class Plain(keras.Model):
    """``plain`` as a subclass, built and quantised, or not."""

    def __init__(self, quantised=False, activation="relu"):
        super().__init__()
        self.hidden, self.out = layers.Dense(5, activation=activation), layers.Dense(2)
        self.build((None, 6))
        if quantised:
            self.quantize("int8")

    def build(self, shape):
        self.hidden.build(shape)
        self.out.build((None, 5))

    def call(self, x):
        return self.out(self.hidden(x))


def mixed(policy="mixed_float16", head="float32", activation="relu"):
    x = keras.Input((6,))
    h = layers.Dense(5, activation=activation, dtype=policy)(x)
    return keras.Model(x, layers.Dense(2, dtype=head)(h))


class Mixed(keras.Model):
    """``mixed`` as a subclass with a policy for each layer."""

    def __init__(self, policy="mixed_float16"):
        super().__init__()
        self.hidden = layers.Dense(5, activation="relu", dtype=keras.DTypePolicy(policy))
        self.out = layers.Dense(2, dtype="float32")

    def call(self, x):
        return self.out(self.hidden(x))


class MixedGlobal(keras.Model):
    """``mixed`` under a policy set for the whole program."""

    def __init__(self, policy="mixed_float16"):
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        super().__init__()
        self.hidden = layers.Dense(5, activation="relu")
        self.out = layers.Dense(2, dtype="float32")
        keras.config.set_dtype_policy(before)

    def call(self, x):
        return self.out(self.hidden(x))


def mixed_convnet(policy="mixed_bfloat16", cast_back=True):
    x = keras.Input((8, 8, 3))
    h = layers.Conv2D(4, 3, dtype=policy)(x)
    h = layers.BatchNormalization(dtype=policy)(h)
    h = layers.GlobalAveragePooling2D(dtype="float32" if cast_back else policy)(h)
    return keras.Model(x, layers.Dense(2, dtype="float32")(h))


class MixedConvnet(keras.Model):
    def __init__(self, policy="mixed_bfloat16"):
        super().__init__()
        self.conv, self.norm = layers.Conv2D(4, 3, dtype=policy), layers.BatchNormalization(dtype=policy)
        self.out = layers.Dense(2, dtype="float32")

    def call(self, x):
        return self.out(ops.mean(ops.cast(self.norm(self.conv(x)), "float32"), axis=(1, 2)))


def double(policy="float64"):
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(2, dtype=policy)(x))


DOES = {
    "relu6": tf.nn.relu6,
    "relu": tf.nn.relu,
    "double": lambda x: x * 2.0,
    "less its relu": lambda x: x - tf.nn.relu(x),
    "from its relu": lambda x: tf.nn.relu(x) - x,
    "half as much again": lambda x: x * 1.5,
    "sum": lambda x: tf.add_n([x, x]),
    "sum by hand": lambda x: tf.reduce_sum(tf.stack([x, x]), 0),
    "sum of a half": lambda x: tf.concat([x, x], -1)[:, :16] + x,
}


class ByDtype(layers.Layer):
    """Does in float32 what ``narrow`` names, and in any other precision what ``wide`` does."""

    def __init__(self, narrow, wide=None):
        super().__init__()
        self.narrow, self.wide = narrow, wide or narrow

    def call(self, x):
        return DOES[self.narrow if x.dtype == "float32" else self.wide](x)


def by_dtype(narrow, wide=None, dropout=False):
    drawn = [layers.Dropout(0.5)] if dropout else []
    return keras.Sequential([keras.Input((8,)), layers.Dense(16), *drawn, ByDtype(narrow, wide), layers.Dense(4)])


class InFloat32(layers.Layer):
    """Takes what comes in float32, whatever the policy; by hand, its relu is written otherwise."""

    def __init__(self, by_hand=False):
        super().__init__()
        self.by_hand = by_hand

    def call(self, x):
        x = tf.cast(x, "float32")
        return (x + tf.abs(x)) / 2.0 if self.by_hand else tf.nn.relu(x)


def normalized_in_float32(momentum=0.99, epsilon=1e-3, by_hand=False):
    """Blocks that normalise a batch of a few rows, as rounding grows from one to the next."""
    x = h = keras.Input((8,))
    for _ in range(12):
        h = layers.Dense(8, use_bias=False)(h)
        h = layers.BatchNormalization(momentum=momentum, epsilon=epsilon)(h)
        h = InFloat32(by_hand)(h)
    return keras.Model(x, layers.Dense(4)(h))
