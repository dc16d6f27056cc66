"""Whether an op changed what came in."""

from __future__ import annotations

import numpy as np
import pytest

from kerasdiff.explain.acting import acts, slopes_part
from kerasdiff.explain.drives import LARGE, LOST, SMALL, driven

ONES = np.array([1.0, -2.0, 3.0])


@pytest.mark.parametrize(
    ("value", "operand", "acted"),
    [
        (ONES, ONES, False),
        (ONES + 1e-12, ONES, False),
        (np.array([1e-12, 1.0]), np.array([0.0, 1.0]), True),
        (np.array([1.0, -2.0, 2.0]), ONES, True),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf]), False),
        (np.array([0.0, 1.0]), np.array([np.nan, 1.0]), True),
        (np.array([5.0]), np.array([np.inf]), True),
        (ONES[:2], ONES, True),
        (np.array([1, 2]), np.array([1, 2]), False),
        (np.array([1, 2]), np.array([1, 3]), True),
        (np.array([True]), np.array([True]), True),
    ],
)
def test_an_op_acts_where_a_value_is_another(value, operand, acted) -> None:
    assert acts(value, operand) is acted


@pytest.mark.parametrize(
    ("ones", "twos", "acting", "part"),
    [
        (ONES, ONES, True, False),
        (0 * ONES, ONES, True, True),  # nothing comes back through a clip
        (0 * ONES, ONES, False, False),  # at a corner, where nothing acts
        (0 * ONES, 1e-12 * ONES, True, False),  # far out on a sigmoid
        (ONES, np.nan * ONES, False, True),
        (np.nan * ONES, np.nan * ONES, True, False),
    ],
)
def test_gradients_part_where_an_op_acts_or_one_side_has_none(ones, twos, acting, part) -> None:
    assert slopes_part(({"0": ones}, {"0": twos}), ({"0": ONES}, {"0": ONES}), acting=acting) is part


@pytest.mark.parametrize(
    ("value", "change", "reach", "found"),
    [
        (np.array([3, 5], "int32"), LARGE["large"], None, [30_000_000, 50_000_000]),
        (np.array([3, 5], "int32"), LARGE["huge"], None, [2**31 - 1, 2**31 - 1]),
        (np.array([3, 5], "uint8"), LARGE["huge"], None, [255, 255]),
        (np.array([3, 5], "uint8"), SMALL["negative"], None, [0, 0]),
        (np.array([3, 5], "int32"), LOST["nan"], None, [0, 0]),
        (np.array([3, 5], "int32"), LARGE["large"], (0, 9), [9, 9]),
        (np.array([3, 5], "int32"), SMALL["negative"], (0, 9), [0, 0]),
        (np.array([3.0, 5.0]), SMALL["negative"], None, [-3.0, -5.0]),
    ],
)
def test_whole_numbers_are_driven_within_their_dtype_and_reach(value, change, reach, found) -> None:
    made = driven(value, change, reach)

    assert made.tolist() == found
    assert made.dtype == value.dtype
