"""Pairs about quantised models and dtype policies."""

import keras
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
