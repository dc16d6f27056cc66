"""Pairs about mistakes: layers made and forgotten, masks and flags lost on the way, training code of one's own."""

import keras
import tensorflow as tf
from keras import layers, ops


class Healthy(keras.Model):
    """What the others here get wrong."""

    def __init__(self):
        super().__init__()
        self.first, self.last = layers.Dense(4, activation="relu"), layers.Dense(2)
        self.drop = layers.Dropout(0.5)

    def call(self, x, training=None):
        return self.last(self.drop(self.first(x), training=training))


def healthy():
    """``Healthy`` in another style."""
    x = keras.Input((6,))
    h = layers.Dropout(0.5)(layers.Dense(4, activation="relu")(x))
    return keras.Model(x, layers.Dense(2)(h))


class MadeAnew(Healthy):
    """A layer with weights made in every call: it never learns."""

    def call(self, x, training=None):
        h = self.drop(self.first(x), training=training)
        return layers.Dense(2)(h)  # line: made anew


class MadeAnewPlain(Healthy):
    """A layer without weights made in every call: wasteful, but right."""

    def __init__(self):
        super().__init__()
        self.first = layers.Dense(4)

    def call(self, x, training=None):
        h = layers.ReLU()(self.first(x))
        return self.last(self.drop(h, training=training))


class Forgotten(Healthy):
    """A layer that is made and never called."""

    def __init__(self):
        super().__init__()
        self.norm = layers.BatchNormalization()  # line: forgotten


class Unread(Healthy):
    """A weight that is made and never read."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(4,), name="scale")  # line: unread
        self.first.build(shape)
        self.last.build((None, 4))


class DropoutAlways(Healthy):
    """Dropout that goes on at inference."""

    def call(self, x, training=None):
        return self.last(self.drop(self.first(x), training=True))  # line: always


class DropoutNever(Healthy):
    """Dropout that never drops."""

    def call(self, x, training=None):
        return self.last(self.drop(self.first(x), training=False))  # line: never


class Inner(layers.Layer):
    """A layer whose ``call`` takes ``training`` and forgets it."""

    def __init__(self, passes):
        super().__init__()
        self.passes, self.norm = passes, layers.BatchNormalization()

    def call(self, x, training=None):
        return self.norm(x, training=training) if self.passes else self.norm(x, training=False)  # line: inner


class Outer(keras.Model):
    def __init__(self, passes=True):
        super().__init__()
        self.inner, self.out = Inner(passes), layers.Dense(2)

    def call(self, x, training=None):
        return self.out(self.inner(x, training=training))


class MaskKept(keras.Model):
    def __init__(self):
        super().__init__()
        self.words, self.scale, self.loop = layers.Embedding(20, 4, mask_zero=True), layers.Dense(4), layers.LSTM(3)

    def call(self, ids):
        return self.loop(self.scale(self.words(ids)))


class MaskDropped(MaskKept):
    """A mask that is made and lost: an operation without masks stands between."""

    def call(self, ids):
        return self.loop(ops.stop_gradient(self.scale(self.words(ids))) + 0.0)  # line: mask lost


class NoMaskSupport(layers.Layer):
    """A layer that takes a mask and hands none on."""

    def call(self, x):
        return x * 2.0


class MaskDestroyed(MaskKept):
    """A mask that is lost in a layer of one's own."""

    def __init__(self):
        super().__init__()
        self.double = NoMaskSupport()  # line: destroys

    def call(self, ids):
        return self.loop(self.double(self.words(ids)))


class Stepping(Healthy):
    """A training step of one's own."""

    weight = 1.0

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.weight * self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


class SteppingAgain(keras.Model):
    """``Stepping`` written a second time, letter for letter."""

    weight = 1.0

    def __init__(self):
        super().__init__()
        self.first, self.last = layers.Dense(4, activation="relu"), layers.Dense(2)
        self.drop = layers.Dropout(0.5)

    def call(self, x, training=None):
        return self.last(self.drop(self.first(x), training=training))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.weight * self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


class SteppingTwice(Stepping):
    """``Stepping`` that forgets the training flag."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.weight * self.compute_loss(x, y, self(x))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


class LossOfItsOwn(Healthy):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, sample_weight, training) + ops.mean(y_pred**2)


class PredictsTwice(Healthy):
    """``Healthy`` whose ``predict`` gives twice what the call gives."""

    def predict_step(self, data):
        return 2.0 * super().predict_step(data)
