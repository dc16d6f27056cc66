"""What Keras itself says about two models, in float64 and without kerasdiff: the same, or what parts them.

Both get the same weights and dropout seeds, layer by layer, and the same inputs. Compared are the outputs in both
modes, the added losses, the gradient of every trainable weight, every update of a state, and the settings of weights.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import tensorflow as tf

from kerasdiff.worker.keras_internals import Live, keras, path_of, seed_draws, tensor_of
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
    inputs: list[Live], reference: Live, candidate: Live, names: dict[str, str] | None = None
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


def facts(model: Live, inputs: list[Live], names: dict[str, str] | None = None) -> Facts:
    """Everything a model says, by what it is about."""
    found: Facts = {}
    given = inputs[0] if len(inputs) == 1 else inputs
    if not model.built:
        model(given)
    leaves = _by_name(_leaves(model, names or {}))
    for name, leaf in leaves.items():
        for number, weight in enumerate(leaf.weights):
            weight.assign(
                _drawn(f"{name}/{number}", tuple(weight.shape), positive=path_of(weight).endswith("variance"))
            )
            held = (getattr(weight, "regularizer", None), getattr(weight, "constraint", None))
            settings = (_is_trained(leaf, weight), *map(_said, held))
            found["settings", name, number] = repr(settings)
    _seed(leaves)
    for number, value in enumerate(_listed(model(given, training=False))):
        found["output", number] = value.numpy()
    found.update(_learnt(model, given, leaves))
    return found


def _learnt(model: Live, given: Live, leaves: dict[str, Live]) -> Facts:
    """What one step of training gives: outputs, losses, gradients and states."""
    found: Facts = {}
    _seed(leaves)
    with tf.GradientTape() as tape:
        outputs = _listed(model(given, training=True))
        losses = model.losses
        drawn = [tf.cast(value, "float64") * _drawn("loss", tuple(value.shape)) for value in outputs]
        total = tf.add_n([*map(tf.reduce_sum, drawn), *(tf.cast(loss, "float64") for loss in losses)])
    for number, value in enumerate(outputs):
        found["training output", number] = value.numpy()
    found["losses",] = np.asarray(sum(float(loss) for loss in losses))
    listed = [(name, number, leaf) for name, leaf in leaves.items() for number in range(len(leaf.weights))]
    held = {(name, number): leaf.weights[number] for name, number, leaf in listed}
    trained = {
        (name, number): leaf.weights[number] for name, number, leaf in listed if _is_trained(leaf, leaf.weights[number])
    }
    slopes = tape.gradient(total, list(map(tensor_of, trained.values())))
    for key, slope in zip(trained, slopes, strict=True):
        found[("gradient", *key)] = np.zeros(0) if slope is None else tf.convert_to_tensor(slope).numpy()
    found.update({("state", *key): weight.numpy() for key, weight in held.items() if key not in trained})
    return found


def _leaves(model: Live, names: dict[str, str]) -> Iterator[tuple[str, Live]]:
    """The layers that are no models, with the names they have in the reference."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer, names)
        else:
            yield names.get(layer.name, layer.name), layer


def _by_name(listed: Iterator[tuple[str, Live]]) -> dict[str, Live]:
    """Layers by name; a model in a model may use a name again."""
    found: dict[str, Live] = {}
    for name, leaf in listed:
        again = sum(1 for held in found if held.partition("#")[0] == name)
        found[f"{name}#{again}" if again else name] = leaf
    return found


def _seed(leaves: dict[str, Live]) -> None:
    """Each layer draws by its name, in whichever model it is."""
    for name, leaf in leaves.items():
        seed_draws(leaf, partial(_seed_of, name))


def _seed_of(name: str, number: int) -> int:
    return zlib.crc32(f"{name}/seed {number}".encode()) % 10_000


def _is_trained(leaf: Live, weight: Live) -> bool:
    return any(weight is one for one in leaf.trainable_weights)


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
