"""NaN is said, and decides nothing: outputs that hold nothing else, and trials that learn from nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Compared, Subject
from kerasdiff.options import LAST_SEED, Options
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.observations import Comparisons
from kerasdiff.report.wording.findings.table import detail
from kerasdiff.rungs.numbers import judged

LIMIT = precision_tolerance("float64")
BLANK, NUMBERS = np.full(3, math.nan), np.asarray([1.0, 2.0, 3.0])


def seen(*outputs: tuple[np.ndarray, np.ndarray]) -> Comparisons:
    """Each pair of arrays on the same two probes."""
    compared = tuple(
        Compared(
            subject=Subject(quantity="output", probe=probe, number=number, of=len(outputs)),
            closeness=compare_values(*pair, LIMIT),
        )
        for probe in ("normal", "zeros")
        for number, pair in enumerate(outputs)
    )
    return Comparisons(compared=compared, precision="float64", tolerance=LIMIT)


def test_an_output_that_is_never_finite_decides_nothing() -> None:
    alone, beside = seen((BLANK, BLANK)), seen((NUMBERS, NUMBERS), (BLANK, BLANK))

    assert not alone.agree
    assert not beside.agree
    assert judged("inference", alone, "output").outcome == judged("inference", beside, "output").outcome == "failed"
    assert "NaN or infinite on both sides" in detail(judged("inference", alone, "output"))
    assert "1 of 2 outputs" in detail(judged("inference", beside, "output"))


def test_a_difference_beside_it_is_one() -> None:
    apart = seen((NUMBERS, NUMBERS + 1), (BLANK, BLANK))

    assert judged("inference", apart, "output").outcome == "different"
    assert judged("inference", seen((BLANK, NUMBERS)), "output").outcome == "different"


def test_some_values_that_are_not_finite_hide_nothing() -> None:
    mixed = np.asarray([1.0, math.nan, math.inf])

    assert seen((mixed, mixed)).agree


@pytest.mark.parametrize("seed", [-1, LAST_SEED + 1, 10**30])
def test_a_seed_out_of_range_is_refused_in_a_sentence(seed: int) -> None:
    with pytest.raises(EvaluateError, match="is no seed: they go from 0 to 4294967295"):
        Options(seed=seed)
    assert Options(seed=LAST_SEED).seed == LAST_SEED
