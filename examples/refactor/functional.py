"""The network of ``sequential.py`` in the functional style."""

import keras
from keras import layers


def build_model(input_shape=(32, 32, 3), num_classes=10):
    image = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same", kernel_regularizer=keras.regularizers.L2(1e-4))(image)
    x = layers.BatchNormalization()(x)
    x = keras.activations.relu(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same")(x)
    x = layers.Activation("relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Reshape((-1,))(x)
    x = layers.Dense(32)(x)
    x = keras.ops.relu(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(image, layers.Dense(num_classes)(x))
