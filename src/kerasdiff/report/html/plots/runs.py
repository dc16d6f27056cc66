"""Which trials does a figure show, and what do all of them do on average? Shared by all figures of a fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kerasdiff.findings import SIDES
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report.html.numbers import figure, plotted
from kerasdiff.report.html.plots.records import Plotted
from kerasdiff.report.html.plots.thinning import MOST_CURVES, MOST_IN_ALL, MOST_POINTS, kept, run_length, spread
from kerasdiff.side.training import Trial, TrialSide, TrialSoFar

Course = tuple[Sequence[int], Sequence[float]]
"""Of one trial: steps or epochs from 1, and the figure at each."""

Of = Callable[[TrialSoFar], Course]
"""What a figure shows of a trial."""

ORDER: tuple[TrialSide, ...] = (*SIDES, "control", "rounding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Over the finished trials of a side, as far as all of them have finite figures.

    Attributes:
        deviation: Over the seeds, divided by one less than their number; empty with one seed.
    """

    side: TrialSide
    at: tuple[int, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def of(fit: FitEvidence, side: TrialSide) -> list[TrialSoFar]:
    """The trials of a side, in the order of the evidence."""
    return [trial for trial in fit.trials if trial.side == side]


def pairs(fit: FitEvidence) -> list[tuple[Trial, Trial]]:
    """The finished pairs, in the order of the seeds."""
    sides = ([trial for trial in of(fit, side) if isinstance(trial, Trial)] for side in SIDES)
    return list(zip(*sides, strict=False))


def means(fit: FitEvidence, course: Of) -> list[Mean]:
    """Of both sides, where more than one trial is finished."""
    found = []
    for side in SIDES:
        courses = [course(trial) for trial in of(fit, side) if isinstance(trial, Trial)]
        if len(courses) > 1:
            found.append(_mean(side, courses))
    return found


def _mean(side: TrialSide, courses: Sequence[Course]) -> Mean:
    shortest = min(courses, key=lambda course: len(course[0]))[0]
    table = np.array([figures[: len(shortest)] for _, figures in courses], np.float64)
    lost = ~np.isfinite(table).all(axis=0)
    reach = int(lost.argmax()) if lost.any() else len(shortest)
    return Mean(
        side=side,
        at=tuple(shortest[:reach]),
        mean=tuple(table[:, :reach].mean(axis=0).tolist()),
        deviation=tuple(table[:, :reach].std(axis=0, ddof=1).tolist()),
    )


def drawn(mean: Mean) -> Plotted:
    """A mean and its band for the scripts."""
    chosen = kept(mean.mean)
    return {
        "side": mean.side,
        "x": places(mean.at, chosen),
        "mean": plotted([mean.mean[at] for at in chosen]),
        "low": plotted([mean.mean[at] - mean.deviation[at] for at in chosen]),
        "high": plotted([mean.mean[at] + mean.deviation[at] for at in chosen]),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Single trials for the scripts, and what was left out of them.

    Attributes:
        seeds: Trials of the side that has most, and how many of them are drawn.
        steps: Figures of the longest trial, and how many neighbours two drawn points stand for.
    """

    curves: list[Plotted]
    seeds: tuple[int, int]
    steps: tuple[int, int]


def curves(fit: FitEvidence, course: Of) -> Drawn:
    """At most `MOST_CURVES` of a side, controls last; the longer they are and the more, the fewer points of each."""
    chosen = [(trial, course(trial)) for side in ORDER for trial in spread(of(fit, side), MOST_CURVES)]
    chosen = [(trial, found) for trial, found in chosen if found[0]]
    longest = max((len(found[0]) for _, found in chosen), default=0)
    most = points_of(len(chosen))
    many = max(len(of(fit, side)) for side in SIDES)
    return Drawn(
        curves=[_curve(trial, found, most) for trial, found in chosen],
        seeds=(many, min(many, MOST_CURVES)),
        steps=(longest, run_length(longest, most)),
    )


def points_of(curves: int) -> int:
    """Points of each of so many curves."""
    return min(MOST_POINTS, MOST_IN_ALL // max(1, curves))


def _curve(trial: TrialSoFar, course: Course, most: int) -> Plotted:
    at, values = course
    chosen = kept(values, most)
    return {
        "side": trial.side,
        "seed": trial.seed,
        "x": places(at, chosen),
        "y": plotted([values[place] for place in chosen]),
        "end": figure(values[-1]) if not math.isfinite(values[-1]) else None,
        "whole": isinstance(trial, Trial),
    }


def places(at: Sequence[int], chosen: Sequence[int]) -> list[int] | None:
    """Where points stand; ``None`` where that is 1, 2, 3 and on."""
    found = [at[place] for place in chosen]
    return None if found == list(range(1, len(found) + 1)) else found
