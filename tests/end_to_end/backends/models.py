"""Small models that run on any backend of Keras, and the same with one change."""

import keras
from keras import layers, ops


def convnet(activation="relu", momentum=0.99):
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", activation=activation),
            layers.BatchNormalization(momentum=momentum),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def skipping(swapped=False, epsilon=1e-3):
    entry = keras.Input((8,))
    wide = layers.Dense(8, activation="gelu")(entry)
    deep = layers.Dense(8)(wide)
    apart = layers.Subtract()([deep, wide] if swapped else [wide, deep])
    normal = layers.LayerNormalization(epsilon=epsilon)(apart)
    return keras.Model(entry, layers.Dense(3, activation="softmax")(normal + entry))


class Net(keras.Model):
    def __init__(self, active=True):
        super().__init__()
        self.wide = layers.Dense(16)
        self.narrow = layers.Dense(4)
        self.active = active

    def call(self, x):
        x = self.wide(x)
        if self.active:
            x = ops.relu(x)
        x = ops.concatenate([x, x * 2.0], axis=-1)
        return self.narrow(ops.square(x) + x)


class Scaled(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale", initializer="ones")

    def call(self, x):
        return x * self.scale + 1.0


def scaled():
    return keras.Sequential(
        [keras.Input((8,)), layers.Dense(5, kernel_regularizer="l2"), Scaled(), layers.Activation("tanh")]
    )


def recurrent():
    return keras.Sequential(
        [keras.Input((4, 3)), layers.LSTM(5, return_sequences=True), layers.GRU(4, reset_after=False)]
    )


def dropping(rate=0.3):
    return keras.Sequential([keras.Input((8,)), layers.Dense(16), layers.Dropout(rate), layers.Dense(2)])


def looking_up():
    return keras.Sequential(
        [keras.Input((6,), dtype="int32"), layers.Embedding(9, 4), layers.GlobalAveragePooling1D(), layers.Dense(2)]
    )


def by_backend():
    """A model that is another one on TensorFlow."""
    wide = 2.0 if keras.backend.backend() == "tensorflow" else 0.5
    return keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.Rescaling(wide)])


def remembering(stateful=True):
    """A recurrent layer that goes on from where its last call ended."""
    return keras.Sequential([keras.Input(batch_shape=(3, 4, 3)), layers.GRU(4, stateful=stateful), layers.Dense(2)])
