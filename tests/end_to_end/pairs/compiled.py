"""Pairs about compile settings: one loss in several spellings, and settings that differ."""

import keras
from keras import layers, ops

LOSSES = {
    "name": "sparse_categorical_crossentropy",
    "function": keras.losses.sparse_categorical_crossentropy,
    "object": keras.losses.SparseCategoricalCrossentropy(),
    "list": ["sparse_categorical_crossentropy"],
    "dict": {"head": keras.losses.SparseCategoricalCrossentropy()},
    "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
}


def net(loss="name", momentum=0.0, **settings):
    x = keras.Input((6,))
    model = keras.Model(x, layers.Dense(3, activation="softmax", name="head")(x))
    model.compile(keras.optimizers.SGD(0.01, momentum=momentum), LOSSES[loss], **settings)
    return model


def two_heads(loss="mse"):
    x = keras.Input((6,))
    model = keras.Model(x, [layers.Dense(3, name="one")(x), layers.Dense(2, name="two")(x)])
    model.compile("sgd", loss)
    return model


def robust(delta=1.0):
    """A loss whose config leaves out its setting."""
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
    model.compile("sgd", keras.losses.Huber(delta))
    return model


class Doubled(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(2.0 * gradient, variable, learning_rate)


class Tripled(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(3.0 * gradient, variable, learning_rate)


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose config tells nothing."""

    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start / (1.0 + ops.cast(step, "float32"))

    def get_config(self):
        return {}


def optimized(by="doubled", excluded=(), scaled=False):
    """An optimizer or schedule of one's own, or weights without weight decay."""
    Tripled.__name__ = "Doubled"
    made = {
        "doubled": lambda: Doubled(0.01),
        "tripled": lambda: Tripled(0.01),
        "falling": lambda: keras.optimizers.SGD(Falling(0.01)),
        "falling from higher": lambda: keras.optimizers.SGD(Falling(0.1)),
        "decay": keras.optimizers.AdamW,
    }[by]()
    if excluded:
        made.exclude_from_weight_decay(var_names=list(excluded))
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
    model.compile(keras.optimizers.LossScaleOptimizer(made) if scaled else made, "mse")
    return model


def weighed(by=1.0):
    """A loss of one's own."""

    def loss(target, output):
        return by * ops.mean(ops.square(target - output), axis=-1)

    model = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
    model.compile("sgd", loss)
    return model
