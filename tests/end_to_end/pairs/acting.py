"""Ops that change no value of the usual size: bounds far out, epsilons, parts as long as the whole."""

from __future__ import annotations

import keras
from keras import layers, ops


class Act(layers.Layer):
    """One function, by name, of what comes in."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def call(self, x):
        return WAYS[self.how](x)


def _share(x, guarded):
    x = ops.relu(x)
    return guarded(x, ops.sum(x, -1, keepdims=True))


def _softmax(x, by):
    x = ops.exp(x - ops.max(x, -1, keepdims=True))
    return x / (ops.sum(x, -1, keepdims=True) + by)


WAYS = {
    "identity": lambda x: x,
    "clip": lambda x: ops.clip(x, -1e6, 1e6),
    "finite": ops.nan_to_num,
    "share": lambda x: _share(x, lambda part, whole: part / whole),
    "share-epsilon": lambda x: _share(x, lambda part, whole: part / (whole + 1e-12)),
    "share-or-zero": lambda x: _share(x, ops.divide_no_nan),
    "softmax": ops.softmax,
    "softmax-epsilon": lambda x: _softmax(x, 1e-12),
    "softmax-relu": lambda x: ops.relu(ops.softmax(x)),
    "first-512": lambda x: x[:, :512],
}


def model(how: str = "identity", length: int | None = 5) -> keras.Model:
    """The function between two Dense layers."""
    x = Act(how)(layers.Dense(6)(inputs := keras.Input((length, 4))))
    return keras.Model(inputs, layers.Dense(2)(x))


class Bounded(layers.Layer):
    """A product with a kernel that a bound holds back, where there is one."""

    def __init__(self, bound: float | None) -> None:
        super().__init__()
        self.bound = bound

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 3))

    def call(self, x):
        return x @ (self.kernel if self.bound is None else ops.clip(self.kernel, -self.bound, self.bound))


def bounded(bound: float | None = None) -> keras.Model:
    """A bound of a weight."""
    x = Bounded(bound)(layers.Dense(4)(inputs := keras.Input((4,))))
    return keras.Model(inputs, layers.Dense(2)(x))
