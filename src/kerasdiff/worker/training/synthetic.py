"""A task for any signature: inputs with structure in them, and targets that a fixed random network computes from it.

Why structure? Labels computed from noise cannot be learned: 2,000 rows say nothing about a function of 3,072
independent numbers, or of 50,000 ids that occur once each. So every row has a few hidden numbers (its *latents*) that
show in each input in a way every kind of layer can find, and the targets are functions of the latents.

- Floats and images: ``x = sum_k z_k * A_k * wave_k + noise``. The waves of even ``k`` are flat, so that global pooling
  keeps them; the others are slow cosines over the positions, so that the position counts as well.
- Ids (integers of one axis or none): at most 64 different ones over the whole range, each with a code; the latents
  of a row are the mean code of its ids. A code begins with the rank of its id, for models that take ids as numbers.
- Floats of fewer than eight values a row are the latents themselves.
- Other integers and bools: floats as above, brought into range in at most 64 steps, or their sign.

An output with the positions of an input (a tag a word, a class a pixel) gets targets of its own at every position,
computed from what the inputs hold there: a model that looks at each position alone can learn them.

Measured with small Keras models, 15 epochs, test accuracy against the share of the commonest class: 784 numbers and ten
classes 0.63 (0.13), 28x28 images with global pooling 0.38 (0.13), 16 of 20,000 ids with an embedding and pooling 0.75
(0.24), a series of four channels in a GRU 0.65 (0.25), a tag a word 1.00 (0.24), a class a pixel 0.70 (0.33). With
inputs of pure noise, the same models: 0.28 (0.14), 0.12 (0.14), 0.19 (0.27), 0.40 (0.23), 0.16 (0.15), 0.25 (0.25).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerasdiff.data.procedural import TEST_ROWS, TRAIN_ROWS
from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.probes import Family, batch_shape, family_of, integer_range
from kerasdiff.worker.training.heads import Head, one_hot

Floats = NDArray[np.float32]

SYNTHETIC_BYTES = 128 * 2**20
"""Most memory of made-up data: inputs of 224x224x3 get 110 rows instead of 2,500."""

FEWEST_ROWS = 32

LATENTS = 8
"""Hidden numbers of one input's row: enough for ten classes of about equal size, few enough for 2,000 rows."""

NOISE = 0.3
"""Standard deviation beside latents of 1."""

LEVELS = 64
"""Most different values of an integer input, and most labels in use: each has 31 of 2,000 rows, and can be learned."""

TEACHER_WIDTH = 32
"""Units of the teacher's hidden layer."""

TEACHER_OUTPUTS = 1_024
"""Most values the teacher computes for one row of one output; larger outputs repeat them."""


