"""Pairs about rows that are looked up by id: the same function as a matrix product, another one to an optimizer."""

import keras
import tensorflow as tf
from keras import layers, ops


def embedded(optimizer=None, words=20):
    ids = keras.Input((5,), dtype="int32")
    x = layers.Embedding(words, 6, embeddings_initializer="glorot_uniform")(ids)
    return compiled(keras.Model(ids, layers.Dense(2)(layers.Flatten()(x))), optimizer)


def one_hot(optimizer=None, words=20, narrow=False):
    """``embedded`` by one-hot ids, ``narrow`` in a float32 that no setting changes."""
    ids = keras.Input((5,), dtype="int32")
    x = layers.Dense(6, use_bias=False)(Narrow()(ids) if narrow else ops.one_hot(ids, words))
    return compiled(keras.Model(ids, layers.Dense(2)(layers.Flatten()(x))), optimizer)


def compiled(model, optimizer):
    if optimizer:
        model.compile(optimizer, "mse")
    return model


class Narrow(layers.Layer):
    def call(self, ids):
        return tf.one_hot(ids, 20)


class Gathered(keras.Model):
    """``embedded`` by hand, with a dropout of TensorFlow's where one is asked for; or ``summed`` first."""

    def __init__(self, rate=0.0, summed=False):
        super().__init__()
        self.rows = self.add_weight(shape=(20, 6), name="rows")
        self.flatten, self.head = layers.Flatten(), layers.Dense(2)
        self.rate, self.summed = rate, summed

    def call(self, ids, training=False):
        hot = tf.one_hot(ids, 20, dtype=self.rows.dtype)
        x = tf.matmul(hot, self.rows) if self.summed else tf.gather(self.rows, ids)
        if self.rate and training:
            x = tf.nn.dropout(x, self.rate)
        return self.head(self.flatten(x))


class Placed(keras.Model):
    """Token and position embeddings; ``by_id`` looks positions up, which never repeat."""

    def __init__(self, by_id=True):
        super().__init__()
        self.tokens = layers.Embedding(20, 4)
        self.places = layers.Embedding(6, 4) if by_id else None
        if not by_id:
            self.table = self.add_weight(name="table", shape=(6, 4), initializer="random_uniform")

    def call(self, ids):
        return self.tokens(ids) + (self.table if self.places is None else self.places(ops.arange(6)))
