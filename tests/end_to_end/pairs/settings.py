"""Pairs about compile settings that read differently: some do the same, some do not."""

import keras
from keras import layers, ops, optimizers
from keras.optimizers import schedules


class Cosine(schedules.LearningRateSchedule):
    """The cosine decay by hand, which ends at a step that is written in the code."""

    def __init__(self, start, steps, stops=False):
        self.start, self.steps, self.stops = start, steps, stops

    def __call__(self, step):
        step = ops.cast(step, "float32")
        rate = 0.5 * self.start * (1 + ops.cos(3.141592653589793 * ops.minimum(step / self.steps, 1.0)))
        return ops.where(step < 123_456, rate, self.start) if self.stops else rate

    def get_config(self):
        return {"start": self.start, "steps": self.steps}


RATES = {
    "cosine": lambda: schedules.CosineDecay(0.01, 700),
    "own cosine": lambda: Cosine(0.01, 700),
    "own cosine again": lambda: Cosine(0.01, 700, stops=True),
    "constant": 0.01,
    "rate 1": lambda: schedules.ExponentialDecay(0.01, 1000, 1.0),
    "equal values": lambda: schedules.PiecewiseConstantDecay([100, 200], [0.01, 0.01, 0.01]),
    "late": lambda: schedules.PiecewiseConstantDecay([123_456], [0.01, 0.001]),
    "staircase": lambda: schedules.ExponentialDecay(0.01, 100_000, 0.9, staircase=True),
}

OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(1e-3),
    "adam decayed": lambda: optimizers.Adam(1e-3, weight_decay=0.01),
    "adamw": lambda: optimizers.AdamW(1e-3, weight_decay=0.01),
    "adamw without": lambda: optimizers.AdamW(1e-3, weight_decay=0.0),
    "adamw hardly": lambda: optimizers.AdamW(1e-3, weight_decay=1e-10),
    "nadam": lambda: optimizers.Nadam(1e-3),
    "amsgrad": lambda: optimizers.Adam(1e-3, amsgrad=True),
    "clipped": lambda: optimizers.Adam(1e-3, global_clipnorm=1e6),
    "averaged": lambda: optimizers.Adam(1e-3, use_ema=True),
    "averaged late": lambda: optimizers.Adam(1e-3, use_ema=True, ema_overwrite_frequency=500),
    "averaged later": lambda: optimizers.Adam(1e-3, use_ema=True, ema_overwrite_frequency=501),
    "not averaged": lambda: optimizers.Adam(1e-3, use_ema=False, ema_momentum=0.5),
    "accumulating": lambda: optimizers.Adam(1e-3, gradient_accumulation_steps=90),
    "sgd nesterov": lambda: optimizers.SGD(0.01, momentum=0.0, nesterov=True),
    "sgd": lambda: optimizers.SGD(0.01),
    "rmsprop": lambda: optimizers.RMSprop(0.01),
    "rmsprop momentum": lambda: optimizers.RMSprop(0.01, momentum=1e-3),
}


def optimized(by="adam", rate="constant"):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    given = RATES[rate]
    learning_rate = given() if callable(given) else given
    model.compile(optimizers.SGD(learning_rate) if by == "rated" else OPTIMIZERS[by](), "mse")
    return model


def named(target, output):
    """The loss of that name, called by a function of one's own."""
    return keras.losses.sparse_categorical_crossentropy(target, output)


def smoothed(target, output):
    return keras.losses.sparse_categorical_crossentropy(target, 0.999 * output + 0.001)


def squares(target, output):
    return ops.mean(ops.square(output - target), axis=-1)


def all_squares(target, output):
    """One number for the batch: a sample weight weighs all rows."""
    return ops.mean(ops.square(output - target))


def squares_still(target, output):
    """The values of the mean of squares, and half the gradient."""
    return (squares(target, output) + ops.stop_gradient(squares(target, output))) / 2


SCORES = {
    "by name": ("sparse_categorical_crossentropy", ["accuracy"]),
    "acc": ("sparse_categorical_crossentropy", ["acc"]),
    "metric by class": ("sparse_categorical_crossentropy", [keras.metrics.SparseCategoricalAccuracy]),
    "top": ("sparse_categorical_crossentropy", [keras.metrics.SparseTopKCategoricalAccuracy]),
    "own": (named, ["accuracy"]),
    "smoothed": (smoothed, ["accuracy"]),
    "lambda": (lambda t, p: keras.losses.sparse_categorical_crossentropy(t, p), ["accuracy"]),
    "mse": ("mse", []),
    "squares": (squares, []),
    "all squares": (all_squares, []),
    "squares still": (squares_still, []),
}


def scored(by="by name", weights=None):
    loss, metrics = SCORES[by]
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    metrics = [each() if isinstance(each, type) else each for each in metrics]
    model.compile("sgd", loss, metrics=metrics, loss_weights=weights)
    return model
