"""What rounding accounts for is told from a jump and from a difference, and no limit near the scale decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Compared, Subject
from kerasdiff.graph.values import Tolerance
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.rounding import DECIDES, NARROW_SIZES, PLAIN, SIZES, Again, kind_of, tempered

LIMIT = Tolerance(limit=1e-9, grounds="float64")


def compared(*distances: float) -> list[Compared]:
    """Comparisons of values of scale 1 that are so far apart, each on a probe of its own."""
    one = np.ones(2)
    return [
        Compared(
            subject=Subject(quantity="output", probe=str(number)),
            closeness=compare_values(one, one - [0.0, distance], LIMIT),
        )
        for number, distance in enumerate(distances)
    ]


def outcomes(items: Sequence[Compared]) -> list[str]:
    return [
        "equal" if item.closeness.equal else "undecided" if item.closeness.undecided else "different" for item in items
    ]


@pytest.mark.parametrize(
    ("distance", "reaction", "sizes", "kind"),
    [
        pytest.param(1e-5, lambda size: 100 * size, SIZES, "rounding", id="amplified"),
        pytest.param(1e-3, lambda size: 100 * size, SIZES, "difference", id="more-than-rounding-does"),
        pytest.param(1.0, lambda size: 1.1, SIZES, "jump", id="jump"),
        pytest.param(1e-4, lambda size: 1e-4, SIZES, "jump", id="jump-that-is-averaged-away"),
        pytest.param(1e-4, lambda size: 1e-4 if size > 2.0**-40 else 0.0, SIZES, "rounding", id="past-a-jump-at-first"),
        pytest.param(0.5, lambda size: 1e6 * size, SIZES, "open", id="limit-as-large-as-the-scale"),
        pytest.param(1e-7, lambda size: min(1.0, 1e9 * size), SIZES, "rounding", id="saturated-at-first"),
        pytest.param(1e-3, lambda size: min(1.0, 1e9 * size), SIZES, "open", id="more-than-the-smallest-size-does"),
        pytest.param(1e-4, lambda size: size**0.5, SIZES, "rounding", id="root-at-0"),
        pytest.param(1e-5, lambda size: 10 * size, NARROW_SIZES, "rounding", id="amplified-in-float32"),
        pytest.param(1.0, lambda size: 1.0, NARROW_SIZES, "jump", id="jump-in-float32"),
        pytest.param(1e-3, lambda size: 10 * size, NARROW_SIZES, "difference", id="larger-sizes-give-no-limit"),
    ],
)
def test_a_reaction_that_shrinks_is_rounding(
    distance: float, reaction: Callable[[float], float], sizes: tuple[float, ...], kind: str
) -> None:
    assert kind_of(distance, [reaction(size) for size in sizes], sizes)[0] == kind


def test_no_limit_that_decides_comes_near_the_scale() -> None:
    kind, limit = kind_of(1e-7, [min(1.0, 1e9 * size) for size in SIZES], SIZES)
    assert kind == "rounding"
    assert 1e-7 <= limit < DECIDES


@pytest.mark.parametrize(
    ("own", "apart", "outcome"),
    [
        pytest.param(1e-7, 1.0, "different", id="the-same-in-float32"),
        pytest.param(1.0, 1.0, "undecided", id="the-reference-jumps-elsewhere-in-float32"),
        pytest.param(1e-7, 0.0, "undecided", id="no-difference-in-float32"),
        pytest.param(None, None, "undecided", id="no-float32"),
    ],
)
def test_a_jump_counts_where_both_precisions_show_it(own: float | None, apart: float | None, outcome: str) -> None:
    def narrow() -> tuple[Sequence[Compared], Sequence[Compared]]:
        if own is None or apart is None:
            raise EvaluateError("cannot be run in float32")
        return compared(0.0, own), compared(0.0, apart)

    again = Again(moved=lambda size: compared(0.0, 1.0), narrow=narrow)

    assert outcomes(tempered(compared(0.0, 1.0), again)) == ["equal", outcome]


@pytest.mark.parametrize(
    ("own", "apart", "outcome"),
    [
        pytest.param(0.2, 1e-7, "equal", id="lost-in-float32-on-both-sides"),
        pytest.param(0.2, 5e-5, "undecided", id="lost-there-but-for-more-than-its-rounding"),
        pytest.param(0.2, 1e-3, "different", id="and-different-there-too"),
        pytest.param(1e-3, 1e-7, "different", id="the-reference-is-the-same-in-both"),
        pytest.param(None, None, "different", id="no-float32"),
    ],
)
def test_what_float32_does_not_show_is_no_difference_where_the_reference_is_another_one_in_float64(
    own: float | None, apart: float | None, outcome: str
) -> None:
    def narrow() -> tuple[Sequence[Compared], Sequence[Compared]]:
        if own is None or apart is None:
            raise EvaluateError("cannot be run in float32")
        return compared(0.0, own), compared(0.0, apart)

    again = Again(moved=lambda size: compared(0.0, 0.0), narrow=narrow)

    assert outcomes(tempered(compared(0.0, 0.2), again)) == ["equal", outcome]


def test_nothing_is_run_again_for_a_plain_difference_or_none() -> None:
    def moved(size: float) -> Sequence[Compared]:
        raise AssertionError

    again = Again(moved=moved)

    assert outcomes(tempered(compared(PLAIN, 1.0), again)) == ["different", "different"]
    assert outcomes(tempered(compared(0.0, 1e-12), again)) == ["equal", "equal"]
    assert tempered([], again) == []


def test_what_agrees_by_the_limit_of_float32_alone_decides_nothing_where_float64_differs() -> None:
    def narrow(*distances: float) -> list[Compared]:
        one = np.ones(2)
        loose = Tolerance(limit=1e-3, grounds="float32")
        close = [compare_values(one, one - [0.0, distance], loose) for distance in distances]
        return [replace(item, closeness=b) for item, b in zip(compared(*distances), close, strict=True)]

    seen = narrow(1e-6, 5e-4, 5e-4, 5e-4)
    again = Again(
        moved=lambda size: compared(0.0, 0.0, 1e-4, 0.0),
        sizes=NARROW_SIZES,
        unsure=True,
        wide=lambda: compared(0.1, 5e-4, 0.1, 0.0),
    )

    assert outcomes(tempered(seen, again)) == ["equal", "undecided", "equal", "equal"]
    assert outcomes(tempered(seen, replace(again, wide=None))) == ["equal"] * 4


def test_a_small_difference_on_unusual_inputs_decides_nothing_in_float32() -> None:
    still = Again(moved=lambda size: compared(0.0, 0.0, 0.0), sizes=NARROW_SIZES, unsure=True)

    assert outcomes(tempered(compared(0.0, 1e-4, 1e-2), still)) == ["equal", "undecided", "different"]
    assert outcomes(tempered(compared(1e-4, 1e-4, 1e-2), still)) == ["different", "different", "different"]
