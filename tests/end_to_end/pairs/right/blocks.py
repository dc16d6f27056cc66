"""The helper module of ``right/model.py``; ``left`` has another of the same name."""

from keras import layers


def block(filters):
    return [layers.Conv2D(filters, 3), layers.BatchNormalization()]
