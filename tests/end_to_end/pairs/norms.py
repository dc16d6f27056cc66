"""Pairs about normalisation and dropout: what differs in training alone."""

import keras
import tensorflow as tf
from keras import layers, ops


def normed(epsilon=1e-3, momentum=0.99, rate=0.3, frozen=False):
    x = image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="stem", trainable=not frozen)(x)
    x = layers.BatchNormalization(epsilon=epsilon, momentum=momentum)(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(rate)(x)
    return keras.Model(image, layers.Dense(2)(x))


class Normed(keras.Model):
    """``normed`` as a subclass; inside another model Keras passes ``training`` on by itself, in ``fit`` it does not."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.head = layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Dense(2)
        self.pool, self.drop = layers.GlobalAveragePooling2D(), layers.Dropout(0.3)

    def call(self, x):
        x = keras.activations.relu(self.norm(self.conv(x)))
        return self.head(self.drop(self.pool(x)))


class NormedAgain(Normed):
    """``Normed`` in another spelling, to which ``fit`` passes no ``training`` either."""

    def call(self, image):
        image = self.norm(self.conv(image))
        return self.head(self.drop(self.pool(ops.relu(image))))


class NormedOff(Normed):
    """``Normed`` that is always told that it does not train."""

    def call(self, x, training=None):
        x = keras.activations.relu(self.norm(self.conv(x), training=False))
        return self.head(self.drop(self.pool(x), training=False))


class NormedExplicit(Normed):
    """``Normed`` with ``training`` passed by hand."""

    def call(self, x, training=None):
        x = keras.activations.relu(self.norm(self.conv(x), training=training))
        return self.head(self.drop(self.pool(x), training=training))


class NormAlwaysTraining(Normed):
    """``Normed`` whose BatchNormalization always uses the statistics of the batch."""

    def call(self, x, training=None):
        x = keras.activations.relu(self.norm(self.conv(x), training=True))
        return self.head(self.drop(self.pool(x), training=training))


class NormNeverTraining(Normed):
    """``Normed`` whose BatchNormalization never updates its statistics."""

    def call(self, x, training=None):
        x = keras.activations.relu(self.norm(self.conv(x), training=False))
        return self.head(self.drop(self.pool(x), training=training))


class DropoutForgotten(Normed):
    """``Normed`` that creates its Dropout and never calls it."""

    def call(self, x):
        return self.head(self.pool(keras.activations.relu(self.norm(self.conv(x)))))


def layer_norm(axis=-1):
    x = tokens = keras.Input((5, 6))
    x = layers.Dense(6)(x)
    x = layers.LayerNormalization(axis=axis)(x)
    return keras.Model(tokens, layers.Dense(2)(x))


class NormByHand(layers.Layer):
    """LayerNormalization over the last axis, op by op."""

    def build(self, shape):
        self.gamma = self.add_weight(name="gamma", shape=(shape[-1],), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(shape[-1],), initializer="zeros")

    def call(self, x):
        mean = tf.reduce_mean(x, axis=-1, keepdims=True)
        variance = tf.reduce_mean(tf.math.squared_difference(x, mean), axis=-1, keepdims=True)
        return self.gamma * (x - mean) / tf.sqrt(variance + 1e-3) + self.beta


class LayerNormByHand(keras.Model):
    """``layer_norm`` with ``NormByHand``."""

    def __init__(self):
        super().__init__()
        self.hidden, self.norm, self.head = layers.Dense(6), NormByHand(), layers.Dense(2)

    def call(self, x):
        return self.head(self.norm(self.hidden(x)))


class LayerNormSubclass(keras.Model):
    """``layer_norm`` as a subclass."""

    def __init__(self):
        super().__init__()
        self.hidden, self.norm, self.head = layers.Dense(6), layers.LayerNormalization(), layers.Dense(2)

    def call(self, x):
        return self.head(self.norm(self.hidden(x)))


def regularized(strength=1e-3):
    penalty = keras.regularizers.L2(strength) if strength else None
    x = keras.Input((6,))
    h = layers.Dense(8, activation="relu", kernel_regularizer=penalty)(x)
    return keras.Model(x, layers.Dense(2)(h))


def constrained():
    x = keras.Input((6,))
    h = layers.Dense(8, activation="relu", kernel_constraint=keras.constraints.MaxNorm(1.0))(x)
    return keras.Model(x, layers.Dense(2)(h))


def initialized(initializer="glorot_uniform"):
    x = keras.Input((6,))
    h = layers.Dense(8, activation="relu", kernel_initializer=initializer)(x)
    return keras.Model(x, layers.Dense(2)(h))


def restored(scale=1.0):
    """``initialized`` with the weights its twin started from, times ``scale``: a round trip through a file."""
    saved = [value * scale for value in initialized().get_weights()]
    model = initialized()
    model.set_weights(saved)
    return model


class Sparse(keras.Model):
    """Adds the size of its code to the training loss."""

    def __init__(self):
        super().__init__()
        self.encode, self.decode = layers.Dense(8, activation="relu"), layers.Dense(6)

    def call(self, x):
        code = self.encode(x)
        self.add_loss(1e-2 * ops.mean(ops.abs(code)))
        return self.decode(code)


class NotSparse(Sparse):
    """``Sparse`` without the added loss."""

    def call(self, x):
        return self.decode(self.encode(x))


class StoppedGradient(Sparse):
    """``NotSparse`` through which no gradient reaches the encoder."""

    def call(self, x):
        return self.decode(tf.stop_gradient(self.encode(x)))


def dropout_model(spatial=False):
    x = keras.Input((8, 6))
    h = layers.Dense(8, activation="relu")(x)
    h = layers.SpatialDropout1D(0.4)(h) if spatial else layers.Dropout(0.4)(h)
    return keras.Model(x, layers.Dense(2)(h))


class Centre(layers.Layer):
    """Subtracts a moving average, which only training should update."""

    def __init__(self, always):
        super().__init__()
        self.always = always

    def build(self, shape):
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="mean")

    def call(self, x, training=False):
        y = x - self.mean
        if training or self.always:
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(x, axis=0))
        return y


def centred(always=False):
    return keras.Sequential([keras.Input((6,)), layers.Dense(4), Centre(always), layers.Dense(2)])


def flipped():
    image = keras.Input((4, 4, 3))
    return keras.Model(image, layers.RandomFlip("horizontal", seed=1)(image))


class Flipped(keras.Model):
    """``flipped`` as a subclass, whose layer ``predict`` tells no mode: Keras's augmentation then acts."""

    def __init__(self):
        super().__init__()
        self.flip = layers.RandomFlip("horizontal", seed=1)

    def call(self, x):
        return self.flip(x)
