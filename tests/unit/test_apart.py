"""What tells two samples of random values apart: their distribution, or over which axis they vary together."""

from __future__ import annotations

import numpy as np
import pytest

from kerasdiff.graph.chance import AXES
from kerasdiff.graph.values import Array
from kerasdiff.probing.draws.apart import SMALLEST_P, looks

CALLS, ROWS, COPIES = 64, 2, 16
STEPS, CHANNELS = 4, 3


def dropped(*over: str, seed: int, rate: float = 0.4) -> Array:
    """Ones that a mask was put on which varies over these axes, rows among them."""
    varying = [name in over for name in ("row", "row", "time step", "channel")]
    sizes = [size if varies else 1 for size, varies in zip((ROWS, COPIES, STEPS, CHANNELS), varying, strict=True)]
    mask = np.random.default_rng(seed).random((CALLS, *sizes)) >= rate
    return np.broadcast_to(mask / (1 - rate), (CALLS, ROWS, COPIES, STEPS, CHANNELS)).astype("float64")


def told(one: Array, two: Array) -> set[str]:
    found = looks(one, two)
    return {one.over or "values" for one in found if one.p < SMALLEST_P / len(found)}


@pytest.mark.parametrize(
    "over", [("row", "time step", "channel"), ("row", "channel"), ("row",), ("time step", "channel"), ()]
)
def test_samples_of_one_mask_are_not_told_apart(over: tuple[str, ...]):
    assert all(told(dropped(*over, seed=seed), dropped(*over, seed=seed + 100)) == set() for seed in range(20))


@pytest.mark.parametrize("axis", ["row", "time step", "channel"])
def test_a_mask_that_is_drawn_once_for_an_axis_is_told_by_it(axis: str):
    less = [name for name in AXES if name != axis]
    found = told(dropped(*AXES, seed=1), dropped(*less, seed=2))

    assert axis in found
    assert found <= {axis, "values"}  # a sum over an axis spreads otherwise, too


def test_another_rate_is_told_by_values():
    assert "values" in told(dropped(*AXES, seed=1), dropped(*AXES, seed=2, rate=0.6))


def test_constants_are_one_sample():
    assert told(np.ones((CALLS, ROWS, COPIES, STEPS)), np.ones((CALLS, ROWS, COPIES, STEPS))) == set()
