"""A network that reads lines of handwriting, as people write it since TensorFlow 2.0; which Keras that is depends."""

from tensorflow import keras


def build():
    return keras.Sequential(
        [
            keras.Input((40, 12)),
            keras.layers.LSTM(32, return_sequences=True, dropout=0.25),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(80),
        ]
    )
