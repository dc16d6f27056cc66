"""A model that imports the ``blocks`` beside it."""

import keras
from blocks import block
from keras import layers

model = keras.Sequential([keras.Input((8, 8, 3)), *block(4), layers.Flatten(), layers.Dense(2)])
