"""Pairs about what is added to a loss: by a regularizer, by hand, in other parts, or not at all."""

import keras
from keras import layers, ops


class Bounded(keras.regularizers.Regularizer):
    """The squares of a weight, up to a limit of each value."""

    def __init__(self, limit=None):
        self.limit = limit

    def __call__(self, weight):
        return 0.01 * ops.sum(ops.square(weight if self.limit is None else ops.minimum(weight, self.limit)))

    def get_config(self):
        return {"limit": self.limit}


def regular(both=False, own=False, limit=None):
    """Penalties as regularizers: of one layer or of both, Keras's own or ``Bounded``."""
    penalty = Bounded(limit) if own else keras.regularizers.L2(0.01)
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activation="relu", kernel_regularizer=penalty),
            layers.Dense(2, kernel_regularizer=penalty if both else None),
        ]
    )


class ByHand(keras.Model):
    """``regular`` with ``add_loss``; ``how`` says what is different about it."""

    def __init__(self, factor=0.01, how=""):
        super().__init__()
        self.hidden, self.head = layers.Dense(8, activation="relu"), layers.Dense(2)
        self.factor, self.how = factor, how

    def call(self, x, training=None):
        y = self.head(self.hidden(x))
        kernel = self.hidden.kernel
        if self.how == "stopped":
            kernel = ops.stop_gradient(kernel)
        elif self.how == "bounded":
            kernel = ops.minimum(kernel, 5.0)
        total = ops.sum(ops.square(kernel))
        if self.how == "both":
            total = total + ops.sum(ops.square(self.head.kernel))
        if training or self.how != "training alone":
            self.add_loss(self.factor * total)
        return y
