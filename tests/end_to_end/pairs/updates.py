"""Pairs about state that is updated more than once in a call: the last update counts."""

import keras
import tensorflow as tf
from keras import layers, ops


class Written(layers.Layer):
    """Keeps what it saw, and twice that, in the same variable."""

    def __init__(self, turned):
        super().__init__(name="written")
        self.turned = turned

    def build(self, shape):
        self.seen = self.add_weight(name="seen", shape=(shape[-1],), initializer="zeros", trainable=False)

    def call(self, x, training=None):
        if training:
            mean = ops.mean(x, axis=0)
            if self.turned:
                self.seen.assign(2.0 * mean)
                self.seen.assign(mean)
            else:
                self.seen.assign(mean)
                self.seen.assign(2.0 * mean)
        return x


def written(turned=False):
    return keras.Sequential([keras.Input((6,)), layers.Dense(5), Written(turned), layers.Dense(2)])


class NormedTwice(keras.Model):
    """One batch normalisation on two branches, which may look alike."""

    def __init__(self, turned=False, alike=False):
        super().__init__()
        self.left, self.right = layers.Dense(4), layers.Dense(4, activation=None if alike else "tanh")
        self.norm, self.head = layers.BatchNormalization(), layers.Dense(2)
        self.turned = turned

    def call(self, x):
        left, right = self.left(x), self.right(x)
        if self.turned:
            right = self.norm(right)
            left = self.norm(left)
        else:
            left = self.norm(left)
            right = self.norm(right)
        return self.head(left + right)


class Marked(layers.Layer):
    """Adds to one entry of a state in every call, by TensorFlow's scatter or by an assignment of the whole."""

    def __init__(self, amount=0.5, at=1, scatter=True, told=True):
        super().__init__(name="marked")
        self.amount, self.at, self.scatter, self.told = amount, at, scatter, told

    def build(self, shape):
        self.marks = self.add_weight(name="marks", shape=(shape[-1],), initializer="zeros", trainable=False)

    def call(self, x):
        if self.scatter and self.amount:
            self.marks.value.scatter_add(tf.IndexedSlices(tf.cast([self.amount], x.dtype), [self.at]))
        elif self.amount:
            self.marks.assign_add(self.amount * ops.one_hot(self.at, x.shape[-1], dtype=x.dtype))
        return x + self.marks if self.told else x


def marked(amount=0.5, at=1, scatter=True, told=True):
    return keras.Sequential([keras.Input((6,)), layers.Dense(5), Marked(amount, at, scatter, told), layers.Dense(2)])


class Overwritten(layers.Layer):
    """Writes one entry of a state in every call, before or after it reads the state."""

    def __init__(self, value=0.5, late=False):
        super().__init__(name="overwritten")
        self.value, self.late = value, late

    def build(self, shape):
        self.held = self.add_weight(name="held", shape=(shape[-1], 2), initializer="zeros", trainable=False)

    def call(self, x):
        variable = self.held.value
        before = tf.gather(variable, [1])
        variable.scatter_update(tf.IndexedSlices(tf.fill([1, 2], tf.cast(self.value, x.dtype)), [1]))
        return x + tf.reduce_sum(tf.gather(variable, [1]) if self.late else before)


def overwritten(value=0.5, late=False):
    return keras.Sequential([keras.Input((6,)), layers.Dense(5), Overwritten(value, late), layers.Dense(2)])
