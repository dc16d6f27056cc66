"""What calls return beside dense tensors: constants, structures, ragged and sparse tensors, objects, strings."""

from __future__ import annotations

import dataclasses
from collections import namedtuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers


@dataclasses.dataclass
class Scored:
    scores: object
    threshold: float


Heads = namedtuple("Heads", ["first", "second"])
Swapped = namedtuple("Swapped", ["second", "first"])


class Opaque:
    pass


class Returning(keras.Model):
    """One Dense layer, whose output comes back in the structure asked for."""

    def __init__(self, form: str):
        super().__init__()
        self.form = form
        self.dense = layers.Dense(3)

    def call(self, x, training=False):
        y = self.dense(x)
        return FORMS[self.form](y, training)


FORMS = {
    "bare": lambda y, t: y,
    "in a list": lambda y, t: [y],
    "1.0": lambda y, t: {"logits": y, "temperature": 1.0},
    "2.0": lambda y, t: {"logits": y, "temperature": 2.0},
    "numpy 1.0": lambda y, t: {"temperature": np.float64(1.0), "logits": y},
    "without": lambda y, t: {"logits": y},
    "other key": lambda y, t: {"scores": y},
    "3.0": lambda y, t: 3.0,
    "5.0": lambda y, t: 5.0,
    "tuple": lambda y, t: (y, None),
    "list": lambda y, t: [y, None],
    "tag a": lambda y, t: (y, "a"),
    "tag b": lambda y, t: (y, "b"),
    "array": lambda y, t: (y, np.arange(3)),
    "other array": lambda y, t: (y, np.arange(3) + 1),
    "dataclass": lambda y, t: Scored(scores=y, threshold=0.5),
    "other dataclass": lambda y, t: Scored(scores=y, threshold=0.6),
    "named": lambda y, t: Heads(y, 2 * y),
    "named otherwise": lambda y, t: Swapped(y, 2 * y),
    "object": lambda y, t: (y, Opaque()),
    "in training alone": lambda y, t: (y, "training") if t else y,
    "ragged": lambda y, t: _ragged(y),
    "ragged by a gate": lambda y, t: _ragged(y * keras.ops.cast(y > 0, y.dtype)),
    "ragged by relu": lambda y, t: _ragged(keras.ops.relu(y)),
    "sparse by a gate": lambda y, t: tf.sparse.from_dense(y * keras.ops.cast(y > 0, y.dtype)),
    "ragged otherwise": lambda y, t: _ragged(y, 1),
    "sparse": lambda y, t: tf.sparse.from_dense(tf.nn.relu(y)),
    "sparse by hand": lambda y, t: tf.sparse.from_dense(tf.maximum(y, 0.0)),
    "sparse otherwise": lambda y, t: tf.sparse.from_dense(tf.nn.relu(-y)),
    "array of tensors": lambda y, t: tf.TensorArray(tf.float32, 2).write(0, y).write(1, 2 * y),
    "stored tensor": lambda y, t: (y, _KEPT),
    "other stored tensor": lambda y, t: (y, 2 * _KEPT),
}


def _ragged(y, more=0):
    lengths = tf.range(tf.shape(y)[0]) % 3 + more
    return tf.RaggedTensor.from_tensor(y, lengths=lengths)


_KEPT = tf.constant([1.0, 2.0])


def reading(**settings):
    """Texts by way of a vocabulary."""
    vocabulary = ["the", "cat", "sat", "mat"]
    x = keras.Input((), dtype="string")
    ids = layers.TextVectorization(vocabulary=vocabulary, output_sequence_length=6, **settings)(x)
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling1D()(layers.Embedding(8, 4)(ids))))


def reading_lower():
    return reading(standardize="lower")


def reading_lower_by_hand():
    """The same texts in lower case, by an op before the layer."""
    x = keras.Input((), dtype="string")
    inner = reading(standardize="lower")
    return keras.Model(x, inner(keras.layers.Lambda(tf.strings.lower, output_shape=())(x)))


def named(first, second):
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(3, name=second)(layers.Dense(3, activation="relu", name=first)(x)))


def named_plainly():
    return named("alpha", "beta")


def named_in_greek():
    return named("άλφα", "βήτα und γ")
