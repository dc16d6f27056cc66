"""How does a number reach the scripts of a page? As JSON, which holds no infinity and no NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

DIGITS = 7
"""Significant digits of a figure in the page: those of float32, in which models train; a pixel shows four."""

NAMES: Mapping[float, str] = {math.inf: "Infinity", -math.inf: "-Infinity"}


def figure(value: float | None, digits: int = DIGITS) -> float | str | None:
    """A number for the scripts: what is not finite by its name in JavaScript, which reads it back from there."""
    if value is None:
        return None
    if math.isfinite(value):
        return float(f"{value:.{digits}g}")
    return NAMES.get(value, "NaN")


def plotted(values: Sequence[float | None]) -> list[float | str | None]:
    """Many of them."""
    return [figure(value) for value in values]
