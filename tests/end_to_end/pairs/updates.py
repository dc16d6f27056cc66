"""Pairs about state that is updated more than once in a call: the last update counts."""

import keras
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
