"""Scale constants that the rest makes up for, or not."""

from __future__ import annotations

import keras
from keras import layers, ops


def made(tail):
    """A model of two Dense layers and what is computed from both."""

    def build():
        inputs = keras.Input((4,))
        return keras.Model(inputs, tail(layers.Dense(3, name="mean")(inputs), layers.Dense(3, name="log_var")(inputs)))

    return build


divergence = made(lambda mean, log_var: -0.5 * (1 + log_var - ops.square(mean) - ops.exp(log_var)))
turned = made(lambda mean, log_var: 0.5 * (ops.square(mean) + ops.exp(log_var) - log_var - 1))
weaker = made(lambda mean, log_var: 0.4 * (ops.square(mean) + ops.exp(log_var) - log_var - 1))


class Penalty(layers.Layer):
    def call(self, mean, log_var):
        self.add_loss(ops.mean(ops.sum(-0.5 * (1 + log_var - ops.square(mean) - ops.exp(log_var)), axis=-1)))
        return mean


class Turned(layers.Layer):
    def call(self, mean, log_var):
        self.add_loss(1.5 * ops.mean(ops.square(mean) + ops.exp(log_var) - log_var - 1))
        return mean


penalty = made(lambda mean, log_var: Penalty()(mean, log_var))
turned_penalty = made(lambda mean, log_var: Turned()(mean, log_var))


def by_tanh(x):
    return 0.5 * x * (1 + ops.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def by_sigmoid(x):
    return x * ops.sigmoid(1.5957691216 * x * (1 + 0.044715 * x * x))


gelu_by_tanh = made(lambda mean, log_var: by_tanh(mean + log_var))
gelu_by_sigmoid = made(lambda mean, log_var: by_sigmoid(mean + log_var))


def tripled(y):
    return ops.where(y > 1e8, y * 3.0, y)


def doubled(y):
    return ops.where(y > 1e8, y * 2.0, y)


far_out_tripled = made(lambda mean, log_var: tripled(mean + log_var))
far_out_doubled = made(lambda mean, log_var: doubled(mean + log_var))


def normed(epsilon):
    def tail(mean, log_var):
        return mean / (ops.sqrt(ops.sum(ops.square(log_var), axis=-1, keepdims=True)) + epsilon)

    return made(tail)


small_epsilon = normed(1e-12)
larger_epsilon = normed(1e-10)


def divided(factor=None):
    inputs = keras.Input((4,))
    root = 6.0**0.5
    x = layers.Dense(3)(inputs)
    return keras.Model(inputs, ops.softmax(x / root if factor is None else x * factor))
