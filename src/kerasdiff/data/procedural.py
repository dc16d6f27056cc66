"""The set a fit trains on where CIFAR-10 is not on the machine: of its shape, drawn on the spot, always the same."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kerasdiff.data.cifar import SIDE, Images, Labels, cifar10_cached
from kerasdiff.data.table import Table
from kerasdiff.side.training import DataSource

Floats = NDArray[np.float32]

TRAIN_ROWS, TEST_ROWS = 2_000, 500
"""Rows of made-up data: 31 batches of 64, and a test accuracy to 2.2 points (one standard error at one half)."""

SHAPES = ("disc", "ring", "square", "diamond", "cross")
STRIPES = ("upright", "level")
CLASS_NAMES = tuple(f"{shape}, {stripes}" for shape in SHAPES for stripes in STRIPES)


def procedural_table(seed: int = 0) -> Table:
    """The procedural set as a fit uses it: 2,000 + 500 images."""
    images, labels = procedural(TRAIN_ROWS + TEST_ROWS, seed)
    return Table(
        arrays={
            "x_train": images[:TRAIN_ROWS],
            "y_train": labels[:TRAIN_ROWS],
            "x_test": images[TRAIN_ROWS:],
            "y_test": labels[TRAIN_ROWS:],
        },
        origin="the procedural set",
        source=DataSource(
            kind="procedural", train=TRAIN_ROWS, test=TEST_ROWS, cifar10_missing=cifar10_cached() is None
        ),
        class_names=CLASS_NAMES,
    )


@cache
def procedural(count: int, seed: int) -> tuple[Images, Labels]:
    """Ten classes of 32x32 colour images that no linear function of the pixels tells apart.

    Class ``k`` shows shape ``k // 2`` (disc, ring, square, diamond, cross), filled with stripes that run upright where
    ``k`` is even and level where it is odd. Everything else is nuisance, drawn anew for every image: position, size,
    both colours (so the contrast has either sign), frequency, phase and tilt of the stripes, a shaded background, two
    coloured distractor blobs, and noise. With phase and sign of contrast random, every class has nearly the same mean
    image, so that the classes differ in second and higher moments alone.

    Measured on the forum pair, 2,000 + 500 images, seed 0, 900 steps of 64 (29 epochs), one CPU thread: test accuracy
    0.434 without the three ReLUs and 0.486 with them (0.916 and 0.986 on the last ten training batches). One seed:
    the standard error of a test accuracy here is 0.022.

    Args:
        count: Images; classes are balanced to within one and shuffled.
        seed: Any non-negative integer; the same arguments give the same bytes.

    Returns:
        uint8 ``(count, 32, 32, 3)`` and labels 0 to 9 ``(count,)``; the same arrays each time, not to be written to.
    """
    rng = np.random.default_rng([seed, count])
    labels = rng.permutation(np.arange(count) % len(CLASS_NAMES)).astype(np.int64)
    axis = np.arange(SIDE, dtype=np.float32)
    rows, columns = axis[None, :, None], axis[None, None, :]
    image = _background(rng, count, rows, columns)
    for _ in range(2):
        image = _blend(image, _blob(rng, count, rows, columns), _colours(rng, count))
    first = _colours(rng, count)
    # The second colour is the first one's complement, more or less: the stripes always show.
    second = np.clip(1.0 - first + _normal(rng, (count, 1, 1, 3), 0.15), 0.0, 1.0)
    stripes = _stripes(rng, labels % 2, rows, columns)[..., None]
    image = _blend(image, _shapes(rng, labels // 2, rows, columns), stripes * first + (1.0 - stripes) * second)
    image += _normal(rng, image.shape, 0.04)
    images = (np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)
    for array in (images, labels):
        array.flags.writeable = False
    return images, labels


def _uniform(rng: np.random.Generator, count: int, low: float, high: float) -> Floats:
    """One number an image, shaped to meet its pixels: (count, 1, 1)."""
    return (low + (high - low) * rng.random((count, 1, 1), dtype=np.float32)).astype(np.float32)


def _normal(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Floats:
    return (deviation * rng.standard_normal(shape, dtype=np.float32)).astype(np.float32)


def _colours(rng: np.random.Generator, count: int) -> Floats:
    return rng.random((count, 1, 1, 3), dtype=np.float32)


def _blend(image: Floats, mask: Floats, colour: Floats) -> Floats:
    return image + mask[..., None] * (colour - image)


def _background(rng: np.random.Generator, count: int, rows: Floats, columns: Floats) -> Floats:
    slope = (rows * _uniform(rng, count, -1, 1) + columns * _uniform(rng, count, -1, 1)) / SIDE
    shaded: Floats = (0.25 + 0.5 * _colours(rng, count) + 0.3 * slope[..., None]).astype(np.float32)
    return shaded


def _blob(rng: np.random.Generator, count: int, rows: Floats, columns: Floats) -> Floats:
    row, column, radius = (_uniform(rng, count, low, high) for low, high in ((0, SIDE), (0, SIDE), (2, 5)))
    blob: Floats = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * radius**2)).astype(np.float32)
    return blob


def _stripes(rng: np.random.Generator, level: Labels, rows: Floats, columns: Floats) -> Floats:
    """A grating between 0 and 1 with a period of 4 to 7 pixels, at most 17 degrees off its class's direction."""
    count = len(level)
    angle = level.astype(np.float32)[:, None, None] * (np.pi / 2) + _uniform(rng, count, -0.3, 0.3)
    turn = 2 * np.pi / _uniform(rng, count, 4, 7)
    along = np.cos(angle) * columns + np.sin(angle) * rows
    wave: Floats = (0.5 + 0.5 * np.sin(turn * along + _uniform(rng, count, 0, 2 * np.pi))).astype(np.float32)
    return wave


def _shapes(rng: np.random.Generator, kind: Labels, rows: Floats, columns: Floats) -> Floats:
    """Masks between 0 and 1, edges one pixel soft, of about equal area at equal radius."""
    count = len(kind)
    row, column = _uniform(rng, count, 11, 21), _uniform(rng, count, 11, 21)
    radius = _uniform(rng, count, 7.5, 11)
    down, right = np.abs(rows - row), np.abs(columns - column)
    away = np.hypot(down, right)
    # Signed distance inside each outline, in pixels; the factors even out the areas.
    inside = (
        radius - away,
        np.minimum(1.1 * radius - away, away - 0.5 * radius),
        0.88 * radius - np.maximum(down, right),
        (1.25 * radius - (down + right)) / np.float32(np.sqrt(2)),
        np.minimum(1.15 * radius - np.maximum(down, right), 0.4 * radius - np.minimum(down, right)),
    )
    mask = np.empty((count, SIDE, SIDE), np.float32)
    for which, depth in enumerate(inside):
        chosen = kind == which
        mask[chosen] = np.clip(depth[chosen] + 0.5, 0.0, 1.0)
    return mask
