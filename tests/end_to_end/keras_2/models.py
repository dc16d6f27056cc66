"""Models that read the same in both generations: ``tf.keras`` is the one of the process."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras
from tensorflow.keras.layers import Dense

layers = keras.layers


def chain(shape: tuple[int, ...], *parts: Any) -> Any:
    value = entry = keras.Input(shape)
    for part in parts:
        value = part(value)
    return keras.Model(entry, value)


def perceptron() -> Any:
    hidden = keras.Sequential([Dense(5, kernel_regularizer="l2"), layers.ReLU()])
    return chain((8,), hidden, Dense(3, activation="softmax"))


def started_alike() -> Any:
    """Two kernels that start equal: an initializer draws the same numbers whenever it is called."""
    start = keras.initializers.HeNormal()
    return chain((8,), Dense(8, "tanh", kernel_initializer=start), Dense(8, kernel_initializer=start))


def started_apart() -> Any:
    return chain((8,), Dense(8, "tanh", kernel_initializer="he_normal"), Dense(8, kernel_initializer="he_normal"))


def convnet(rate: float = 0.3) -> Any:
    entry = keras.Input((8, 8, 3))
    value = layers.Conv2D(3, 3, padding="same", activation="relu")(entry)
    value = layers.MaxPooling2D()(keras.activations.relu(value + entry))
    return keras.Model(entry, layers.Dense(2)(layers.Dropout(rate)(layers.Flatten()(value))))


def more_dropout() -> Any:
    return convnet(rate=0.4)


def normalized() -> Any:
    return chain((8, 8, 3), layers.Conv2D(4, 3), layers.BatchNormalization())


def normalized_rows() -> Any:
    return chain((7,), Dense(4), layers.BatchNormalization())


def shop(activation: str = "relu") -> Any:
    return chain((7,), Dense(4, activation=activation), layers.BatchNormalization(), layers.Dropout(0.3), Dense(2))


def shop_without_relu() -> Any:
    return shop("linear")


def words() -> Any:
    entry = keras.Input((6,), dtype="int32")
    return keras.Model(entry, layers.LSTM(4, dropout=0.2, name="read")(layers.Embedding(9, 3)(entry)))


def tags() -> Any:
    """Whose ids repeat in a batch; rightly sure, its loss is where the generations part."""
    entry = keras.Input((6,), dtype="int32")
    value = layers.GlobalAveragePooling1D()(layers.Embedding(9, 3)(entry))
    model = keras.Model(entry, Dense(1, activation="sigmoid")(value))
    model.compile("adam", "binary_crossentropy")
    return model


def tags_by_squares() -> Any:
    model = tags()
    model.compile("adam", "mse")
    return model


def recurrent(activation: str = "tanh") -> Any:
    return chain((6, 5), layers.Bidirectional(layers.LSTM(4, activation=activation)))


def masked_steps(activation: str = "tanh") -> Any:
    read = layers.LSTM(4, activation=activation, return_sequences=True)
    return chain((6, 5), layers.Masking(), layers.Bidirectional(read))


def recurrent_dropout() -> Any:
    return chain((6, 5), layers.LSTM(4, dropout=0.4))


def recurrent_dropouts() -> Any:
    return chain((6, 5), layers.GRU(4, dropout=0.2, recurrent_dropout=0.4))


def handwriting() -> Any:
    """Reads lines of handwriting: columns of an image as a sequence, a distribution over letters for each."""
    columns = [layers.Conv2D(4, 3, padding="same", activation="relu"), layers.MaxPooling2D(), layers.Reshape((4, 16))]
    read = layers.Bidirectional(layers.LSTM(5, return_sequences=True, dropout=0.25))
    return chain((8, 8, 1), *columns, Dense(6, activation="relu"), read, Dense(5, activation="softmax"))


def frozen_penalty() -> Any:
    model = chain((8,), Dense(5, kernel_regularizer="l2"), Dense(4))
    model.layers[1].trainable = False
    return model


def compiled(rate: float = 1e-3) -> Any:
    model = chain((8,), Dense(4), Dense(3))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def faster() -> Any:
    return compiled(2e-3)


def nadam() -> Any:
    model = chain((8,), Dense(4), Dense(3))
    model.compile("nadam", "mse")
    return model


def decaying() -> Any:
    model = chain((8,), Dense(4), Dense(3))
    if keras.Model.__module__.startswith("tf_keras"):
        model.compile(keras.optimizers.legacy.SGD(0.1, decay=0.5), "mse")
    else:
        model.compile(keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5)), "mse")
    return model


def translation() -> Any:
    """The encoder and decoder of keras#20320, small."""
    words, before = keras.Input((7,), dtype="int32"), keras.Input((7,), dtype="int32")
    read, written = (layers.Embedding(20, 4, mask_zero=True)(ids) for ids in (words, before))
    _, *state = layers.LSTM(5, return_state=True)(read)
    steps = layers.LSTM(5, return_sequences=True)(written, initial_state=state)
    model = keras.Model([words, before], Dense(20, activation="softmax")(steps))
    model.compile("nadam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Scale(layers.Layer):  # type: ignore[misc]
    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="ones")

    def call(self, x: Any) -> Any:
        return x * self.scale


class OwnStep(keras.Model):
    """A training step that both generations take, and one that Keras 3 takes otherwise."""

    def __init__(self, otherwise: bool = False) -> None:
        super().__init__()
        self.out, self.otherwise = Dense(3), otherwise

    def call(self, x: Any) -> Any:
        return self.out(x)

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        share = 0.5 if self.otherwise and hasattr(self, "stateless_call") else 1.0
        pairs = [(share * one, variable) for one, variable in zip(gradients, self.trainable_variables, strict=True)]
        self.optimizer.apply_gradients(pairs)
        return {"loss": loss}


def own_step(otherwise: bool = False) -> Any:
    model = OwnStep(otherwise)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), "mse")
    return model


class Quiet(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.first, self.drop, self.head = Dense(9), layers.Dropout(0.5), Dense(3)

    def call(self, x: Any) -> Any:
        return self.head(self.drop(self.first(x)))


class Net(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.scale, self.head = Scale(), Dense(3)

    def call(self, x: Any, training: Any = None) -> Any:
        return self.head(tf.nn.relu(self.scale(x)) * 2.0)
