"""When and by which limits is a fit decided? The plan of looks; `kerasdiff.fitting.statistics` says why it is so."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from kerasdiff.errors import FitError

LOOK_RATIO = 0.6
"""Each look comes at this fraction of the next, which gives 3, 5 and 8: each shrinks the mean's error by the same
factor, where a look after every pair would cost alpha and bring little news."""

FIRST_LOOK, MOST_LOOKS = 3, 4
"""Two pairs would need a t of 12.7 at 0.05; every look more takes alpha from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When and by which limits a fit is decided; fixed before the first look.

    A fit that goes on with a longer plan after an inconclusive one looks again with a new alpha: the two plans
    together err at most ``2 * alpha``.

    Attributes:
        margin: Equivalence margin in the metric's unit, above 0.
        alpha: Error rate of each claim over all looks together, above 0 and below 0.5.
        looks: Numbers of pairs after which a decision is tried, ascending.
        resolution: The metric's step (an accuracy's is 1 / test samples), 0 for none. The tests take the deviation
            to be at least half of it, the deviation of a fair toss between two neighbouring values: seeds that give
            the very same accuracy out of 100 images prove no spread of zero. With 0 and a step wider than the
            spread the tests err far above alpha.

    Raises:
        FitError: If one of them is out of range.
    """

    margin: float
    alpha: float = 0.05
    looks: tuple[int, ...]
    resolution: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.margin) and self.margin > 0):
            raise FitError(f"The equivalence margin must be a finite number above 0, not {self.margin:g}.")
        if not 0 < self.alpha < 0.5:
            raise FitError(f"The error rate alpha must lie between 0 and 0.5, not at {self.alpha:g}.")
        if not self.looks or self.looks[0] < 1 or any(b <= a for a, b in itertools.pairwise(self.looks)):
            raise FitError(f"The looks must be ascending numbers of trial pairs from 1, not {self.looks}.")
        if not (math.isfinite(self.resolution) and self.resolution >= 0):
            raise FitError(f"The metric's resolution must be a finite number from 0, not {self.resolution:g}.")


def default_plan(margin: float, most: int, alpha: float = 0.05, resolution: float = 0.0) -> Plan:
    """Plans the looks for at most ``most`` pairs: the last there, each other at `LOOK_RATIO` of the next.

    >>> default_plan(0.01, 8).looks
    (3, 5, 8)

    Raises:
        FitError: If ``most`` is below 1, or another argument is out of range.
    """
    looks = [most]
    while len(looks) < MOST_LOOKS and round(looks[0] * LOOK_RATIO) >= FIRST_LOOK:
        looks.insert(0, round(looks[0] * LOOK_RATIO))
    return Plan(margin=margin, alpha=alpha, looks=tuple(looks), resolution=resolution)


def spent(looks: tuple[int, ...], alpha: float) -> tuple[float, ...]:
    """Each look's share of alpha, by the Pocock-type spending function."""
    spent = [0.0, *(alpha * math.log1p((math.e - 1) * look / looks[-1]) for look in looks)]
    return tuple(after - before for before, after in itertools.pairwise(spent))
