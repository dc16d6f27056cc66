"""The models of the table in Keras 3: ``third.py:build(name='Dense', position=0)``."""

import building
import keras


def build(name: str, position: int) -> keras.Model:
    return building.model_of(keras, name, position, False)
