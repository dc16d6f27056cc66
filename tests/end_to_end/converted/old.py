"""Models whose weights are to become those of ``new.py``; ``legacy.py`` has the same of Keras 2."""

import keras

L = keras.layers


def convnet():
    return keras.Sequential(
        [
            L.Input((6, 6, 2)),
            L.Conv2D(3, 3, activation="relu"),
            L.BatchNormalization(),
            L.Flatten(),
            L.Dense(8, activation="relu"),
            L.Dense(8),
        ]
    )


def recurrent():
    return keras.Sequential([L.Input((4, 3)), L.LSTM(4, return_sequences=True), L.GRU(3), L.Dense(2)])


class Ordered(keras.Model):
    """Two layers of one shape."""

    def __init__(self):
        super().__init__()
        self.first = L.Dense(5, activation="tanh")
        self.second = L.Dense(5)

    def call(self, inputs):
        return self.second(self.first(inputs))


def nested():
    inputs = L.Input((5,))
    encoder = keras.Sequential([L.Dense(4, activation="relu"), L.Dense(4)])
    return keras.Model(inputs, L.Dense(3)(encoder(inputs)))


def pointwise():
    return keras.Sequential([L.Input((4, 4, 3)), L.Dense(5), L.GlobalAveragePooling2D()])


def apart():
    inputs = L.Input((5,))
    return keras.Model(inputs, L.Concatenate()([L.Dense(3)(inputs), L.Dense(3)(inputs)]))


def words():
    """Ids that are declared as floating numbers, for want of a dtype."""
    return keras.Sequential([L.Input((6,)), L.Embedding(20, 4, mask_zero=True), L.Bidirectional(L.LSTM(3)), L.Dense(2)])


def attention():
    inputs = L.Input((4, 6))
    normal = L.Normalization()(inputs)
    return keras.Model(inputs, L.Dense(2)(L.MultiHeadAttention(2, 3)(normal, normal)))
