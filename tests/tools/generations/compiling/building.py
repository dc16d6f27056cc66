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
    if group in ("start", "flat"):
        return _every(keras, lambda: eval(text, known), convolved=group == "start")
    if group == "shared":
        return _in_a_row(keras, eval(f"[{text}]", known))
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


def _every(keras: Any, initializer: Any, *, convolved: bool) -> Any:
    """All kinds of kernels; each has an initializer of its own, or its default where none is made."""

    def given(*names: str) -> Any:
        made = {f"{name}_initializer": initializer() for name in names}
        return {name: one for name, one in made.items() if one is not None}

    layers = keras.layers
    ids, image = keras.Input((6,), dtype="int32"), keras.Input((9, 9, 4))
    value = layers.Embedding(12, 8, **given("embeddings"))(ids)
    value = layers.LSTM(6, return_sequences=True, **given("kernel", "recurrent"))(value)
    value = layers.GRU(5, return_sequences=True, **given("kernel", "recurrent"))(value)
    parts = [layers.PReLU()(layers.Dense(7, **given("kernel"))(value))]
    if convolved:
        value = layers.Conv2D(6, 3, **given("kernel"))(image)
        value = layers.DepthwiseConv2D(3, **given("depthwise"))(value)
        value = layers.SeparableConv2D(8, 2, depth_multiplier=2, **given("depthwise", "pointwise"))(value)
        value = layers.Conv2DTranspose(3, 2, **given("kernel"))(value)
        heads = layers.MultiHeadAttention(2, 4, **given("kernel"))(parts[0], parts[0])
        parts.append(layers.EinsumDense("abc,cde->abde", (6, 2, 3), **given("kernel"))(heads))
        parts.append(layers.Conv1D(4, 3, **given("kernel"))(layers.Reshape((-1, 3))(value)))
    flat = [layers.Flatten()(part) for part in parts]
    value = layers.Concatenate()(flat) if convolved else flat[0]
    return keras.Model([ids, image] if convolved else ids, layers.Dense(3, **given("kernel"))(value))


def _in_a_row(keras: Any, initializers: Any) -> Any:
    value = entry = keras.Input((8,))
    for one in initializers:
        value = keras.layers.Dense(8, activation="tanh", kernel_initializer=one)(value)
    return keras.Model(entry, value)


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
