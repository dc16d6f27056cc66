"""Pairs about compile settings: one loss in several spellings, and settings that differ."""

import keras
from keras import layers, ops

LOSSES = {
    "name": "sparse_categorical_crossentropy",
    "function": keras.losses.sparse_categorical_crossentropy,
    "object": keras.losses.SparseCategoricalCrossentropy(),
    "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
}


def net(loss="name", momentum=0.0, **settings):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.01, momentum=momentum), LOSSES[loss], **settings)
    return model


def weighed(by=1.0):
    """A loss of one's own."""

    def loss(target, output):
        return by * ops.mean(ops.square(target - output), axis=-1)

    model = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
    model.compile("sgd", loss)
    return model
