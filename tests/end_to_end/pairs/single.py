"""One small network, and the same with a single thing changed: what each rung of evidence is there to catch."""

import keras
import tensorflow as tf


def image(
    dropout=None,
    epsilon=1e-3,
    momentum=0.99,
    penalty=None,
    frozen=False,
    initializer="glorot_uniform",
    activation="relu",
    stopped=False,
):
    """A convnet for images; every argument is one change."""
    inputs = keras.Input((8, 8, 3))
    regularizer = None if penalty is None else keras.regularizers.L2(penalty)
    conv = keras.layers.Conv2D(6, 3, kernel_regularizer=regularizer, kernel_initializer=initializer, name="conv")
    conv.trainable = not frozen
    x = conv(inputs)
    x = keras.layers.BatchNormalization(epsilon=epsilon, momentum=momentum, name="norm")(x)
    if activation == "relu6":
        x = keras.layers.ReLU(max_value=6.0, name="act")(x)
    else:
        x = keras.layers.Activation(activation, name="act")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    if dropout is not None:
        x = keras.layers.Dropout(dropout, name="drop")(x)
    if stopped:
        x = keras.ops.stop_gradient(x)
    return keras.Model(inputs, keras.layers.Dense(4, name="head")(x))


def gelu(approximate=False):
    inputs = keras.Input((12,))
    x = keras.layers.Dense(16, name="up")(inputs)
    x = keras.ops.gelu(x, approximate=approximate)
    return keras.Model(inputs, keras.layers.Dense(4, name="down")(x))


class Words(keras.Model):
    """The same, subclassed; ``lost`` passes the words on without their mask."""

    def __init__(self, lost=False):
        super().__init__()
        self.words = keras.layers.Embedding(20, 5, mask_zero=True, name="words")
        self.mean = keras.layers.GlobalAveragePooling1D(name="mean")
        self.head = keras.layers.Dense(3, name="head")
        self.lost = lost

    def call(self, ids):
        x = self.words(ids)
        mask = None if self.lost else self.words.compute_mask(ids)
        return self.head(self.mean(tf.identity(x), mask=mask))


def softmax(dtype="float32"):
    inputs = keras.Input((12,))
    x = keras.layers.Dense(5, name="head")(inputs)
    x = keras.ops.cast(x, dtype)
    return keras.Model(inputs, keras.ops.cast(keras.ops.softmax(x), "float32"))


class Dropped(keras.Model):
    """A dropout that may be told to train whatever the caller says."""

    def __init__(self, training=None):
        super().__init__()
        self.up = keras.layers.Dense(8, name="up")
        self.drop = keras.layers.Dropout(0.4, name="drop")
        self.hard = training

    def call(self, x, training=None):
        return self.drop(self.up(x), training=self.hard or training)
