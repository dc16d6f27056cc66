"""Models to be saved, with values as training might leave them."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def network(activation="relu", initializer="glorot_uniform"):
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activation=activation, kernel_initializer=initializer, name="hidden"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(3, name="scores"),
        ]
    )


def functional():
    inputs = keras.Input((6,))
    hidden = layers.ReLU()(layers.Dense(8, name="first")(inputs))
    return keras.Model(inputs, layers.Dense(3, name="last")(layers.BatchNormalization(name="normal")(hidden)))


def trained(model, seed=1):
    """The model with values drawn from a seed, all positive where they are variances."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        value = rng.normal(size=weight.shape)
        weight.assign(np.abs(value) + 0.3 if weight.name == "moving_variance" else value)
    return model


def moved():
    model = trained(network())
    model.get_layer("hidden").bias.assign_add([0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 0.0, 0.0])
    return model


def reordered():
    """The same function with its hidden units in another order."""
    model = trained(network())
    order = np.array([3, 1, 4, 0, 5, 2, 7, 6])
    kernel, bias, *norm, last, scores = model.get_weights()
    model.set_weights([kernel[:, order], bias[order], *(value[order] for value in norm), last[order], scores])
    return model


FILES = {
    "net.keras": lambda: trained(network()),
    "again.keras": lambda: trained(network()),
    "legacy.h5": lambda: trained(network()),
    "functional.keras": lambda: trained(functional()),
    "initializer.keras": lambda: trained(network(initializer="he_normal")),
    "other.keras": lambda: trained(network(), seed=2),
    "moved.keras": moved,
    "tanh.keras": lambda: trained(network("tanh"), seed=2),
    "reordered.keras": reordered,
}
"""By file name, what is saved in it."""
