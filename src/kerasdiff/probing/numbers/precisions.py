"""Does a model do in float64 what it does in float32? Only then does float64 tell what float32 computes.

A layer may take a fused op in float32 and write the same out in float64, and get it wrong; code may ask for the dtype.
A worker says where a call is made of other ops or constants, which costs nothing and proves nothing: most of those do
the same. So such a side is run in float32, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array, Precision
from kerasdiff.probing.numbers.limits import FAR_FROM_ROUNDING, FLOAT32_FLOOR, GRADIENT_FACTOR
from kerasdiff.probing.numbers.rounding import NARROW_SIZES, PLAIN
from kerasdiff.side.observations import Evaluation, Stage, Staged

Distances = dict[tuple[str, ...], float]
"""By what was compared, how far two runs of a side lie apart there, as a fraction of its largest value."""


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
    if max(distances.values(), default=0.0) <= FLOAT32_FLOOR:
        return False
    limits: Distances = {}  # of a side that draws anew in each run, which moves it by itself
    if wide.repeated:
        limits = _limits(_distances(ask("float64", perturbation=NARROW_SIZES[0]), wide))
    if not _beyond(distances, limits):
        return False
    drawn = _with_the_same_draws(parts)
    return True if drawn is None else drawn


def _limits(moved: Distances) -> Distances:
    """Of each value, beyond which its distance is more than rounding, by how far that moves it."""
    return {key: max(_floor(key), FAR_FROM_ROUNDING * distance) for key, distance in moved.items()}


def _floor(key: tuple[str, ...]) -> float:
    """Below which a distance tells nothing but rounding."""
    return PLAIN if key[0] == "output" and key[1] != "0" else FLOAT32_FLOOR


def _beyond(distances: Distances, limits: Distances) -> bool:
    return any(distance > limits.get(key, PLAIN) for key, distance in distances.items())


def _with_the_same_draws(parts: InParts) -> bool | None:
    """The same of outputs and states with the random numbers of float64; ``None`` where none are known to be drawn."""
    try:
        wide = parts.ask(parts.stage)
        if wide.hidden or not wide.draws:
            return None
        given = {number: draw.value for number, draw in enumerate(wide.draws)}
        low = {number: value.astype(np.float32) for number, value in given.items()}
        narrow = parts.ask(replace(parts.stage, precision="float32", draws=low))
        if len(narrow.draws) != len(wide.draws):
            return None
        distances = _staged(narrow, wide)
        if not _beyond(distances, dict.fromkeys(distances, FLOAT32_FLOOR)):
            return False
        moved = parts.ask(replace(parts.stage, perturbation=NARROW_SIZES[0], draws=given))
    except EvaluateError:
        return None
    return _beyond(distances, _limits(_staged(moved, wide)))


def _distances(one: Evaluation, two: Evaluation) -> Distances:
    """How far outputs, by probe, states and, on the scale of them all, gradients lie apart."""
    found: Distances = {}
    for probe, (a, b) in enumerate(zip(one.outputs, two.outputs, strict=False)):
        found.update(_outputs(str(probe), a, b))
    found.update(_states(one.state, two.state))
    slopes = (_flat(tuple(side.gradients.values())) for side in (one, two))
    found["gradient",] = _distance(*slopes) / GRADIENT_FACTOR
    return found


def _staged(one: Staged, two: Staged) -> Distances:
    """The same of parts of a call, on the one probe they are run on."""
    return {**_outputs("0", one.outputs, two.outputs), **_states(one.state, two.state)}


def _outputs(probe: str, low: Sequence[Array], high: Sequence[Array]) -> Distances:
    pairs = enumerate(zip(low, high, strict=False))
    return {("output", probe, str(number)): _distance(a, b) for number, (a, b) in pairs}


def _states(low: Mapping[str, Array], high: Mapping[str, Array]) -> Distances:
    return {("state", name): _distance(low[name], high[name]) for name in sorted(low.keys() & high.keys())}


def _flat(values: Sequence[Array | None]) -> Array:
    return np.concatenate([np.zeros(1), *(value.ravel() for value in values if value is not None)])


def _distance(low: Array, high: Array) -> float:
    """How far two values lie apart, where both are finite, as a fraction of the largest."""
    if low.dtype.kind != "f" or low.shape != high.shape:
        return 0.0
    finite = np.isfinite(low) & np.isfinite(high)
    scale = float(np.max(np.abs(high[finite]), initial=0.0))
    error = float(np.max(np.abs(low[finite].astype(np.float64) - high[finite]), initial=0.0))
    return error / scale if scale else error
