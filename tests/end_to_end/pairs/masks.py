"""Pairs about masks: made in a functional graph or in the call of a subclass, handed on, lost on the way."""

import keras
from keras import layers, ops


def stack(scaled=False, spread=False, backwards=False):
    """Layers around a mask: made by Masking, handed on by what stands between, used by LSTM."""
    each = layers.Dense(5, activation="relu" if scaled else None)
    if spread:
        each = layers.TimeDistributed(keras.Sequential([layers.Dense(5)]))
    return [layers.Masking(-1.0), each, layers.LSTM(3, go_backwards=backwards)]


def functional(scaled=False, spread=False, backwards=False):
    """The layers of ``stack`` in a functional graph, where the mask is made beside the layer that makes it."""
    return keras.Sequential([keras.Input((6, 4)), *stack(scaled, spread, backwards)])


class Called(keras.Model):
    """The layers of ``stack`` called one after the other; an operation between them may lose the mask."""

    def __init__(self, scaled=False, spread=False, lost=False):
        super().__init__()
        self.mask, self.each, self.loop = stack(scaled, spread)
        self.lost = lost

    def call(self, x):
        x = self.mask(x)
        if self.lost:
            x = x + 0.0  # line: mask lost
        return self.loop(self.each(x))


class Near(layers.Layer):
    """A layer that makes a mask of its own, of another kind than Masking's."""

    def call(self, x):
        return x * 2.0

    def compute_mask(self, x, mask=None):
        return ops.any(ops.greater(x, -0.5), axis=-1)


class Mean(layers.Layer):
    """A layer that takes a mask and hands none on."""

    def call(self, x, mask=None):
        kept = ops.ones_like(x[..., :1]) if mask is None else ops.cast(mask, x.dtype)[..., None]
        return ops.sum(x * kept, axis=1) / (ops.sum(kept, axis=1) + 1.0)


def near(passed=False):
    """A mask that travels from one own layer to another, or is passed as an argument."""
    make, loop, mean = Near(), layers.GRU(3, return_sequences=True), Mean()
    x = keras.Input((6, 4))
    h = make(x)
    if not passed:
        return keras.Model(x, mean(loop(h)))
    mask = make.compute_mask(x)
    return keras.Model(x, mean(loop(h, mask=mask), mask=mask))


class NearCalled(keras.Model):
    def __init__(self):
        super().__init__()
        self.make, self.loop, self.mean = Near(), layers.GRU(3, return_sequences=True), Mean()

    def call(self, x):
        return self.mean(self.loop(self.make(x)))


class Merged(keras.Model):
    """Two masked values, side by side or one on the other; what is merged with ids that have no mask, has none."""

    def __init__(self, merge="concatenate", masked=True):
        super().__init__()
        self.one, self.two = layers.Embedding(9, 4, mask_zero=True), layers.Embedding(9, 4, mask_zero=masked)
        self.merge = layers.Concatenate() if merge == "concatenate" else layers.Add()
        self.attend, self.mean = layers.MultiHeadAttention(2, 4), layers.GlobalAveragePooling1D()

    def call(self, ids):
        h = self.merge([self.one(ids), self.two(ids)])
        return self.mean(self.attend(h, h))


def merged(merge="concatenate", masked=True):
    """``Merged`` as a functional graph."""
    ids = keras.Input((6,), dtype="int32")
    parts = [layers.Embedding(9, 4, mask_zero=True)(ids), layers.Embedding(9, 4, mask_zero=masked)(ids)]
    h = layers.Concatenate()(parts) if merge == "concatenate" else layers.Add()(parts)
    return keras.Model(ids, layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 4)(h, h)))
