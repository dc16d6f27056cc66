"""Pairs about preprocessing and augmentation inside the model."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def resized(size=6, interpolation="bilinear", crop=4):
    x = keras.Input((8, 8, 3))
    h = layers.CenterCrop(crop, crop)(layers.Resizing(size, size, interpolation)(x))
    h = layers.Rescaling(1 / 127.5, offset=-1.0)(h)
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(h)))


class Resized(keras.Model):
    """``resized`` with ``tf.image`` and arithmetic."""

    def __init__(self, offset=1.0):
        super().__init__()
        self.offset, self.flat, self.out = offset, layers.Flatten(), layers.Dense(2)

    def call(self, x):
        h = tf.image.resize(x, (6, 6))[:, 1:5, 1:5]
        return self.out(self.flat(h / 127.5 - self.offset))


class ResizedLayers(keras.Model):
    def __init__(self):
        super().__init__()
        self.steps = [layers.Resizing(6, 6), layers.CenterCrop(4, 4), layers.Rescaling(1 / 127.5, -1.0)]
        self.steps += [layers.Flatten(), layers.Dense(2)]

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x


AUGMENTATIONS = {
    "flip": lambda **kw: layers.RandomFlip(**{"mode": "horizontal", "seed": 1, **kw}),
    "rotation": lambda **kw: layers.RandomRotation(**{"factor": 0.2, "seed": 1, **kw}),
    "zoom": lambda **kw: layers.RandomZoom(**{"height_factor": 0.2, "seed": 1, **kw}),
    "contrast": lambda **kw: layers.RandomContrast(**{"factor": 0.2, "seed": 1, **kw}),
    "brightness": lambda **kw: layers.RandomBrightness(**{"factor": 0.2, "seed": 1, **kw}),
    "crop": lambda **kw: layers.RandomCrop(**{"height": 6, "width": 6, "seed": 1, **kw}),
    "translation": lambda **kw: layers.RandomTranslation(
        **{"height_factor": 0.2, "width_factor": 0.2, "seed": 1, **kw}
    ),
    "noise": lambda **kw: layers.GaussianNoise(**{"stddev": 0.2, "seed": 1, **kw}),
}


def augmented(kind="flip", **settings):
    x = keras.Input((8, 8, 3))
    h = layers.Resizing(6, 6)(AUGMENTATIONS[kind](**settings)(x))
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(h)))


class Augmented(keras.Model):
    """``augmented`` as a subclass that passes ``training`` on, or not."""

    def __init__(self, kind="flip", always=False):
        super().__init__()
        self.always = always
        self.augment, self.resize = AUGMENTATIONS[kind](), layers.Resizing(6, 6)
        self.flat, self.out = layers.Flatten(), layers.Dense(2)

    def call(self, x, training=False):
        h = self.augment(x, training=True if self.always else training)
        return self.out(self.flat(self.resize(h)))


def binned(boundaries=(0.0, 1.0, 2.0)):
    x = keras.Input((4,))
    return keras.Model(x, layers.Embedding(4, 2)(layers.Discretization(bin_boundaries=list(boundaries))(x)))


class Binned(keras.Model):
    """``binned`` by hand."""

    def __init__(self):
        super().__init__()
        self.embed = layers.Embedding(4, 2)

    def call(self, x):
        return self.embed(tf.raw_ops.Bucketize(input=x, boundaries=[0.0, 1.0, 2.0]))


class BinnedLayer(keras.Model):
    def __init__(self):
        super().__init__()
        self.bins, self.embed = layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0]), layers.Embedding(4, 2)

    def call(self, x):
        return self.embed(self.bins(x))


def hashed(bins=5, salt=None):
    x = keras.Input((4,), dtype="int64")
    return keras.Model(x, layers.Embedding(8, 2)(layers.Hashing(bins, salt=salt)(x)))


class Hashed(keras.Model):
    def __init__(self):
        super().__init__()
        self.hash, self.embed = layers.Hashing(num_bins=5), layers.Embedding(8, 2)

    def call(self, x):
        return self.embed(self.hash(x))


def encoded(mode="multi_hot", tokens=6):
    x = keras.Input((4,), dtype="int32")
    return keras.Model(x, layers.Dense(2)(layers.CategoryEncoding(tokens, output_mode=mode)(x)))


class Encoded(keras.Model):
    """``encoded`` by hand."""

    def __init__(self):
        super().__init__()
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(ops.max(ops.one_hot(x, 6), axis=1))


def numbers(vocabulary=(1, 4, 6, 9), oov=1):
    x = keras.Input((4,), dtype="int64")
    return keras.Model(
        x, layers.Embedding(8, 2)(layers.IntegerLookup(vocabulary=list(vocabulary), num_oov_indices=oov)(x))
    )


class Numbers(keras.Model):
    def __init__(self, vocabulary=(1, 4, 6, 9)):
        super().__init__()
        self.look = layers.IntegerLookup(vocabulary=list(vocabulary))
        self.embed = layers.Embedding(8, 2)

    def call(self, x):
        return self.embed(self.look(x))


def strings(vocabulary=("a", "b", "c")):
    x = keras.Input((4,), dtype="string")
    return keras.Model(x, layers.Embedding(8, 2)(layers.StringLookup(vocabulary=list(vocabulary))(x)))


class Strings(keras.Model):
    def __init__(self, vocabulary=("a", "b", "c")):
        super().__init__()
        self.look, self.embed = layers.StringLookup(vocabulary=list(vocabulary)), layers.Embedding(8, 2)

    def call(self, x):
        return self.embed(self.look(x))


def text(vocabulary=("a", "b", "c"), mode="int", ngrams=None):
    x = keras.Input((1,), dtype="string")
    ids = layers.TextVectorization(
        vocabulary=list(vocabulary),
        output_mode=mode,
        output_sequence_length=5 if mode == "int" else None,
        ngrams=ngrams,
    )(x)
    h = layers.Flatten()(layers.Embedding(8, 2)(ids)) if mode == "int" else layers.Dense(2)(ids)
    return keras.Model(x, h)


class Text(keras.Model):
    def __init__(self):
        super().__init__()
        self.split = layers.TextVectorization(vocabulary=["a", "b", "c"], output_sequence_length=5)
        self.embed, self.flat = layers.Embedding(8, 2), layers.Flatten()

    def call(self, x):
        return self.flat(self.embed(self.split(x)))


def normalised(mean=0.5, variance=4.0):
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(2)(layers.Normalization(mean=mean, variance=variance)(x)))


class Normalised(keras.Model):
    """``normalised`` by hand."""

    def __init__(self):
        super().__init__()
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out((x - 0.5) / 2.0)


def adapted(scale=1.0):
    layer = layers.Normalization()
    layer.adapt(np.arange(12, dtype="float32").reshape(3, 4) * scale)
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(2)(layer(x)))


class Adapted(keras.Model):
    def __init__(self, scale=1.0):
        super().__init__()
        self.norm, self.out = layers.Normalization(), layers.Dense(2)
        self.norm.adapt(np.arange(12, dtype="float32").reshape(3, 4) * scale)

    def call(self, x):
        return self.out(self.norm(x))
