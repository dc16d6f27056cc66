"""Does a model do in float64 what it does in float32? Only then does float64 tell what float32 computes.

A layer may take a fused op in float32 and write the same out in float64, and get it wrong; code may ask for the dtype.
A worker says where a call is made of other ops or constants, which costs nothing and proves nothing: most of those do
the same. So such a side is run in float32, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array, Precision
from kerasdiff.probing.numbers.limits import FAR_FROM_ROUNDING, FLOAT32_FLOOR, GRADIENT_FACTOR
from kerasdiff.probing.numbers.rounding import NARROW_SIZES, PLAIN
from kerasdiff.side.observations import Evaluation, Stage, Staged


class Asked(Protocol):
    """Runs one side on the probes of a run, in one mode."""

    def __call__(self, precision: Precision, *, perturbation: float = 0.0) -> Evaluation:
        """All of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InParts:
    """How the first probe of a run is run with given random numbers.

    Attributes:
        stage: Of the mode, in float64.
        ask: Runs it.
    """

    stage: Stage
    ask: Callable[[Stage], Staged]


def does_otherwise(wide: Evaluation, ask: Asked, parts: InParts) -> bool:
    """Whether a side does something else in float32 than in float64, as far as its own values in both tell.

    It does where ``distance > max(FLOAT32_FLOOR, FAR_FROM_ROUNDING * moved)`` for a value, with ``moved`` for how far
    rounding moves it in float64; and likewise with the same random numbers, if it draws any, for those come out
    otherwise in another dtype. Outputs on other probes than the first have ``PLAIN`` for the floor: a variance of large
    values is a difference of larger ones, which in float32 loses digits that moving its inputs in float64 does not.

    Args:
        wide: In float64.
        ask: Runs the side again.
        parts: Runs it with given random numbers.

    Raises:
        EvaluateError: If the side cannot be run again.
    """
    if not wide.otherwise:
        return False
    distances = _distances(ask("float32"), wide)
    if max(distances, default=0.0) <= FLOAT32_FLOOR:
        return False
    limits = [PLAIN] * len(distances)  # of a side that draws anew in each run, which moves it by itself
    if wide.repeated:
        moved = _distances(ask("float64", perturbation=NARROW_SIZES[0]), wide)
        limits = [max(floor, FAR_FROM_ROUNDING * one) for floor, one in zip(_floors(wide), moved, strict=True)]
    if not _beyond(distances, limits):
        return False
    drawn = _with_the_same_draws(parts)
    return drawn is None or _beyond(drawn, limits)


def _beyond(distances: Sequence[float], limits: Sequence[float]) -> bool:
    return any(distance > limit for distance, limit in zip(distances, limits, strict=False))


def _with_the_same_draws(parts: InParts) -> list[float] | None:
    """How far the outputs lie apart with the random numbers of float64; ``None`` where none are known to be drawn."""
    try:
        wide = parts.ask(parts.stage)
        if wide.hidden or not wide.draws:
            return None
        given = {number: draw.value.astype(np.float32) for number, draw in enumerate(wide.draws)}
        narrow = parts.ask(replace(parts.stage, precision="float32", draws=given))
    except EvaluateError:
        return None
    return None if len(narrow.draws) != len(wide.draws) else _apart(narrow.outputs, wide.outputs)


def _distances(one: Evaluation, two: Evaluation) -> list[float]:
    """How far outputs, states and, on the scale of them all, gradients lie apart, the first probe first."""
    outputs = (_apart(a, b) for a, b in zip(one.outputs, two.outputs, strict=False))
    names = sorted(one.state.keys() & two.state.keys())
    states = _apart(*([side.state[name] for name in names] for side in (one, two)))
    gradients = _apart(*([_flat(tuple(side.gradients.values()))] for side in (one, two)))
    return [
        *(distance for each in outputs for distance in each),
        *states,
        *(one / GRADIENT_FACTOR for one in gradients),
    ]


def _floors(wide: Evaluation) -> list[float]:
    """Below which distances, in the order of :func:`_distances`, nothing is told but rounding."""
    outputs = [FLOAT32_FLOOR if not number else PLAIN for number, each in enumerate(wide.outputs) for _ in each]
    return [*outputs, *(FLOAT32_FLOOR for _ in wide.state), FLOAT32_FLOOR]


def _flat(values: Sequence[Array | None]) -> Array:
    return np.concatenate([np.zeros(1), *(value.ravel() for value in values if value is not None)])


def _apart(low: Sequence[Array], high: Sequence[Array]) -> list[float]:
    """By array how far two runs lie apart, where both are finite, as a fraction of the largest value."""
    return [_distance(a, b) for a, b in zip(low, high, strict=False)]


def _distance(low: Array, high: Array) -> float:
    if low.dtype.kind != "f" or low.shape != high.shape:
        return 0.0
    finite = np.isfinite(low) & np.isfinite(high)
    scale = float(np.max(np.abs(high[finite]), initial=0.0))
    error = float(np.max(np.abs(low[finite].astype(np.float64) - high[finite]), initial=0.0))
    return error / scale if scale else error
