"""Pairs about control flow inside ``call``: branches, loops, compiled functions, Python on static values."""

import keras
import tensorflow as tf
from keras import layers, ops


class Two(keras.Model):
    """What the models here share: a layer before, a layer behind."""

    def __init__(self, **settings):
        super().__init__()
        self.first, self.last = layers.Dense(4, use_bias=False), layers.Dense(2)
        self.__dict__.update(settings)

    def call(self, x):
        return self.last(self.inside(self.first(x)))


class Branch(Two):
    """``tf.cond`` on data."""

    factor = 2.0

    def inside(self, h):
        return tf.cond(tf.reduce_sum(h) > 0.0, lambda: h * self.factor, lambda: tf.tanh(h))


class BranchOps(keras.Model):
    """``Branch`` with ``keras.ops.cond`` and other names."""

    def __init__(self):
        super().__init__()
        self.entry, self.exit = layers.Dense(4, use_bias=False), layers.Dense(2)

    def call(self, inputs):
        hidden = self.entry(inputs)
        return self.exit(ops.cond(ops.sum(hidden) > 0.0, lambda: hidden * 2.0, lambda: ops.tanh(hidden)))


class BranchWhere(Two):
    """``Branch`` without a branch: both sides are computed, one is taken."""

    def inside(self, h):
        return tf.where(tf.reduce_sum(h) > 0.0, h * 2.0, tf.tanh(h))


class BranchElse(Two):
    """``Branch`` with another line in one of its branches."""

    def inside(self, h):
        return tf.cond(tf.reduce_sum(h) > 0.0, lambda: h * 2.0, lambda: tf.sigmoid(h))


class BranchRare(Two):
    """``Branch`` on a condition that hardly ever holds."""

    factor = 2.0

    def inside(self, h):
        return tf.cond(tf.reduce_sum(h) > 1e9, lambda: h * self.factor, lambda: tf.tanh(h))


class BranchRareWhere(Two):
    """``BranchRare`` without a branch."""

    def inside(self, h):
        return tf.where(tf.reduce_sum(h) > 1e9, h * 3.0, tf.tanh(h))


class BranchTest(Two):
    """``Branch`` on another condition."""

    def inside(self, h):
        return tf.cond(tf.reduce_sum(h) > 1.0, lambda: h * 2.0, lambda: tf.tanh(h))


class Loop(Two):
    """``tf.while_loop``: ``steps`` times the same step."""

    steps, factor = 3, 0.5

    def inside(self, h):
        def body(i, state):
            return i + 1, tf.tanh(state) * self.factor + h

        return tf.while_loop(lambda i, _: i < self.steps, body, [tf.constant(0), h])[1]


class LoopOps(Two):
    """``Loop`` with ``keras.ops.while_loop``."""

    def inside(self, h):
        def body(count, value):
            return count + 1, ops.tanh(value) * 0.5 + h

        return ops.while_loop(lambda count, value: count < 3, body, (0, h))[1]


class LoopFori(Two):
    """``Loop`` with ``keras.ops.fori_loop``."""

    def inside(self, h):
        return ops.fori_loop(0, 3, lambda i, value: ops.tanh(value) * 0.5 + h, h)


class LoopPython(Two):
    """``Loop`` written out by Python."""

    steps = 3

    def inside(self, h):
        state = h
        for _ in range(self.steps):
            state = tf.tanh(state) * 0.5 + h
        return state


class LoopLayer(Two):
    """A layer called in a ``tf.while_loop``, with the same weights in each round."""

    activation = "tanh"

    def __init__(self, **settings):
        super().__init__(**settings)
        self.step = layers.Dense(4, activation=self.activation)

    def inside(self, h):
        return tf.while_loop(lambda i, _: i < 3, lambda i, s: (i + 1, self.step(s)), [tf.constant(0), h])[1]


class LoopLayerOther(keras.Model):
    """``LoopLayer`` with other names and ``keras.ops``."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = layers.Dense(4, use_bias=False), layers.Dense(4, activation="tanh"), layers.Dense(2)

    def call(self, x):
        return self.c(ops.while_loop(lambda n, v: n < 3, lambda n, v: (n + 1, self.b(v)), (0, self.a(x)))[1])


class Scan(Two):
    """``keras.ops.scan`` over the features."""

    factor = 0.5

    def inside(self, h):
        def step(carry, item):
            carry = carry * self.factor + item
            return carry, carry

        return ops.transpose(ops.scan(step, ops.zeros_like(h[:, 0]), ops.transpose(h))[1])


class ScanPython(Two):
    """``Scan`` written out by Python."""

    def inside(self, h):
        carry, found = tf.zeros_like(h[:, 0]), []
        for index in range(4):
            carry = carry * 0.5 + h[:, index]
            found.append(carry)
        return tf.stack(found, axis=1)


class Mapped(Two):
    """``keras.ops.vectorized_map`` over the batch."""

    factor = 2.0

    def inside(self, h):
        return ops.vectorized_map(lambda row: ops.cumsum(row) * self.factor, h)


class MappedTensorflow(Two):
    """``Mapped`` with ``tf.map_fn``."""

    def inside(self, h):
        return tf.map_fn(lambda row: tf.cumsum(row) * 2.0, h)


class MappedPlain(Two):
    """``Mapped`` without the map."""

    def inside(self, h):
        return tf.cumsum(h, axis=1) * 2.0


class Compiled(Two):
    """A ``@tf.function`` inside ``call``."""

    factor = 2.0

    @tf.function
    def inside(self, h):
        return tf.nn.relu(h) * self.factor


class CompiledXla(Two):
    """``Compiled`` with ``jit_compile``."""

    @tf.function(jit_compile=True)
    def inside(self, h):
        return keras.activations.relu(h) * 2.0


class NotCompiled(Two):
    """``Compiled`` as plain Python."""

    def inside(self, h):
        return ops.relu(h) * 2.0


class Autograph(Two):
    """A ``@tf.function`` that branches on data and needs AutoGraph."""

    factor = 2.0

    @tf.function
    def inside(self, h):
        if tf.reduce_sum(h) > 0.0:
            return h * self.factor
        return tf.tanh(h)


class Static(Two):
    """Python control flow on shapes and settings."""

    deep = True

    def inside(self, h):
        if h.shape[-1] > 3 and self.deep:
            h = ops.relu(h)
        while h.shape[-1] > 2:
            h = h[:, 1:] + h[:, :-1]
        return h


class StaticFlat(Two):
    """``Static`` with its branches taken by hand."""

    def inside(self, h):
        h = tf.nn.relu(h)
        h = h[:, 1:] + h[:, :-1]
        return h[:, 1:] + h[:, :-1]


class OnData(Two):
    """Python control flow on data, which no graph can hold."""

    factor = 2.0

    def inside(self, h):
        if ops.sum(h) > 0:  # line: branch on data
            return h * self.factor
        return ops.tanh(h)


class ByNumpy(Two):
    """A value read out of a tensor with ``.numpy()``."""

    factor = 2.0

    def inside(self, h):
        return h * self.factor / (1.0 + abs(h.numpy()).max())  # line: numpy


class ByFloat(Two):
    """A value read out of a tensor with ``float()``."""

    factor = 2.0

    def inside(self, h):
        return h * self.factor / (1.0 + float(tf.reduce_max(tf.abs(h))))  # line: float
