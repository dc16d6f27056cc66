"""Whether an op changed what came in."""

from __future__ import annotations

import numpy as np
import pytest

from kerasdiff.explain.acting import acts

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
        (np.array([1, 2]), np.array([1, 2]), True),
    ],
)
def test_an_op_acts_where_a_value_is_another(value, operand, acted) -> None:
    assert acts(value, operand) is acted
