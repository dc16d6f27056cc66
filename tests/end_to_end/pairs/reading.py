"""Pairs whose reports are read: what the user wrote is what a sentence has to name."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# Formulas by hand ------------------------------------------------------------------------------------------------


def gelu_tanh(x):
    return 0.5 * x * (1.0 + ops.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * ops.power(x, 3.0))))


def gelu_erf(x):
    return 0.5 * x * (1.0 + ops.erf(x / np.sqrt(2.0)))


def swish(x):
    return x * tf.sigmoid(x)


def old_hard_sigmoid(x):
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def softmax_by_hand(x, axis=-1):
    e = ops.exp(x - ops.max(x, axis=axis, keepdims=True))
    return e / ops.sum(e, axis=axis, keepdims=True)


ACTS = {
    "gelu_tanh": gelu_tanh,
    "gelu_erf": gelu_erf,
    "swish": swish,
    "old_hard_sigmoid": old_hard_sigmoid,
    "keras_gelu": keras.activations.gelu,
    "keras_gelu_tanh": lambda x: keras.activations.gelu(x, approximate=True),
    "hard_sigmoid": keras.activations.hard_sigmoid,
    "hard_swish": ops.hard_swish,
    "silu": keras.activations.silu,
    "softmax_hand": softmax_by_hand,
    "softmax_hand_1": lambda x: softmax_by_hand(x, 1),
    "softmax": keras.activations.softmax,
    "softmax_1": lambda x: keras.activations.softmax(x, axis=1),
    "softplus": ops.softplus,
    "leaky": lambda x: ops.leaky_relu(x, 0.1),
    "leaky_hand": lambda x: tf.maximum(x, 0.3 * x),
}


class Acted(keras.Model):
    """Dense, a formula, Dense."""

    def __init__(self, act="gelu_tanh"):
        super().__init__()
        self.up = layers.Dense(6)
        self.down = layers.Dense(3)
        self.act = ACTS[act]

    def call(self, x):
        return self.down(self.act(self.up(x)))


class Swished(keras.Model):
    """The hard or the smooth one of two functions, by the names that papers give them."""

    def __init__(self, hard=True):
        super().__init__()
        self.up = layers.Dense(6)
        self.hard = hard

    def call(self, x):
        x = self.up(x)
        if self.hard:
            return ops.hard_swish(x)
        return ops.swish(x)


class Routed(keras.Model):
    """Shares by softmax over an axis."""

    def __init__(self, axis=-1):
        super().__init__()
        self.up = layers.Dense(6)
        self.axis = axis

    def call(self, x):
        return tf.nn.softmax(self.up(x), axis=self.axis)


# Modes -----------------------------------------------------------------------------------------------------------


class Augmented(keras.Model):
    """Augments, scales, and classifies."""

    def __init__(self, training=None):
        super().__init__()
        self.augment = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomContrast(0.2)])
        self.scale = layers.Rescaling(1 / 255)
        self.head = layers.Dense(2)
        self.mode = training

    def call(self, x):
        x = self.augment(x) if self.mode is None else self.augment(x, training=self.mode)
        return self.head(ops.mean(self.scale(x), axis=(1, 2)))


# Masks -----------------------------------------------------------------------------------------------------------


class Placed(keras.Model):
    """Embeds, adds positions, and reads the sequence."""

    def __init__(self, layer=False):
        super().__init__()
        self.embedding = layers.Embedding(20, 4, mask_zero=True)
        self.plus = layers.Add() if layer else None
        self.lstm = layers.LSTM(3)

    def call(self, ids):
        x = self.embedding(ids)
        p = tf.constant(np.linspace(0, 1, 24).reshape(1, 6, 4), "float32")
        x = self.plus([x, tf.tile(p, [tf.shape(x)[0], 1, 1])]) if self.plus else x + p
        return self.lstm(x)


# Cells and directions ----------------------------------------------------------------------------------------------


def stacked_cells(shared=False):
    cells = [layers.LSTMCell(3)] * 2 if shared else [layers.LSTMCell(3), layers.LSTMCell(3)]
    return keras.Sequential([keras.Input((5, 3)), layers.RNN(layers.StackedRNNCells(cells)), layers.Dense(2)])


class BothWays(keras.Model):
    """Two LSTMs, the second backwards."""

    def __init__(self, flip=True, go=True):
        super().__init__()
        self.ahead = layers.LSTM(3, return_sequences=True)
        self.back = layers.LSTM(3, return_sequences=True, go_backwards=go)
        self.flip = flip

    def call(self, x):
        back = self.back(x)
        if self.flip:
            back = ops.flip(back, axis=1)
        return ops.concatenate([self.ahead(x), back], axis=-1)


def bidirectional():
    return keras.Sequential([keras.Input((5, 3)), layers.Bidirectional(layers.LSTM(3, return_sequences=True))])


class States(keras.Model):
    """What an LSTM returns, by number."""

    def __init__(self, which=0):
        super().__init__()
        self.lstm = layers.LSTM(3, return_state=True)
        self.head = layers.Dense(2)
        self.which = which

    def call(self, x):
        return self.head(self.lstm(x)[self.which])


# Tables and weights ------------------------------------------------------------------------------------------------


def angles(interleaved):
    place = np.arange(8)[:, None] / 10000 ** (np.arange(4)[None] / 4)
    if interleaved:
        return np.stack([np.sin(place), np.cos(place)], -1).reshape(8, 8).astype("float32")
    return np.concatenate([np.sin(place), np.cos(place)], -1).astype("float32")


class Positioned(keras.Model):
    """Words with a place in the sentence."""

    def __init__(self, kind="halves"):
        super().__init__()
        self.words = layers.Embedding(20, 8)
        self.head = layers.Dense(2)
        self.kind = kind
        if kind == "trained":
            self.places = layers.Embedding(8, 8)
        elif kind == "baked":
            self.table = np.random.default_rng(0).normal(size=(8, 8)).astype("float32")
        else:
            self.table = angles(kind == "interleaved")

    def call(self, ids):
        x = self.words(ids)
        x = x + (self.places(ops.arange(8)) if self.kind == "trained" else self.table)
        return self.head(ops.relu(x))


# Graphs -------------------------------------------------------------------------------------------------------------


class GraphConv(keras.Model):
    """Propagates over a normalised adjacency; self-loops before or after normalising."""

    def __init__(self, after=False):
        super().__init__()
        self.dense = layers.Dense(4)
        self.after = after

    def call(self, inputs):
        x, edges = inputs["nodes"], inputs["edges"]
        eye = tf.eye(5)
        if not self.after:
            edges = edges + eye
        degree = tf.reduce_sum(edges, axis=-1)
        root = tf.math.rsqrt(tf.maximum(degree, 1e-3))
        a = edges * root[:, :, None] * root[:, None, :]
        if self.after:
            a = a + eye
        return tf.matmul(a, self.dense(x))


class Norms(keras.Model):
    """A transformer's block; normalised before or after."""

    def __init__(self, pre=True):
        super().__init__()
        self.attention = layers.MultiHeadAttention(2, 4)
        self.up, self.down = layers.Dense(8, "relu"), layers.Dense(6)
        self.one, self.two = layers.LayerNormalization(), layers.LayerNormalization()
        self.pre = pre

    def call(self, x):
        if self.pre:
            y = self.one(x)
            x = x + self.attention(y, y)
            return x + self.down(self.up(self.two(x)))
        x = self.one(x + self.attention(x, x))
        return self.two(x + self.down(self.up(x)))


