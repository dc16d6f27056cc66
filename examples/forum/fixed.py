"""The reference of ``a.py`` with its three ReLUs put back: equivalent to ``b.py``."""

from tensorflow import keras


class ConvModel_1(keras.Model):
    def __init__(self, input_shape):
        super().__init__()
        self.mdl = keras.Sequential(
            [
                keras.layers.Input(shape=input_shape),
                keras.layers.Conv2D(32, 3),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(),
                keras.layers.MaxPool2D(),
                keras.layers.Conv2D(64, 5),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(),
                keras.layers.MaxPool2D(),
                keras.layers.Conv2D(128, 3, kernel_regularizer=keras.regularizers.l2(0.01)),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(),
                keras.layers.Flatten(),
                keras.layers.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.l2(0.01)),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(10),
            ]
        )

    def call(self, inputs):
        return self.mdl(inputs)
