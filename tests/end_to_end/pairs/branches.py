"""Networks of many like branches, where a script has many equally good spellings."""

import keras
from keras import layers


def _branch(x, kernel, activation, norm):
    x = layers.Conv2D(4, kernel, padding="same")(x)
    if norm:
        x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


def branched(activation="relu", kernels=(1, 3, 3, 5), norm=True, merge="concatenate", turned=False, small=False):
    """Two blocks of like branches, or one of two; every argument changes each block."""
    x = image = keras.Input((8, 8, 3))
    for _ in range(1 if small else 2):
        found = [_branch(x, kernel, activation, norm) for kernel in kernels[: 2 if small else None]]
        if turned:
            found = found[::-1]
        x = layers.concatenate(found) if merge == "concatenate" else layers.add(found)
        x = layers.MaxPooling2D(2)(x) if turned else layers.AveragePooling2D(2)(x)
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(x)))