def taught(inputs: tuple[Port, ...], heads: tuple[Head, ...], seed: int) -> tuple[list[Array], list[Array]]:
    """Draws the rows of a synthetic task.

    Class labels are the largest of the teacher's outputs after each has been standardised over the rows, so that
    classes come about equally often; targets in [0, 1] are which of them are positive; real targets are the
    outputs themselves (mean 0, standard deviation 1).

    Args:
        inputs: Of known rank and a numeric dtype.
        heads: Say the form of the targets.
        seed: The same arguments give the same bytes.

    Returns:
        One array per input, in its dtype (floats as float32), and one per head: int64 ids or float32. All have the
        same number of rows, at most 2,500.
    """
    shapes = [batch_shape(port, 1)[1:] for port in inputs]
    # Per row, as 8 bytes each: inputs, targets, the teacher's hidden layer at every position, the codes of ids.
    hidden = [(*head.shape[:-1], TEACHER_WIDTH // 2) for head in heads]
    coded = [(*shape, LATENTS // 2) for port, shape in zip(inputs, shapes, strict=True) if _are_ids(port, shape)]
    targets_held = [head.shape if head.encoding == "one-hot" else _taught_shape(head) for head in heads]
    held = (*shapes, *targets_held, *hidden, *coded)
    values = sum(int(np.prod(shape)) for shape in held)
    rows = max(FEWEST_ROWS, min(TRAIN_ROWS + TEST_ROWS, SYNTHETIC_BYTES // (8 * values)))
    rng = np.random.default_rng([seed, rows])
    drawn, latents, local = [], [], []
    for port, shape in zip(inputs, shapes, strict=True):
        x, z, here = _input(port, (rows, *shape), rng)
        drawn.append(x)
        latents.append(z)
        local.append(here)
    targets = []
    for head in heads:
        near = [here for here in local if _same_positions(here, head)]
        targets.append(_local_targets(near, head, rng) if near else _targets(latents, head, rng))
    return drawn, targets


def _same_positions(here: Floats, head: Head) -> bool:
    positions = head.shape[:-1]
    return int(np.prod(positions)) > 1 and here.shape[1:-1] == positions


def _input(port: Port, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Array, Floats, Floats]:
    """The values of one input, the latents of its rows, and what each position holds: ``(rows, *positions, k)``."""
    family = family_of(port)
    if _are_ids(port, shape[1:]):
        return _ids(port, shape, rng)
    x, z = _field(shape, rng)
    if family == "bool":  # nothing but the sign will show
        x, z = np.sign(x), np.sign(z) if z.shape[1] < LATENTS else z
    channels = x.reshape(*shape[:-1], shape[-1]) if len(shape) > 1 else x[:, None]
    values = _ranged(x, port, family)
    return values, z, channels[..., :LATENTS]


def _are_ids(port: Port, row: tuple[int, ...]) -> bool:
    return family_of(port) == "integer" and len(row) <= 1


def _ids(port: Port, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Array, Floats, Floats]:
    low, high = integer_range(port)
    levels = _levels(low, high, port.spec.dtype)
    codes = rng.standard_normal((len(levels), LATENTS), dtype=np.float32)
    codes[:, 0] = np.linspace(-1.7, 1.7, len(levels))  # standard deviation 1
    which = rng.integers(0, len(levels), shape)
    here = codes[which]
    z = _standardised(here.reshape(shape[0], -1, LATENTS).mean(axis=1))
    return levels[which], z, here


def _levels(low: int, high: int, dtype: str) -> Array:
    """At most 64 integers from ``low`` to ``high``, both among them."""
    steps = min(LEVELS, high - low + 1)
    # Python's integers: the range of uint64 fits no signed one.
    return np.array([low + (high - low) * step // max(1, steps - 1) for step in range(steps)], dtype=dtype)


def _field(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Values of about standard deviation 1 in which the latents show; the formula is at the top."""
    rows, positions, channels = shape[0], shape[1:-1], shape[-1] if len(shape) > 1 else 1
    many = min(LATENTS, int(np.prod(shape[1:])))
    z = rng.standard_normal((rows, many), dtype=np.float32)
    if many < LATENTS:  # room for the latents alone
        return z.reshape(shape), z
    patterns = []
    for latent in range(many):
        wave = np.ones(positions, np.float32)
        # No more flat waves than channels that tell them apart.
        flat = latent % 2 == 0 and latent < 2 * channels
        for axis, size in enumerate(() if flat else positions):
            turns, phase = rng.uniform(0.5, 2.0), rng.uniform(0.0, 2 * np.pi)
            along = np.cos(2 * np.pi * turns * np.arange(size) / size + phase).astype(np.float32)
            wave = wave * along.reshape([-1 if at == axis else 1 for at in range(len(positions))])
        patterns.append(wave[..., None] * rng.standard_normal(channels, dtype=np.float32))
    signal = _product(z, np.stack(patterns).reshape(many, -1))
    signal /= max(float(signal.std()), 1e-6)
    x = signal + NOISE * rng.standard_normal(signal.shape, dtype=np.float32)
    return x.reshape(shape).astype(np.float32), z


def _ranged(x: Floats, port: Port, family: Family) -> Array:
    """Brings values of standard deviation 1 into the range of an input."""
    if family == "bool":
        flags: Array = x > 0
        return flags
    share = 1.0 / (1.0 + np.exp(-1.7 * x))  # the normal distribution function, to 0.01
    if family == "integer":
        levels = _levels(*integer_range(port), port.spec.dtype)
        numbers: Array = levels[np.minimum((share * len(levels)).astype(np.int64), len(levels) - 1)]
        return numbers
    if port.low is not None and port.high is not None:
        stretched: Floats = (port.low + (port.high - port.low) * share).astype(np.float32)
        return stretched
    if port.low is None and port.high is None:
        return x
    clipped: Floats = np.clip(x, port.low, port.high).astype(np.float32)
    return clipped


def _taught_shape(head: Head) -> tuple[int, ...]:
    """What the teacher computes for a row of a head: a score for each label in use, or the values themselves."""
    scored = head.encoding in ("sparse", "one-hot")
    return (*head.shape[:-1], min(head.classes, LEVELS)) if scored else head.shape


def _targets(latents: Sequence[Floats], head: Head, rng: np.random.Generator) -> Array:
    """Targets of whole rows."""
    shape = _taught_shape(head)
    size = int(np.prod(shape))
    values = _teach(np.concatenate(latents, axis=1), min(size, TEACHER_OUTPUTS), rng)
    tiled = np.take(values, np.arange(size) % values.shape[1], axis=1)
    return _encoded(tiled.reshape(len(values), *shape), head)


def _local_targets(near: Sequence[Floats], head: Head, rng: np.random.Generator) -> Array:
    """Targets of every position, from what the inputs hold there."""
    here = np.concatenate(near, axis=-1)
    shape = _taught_shape(head)
    values = _teach(here.reshape(-1, here.shape[-1]), shape[-1], rng)
    return _encoded(values.reshape(len(here), *shape), head)


def _teach(features: Floats, outputs: int, rng: np.random.Generator) -> Floats:
    """The teacher, ``standardised(tanh(features W) V)``: one hidden layer, so that no linear model does it all."""
    weights = rng.standard_normal((features.shape[1], TEACHER_WIDTH), dtype=np.float32) / np.sqrt(features.shape[1])
    bias = rng.standard_normal(TEACHER_WIDTH, dtype=np.float32)
    hidden = np.tanh(2.0 * _product(_standardised(features), weights.astype(np.float32)) + bias)
    return _standardised(_product(hidden, rng.standard_normal((TEACHER_WIDTH, outputs), dtype=np.float32)))


def _product(rows: Floats, matrix: Floats) -> Floats:
    """``rows @ matrix``, the same to the bit in every process.

    Why not ``@``? BLAS may sum in another order on another number of threads, and both sides of a trial pair draw their
    data on their own.
    """
    product: Floats = np.einsum("nk,kj->nj", rows, matrix, optimize=False)
    return product


def _encoded(values: Floats, head: Head) -> Array:
    if head.encoding == "binary" or (head.encoding == "real" and head.zero_one):
        return (values > 0).astype(np.float32)
    if head.encoding == "real":
        return values
    # Where the classes are more than the labels in use, these are spread over them.
    labels = _levels(0, head.classes - 1, "int64")[np.argmax(values, axis=-1)]
    return labels if head.encoding == "sparse" else one_hot(labels, head.classes)


def _standardised(values: Floats) -> Floats:
    """Columns with mean 0 and standard deviation 1 (0 where constant)."""
    centred = values - values.mean(axis=0)
    deviation = centred.std(axis=0)
    scaled: Floats = (centred / np.where(deviation > 0, deviation, 1.0)).astype(np.float32)
    return scaled
