"""What does plain Keras do? Both models of every row get the same weights and batches, and take the same steps.

``python truth.py [GROUP[:NAME]]…`` prints a line a row: how far losses and weights lie apart after one step and after
thirty, as a fraction of how far the weights went; for a layer, how far apart its starts are spread.
"""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
import second
import tensorflow as tf
import tf_keras
import third
from rows import GROUPS, OPTIMIZERS

STEPS = 30


def batches(group: str, name: str, shape: tuple[int, ...]) -> Any:
    rng = np.random.default_rng(3)
    inputs = rng.standard_normal((7, *shape)).astype("float32")
    if group == "masked":
        inputs[:, 4:] = 0.0
    classes = rng.integers(0, 3, (7, 6) if group == "masked" else 7)
    if group == "two":
        return inputs, [rng.standard_normal((7, 3)).astype("float32"), rng.standard_normal((7, 2)).astype("float32")]
    if group == "sigmoid":
        return inputs, rng.integers(0, 2, (7, 1)).astype("float32")
    if "sparse" in name or (group == "masked" and name != "masked_mse"):
        return inputs, classes
    if group in ("logits", "softmax", "masked"):
        return inputs, np.eye(3, dtype="float32")[classes]
    return inputs, rng.standard_normal((7, 3)).astype("float32")


def steps(model: Any, start: list[Any], data: Any, count: int, weights: Any = None) -> list[tuple[float, list[Any]]]:
    """The loss of each step and the weights after it."""
    model.set_weights(start)
    inputs, targets = data
    taken = []
    for _ in range(count):
        loss = np.ravel(model.train_on_batch(inputs, targets, sample_weight=weights))[0]
        taken.append((float(loss), model.get_weights()))
    return taken


def apart(ones: list[Any], twos: list[Any], start: list[Any]) -> float:
    moved = max(float(np.max(np.abs(one - first))) for one, first in zip(ones, start, strict=True))
    return max(float(np.max(np.abs(a - b))) for a, b in zip(ones, twos, strict=True)) / (moved or 1.0)


def trained(group: str, name: str) -> str:
    said = []
    for weighed in (False, True) if name not in OPTIMIZERS and group not in ("two", "masked") else (False,):
        pair = second.build(group, name), third.build(group, name)
        start = _drawn(pair[0])
        data = batches(group, name, pair[0].input_shape[1:])
        weights = np.array([0.5, 2, 0, 1.25, 3, 1, 1], "float32") if weighed else None
        one, two = (steps(model, start, data, STEPS, weights) for model in pair)
        for at in (0, STEPS - 1):
            lost = abs(one[at][0] - two[at][0]) / (abs(one[at][0]) or 1.0)
            said.append(f"{lost:.0e} {apart(one[at][1], two[at][1], start):.0e}")
    return "loss and weights after 1, 30; weighed 1, 30:  " + "   ".join(said)


def _drawn(model: Any) -> list[Any]:
    rng = np.random.default_rng(5)
    return [(0.5 * rng.standard_normal(value.shape)).astype("float32") for value in model.get_weights()]


def started(name: str) -> str:
    """Spread of the first weight over draws, the penalty, and a step of gradient descent with the same weights."""
    pairs = [(second.build("layer", name), third.build("layer", name)) for _ in range(24)]
    spreads = [np.std([pair[side].get_weights()[0] for pair in pairs]) for side in (0, 1)]
    largest = [np.max(np.abs([pair[side].get_weights()[0] for pair in pairs])) for side in (0, 1)]
    one, two = pairs[0]
    start = _drawn(one)
    shape = one.input_shape[1:]
    inputs = np.random.default_rng(3).integers(0, 9, (7, *shape)).astype("float32")
    for model, package in ((one, tf_keras), (two, keras)):
        model.compile(package.optimizers.SGD(1e-4), "mse")
    data = inputs, np.ones((7, 3), "float32")
    (first, ones), (last, twos) = (steps(model, start, data, 3)[-1] for model in (one, two))
    far = f"loss {abs(first - last) / abs(first):.0e}, weights {apart(ones, twos, start):.0e}"
    return f"spread {spreads[0]:.4f} {spreads[1]:.4f}, largest {largest[0]:.3f} {largest[1]:.3f}; {far}"


def main(wanted: list[str]) -> None:
    tf.get_logger().setLevel("ERROR")
    for group, rows in GROUPS.items():
        for name in rows:
            if wanted and group not in wanted and f"{group}:{name}" not in wanted:
                continue
            try:
                said = started(name) if group == "layer" else trained(group, name)
            except Exception as error:  # what one of both does not have
                said = f"{type(error).__name__}: {str(error).splitlines()[0][:150]}"
            print(f"{group}:{name:24} {said}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
