"""Pairs about bounds that only training knows, where no probe comes: of gradients, of values, of state."""

import keras
import tensorflow as tf
from keras import layers, ops


def limited(limit):
    """The identity, whose gradient is cut off at a limit."""

    @tf.custom_gradient
    def apply(x):
        return tf.identity(x), lambda slope: slope if limit is None else tf.clip_by_value(slope, -limit, limit)

    return apply


class Bounded(keras.Model):
    """Two layers with a bound between them, in training alone."""

    def __init__(self, gradient=None, value=None, state=None):
        super().__init__()
        self.hidden, self.seen, self.head = layers.Dense(8), Seen(state), layers.Dense(2)
        self.gradient, self.value = limited(gradient), value

    def call(self, x, training=None):
        h = self.seen(self.gradient(self.hidden(x)), training=training)
        if training and self.value is not None:
            h = ops.minimum(h, self.value)
        return self.head(h)


class Seen(layers.Layer):
    """Keeps an average of what it saw, each value of it up to a limit."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def build(self, shape):
        self.average = self.add_weight(name="average", shape=(shape[-1],), initializer="zeros", trainable=False)

    def call(self, x, training=None):
        if training:
            mean = ops.mean(x, axis=0)
            mean = mean if self.limit is None else ops.minimum(mean, self.limit)
            self.average.assign(0.9 * self.average + 0.1 * mean)
        return x


class Passed(keras.Model):
    """Passes half the gradient, in two ways; ``all_of_it`` passes the whole."""

    def __init__(self, by_hand=False, all_of_it=False):
        super().__init__()
        self.hidden, self.head = layers.Dense(8), layers.Dense(2)
        self.by_hand, self.all_of_it = by_hand, all_of_it

    def call(self, x):
        h = self.hidden(x)
        if self.by_hand:
            h = half(h)
        elif not self.all_of_it:
            h = 0.5 * h + 0.5 * tf.stop_gradient(h)
        return self.head(h)


@tf.custom_gradient
def half(x):
    return tf.identity(x), lambda slope: 0.5 * slope
