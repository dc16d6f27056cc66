"""What does plain Keras do? Both models of every row get the same weights and batches, and take the same steps.

``python truth.py [GROUP[:NAME]]…`` prints a line a row: how far losses and weights lie apart after one step and after
thirty, as a fraction of how far the weights went; for a layer, how far apart its starts are spread; for a start how
each of its weights is spread, and which weights of a model start as others do.
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
from scipy.stats import ks_2samp

STEPS = 30
DRAWS = 6
"""Models made to see how starts are spread: some thousand values of all but the smallest."""


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


def drawn(group: str, name: str) -> str:
    """By weight both spreads where they are not the same, then what is shared: of one seed, and among weights."""
    pairs = [(second.build(group, name), third.build(group, name)) for _ in range(1 if "seed" in name else DRAWS)]
    said = [f"{_shared(model)} alike" for model in pairs[0]]
    values = [[[pair[side].get_weights()[at] for pair in pairs] for side in (0, 1)] for at in range(len(_names(pairs)))]
    same = sum(bool(np.array_equal(one[0], two[0])) for one, two in values)
    far = [
        f"{at} {_spread(one)} / {_spread(two)}"
        for at, (one, two) in zip(_names(pairs), values, strict=True)
        if _spread_apart(np.ravel(one), np.ravel(two))
    ]
    spread = "" if len(pairs) == 1 else f"; {'; '.join(far) or 'all spread alike'}"
    return f"{said[0]} / {said[1]}; {same} of {len(values)} the same values{spread}"


def _spread_apart(one: Any, two: Any) -> bool:
    """Whether two samples are not of one distribution: by its shape, or by deviations that are 5 errors apart."""
    deviations = np.std(one), np.std(two)
    far = 5 / np.sqrt(len(one))
    scaled = min(deviations) > 0 and abs(np.log(deviations[0] / deviations[1])) > far
    return bool(scaled or ks_2samp(one, two).pvalue < 1e-4)


def _names(pairs: Any) -> list[str]:
    return [f"{at} {weight.name}" for at, weight in enumerate(pairs[0][1].weights)]


def _spread(values: Any) -> str:
    array = np.asarray(values)
    return f"mean {array.mean():.4f} std {array.std():.4f} in [{array.min():.3f}, {array.max():.3f}]"


def _shared(model: Any) -> int:
    """Pairs of weights that start from the same random values, up to a factor, as far as both go."""
    values = [np.ravel(value) for value in model.get_weights() if np.std(value) > 0]
    count = 0
    for at, one in enumerate(values):
        for two in values[:at]:
            length = min(len(one), len(two))
            first, last = one[:length], two[:length]
            count += length > 3 and abs(float(np.corrcoef(first, last)[0, 1])) > 1 - 1e-6
    return count


def _told(group: str, name: str) -> str:
    if group in ("start", "flat", "shared"):
        return drawn(group, name)
    return started(name) if group == "layer" else trained(group, name)


def main(wanted: list[str]) -> None:
    tf.get_logger().setLevel("ERROR")
    for group, rows in GROUPS.items():
        for name in rows:
            if wanted and group not in wanted and f"{group}:{name}" not in wanted:
                continue
            try:
                said = _told(group, name)
            except Exception as error:  # what one of both does not have
                said = f"{type(error).__name__}: {str(error).splitlines()[0][:150]}"
            print(f"{group}:{name:24} {said}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
