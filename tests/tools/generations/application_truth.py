"""What plain Keras computes for models of ``keras.applications``, in whatever environment runs this.

    PYTHON application_truth.py names                        those there are, as JSON
    PYTHON application_truth.py smallest NAME ...            the size of the smallest images each takes, as JSON
    PYTHON application_truth.py answers DIRECTORY NAME=SIZE ...   DIRECTORY/NAME.npz with what comes out

Every weight is drawn by its place and its name, so that two environments that build the same model compute from the
same numbers: outputs in inference and in training, the state that training leaves, and each gradient. Layers that draw
are silenced, for generations draw differently.
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parents[1] / "applications"))
from targets import itself, names, sized

IMAGES = 4


def keys_of(model: keras.Model) -> dict[int, str]:
    """By identity, a weight's place among all, and what statistic it is: generations call weights otherwise."""
    statistics = ("mean", "variance", "count")
    called = {id(weight): weight.name.partition(":")[0].rpartition("/")[2] for weight in model.weights}
    return {
        id(weight): f"{place} {called[id(weight)] if called[id(weight)].endswith(statistics) else 'weight'}"
        for place, weight in enumerate(model.weights)
    }


def drawn(key: str, shape: tuple[int, ...], dtype: str) -> Any:
    """A weight's value: what keeps values of a deep network near one."""
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    if len(shape) < 2:
        return rng.uniform(0.5, 1.5, shape).astype(dtype)
    depthwise = len(shape) == 4 and shape[-1] == 1
    spread = np.sqrt(2 / np.prod(shape[:2] if depthwise else shape[:-1]))
    return (rng.standard_normal(shape) * spread).astype(dtype)


def silence(model: keras.Model) -> None:
    """Lets no layer draw: Dropout, and what drops whole paths."""
    for layer in model.layers:
        for setting in ("rate", "drop_path_rate"):
            if hasattr(layer, setting):
                setattr(layer, setting, 0.0)


def answers(name: str, size: int) -> dict[str, Any]:
    """What this process's Keras computes, by name."""
    keras.backend.clear_session()
    model = sized(name, size)
    silence(model)
    keys = keys_of(model)
    for weight in model.weights:
        weight.assign(drawn(keys[id(weight)], tuple(weight.shape), np.asarray(weight).dtype.name))
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (IMAGES, size, size, 3)).astype("float32")
    told = {"inference": np.asarray(model(images, training=False))}
    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        loss = tf.reduce_sum(outputs * np.linspace(-1, 1, outputs.shape[-1], dtype="float32"))
    told["training"] = np.asarray(outputs)
    learned = model.trainable_weights
    variables = [weight if isinstance(weight, tf.Variable) else weight.value for weight in learned]
    for weight, gradient in zip(learned, tape.gradient(loss, variables), strict=True):
        told[f"gradient {keys[id(weight)]}"] = np.asarray(tf.convert_to_tensor(gradient)).ravel()[:4096]
    for weight in model.non_trainable_weights:
        told[f"state {keys[id(weight)]}"] = np.asarray(weight)
    return told


def main(wish: str, *rest: str) -> None:
    if wish == "names":
        print(json.dumps(names()))
    elif wish == "smallest":
        print(json.dumps({name: int(itself(name).input_shape[1]) for name in rest}))
    else:
        directory, *models = rest
        for text in models:
            name, _, size = text.partition("=")
            np.savez(Path(directory, f"{name}.npz"), **answers(name, int(size)))
            print(name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
