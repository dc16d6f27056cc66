"""Pairs about recurrence, masks and attention."""

import keras
from keras import layers, ops


def recurrent(gates="sigmoid", reset_after=True, return_last=True):
    x = keras.Input((6, 3))
    h = layers.LSTM(4, return_sequences=True, recurrent_activation=gates)(x)
    h = layers.GRU(3, reset_after=reset_after, return_sequences=not return_last)(h)
    return keras.Model(x, layers.Dense(2)(h))


class Recurrent(keras.Model):
    """``recurrent`` as a subclass."""

    def __init__(self):
        super().__init__()
        self.lstm, self.gru = layers.LSTM(4, return_sequences=True), layers.GRU(3)
        self.head = layers.Dense(2)

    def call(self, x):
        return self.head(self.gru(self.lstm(x)))


class RecurrentCells(keras.Model):
    """``recurrent`` with ``layers.RNN`` around the cells."""

    def __init__(self):
        super().__init__()
        self.lstm = layers.RNN(layers.LSTMCell(4), return_sequences=True)
        self.gru = layers.RNN(layers.GRUCell(3))
        self.head = layers.Dense(2)

    def call(self, x):
        return self.head(self.gru(self.lstm(x)))


def masked_words(mask=True):
    words = keras.Input((6,), dtype="int32", name="words")
    h = layers.Embedding(20, 4, mask_zero=mask)(words)
    h = layers.LSTM(3)(h)
    return keras.Model(words, layers.Dense(2)(h))


class MaskedWords(keras.Model):
    """``masked_words`` as a subclass; the mask travels with the tensor."""

    def __init__(self):
        super().__init__()
        self.embed, self.lstm, self.head = layers.Embedding(20, 4, mask_zero=True), layers.LSTM(3), layers.Dense(2)

    def call(self, words):
        return self.head(self.lstm(self.embed(words)))


class MaskLost(MaskedWords):
    """``MaskedWords`` with a reshape between, which drops the mask."""

    def call(self, words):
        vectors = ops.reshape(ops.reshape(self.embed(words), (-1, 24)), (-1, 6, 4))
        return self.head(self.lstm(vectors))


def attention(causal=False, dropout=0.0):
    tokens = keras.Input((6, 8))
    h = layers.LayerNormalization()(tokens)
    h = layers.MultiHeadAttention(2, 4, dropout=dropout)(h, h, use_causal_mask=causal)
    h = layers.Add()([tokens, h])
    return keras.Model(tokens, layers.Dense(3)(h))


class Attention(keras.Model):
    """``attention`` as a subclass with ``+``."""

    def __init__(self, causal=False):
        super().__init__()
        self.causal = causal
        self.norm, self.attend = layers.LayerNormalization(), layers.MultiHeadAttention(num_heads=2, key_dim=4)
        self.head = layers.Dense(3)

    def call(self, tokens):
        h = self.norm(tokens)
        return self.head(self.attend(query=h, value=h, use_causal_mask=self.causal) + tokens)


class AttentionKeysUnnormed(Attention):
    """``Attention`` whose values skip the normalisation."""

    def call(self, tokens):
        h = self.norm(tokens)
        return self.head(self.attend(query=h, value=tokens, use_causal_mask=self.causal) + tokens)


def backwards(reverse=True):
    x = keras.Input((6, 3))
    return keras.Model(x, layers.Dense(2)(layers.GRU(3, go_backwards=reverse)(x)))


def attended(mask=True):
    """Attention over words whose output carries the mask on, or there is none."""
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 8, mask_zero=mask)(words)
    return keras.Model(words, layers.MultiHeadAttention(2, 4)(x, x))


class MeanByHand(keras.Model):
    """The mean over the words that are not padding, written out."""

    def __init__(self, start=0):
        super().__init__()
        self.words, self.head, self.start = layers.Embedding(10, 4), layers.Dense(2), start

    def call(self, words):
        kept = keras.ops.cast(words != self.start, "float32")[..., None]
        return self.head(keras.ops.sum(self.words(words) * kept, axis=1) / keras.ops.sum(kept, axis=1))


def mean_of_words():
    words = [keras.Input((6,), dtype="int32"), layers.Embedding(10, 4, mask_zero=True)]
    return keras.Sequential([*words, layers.GlobalAveragePooling1D(), layers.Dense(2)])


def nested_words(nested=True, mask=True):
    """An Embedding with a mask in a Sequential of its own, which takes its ids for float32, or flat."""
    words = [layers.Embedding(20, 4, mask_zero=mask), layers.LSTM(3)]
    inner = [keras.Sequential(words)] if nested else words
    return keras.Sequential([keras.Input((6,), dtype="int32"), *inner, layers.Dense(2)])


class Lengths(keras.Model):
    """A mask made from the ids, or from how many of them are not 0."""

    def __init__(self, counted=False):
        super().__init__()
        self.words, self.loop, self.out = layers.Embedding(5000, 4), layers.LSTM(3), layers.Dense(2)
        self.counted = counted

    def call(self, ids):
        mask = ops.not_equal(ids, 0)
        if self.counted:
            mask = ops.arange(8, dtype="int32")[None] < ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)
        return self.out(self.loop(self.words(ids), mask=mask))
