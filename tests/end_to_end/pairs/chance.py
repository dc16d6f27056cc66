"""Pairs about random numbers: the same draws from another generator, or used in another way."""

import keras
import tensorflow as tf
from keras import layers, ops


class DropoutTwice(keras.Model):
    """One Dropout layer called in two places: each call draws anew."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.drop = layers.Dense(8), layers.Dense(8), layers.Dropout(0.3)

    def call(self, x, training=None):
        x = self.drop(self.first(x), training=training)
        return self.drop(self.second(x), training=training)


def two_dropouts(rate=0.3, seed=None):
    """``DropoutTwice`` with a layer for each place."""
    drops = layers.Dropout(0.3, seed=seed), layers.Dropout(rate, seed=seed)
    return keras.Sequential([keras.Input((6,)), layers.Dense(8), drops[0], layers.Dense(8), drops[1]])


def dropped(rate=0.4, mask=None):
    return keras.Sequential([keras.Input((6,)), layers.Dense(8), layers.Dropout(rate, mask), layers.Dense(2)])


class DroppedByTensorflow(keras.Model):
    """``dropped`` by TensorFlow's function, which knows no training flag, behind a test of that flag."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(8), layers.Dense(2)

    def drop(self, x):
        return tf.nn.dropout(x, 0.4)

    def call(self, x, training=False):
        x = self.first(x)
        return self.second(self.drop(x) if training else x)


class DroppedByHand(DroppedByTensorflow):
    """``dropped`` by a mask of its own, from either end of the numbers; what survives is scaled up, or not."""

    def __init__(self, scaled=True, kept_below=None):
        super().__init__()
        self.scaled, self.kept_below = scaled, kept_below

    def drop(self, x):
        drawn = tf.random.uniform(tf.shape(x))
        kept = x * tf.cast(drawn >= 0.4 if self.kept_below is None else drawn < self.kept_below, x.dtype)
        return kept / 0.6 if self.scaled else kept


class Unseeded(layers.Layer):
    """Dropout from TensorFlow's global generator."""

    def call(self, x, training=False):
        return tf.nn.dropout(x, 0.5) if training else x


def followed(momentum=0.99):
    """Moving averages of what is drawn anew in every run."""
    return keras.Sequential([Unseeded(), layers.BatchNormalization(momentum=momentum), layers.Dense(2)])


class Sample(layers.Layer):
    """The sampling layer of a variational autoencoder, from TensorFlow's global generator."""

    def __init__(self, halved=True):
        super().__init__()
        self.halved = halved

    def call(self, both):
        mean, spread = both
        return mean + tf.exp(0.5 * spread if self.halved else spread) * tf.random.normal(tf.shape(mean))


class SampleSeeded(layers.Layer):
    """``Sample`` from a seed generator of Keras."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, both):
        mean, spread = both
        return mean + ops.exp(spread / 2) * keras.random.normal(ops.shape(mean), seed=self.seeds)


def sampled(seeded=False, halved=True):
    x = keras.Input((6,))
    sample = SampleSeeded() if seeded else Sample(halved)
    return keras.Model(x, layers.Dense(2)(sample([layers.Dense(3)(x), layers.Dense(3)(x)])))


def two_seeds(first=1, second=1):
    """Two masks of one shape: the same mask where the seeds are equal."""
    x = keras.Input((6,))
    left, right = layers.Dropout(0.3, seed=first)(x), layers.Dropout(0.3, seed=second)(layers.Dense(6)(x))
    return keras.Model(x, layers.Dense(2)(layers.Add()([left, right])))


class Shaken(layers.Layer):
    """Adds noise from Keras's global generator, or with a seed in the call: the same noise every time."""

    def __init__(self, seed=None, turned=False, scale=1.0):
        super().__init__()
        self.seed, self.turned, self.scale = seed, turned, scale

    def call(self, x):
        noise = self.scale * keras.random.normal(ops.shape(x), seed=self.seed)
        return noise + x if self.turned else x + noise


def shaken(seed=None, turned=False, scale=1.0):
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(2)(Shaken(seed, turned, scale)(layers.Dense(3)(x))))


class DroppedByCoin(DroppedByTensorflow):
    """``dropped`` by coins: other random ops, so only samples can be compared."""

    def __init__(self, scale=1 / 0.6, mask=None):
        super().__init__()
        self.scale, self.mask = scale, mask

    def drop(self, x):
        return x * keras.random.binomial(self.mask or ops.shape(x), 1, 0.6) * self.scale


def dropped_often(rates=(0.5, 0.5), stopped=False):
    """One Dropout after the other; two of 0.5 keep as many values as one of 0.75, and scale them alike."""
    stop = [layers.Lambda(ops.stop_gradient)] if stopped else []
    drops = [layers.Dropout(rate) for rate in rates]
    return keras.Sequential([keras.Input((6,)), layers.Dense(8), *drops, *stop, layers.Dense(2)])


