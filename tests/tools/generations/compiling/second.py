"""The models of the rows in Keras 2: ``second.py:build(group='real', name='adam')``."""

import building
import tf_keras


def build(group: str, name: str) -> tf_keras.Model:
    return building.model_of(tf_keras, group, name, second=True)
