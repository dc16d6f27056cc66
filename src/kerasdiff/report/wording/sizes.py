"""How large is a difference, in a line or two? What changes, and by how much of what, for a table or a first screen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from kerasdiff.comparison import Comparison
from kerasdiff.explain.records import Attribution, Measure
from kerasdiff.report.wording.explain import NAMED, far
from kerasdiff.report.wording.numbers import LARGEST, share, subject
from kerasdiff.rungs.records import NumberFigures, Rung


class Size(NamedTuple):
    """What changes, by how much, and whether that is beyond rounding."""

    what: str
    amount: str
    beyond: bool


def sizes(comparison: Comparison) -> list[Size]:
    """What all edits together change; where that was not measured, how far the numbers are apart."""
    attribution = comparison.attribution
    if attribution is not None and attribution.total:
        told = (sized(attribution, measure, size) for measure, size in attribution.total.items())
        return [*told, *_same_class(comparison)]
    return [*(size for rung in comparison.rungs for size in _measured(rung)), *_same_class(comparison)]


def sized(attribution: Attribution, measure: Measure, size: float) -> Size:
    """A size of an effect: ``49 % of the largest value``, ``+0.072``."""
    beyond = not abs(size) <= attribution.limits.get(measure, 0.0)
    return Size(NAMED[measure], _amount(measure, size) if beyond else "nothing beyond rounding", beyond)


def _amount(measure: Measure, size: float) -> str:
    if not math.isfinite(size):
        return "NaN or infinite on one side"
    return far(measure, size, LARGEST)


def _measured(rung: Rung) -> Iterator[Size]:
    """Of a rung that ran both models on numbers, the worst difference."""
    figures = rung.figures
    if not isinstance(figures, NumberFigures):
        return
    apart = "NaN or infinite on one side"
    if figures.max_absolute == 0.0:
        apart = "the same to the last bit"
    elif math.isfinite(figures.max_relative):
        apart = share(figures.max_relative, LARGEST)
    yield Size(f"{rung.name}, {subject(figures.where)}", apart, bool(figures.beyond))


def _same_class(comparison: Comparison) -> Iterator[Size]:
    """In how many rows both pick the same largest entry."""
    rung = next((rung for rung in comparison.rungs if rung.name == "inference"), None)
    if rung is None or not isinstance(rung.figures, NumberFigures) or rung.figures.argmax_agreement is None:
        return
    agreement = rung.figures.argmax_agreement
    yield Size("same largest output", f"in {100 * agreement:.0f} % of the rows", agreement < 1)
