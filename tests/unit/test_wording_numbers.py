"""Comparisons of values in words: each phrase to the letter, for reports and scripts read them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from kerasdiff.findings import Subject
from kerasdiff.graph.values import Array, Closeness, Tolerance
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.report.wording import numbers

FLOAT64 = precision_tolerance("float64")


def told(reference: Array | list[float], candidate: Array | list[float]) -> str:
    return numbers.closeness(compare_values(np.asarray(reference), np.asarray(candidate), FLOAT64))


def test_a_difference_is_told_with_its_limit_index_and_count() -> None:
    assert told([[0.0, 2.0, 4.0]], [[0.0, 2.0, 5.0]]) == (
        "largest difference 25 % of scale 4 at (0, 2), limit 1e-09, 1 of 3 values beyond it"
    )


@pytest.mark.parametrize(
    ("reference", "candidate", "text"),
    [
        ([1.0, 2.0], [1.0, 2.0], "the same in all 2 values"),
        ([0.0, 0.0], [0.0, 0.0], "the same in all 2 values; all zero, which says nothing"),
        ([math.nan], [math.nan], "the same in all 1 values; 1 not finite on both sides; nothing finite to compare"),
        (
            [0.0, 0.0],
            [0.0, 0.5],
            "largest difference 5.0e-01 where the reference is all zero, at (1,), limit 1e-09, 1 of 2 values beyond it",
        ),
        (
            [1.0, math.nan, math.inf],
            [1.0, 2.0, math.inf],
            "largest difference inf of scale 1 at (1,), limit 1e-09, 1 of 3 values beyond it; "
            "1 NaN or infinite on one side alone; 1 not finite on both sides",
        ),
    ],
)
def test_values_that_say_little_say_so(reference: list[float], candidate: list[float], text: str) -> None:
    assert told(reference, candidate) == text


def test_values_without_a_distance_are_named_for_what_they_are() -> None:
    assert told(np.zeros((2, 3)), np.zeros((3, 2))) == "shape (2, 3) against (3, 2)"
    assert told(np.zeros(2, np.float32), np.zeros(2)) == "dtype float32 against float64"
    assert told(np.array(["a", "b"]), np.array(["a", "c"])) == (
        "largest difference inf of scale nan at (1,), limit 0e+00, 1 of 2 values beyond it; "
        "values without a distance differ"
    )


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (Subject(quantity="output", probe="normal"), "probe normal"),
        (Subject(quantity="output", probe="normal", number=1, of=2), "probe normal, output 1"),
        (Subject(quantity="training output", probe="ids"), "training output of probe ids"),
        (Subject(quantity="training output", probe="ids", of=2), "training output of probe ids, output 0"),
        (Subject(quantity="gradient", weight="dense/kernel"), "gradient of dense/kernel"),
        (Subject(quantity="state", weight="bn/moving_mean"), "state of bn/moving_mean"),
        (Subject(quantity="call loss", number=1), "loss that layers add"),
        (Subject(quantity="call loss", number=1, of=2), "loss 1 of 2 that layers add"),
        (Subject(quantity="call losses"), "loss that layers add"),
        (Subject(quantity="regularizer loss", weight="dense/kernel"), "regularizer loss of dense/kernel"),
        (
            Subject(quantity="unmatched losses", of=3),
            "sum of 3 added losses that do not correspond one by one",
        ),
        (Subject(quantity="added losses", probe="zeros"), "sum of added losses, probe zeros"),
        (Subject(quantity="loss"), "loss"),
        (Subject(quantity="optimizer step", weight="dense/kernel"), "optimizer step of dense/kernel"),
        (Subject(quantity="metric", weight="accuracy"), "metric accuracy"),
        (
            Subject(quantity="gradient", weight="dense/kernel", weight_scale=64.0),
            "gradient of dense/kernel, weights 64 times as large",
        ),
    ],
)
def test_what_was_compared_is_named(subject: Subject, text: str) -> None:
    assert numbers.subject(subject) == text


def test_a_limit_says_where_it_comes_from() -> None:
    assert numbers.provenance(FLOAT64) == "1e-09 of scale (float64: rounding 1e-15, bugs 1e-3 and up)"
    assert numbers.provenance(precision_tolerance("float32", 2.5e-5)) == (
        "0.00025 of scale (float32: 10 x the reference's own distance to float64, 2.5e-05; at least 1e-05)"
    )
    assert numbers.provenance(Tolerance(limit=1e-3, grounds="far")).startswith("far beyond rounding")


def test_a_widened_limit_names_the_one_it_comes_from() -> None:
    assert numbers.provenance(replace(FLOAT64, limit=1e-7)) == numbers.provenance(FLOAT64)


def test_what_has_no_index_is_told_by_its_mismatch_alone() -> None:
    close = Closeness(
        equal=False,
        max_absolute=math.inf,
        max_relative=math.inf,
        place=None,
        beyond=4,
        count=4,
        limit=1e-9,
        smallest_passing=math.inf,
        scale=math.nan,
        mismatch="dtype",
        unlike=("int32", "int64"),
    )
    assert numbers.closeness(close) == "dtype int32 against int64"


@pytest.mark.parametrize(
    ("distance", "told"),
    [
        (0.0, "0 of scale"),
        (3.1e-6, "3.1e-06 of scale"),
        (0.0026, "0.26 % of scale"),
        (0.49, "49 % of scale"),
        (-1.66, "166 % of scale"),
        (12.4, "12 times scale"),
        (3e7, "3e+07 times scale"),
        (math.inf, "inf of scale"),
    ],
)
def test_a_distance_is_told_in_one_way(distance: float, told: str) -> None:
    assert numbers.share(distance) == told
