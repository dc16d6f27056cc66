"""The helper module of ``left/model.py``; ``right`` has another of the same name."""

from keras import layers


def block(filters):
    return [layers.Conv2D(filters, 3), layers.BatchNormalization(), layers.ReLU()]
