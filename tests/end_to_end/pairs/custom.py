"""Pairs about layers of one's own and unusual ways to build, hold, feed and answer."""

import keras
import tensorflow as tf
from keras import layers, ops


class Gate(layers.Layer):
    """Raw TensorFlow, weights added in ``build``, a loss added in ``call``."""

    def __init__(self, units, strength=0.1, squash="sigmoid", **kwargs):
        super().__init__(**kwargs)
        self.units, self.strength, self.squash = units, strength, squash

    def build(self, shape):
        self.value = self.add_weight(
            shape=(shape[-1], self.units), name="value", regularizer=keras.regularizers.L2(0.01)
        )
        self.gate = self.add_weight(shape=(shape[-1], self.units), name="gate")
        self.steps = self.add_weight(shape=(), name="steps", initializer="zeros", trainable=False)

    def call(self, x, training=False):
        gate = tf.matmul(x, self.gate)
        gate = tf.sigmoid(gate) if self.squash == "sigmoid" else tf.nn.softsign(gate)
        out = tf.matmul(x, self.value) * gate
        if training:
            self.steps.assign_add(1.0)
        self.add_loss(self.strength * tf.reduce_mean(tf.square(gate)))
        return out


class Valve(layers.Layer):
    """``Gate`` with ``keras.ops`` and other names."""

    def __init__(self, width):
        super().__init__()
        self.width = width

    def build(self, shape):
        self.count = self.add_weight(shape=(), name="count", initializer="zeros", trainable=False)
        self.open = self.add_weight(shape=(shape[-1], self.width), name="open")
        self.flow = self.add_weight(shape=(shape[-1], self.width), name="flow", regularizer="l2")

    def call(self, inputs, training=False):
        opened = ops.sigmoid(ops.matmul(inputs, self.open))
        if training:
            self.count.assign(self.count + 1.0)
        self.add_loss(ops.mean(ops.square(opened)) * 0.1)
        return ops.matmul(inputs, self.flow) * opened


def gated(strength=0.1, squash="sigmoid"):
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(2)(Gate(4, strength, squash)(x)))


class Gated(keras.Model):
    def __init__(self):
        super().__init__()
        self.valve, self.out = Valve(4), layers.Dense(2)

    def call(self, x):
        return self.out(self.valve(x))


def with_lambda(factor=2.0):
    x = keras.Input((6,))
    h = layers.Lambda(lambda t: ops.sin(t) * factor + 1.0)(layers.Dense(4)(x))
    return keras.Model(x, layers.Dense(2)(h))


