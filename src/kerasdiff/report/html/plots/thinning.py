"""Which points of a large figure are drawn? A stated few that look like all of them; of a small one every point."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

MOST_POINTS = 600
"""Points of a curve: two on each pixel of the plot on a narrow screen, and one on two of a wide one."""

MOST_CURVES = 30
"""Seeds drawn one by one of each side: more thin lines are a blot. Means and bands are of all."""

MOST_IN_ALL = 20_000
"""Points of all curves of a plot: a quarter of a megabyte of the page."""

MOST_ROWS = 200
"""Rows of a table below a figure: what a reader scrolls through."""

MOST_STEPS = 40
"""The same of steps, at even distances: the course, not each turn."""


def kept(values: Sequence[float], most: int = MOST_POINTS) -> list[int]:
    """The positions to draw: of each run of neighbours the lowest and the highest value, and both ends.

    A spike stays as high as it is. Where no more than ``most`` are given, all of them.

    >>> kept([0, 1, 9, 1, 0, -5, 0, 1], most=4)
    [0, 2, 5, 7]
    """
    count = len(values)
    if count <= most:
        return list(range(count))
    chosen = {0, count - 1}
    for run in _runs(count, most):
        finite = [at for at in run if math.isfinite(values[at])]
        chosen.update([at for at in run if not math.isfinite(values[at])][:1])
        if finite:
            chosen |= {min(finite, key=lambda at: values[at]), max(finite, key=lambda at: values[at])}
    return sorted(chosen)


def run_length(count: int, most: int = MOST_POINTS) -> int:
    """How many neighbours stand for two drawn points; 1 where all are drawn."""
    return 1 if count <= most else -(-count // max(1, most // 2))


def _runs(count: int, most: int) -> list[range]:
    length = run_length(count, most)
    return [range(start, min(start + length, count)) for start in range(0, count, length)]


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most ``most`` of them at even distances, the first and the last among them.

    >>> spread("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if len(items) <= most:
        return list(items)
    return [items[round(at * (len(items) - 1) / (most - 1))] for at in range(most)]


def largest(items: Sequence[Item], size: Callable[[Item], float], most: int = MOST_ROWS) -> list[Item]:
    """At most ``most`` of them, those of the largest ``size``, in the order in which they were given."""
    if len(items) <= most:
        return list(items)
    order = sorted(range(len(items)), key=lambda at: (-_rank(size(items[at])), at))
    return [items[at] for at in sorted(order[:most])]


def _rank(size: float) -> float:
    return math.inf if math.isnan(size) else size
