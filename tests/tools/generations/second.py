"""The models of the table in Keras 2: ``second.py:build(name='Dense', position=0)``."""

try:
    import tf_keras as keras
except ImportError:  # TensorFlow 2.13 to 2.15, whose Keras is Keras 2
    import keras

import building


def build(name: str, position: int) -> keras.Model:
    return building.model_of(keras, name, position, True)
