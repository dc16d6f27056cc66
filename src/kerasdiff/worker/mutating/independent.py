"""What Keras itself says about two models, in float64 and without kerasdiff: the same, or what parts them.

Both get the same weights and dropout seeds, layer by layer, and the same inputs. Compared are the outputs in both
modes, the added losses, the gradient of every trainable weight, every update of a state, and the settings of weights.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.mutating.blueprint import Blueprint

LIMIT = 1e-7
"""Of scale. TensorFlow rounds the square root of two in its GELU to float32, which alone is 1e-8 off; all other
re-expressions stay below 1e-12."""

ROWS = 3
Facts = dict[tuple[Live, ...], Live]


@contextmanager
def in_float64() -> Iterator[None]:
    """Layers and values made within are float64."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def parting(
    inputs: list[Live], reference: keras.Model, candidate: keras.Model, names: dict[str, str] | None = None
) -> tuple[Live, ...] | None:
    """The first fact in which two float64 models differ; ``None`` where all agree.

    Args:
        inputs: Of the models, with :data:`ROWS` rows.
        reference: Gets other weights.
        candidate: Gets the same.
        names: For a name in the candidate, that of the same layer in the reference; others are equal.
    """
    one, two = facts(reference, inputs), facts(candidate, inputs, names)
    for key in sorted(one.keys() | two.keys(), key=repr):
        if key not in one or key not in two:
            return key
        if isinstance(one[key], str):
            if one[key] != two[key]:
                return key
            continue
        if one[key].shape != two[key].shape:
            return key
        scale = max(1.0, float(np.max(np.abs(one[key]), initial=0.0)))
        if not np.max(np.abs(one[key] - two[key]), initial=0.0) <= LIMIT * scale:
            return key
    return None


def facts(model: keras.Model, inputs: list[Live], names: dict[str, str] | None = None) -> Facts:
    """Everything a model says, by what it is about."""
    found: Facts = {}
    given = inputs[0] if len(inputs) == 1 else inputs
    if not model.built:
        model(given)
    leaves = dict(_leaves(model, names or {}))
    for name, leaf in leaves.items():
        for number, weight in enumerate(leaf.weights):
            weight.assign(_drawn(f"{name}/{number}", tuple(weight.shape), positive=weight.path.endswith("variance")))
            settings = (weight.trainable, _said(weight.regularizer), _said(weight.constraint))
            found["settings", name, number] = repr(settings)
    _seed(leaves)
    for number, value in enumerate(_listed(model(given, training=False))):
        found["output", number] = value.numpy()
    found.update(_learnt(model, given, leaves))
    return found


def _learnt(model: keras.Model, given: Live, leaves: dict[str, Live]) -> Facts:
    """What one step of training gives: outputs, losses, gradients and states."""
    found: Facts = {}
    with tf.GradientTape() as tape:
        outputs = _listed(model(given, training=True))
        losses = model.losses
        total = tf.add_n([tf.reduce_sum(value * _drawn("loss", tuple(value.shape))) for value in outputs] + losses)
    for number, value in enumerate(outputs):
        found["training output", number] = value.numpy()
    found["losses",] = np.asarray(sum(float(loss) for loss in losses))
    held = {(name, number): weight for name, leaf in leaves.items() for number, weight in enumerate(leaf.weights)}
    trained = {key: weight for key, weight in held.items() if weight.trainable}
    slopes = tape.gradient(total, [weight.value for weight in trained.values()])
    for key, slope in zip(trained, slopes, strict=True):
        found[("gradient", *key)] = np.zeros(0) if slope is None else tf.convert_to_tensor(slope).numpy()
    found.update({("state", *key): weight.numpy() for key, weight in held.items() if not weight.trainable})
    return found


def _leaves(model: keras.Model, names: dict[str, str]) -> Iterator[tuple[str, Live]]:
    """The layers that are no models, with the names they have in the reference."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer, names)
        elif layer.variables:
            yield names.get(layer.name, layer.name), layer


def _seed(leaves: dict[str, Live]) -> None:
    for name, leaf in leaves.items():
        weights = {id(weight) for weight in leaf.weights}
        for number, state in enumerate(item for item in leaf.variables if id(item) not in weights):
            state.assign(np.full(state.shape, zlib.crc32(f"{name}/seed {number}".encode()) % 10_000))


def _drawn(key: str, shape: tuple[int, ...], positive: bool = False) -> Live:
    draw = np.random.default_rng(zlib.crc32(key.encode()))
    values = draw.uniform(0.2, 1.0, shape)
    return values if positive else values * draw.choice([-1.0, 1.0], shape)


def _listed(value: Live) -> list[Live]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _said(held: Live) -> Live:
    """A regularizer or constraint as its class and numbers: one made inside a graph holds tensors of it."""
    return held and (type(held).__name__, {name: _number(value) for name, value in vars(held).items()})


def _number(value: Live) -> Live:
    return float(tf.get_static_value(value)) if tf.is_tensor(value) else value


def other_names(before: Blueprint, after: Blueprint) -> dict[str, str]:
    """For each part of a renamed blueprint, its name before."""
    found = {}
    for (old, part), (new, same) in zip(before.parts.items(), after.parts.items(), strict=True):
        found[new] = old
        if part.inner is not None and same.inner is not None:
            found.update(other_names(part.inner, same.inner))
    return found
