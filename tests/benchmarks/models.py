"""Models to measure by that no example has: of a given number of parameters."""

from __future__ import annotations

import keras
from keras import layers

WIDTH = 4096
"""A square matrix of it has 16.8 million entries."""


def large(millions: int = 200, edited: bool = False) -> keras.Model:
    """Dense layers of at least that many parameters; with ``edited`` a ReLU of the middle one is missing."""
    blocks = -(-millions * 1_000_000 // (WIDTH * WIDTH))
    x = inputs = keras.Input((WIDTH,))
    for number in range(blocks):
        lost = edited and number == blocks // 2
        x = layers.Dense(WIDTH, activation=None if lost else "relu", name=f"block_{number}")(x)
    return keras.Model(inputs, layers.Dense(10)(x))


class Large(keras.Model):
    """The same model as a subclass."""

    def __init__(self, millions: int = 200) -> None:
        super().__init__()
        blocks = -(-millions * 1_000_000 // (WIDTH * WIDTH))
        self.blocks = [layers.Dense(WIDTH, activation="relu") for _ in range(blocks)]
        self.head = layers.Dense(10)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x)
