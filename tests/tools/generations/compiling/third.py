"""The models of the rows in Keras 3: ``third.py:build(group='real', name='adam')``."""

import building
import keras


def build(group: str, name: str) -> keras.Model:
    return building.model_of(keras, group, name, second=False)