def noisy(spreads=(0.5,)):
    """Noise of 0.3 and of 0.4 is noise of 0.5."""
    noise = [layers.GaussianNoise(spread) for spread in spreads]
    return keras.Sequential([keras.Input((6,)), layers.Dense(8), *noise, layers.Dense(2)])


class AlwaysDropped(keras.Model):
    """Two places that drop at inference too: by one layer, or by a layer for each."""

    def __init__(self, one=False, rate=0.3):
        super().__init__()
        self.first, self.second, self.head = layers.Dense(8), layers.Dense(8), layers.Dense(2)
        self.drop = layers.Dropout(0.3)
        self.again = self.drop if one else layers.Dropout(rate)

    def call(self, x):
        x = self.drop(self.first(x), training=True)
        return self.head(self.again(self.second(x), training=True))


class Truncated(layers.Layer):
    """Adds truncated noise in every call, from the kernel's own generator or from one of Keras's, or none."""

    def __init__(self, spread=0.3, seeded=False, drawn=True):
        super().__init__(name="truncated")
        self.spread, self.drawn = spread, drawn
        self.seeds = keras.random.SeedGenerator(1) if seeded else None

    def call(self, x):
        if not self.drawn:
            return x
        if self.seeds is None:
            return x + tf.random.truncated_normal(tf.shape(x), stddev=self.spread, dtype=x.dtype)
        return x + keras.random.truncated_normal(ops.shape(x), 0.0, self.spread, dtype=x.dtype, seed=self.seeds)


def truncated(spread=0.3, seeded=False, drawn=True):
    return keras.Sequential([keras.Input((6,)), layers.Dense(4), Truncated(spread, seeded, drawn), layers.Dense(2)])


class Chosen(layers.Layer):
    """Keeps one of the values, drawn by their size, from the kernel's own generator or from one of Keras's."""

    def __init__(self, seeded=False, scale=1.0, turned=False):
        super().__init__(name="chosen")
        self.scale, self.turned = scale, turned
        self.seeds = keras.random.SeedGenerator(1) if seeded else None

    def call(self, x):
        if self.seeds is None:
            drawn = tf.random.categorical(self.scale * x, 1)[:, 0]
        else:
            drawn = keras.random.categorical(self.scale * x, 1, seed=self.seeds)[:, 0]
        kept = ops.one_hot(drawn, x.shape[-1], dtype=x.dtype)
        return kept * x if self.turned else x * kept


def chosen(seeded=False, scale=1.0, turned=False):
    return keras.Sequential([keras.Input((6,)), layers.Dense(4), Chosen(seeded, scale, turned), layers.Dense(2)])


OUTSIDE = keras.random.SeedGenerator(5)


class Depth(layers.Layer):
    """Stochastic depth: leaves a branch out of some rows; the numbers come from one of several places."""

    def __init__(self, source="global", seed=1, rate=0.4):
        super().__init__()
        self.rate, self.source = rate, source
        self.seeds = keras.random.SeedGenerator(seed) if source == "own" else seed if source == "fixed" else None

    def call(self, x, training=None):
        if not training:
            return x
        kept = 1 - self.rate
        seeds = OUTSIDE if self.source == "outside" else self.seeds
        drawn = keras.random.uniform((ops.shape(x)[0], 1), 0, 1, seed=seeds)
        return x / kept * ops.floor(kept + drawn)


class Deep(keras.Model):
    """Residual blocks with stochastic depth."""

    def __init__(self, source="global", seeds=(1, 2), rate=0.4):
        super().__init__()
        self.each = [layers.Dense(6) for _ in seeds]
        self.depth = [Depth(source, seed, rate) for seed in seeds]
        self.head = layers.Dense(2)

    def call(self, x, training=None):
        for each, depth in zip(self.each, self.depth, strict=True):
            x = x + depth(each(x), training=training)
        return self.head(x)


def recurrent_dropout(inside=True, rate=0.3):
    """Dropout of whole features, in a recurrent layer or before it."""
    before = [] if inside else [layers.SpatialDropout1D(rate)]
    loop = layers.GRU(3, dropout=rate if inside else 0.0)
    return keras.Sequential([keras.Input((5, 4)), *before, loop, layers.Dense(2)])


class Masked(layers.Layer):
    """Two masks: by keys of their own, by one key, or by TensorFlow's generator."""

    def __init__(self, keys=2):
        super().__init__()
        self.keys, self.generator = keys, keras.random.SeedGenerator(3)

    def call(self, x, training=False):
        if not training:
            return x
        if not self.keys:
            return tf.nn.dropout(x, 0.4) + tf.nn.dropout(tf.square(x), 0.4)
        first = self.generator.next()
        second = self.generator.next() if self.keys == 2 else first
        return self.drop(x, first) + self.drop(tf.square(x), second)

    def drop(self, x, key):
        return tf.nn.experimental.stateless_dropout(x, 0.4, seed=key)


def masked(keys=2):
    return keras.Sequential([keras.Input((6,)), layers.Dense(8), Masked(keys), layers.Dense(2)])