class Dense3(keras.Model):
    """Three concatenations."""

    def __init__(self, swap=False):
        super().__init__()
        self.dense = [layers.Dense(3) for _ in range(3)]
        self.swap = swap

    def call(self, x):
        for dense in self.dense:
            y = dense(x)
            x = ops.concatenate([y, x] if self.swap else [x, y], axis=-1)
        return x


# Sizes above a norm ------------------------------------------------------------------------------------------------


def sized(padding="same", strides=1, pool=0, kernel=3):
    x = inputs = keras.Input((9, 9, 2))
    x = layers.Conv2D(3, kernel, strides=strides, padding=padding)(x)
    if pool:
        x = layers.MaxPooling2D(pool)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(2)(x))


# Branches ------------------------------------------------------------------------------------------------------------


class WideDeep(keras.Model):
    """A linear part beside a deep one."""

    def __init__(self, linear=True):
        super().__init__()
        self.deep = [layers.Embedding(10, 4) for _ in range(2)]
        self.wide = [layers.Embedding(10, 1) for _ in range(2)]
        self.head = layers.Dense(1)
        self.linear = linear

    def call(self, inputs):
        user, item = inputs["user"], inputs["item"]
        deep = ops.concatenate([ops.squeeze(e(i), 1) for e, i in zip(self.deep, (user, item), strict=True)], -1)
        logit = self.head(ops.relu(deep))
        if self.linear:
            logit = logit + ops.squeeze(self.wide[0](user), 1) + ops.squeeze(self.wide[1](item), 1)
        return ops.sigmoid(logit)


class Modes(keras.Model):
    """A norm inside a block, and a dropout, told their mode."""

    def __init__(self, norm=None, drop=None):
        super().__init__()
        self.block = keras.Sequential([layers.Dense(4), layers.BatchNormalization(), layers.ReLU()])
        self.drop = layers.Dropout(0.4)
        self.lstm = layers.LSTM(3, dropout=0.2)
        self.modes = norm, drop

    def call(self, x):
        norm, drop = ({} if mode is None else {"training": mode} for mode in self.modes)
        return self.lstm(self.drop(self.block(x, **norm), **drop), **drop)


class Looped(keras.Model):
    """One line, three times: shares by softmax over an axis, or a concatenation."""

    def __init__(self, axis=-1, swap=False):
        super().__init__()
        self.up = layers.Dense(6)
        self.axis, self.swap = axis, swap

    def call(self, x):
        x = y = self.up(x)
        for _ in range(3):
            x = x * tf.nn.softmax(x, axis=self.axis)
            x = tf.concat([y, x] if self.swap else [x, y], -1)[..., :6]
        return x
