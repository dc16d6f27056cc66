"""Models about evidence: edits that do nothing, random numbers drawn elsewhere, inputs that are hard to find."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers


class Chain(keras.Model):
    """Three layers; what is done after each of the first two can be chosen."""

    def __init__(self, first="", second="", slope=0.3):
        super().__init__()
        self.one, self.two, self.three = layers.Dense(8), layers.Dense(8), layers.Dense(3)
        self.bend = layers.LeakyReLU(slope)
        self.first, self.second = first, second

    def call(self, x):
        x = after(tf.nn.relu(self.one(x)), self.first)
        x = after(self.bend(self.two(x)), self.second)
        return self.three(x)


def after(x, what):
    if what == "sine":
        return tf.sin(x)
    if what == "floor":  # nothing that comes out of a ReLU is below
        return tf.maximum(x, -1.0)
    if what == "halve":
        return x * 0.5
    return x


class Extra(keras.Model):
    """``Chain`` with one more layer that has weights."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = layers.Dense(8), layers.Dense(8), layers.Dense(3)
        self.bend, self.more = layers.LeakyReLU(0.3), layers.LayerNormalization()

    def call(self, x):
        return self.three(self.bend(self.two(self.more(tf.nn.relu(self.one(x))))))


class Dropped(keras.Model):
    """Two dropouts; ``by`` says who draws their masks: layers, one generator for both, or TensorFlow."""

    def __init__(self, by="layers", rate=0.4):
        super().__init__()
        self.up, self.down = layers.Dense(16, activation="relu"), layers.Dense(3)
        self.drops = [layers.Dropout(rate), layers.Dropout(rate)] if by == "layers" else []
        self.seeds = keras.random.SeedGenerator(1) if by == "one generator" else None
        self.rate = rate

    def call(self, x, training=None):
        x = self.dropped(x, 0, training)
        return self.down(self.dropped(self.up(x), 1, training))

    def dropped(self, x, number, training):
        if self.drops:
            return self.drops[number](x, training=training)
        if not training:
            return x
        return (
            tf.nn.dropout(x, self.rate) if self.seeds is None else keras.random.dropout(x, self.rate, seed=self.seeds)
        )


class Shaken(keras.Model):
    """Noise drawn in the body of a loop, where nobody can hand it over."""

    def __init__(self, size=0.5, unused=False):
        super().__init__()
        self.head = layers.Dense(3)
        self.size, self.unused = size, unused

    def call(self, x, training=None):
        if training:
            shaken = tf.map_fn(lambda row: row + self.size * tf.random.normal(tf.shape(row), dtype=row.dtype), x)
            x = shaken + 0.0 if not self.unused else shaken - 0.0
        return self.head(x)


class Guarded(keras.Model):
    """Cuts off what is beyond a limit: each input, at once or smoothly, or units of a row where every one is."""

    def __init__(self, limit=None, of="each input"):
        super().__init__()
        self.up, self.down = layers.Dense(12), layers.Dense(3)
        self.limit, self.of = limit, of

    def call(self, x):
        if self.limit is not None and self.of == "each input":
            x = tf.where(x > self.limit, tf.zeros_like(x), x)
        if self.limit is not None and self.of == "each input, smoothly":
            x = x * tf.sigmoid(self.limit - x)
        h = self.up(x)
        if self.limit is not None and self.of == "every unit":
            least = tf.reduce_min(h, axis=-1, keepdims=True)
            h = tf.where(least > self.limit, tf.zeros_like(h), h)
        return self.down(h)


class Squeezed(keras.Model):
    """Drops axes of length 1; ``carelessly`` the batch's too."""

    def __init__(self, carelessly=False):
        super().__init__()
        self.mean, self.head = layers.GlobalAveragePooling2D(keepdims=True), layers.Dense(3)
        self.axes = None if carelessly else (1, 2)

    def call(self, x):
        return tf.squeeze(self.head(self.mean(x)), self.axes)


class Scaled(keras.Model):
    """Attention whose scores are large: rounding grows."""

    def __init__(self, by_hand=False):
        super().__init__()
        self.q, self.k, self.v = (layers.Dense(6) for _ in range(3))
        self.by_hand = by_hand

    def call(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        if self.by_hand:
            return tf.einsum("bqk,bkd->bqd", tf.nn.softmax(tf.einsum("bqd,bkd->bqk", q * 40.0, k)), v)
        return tf.matmul(tf.nn.softmax(40.0 * tf.matmul(q, k, transpose_b=True)), v)


def compiled(optimizer="adam", limit=None, penalty=None):
    """A compiled network whose layer may hold a constraint or add a loss of its own."""
    inputs = keras.Input((6,))
    layer = layers.Dense(
        5,
        activity_regularizer=None if penalty is None else keras.regularizers.L2(penalty),
        kernel_constraint=None if limit is None else keras.constraints.MaxNorm(limit),
        name="dense",
    )
    model = keras.Model(inputs, layers.Dense(3, name="head")(layer(inputs)))
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


class Third(keras.Model):
    """A third of what a layer gives; ``rounded`` to float32 before it is used, or a little off."""

    def __init__(self, rounded=False, off=0.0):
        super().__init__()
        self.up, self.down = layers.Dense(8), layers.Dense(3)
        self.rounded, self.off = rounded, off

    def call(self, x):
        h = tf.tanh(self.up(x))
        if self.rounded:
            return self.down(tf.einsum("bi,i->bi", h, tf.cast(np.full(8, 1 / 3, "float32"), h.dtype)))
        return self.down(h * (1.0 / 3.0 + self.off))


class Heads(keras.Model):
    """Two heads of one shape, as layers or by einsum; by hand they may be declared the other way round."""

    def __init__(self, by_hand=False, turned=False, wrong=False):
        super().__init__()
        self.body = layers.Dense(5, activation="tanh")
        self.by_hand, self.wrong = by_hand, wrong
        if by_hand:
            names = ("second", "first") if turned else ("first", "second")
            self.held = {name: self.add_weight(shape=(5, 3), name=name) for name in names}
        else:
            self.one, self.two = layers.Dense(3, use_bias=False), layers.Dense(3, use_bias=False)

    def call(self, x):
        x = self.body(x)
        if not self.by_hand:
            return self.one(x), 2.0 * self.two(x)
        one, two = (tf.einsum("bi,ij->bj", x, self.held[name] + 0.0) for name in ("first", "second"))
        return (one, one + 2.0 * two) if self.wrong else (one, 2.0 * two)
