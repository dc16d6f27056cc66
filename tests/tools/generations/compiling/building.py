"""The model of a row, made with the Keras that is given.

Runs on Python 3.9 and later, with nothing but TensorFlow and a Keras.
"""

from __future__ import annotations

from typing import Any

from rows import text_of


def model_of(keras: Any, group: str, name: str, *, second: bool) -> Any:
    """The functional model of a row, compiled where the row says how."""
    text = text_of(group, name, second=second)
    known = {"K": keras, "S": keras.optimizers.schedules}
    if group == "layer":
        return _around(keras, eval(text, known))
    model = _MADE[group](keras)
    model.compile(**eval(f"dict({text})", known))
    return model


def _around(keras: Any, layer: Any) -> Any:
    kind = type(layer).__name__
    shape = (8, 8, 3) if "Conv" in kind else (6,) if kind == "Embedding" else (8,)
    entry = keras.Input(shape, dtype="int32" if kind == "Embedding" else "float32")
    value = layer(entry)
    value = keras.layers.Flatten()(value) if len(value.shape) > 2 else value
    return keras.Model(entry, keras.layers.Dense(3)(value))


def _dense(keras: Any, units: int, activation: Any = None) -> Any:
    entry = keras.Input((8,))
    hidden = keras.layers.Dense(5, activation="tanh")(entry)
    return keras.Model(entry, keras.layers.Dense(units, activation=activation)(hidden))


def _masked(keras: Any) -> Any:
    entry = keras.Input((6, 4))
    steps = keras.layers.LSTM(5, return_sequences=True)(keras.layers.Masking()(entry))
    return keras.Model(entry, keras.layers.Dense(3, activation="softmax")(steps))


def _two(keras: Any) -> Any:
    entry = keras.Input((8,))
    hidden = keras.layers.Dense(5, activation="tanh")(entry)
    return keras.Model(entry, [keras.layers.Dense(3, name="a")(hidden), keras.layers.Dense(2, name="b")(hidden)])


_MADE = {
    "real": lambda keras: _dense(keras, 3),
    "logits": lambda keras: _dense(keras, 3),
    "softmax": lambda keras: _dense(keras, 3, "softmax"),
    "sigmoid": lambda keras: _dense(keras, 1, "sigmoid"),
    "masked": _masked,
    "two": _two,
}
