"""Pairs about attention: every attention layer of Keras, with masks, causal, grouped and by hand."""

import keras
import tensorflow as tf
from keras import layers, ops


def multi_head(causal=False, heads=2):
    x = keras.Input((5, 8))
    h = layers.MultiHeadAttention(heads, 4, kernel_initializer="random_normal")(x, x, use_causal_mask=causal)
    return keras.Model(x, layers.Dense(2)(h))


class MultiHead(keras.Model):
    """``multi_head`` with the causal mask, if any, built by hand."""

    def __init__(self, causal=False):
        super().__init__()
        self.causal, self.out = causal, layers.Dense(2)
        self.attend = layers.MultiHeadAttention(2, 4, kernel_initializer="random_normal")

    def call(self, x):
        mask = tf.linalg.band_part(tf.ones((5, 5), tf.bool), -1, 0)[None] if self.causal else None
        return self.out(self.attend(x, x, x, attention_mask=mask))


class Heads(layers.Layer):
    """Multi-head attention by hand, with einsum."""

    def __init__(self, heads, size, causal=False):
        super().__init__()
        self.heads, self.size, self.causal = heads, size, causal

    def build(self, shape):
        width = shape[-1]
        self.parts = []
        for part in ("query", "key", "value"):
            weight = self.add_weight(shape=(width, self.heads, self.size), initializer="random_normal", name=part)
            bias = self.add_weight(shape=(self.heads, self.size), initializer="zeros", name=f"{part}_bias")
            self.parts.append((weight, bias))
        self.mix = self.add_weight(shape=(self.heads, self.size, width), initializer="random_normal", name="mix")
        self.mix_bias = self.add_weight(shape=(width,), name="mix_bias", initializer="zeros")

    def call(self, x):
        q, k, v = (ops.einsum("btd,dhs->bths", x, weight) + bias for weight, bias in self.parts)
        scores = ops.einsum("bqhs,bkhs->bhqk", q / self.size**0.5, k)
        if self.causal:
            scores = ops.where(ops.tril(ops.ones((5, 5), "bool")), scores, -1e9)
        mixed = ops.einsum("bhqk,bkhs->bqhs", ops.softmax(scores), v)
        return ops.einsum("bqhs,hsd->bqd", mixed, self.mix) + self.mix_bias


def by_hand(causal=False):
    return keras.Sequential([keras.Input((5, 8)), Heads(2, 4, causal), layers.Dense(2)])


def grouped(groups=2, causal=False):
    x = keras.Input((5, 8))
    h = layers.GroupQueryAttention(4, 4, groups)(x, x, use_causal_mask=causal)
    return keras.Model(x, layers.Dense(2)(h))


class Grouped(keras.Model):
    def __init__(self):
        super().__init__()
        self.attend, self.out = layers.GroupQueryAttention(4, 4, 2), layers.Dense(2)

    def call(self, x):
        return self.out(self.attend(query=x, value=x))


def dot(kind="Attention", scale=False, score="dot", causal=False):
    x = keras.Input((5, 8))
    settings = {"score_mode": score} if kind == "Attention" else {}
    h = getattr(layers, kind)(use_scale=scale, **settings)([x, x], use_causal_mask=causal)
    return keras.Model(x, layers.Dense(2)(h))


class Dot(keras.Model):
    def __init__(self, kind="Attention"):
        super().__init__()
        self.attend, self.out = getattr(layers, kind)(use_scale=False), layers.Dense(2)

    def call(self, x):
        return self.out(self.attend([x, x]))


class DotByHand(keras.Model):
    """``dot`` in three lines; divided by something or not."""

    def __init__(self, divisor=1.0):
        super().__init__()
        self.divisor, self.out = divisor, layers.Dense(2)

    def call(self, x):
        weights = tf.nn.softmax(tf.matmul(x, x, transpose_b=True) / self.divisor)
        return self.out(tf.matmul(weights, x))


class AdditiveByHand(keras.Model):
    """``dot(kind='AdditiveAttention')`` by hand."""

    def __init__(self):
        super().__init__()
        self.out = layers.Dense(2)

    def call(self, x):
        scores = tf.reduce_sum(tf.tanh(x[:, :, None] + x[:, None]), axis=-1)
        return self.out(tf.matmul(tf.nn.softmax(scores), x))


def words(pass_mask=True, kind="MultiHeadAttention"):
    ids = keras.Input((5,), dtype="int32")
    h = layers.Embedding(20, 8, mask_zero=pass_mask)(ids)
    attend = layers.MultiHeadAttention(2, 4) if kind == "MultiHeadAttention" else getattr(layers, kind)(4, 4, 2)
    return keras.Model(ids, layers.Dense(2)(ops.max(attend(h, h), axis=1)))


class Words(keras.Model):
    """``words`` with the mask passed by hand, as it is made from query, key and value."""

    def __init__(self, pass_mask=True):
        super().__init__()
        self.pass_mask = pass_mask
        self.embed, self.attend, self.out = layers.Embedding(20, 8), layers.MultiHeadAttention(2, 4), layers.Dense(2)

    def call(self, ids):
        h = self.embed(ids)
        seen = tf.not_equal(ids, 0)
        mask = seen[:, :, None] & seen[:, None] if self.pass_mask else None
        return self.out(tf.reduce_max(self.attend(h, h, attention_mask=mask), axis=1))


class Masked(layers.Layer):
    """Causal attention of one head by hand, in which the mask is added to the scores or put in their place."""

    def __init__(self, how="add", by=-1e9, causal=True, scaled=False):
        super().__init__()
        self.how, self.by, self.causal, self.scale = how, by, causal, 8**-0.5 if scaled else 1.0
        self.query, self.key, self.value, self.mix = (layers.Dense(8) for _ in range(4))

    def call(self, x):
        scores = tf.matmul(self.query(x), self.key(x), transpose_b=True) * self.scale
        seen = ops.tril(ops.ones((6, 6)))
        if self.how == "add":
            scores = scores + (1.0 - seen) * self.by
        elif self.causal:
            scores = ops.where(seen > 0, scores, float("-inf") if self.by is None else self.by)
        return self.mix(tf.matmul(ops.softmax(scores), self.value(x)))


def masked(how="add", by=-1e9, causal=True, scaled=False):
    return keras.Sequential([keras.Input((6, 8)), Masked(how, by, causal, scaled), layers.Dense(3)])


def one_head():
    """``masked`` with scaled scores by Keras's layer."""
    x = keras.Input((6, 8))
    h = layers.MultiHeadAttention(1, 8)(x, x, use_causal_mask=True)
    return keras.Model(x, layers.Dense(3)(h))