class WithFunction(keras.Model):
    """``with_lambda`` without the Lambda."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(4), layers.Dense(2)

    def call(self, x):
        return self.second(tf.sin(self.first(x)) * 2.0 + 1.0)


class Block(layers.Layer):
    """A layer that holds a model that holds layers."""

    def __init__(self, units, activation="relu"):
        super().__init__()
        self.body = keras.Sequential(
            [layers.Dense(units, activation=activation), keras.Sequential([layers.Dense(units)])]
        )

    def call(self, x):
        return x + self.body(x)


def nested(activation="relu"):
    x = keras.Input((4,))
    inner = keras.Model(x, Block(4, activation)(x))
    y = keras.Input((4,))
    return keras.Model(y, layers.Dense(2)(inner(Block(4)(y))))


class Flat(keras.Model):
    """``nested`` in one flat subclass, its layers in a dict of lists."""

    def __init__(self):
        super().__init__()
        self.parts = {name: [layers.Dense(4, activation="relu"), layers.Dense(4)] for name in ("one", "two")}
        self.head = layers.Dense(2)

    def call(self, x):
        for name in ("one", "two"):
            first, second = self.parts[name]
            x = x + second(first(x))
        return self.head(x)


class Structured(keras.Model):
    """Nested inputs and outputs."""

    def __init__(self, swap=False):
        super().__init__()
        self.swap = swap
        self.left, self.right = layers.Dense(3), layers.Dense(3, activation="tanh")

    def call(self, inputs):
        a, b = self.left(inputs["a"]), self.right(inputs["b"])
        if self.swap:
            a, b = b, a
        return {"sum": a + b, "parts": [a, {"deep": b}]}


def structured():
    given = {"a": keras.Input((4,), name="a"), "b": keras.Input((5,), name="b")}
    a, b = layers.Dense(3)(given["a"]), layers.Dense(3, activation="tanh")(given["b"])
    return keras.Model(given, {"sum": layers.Add()([a, b]), "parts": [a, {"deep": b}]})


def listed(order=("a", "b")):
    """``structured`` with its inputs in a list."""
    given = {"a": keras.Input((4,), name="a"), "b": keras.Input((5,), name="b")}
    a, b = layers.Dense(3)(given["a"]), layers.Dense(3, activation="tanh")(given["b"])
    return keras.Model([given[name] for name in order], {"sum": layers.Add()([a, b]), "parts": [a, {"deep": b}]})


def anonymous(order=("a", "b")):
    """``listed`` with inputs that have no names."""
    given = {"a": keras.Input((4,)), "b": keras.Input((5,))}
    a, b = layers.Dense(3)(given["a"]), layers.Dense(3, activation="tanh")(given["b"])
    return keras.Model([given[name] for name in order], {"sum": layers.Add()([a, b]), "parts": [a, {"deep": b}]})


class TwoArguments(keras.Model):
    """``structured`` with one argument per input, the second after options that have defaults."""

    def __init__(self):
        super().__init__()
        self.left, self.right = layers.Dense(3), layers.Dense(3, activation="tanh")

    def call(self, a, b, training=None, mask=None, verbose=False):
        a, b = self.left(a), self.right(b)
        return {"sum": a + b, "parts": [a, {"deep": b}]}


def unknown_sizes(kernel=3):
    x = keras.Input((None, None, 3))
    h = layers.Conv2D(4, kernel, padding="same", activation="relu")(x)
    return keras.Model(x, layers.Dense(2)(layers.GlobalMaxPooling2D()(h)))


class UnknownSizes(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.out = layers.Conv2D(4, 3, padding="same"), layers.Dense(2)

    def call(self, image, training=None, mask=None):
        return self.out(ops.max(tf.nn.relu(self.conv(image)), axis=(1, 2)))


def sequence(size=2):
    x = keras.Input((None, 3))
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling1D()(layers.Conv1D(4, size)(x))))


class Sequence(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.out = layers.Conv1D(4, 2), layers.Dense(2)

    def call(self, x):
        return self.out(tf.reduce_mean(self.conv(x), axis=1))


class Lazy(keras.Model):
    """A layer made in the first call and kept."""

    def __init__(self, activation="relu"):
        super().__init__()
        self.activation, self.made = activation, None
        self.out = layers.Dense(2)

    def call(self, x):
        if self.made is None:
            self.made = layers.Dense(4, activation=self.activation)
        return self.out(self.made(x))


class Eager(keras.Model):
    """``Lazy`` with its layers made in the constructor."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = layers.Dense(4, activation="relu"), layers.Dense(2)

    def call(self, x):
        return self.out(self.hidden(x))


class Tied(keras.Model):
    """An embedding whose table is used again at the other end."""

    def __init__(self, tied=True):
        super().__init__()
        self.tied, self.embed, self.mix = tied, layers.Embedding(20, 4), layers.Dense(4)
        self.table = layers.Embedding(20, 4)

    def call(self, ids):
        h = self.mix(self.embed(ids))
        self.table(ids)
        return ops.matmul(h, ops.transpose((self.embed if self.tied else self.table).embeddings))


class TiedReverse(keras.Model):
    """``Tied`` with ``Embedding``'s table by ``tf.gather`` and ``einsum``."""

    def __init__(self):
        super().__init__()
        self.mix = layers.Dense(4)
        self.table = self.add_weight(shape=(20, 4), initializer="uniform", name="table")

    def call(self, ids):
        return tf.einsum("bti,vi->btv", self.mix(tf.gather(self.table, ids)), self.table)
