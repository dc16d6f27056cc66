"""Closeness is decided by the stated formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Tolerance
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import FLOAT32_FLOOR, TINY, precision_tolerance
from kerasdiff.report.wording import closeness, provenance

EXACT = Tolerance(limit=0.0, grounds="far")
LOOSE = Tolerance(limit=1e-5, grounds="far")

finite_arrays = hnp.arrays(
    np.float64,
    hnp.array_shapes(max_dims=3, max_side=4),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False),
)
any_arrays = hnp.arrays(np.float32, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(width=32))


@given(any_arrays)
def test_a_tensor_equals_itself_at_limit_zero(values: np.ndarray) -> None:
    found = compare_values(values, values.copy(), EXACT)
    assert found.equal
    assert found.beyond == 0
    assert found.max_absolute == 0.0
    assert found.smallest_passing == 0.0
    assert found.nonfinite == np.count_nonzero(~np.isfinite(values))


@given(finite_arrays, st.data())
def test_the_smallest_passing_limit_passes_and_nothing_below_it_does(
    reference: np.ndarray, data: st.DataObject
) -> None:
    candidate = data.draw(hnp.arrays(np.float64, reference.shape, elements=st.floats(-1e6, 1e6, allow_subnormal=False)))
    found = compare_values(reference, candidate, EXACT)
    assert compare_values(reference, candidate, Tolerance(limit=found.smallest_passing, grounds="far")).equal
    if found.smallest_passing > 0:
        below = float(np.nextafter(found.smallest_passing, 0.0)) * (1 - 1e-12)
        assert not compare_values(reference, candidate, Tolerance(limit=below, grounds="far")).equal


@given(finite_arrays, st.data(), st.floats(1e-12, 1.0))
def test_the_count_and_place_follow_the_formula(reference: np.ndarray, data: st.DataObject, limit: float) -> None:
    candidate = data.draw(hnp.arrays(np.float64, reference.shape, elements=st.floats(-1e6, 1e6, allow_subnormal=False)))
    found = compare_values(reference, candidate, Tolerance(limit=limit, grounds="far"))
    scale = max(np.abs(reference).max(), TINY)
    distance = np.abs(reference - candidate)
    assert found.beyond == np.count_nonzero(distance > limit * scale)
    assert found.equal == (found.beyond == 0)
    assert found.count == reference.size
    assert found.place is not None
    assert distance[found.place] == distance.max() == found.max_absolute


def test_an_element_near_zero_may_carry_the_rounding_of_its_neighbours() -> None:
    reference = np.array([1000.0, 1e-9])
    assert compare_values(reference, reference + np.array([0.0, 1e-3]), LOOSE).equal
    assert not compare_values(reference, reference + np.array([0.0, 1e-1]), LOOSE).equal


def test_the_sentence_has_limit_place_and_count() -> None:
    reference = np.ones((2, 8))
    candidate = reference.copy()
    candidate[0, 7] += 3.1e-4
    assert closeness(compare_values(reference, candidate, LOOSE)) == (
        "largest difference 3.1e-04 of scale 1 at (0, 7), limit 1e-05, 1 of 16 values beyond it"
    )
    assert closeness(compare_values(reference, reference, LOOSE)) == "the same in all 16 values"


def test_nan_is_equal_to_nan_alone() -> None:
    reference = np.array([1.0, math.nan, math.inf, -math.inf])
    same = compare_values(reference, reference, EXACT)
    assert same.equal
    assert same.nonfinite == 3
    other = compare_values(reference, np.array([1.0, 2.0, -math.inf, math.nan]), Tolerance(limit=1e9, grounds="far"))
    assert not other.equal
    assert (other.beyond, other.place, other.smallest_passing) == (3, (1,), math.inf)
    assert "3 NaN or infinite on one side alone" in closeness(other)


def test_agreement_of_zeros_says_nothing() -> None:
    zeros = np.zeros((2, 3), np.float32)
    found = compare_values(zeros, zeros, LOOSE)
    assert found.equal
    assert not found.informative
    assert "says nothing" in closeness(found)
    assert not compare_values(zeros, zeros + 1e-6, LOOSE).equal
    assert compare_values(zeros, np.full((2, 3), 1e-44, np.float32), LOOSE).equal
    assert not compare_values(np.array([math.nan]), np.array([math.nan]), LOOSE).informative


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [(np.ones((3, 2), np.float32), "shape (2, 3) against (3, 2)"), (np.ones((2, 3)), "dtype float32 against float64")],
)
def test_another_shape_or_dtype_is_beyond_every_limit(candidate: np.ndarray, reason: str) -> None:
    found = compare_values(np.ones((2, 3), np.float32), candidate, Tolerance(limit=1e9, grounds="far"))
    assert not found.equal
    assert closeness(found) == reason
    assert found.beyond == found.count == 6


def test_integers_and_strings_must_be_the_same() -> None:
    ids = np.array([10**9, 2], np.int64)
    assert not compare_values(ids, ids + np.array([1, 0]), Tolerance(limit=0.1, grounds="far")).equal
    wide = np.array([2**60], np.int64)
    assert not compare_values(wide, wide + 1, LOOSE).equal
    assert compare_values(np.array(["a"]), np.array(["a"]), LOOSE).equal
    assert not compare_values(np.array(["a"]), np.array(["b"]), LOOSE).equal
    assert compare_values(np.array([True, False]), np.array([True, True]), LOOSE).beyond == 1


def test_comparing_nothing_is_an_error() -> None:
    with pytest.raises(EvaluateError, match="empty"):
        compare_values(np.empty((0, 3)), np.empty((0, 3)), LOOSE)


def test_argmax_agreement_counts_rows() -> None:
    reference = np.array([[0.1, 0.9], [0.8, 0.2]])
    assert compare_values(reference, np.array([[0.6, 0.4], [0.8, 0.2]]), LOOSE).argmax_agreement == 0.5
    assert compare_values(np.ones((2, 1)), np.ones((2, 1)), LOOSE).argmax_agreement is None


def test_tolerances_say_where_they_come_from() -> None:
    assert precision_tolerance("float64").limit == 1e-9
    assert precision_tolerance("float32").limit == precision_tolerance("float32", math.nan).limit == FLOAT32_FLOOR
    assert precision_tolerance("float32", 1e-4).limit == pytest.approx(1e-3)
    assert "0.0001" in provenance(precision_tolerance("float32", 1e-4))


def test_values_that_are_rounding_beside_others_are_held_to_a_scale_that_is_not_their_own() -> None:
    noise, other = np.full(3, 1e-17), np.full(3, -1e-17)

    assert not compare_values(noise, other, LOOSE).equal
    held = compare_values(noise, other, LOOSE, least=1e-6)

    assert held.equal
    assert held.max_relative == pytest.approx(2e-11)
    assert closeness(held).startswith("largest difference 2.0e-17 where the reference is at most 1.0e-17, at (0,)")


def test_no_number_is_told_as_a_fraction_of_zero() -> None:
    apart = compare_values(np.zeros(3), np.full(3, 2.0), LOOSE)

    assert apart.from_zero
    assert "largest difference 2.0e+00 where the reference is all zero, at (0,)" in closeness(apart)
