"""A model of Keras 2 that says so by what it imports."""

import tf_keras


def build() -> tf_keras.Model:
    """Two layers."""
    return tf_keras.Sequential([tf_keras.layers.Dense(4, input_shape=(8,)), tf_keras.layers.Dense(3)])
