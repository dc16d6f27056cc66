"""Is a difference rounding that a model amplifies, a jump that rounding decides, or a difference?

The reference is run against itself, moved by rounding of several sizes. What a model amplifies shrinks with the size; a
jump does not, for a value that stands on a constant leaves it by the smallest step. So the reaction of a reference that
jumps measures nothing, and neither does one that is as large as the values themselves: it would pass any candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Compared, Subject
from kerasdiff.graph.values import Tolerance
from kerasdiff.probing.numbers.limits import GRADIENT_FACTOR

PERTURBATION = 2.0**-24
"""Relative size of the changes to weights and inputs that stand for rounding: half a unit in the last place of float32,
in which models run. A constant that one side rounds to it, and the other does not, is no difference there: scores of
an attention on inputs of 1e3 make 1e-2 of it, ordinary layers 1e-7."""

SIZES = (PERTURBATION, 2.0**-34, 2.0**-44)
"""Relative sizes of the changes, in float64: of a rounded constant, down to eight bits above float64's own rounding."""

NARROW_SIZES = (2.0**-22, 2.0**-17, 2.0**-12)
"""The same in float32, whose last place is at 2^-23: only larger changes show there whether a reaction grows."""

AMPLIFIED = 10.0
"""A difference up to this many times what rounding does to the reference may be rounding: there the changes of many
weights average out, a rounded constant moves all values one way."""

SLOWEST = 0.25
"""Power of the size with which a reaction shrinks at least, or it jumps: that of a square root at 0 is 0.5."""

DECIDES = 0.2
"""Fraction of scale from which on a limit decides nothing, whatever it was taken from. Measured on 160 pairs: what
perturbing the reference allows for stays below 1e-3."""

PLAIN = 1e-3
"""Fraction of scale from which on a difference on the first probe is no rounding, however much a model amplifies it."""

SAME_JUMP = 0.2
"""Fraction of a difference by which it may change from float64 to float32 where no rounding decides it."""

AGREES = 1e-5
"""Fraction of scale up to which both sides are the same in float32, where rounding of ordinary layers is no larger."""

NEARLY = 1e-4
"""Fraction of scale up to which rounding in float32 may account for what is left there, which decides nothing then."""

Kind = Literal["difference", "rounding", "open", "jump"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How a comparison is made again, to see what rounding does.

    Attributes:
        moved: The reference against itself, its weights and inputs moved by a relative size.
        sizes: The sizes; the first stands for rounding, the others show how the reaction changes with the size.
        narrow: In float32, the reference against itself in float64, and both sides against each other; ``None`` where
            float32 is all there is.
        plain: Fraction of scale from which on a difference on the first probe is not looked at again.
        unsure: Whether rounding within an op may be as large as a small difference, as in float32: moving weights and
            inputs does not show that of a sum that cancels, so where ordinary inputs agree, a difference below
            ``PLAIN`` on others decides nothing.
        wide: What is compared, in a float64 in which a side does something else; ``None`` where there is none.

    Raises:
        EvaluateError: Of what is called, if a side cannot be run.
    """

    moved: Callable[[float], Sequence[Compared]]
    sizes: tuple[float, ...] = SIZES
    narrow: Callable[[], tuple[Sequence[Compared], Sequence[Compared]]] | None = None
    plain: float = PLAIN
    unsure: bool = False
    wide: Callable[[], Sequence[Compared]] | None = None


def wide_of(tolerance: Tolerance) -> Tolerance:
    """The limit of what sums over positions and layers, as far as a limit decides anything."""
    return replace(tolerance, limit=min(GRADIENT_FACTOR * tolerance.limit, DECIDES))


def beyond(comparisons: Sequence[Compared]) -> list[Compared]:
    """Those beyond their limit."""
    return [item for item in comparisons if not item.closeness.equal]


def doubtful(comparisons: Sequence[Compared], plain: float = PLAIN) -> bool:
    """Whether what differs may be rounding that the model amplifies: beyond the limit, but not on ordinary inputs."""
    first = comparisons[0].closeness if comparisons else None
    return bool(beyond(comparisons)) and first is not None and (first.equal or first.max_relative < plain)


def tempered(comparisons: Sequence[Compared], again: Again) -> list[Compared]:
    """The same, with what rounding accounts for taken as equal, and what it may account for as undecided.

    Raises:
        EvaluateError: If the reference cannot be run again.
    """
    settled = _settled(comparisons, again) if doubtful(comparisons, again.plain) else list(comparisons)
    return _hiding(settled, again)


def _settled(comparisons: Sequence[Compared], again: Again) -> list[Compared]:
    kinds = _by_moving(comparisons, again)
    narrow = _foreign([item for item in beyond(comparisons) if item.subject not in kinds], again)
    if again.unsure and comparisons[0].closeness.equal:
        small = (item for item in beyond(comparisons) if _distance(item) < PLAIN)
        kinds.update((item.subject, ("open", PLAIN)) for item in small if item.subject not in kinds)
    told = [narrow.get(item.subject, item) for item in comparisons]
    return [_told(item, *kinds.get(item.subject, ("difference", 0.0))) for item in told]


def _hiding(comparisons: Sequence[Compared], again: Again) -> list[Compared]:
    """The same, with what agrees by the limit of float32 alone as undecided, where float64 differs.

    What float64 shows may be what a side does there alone, or a difference as small as this one. The former where
    float32 agrees within ``AGREES``, or no further than ``AMPLIFIED`` times what rounding moves there.
    """
    loose = [item for item in comparisons if item.closeness.equal and AGREES < _distance(item) < np.inf]
    if not loose or again.wide is None:
        return list(comparisons)
    apart = {item.subject for item in beyond(again.wide())} & {item.subject for item in loose}
    if not apart:
        return list(comparisons)
    moved = _distances(again.moved(again.sizes[0]))
    apart = {item.subject for item in loose if _distance(item) > AMPLIFIED * moved.get(item.subject, 0.0)} & apart
    return [
        replace(item, closeness=replace(item.closeness, equal=False, undecided=True)) if item.subject in apart else item
        for item in comparisons
    ]


def _by_moving(comparisons: Sequence[Compared], again: Again) -> dict[Subject, tuple[Kind, float]]:
    """What the differences are that are no larger than the reference moves by rounding, with how far it moves."""
    first = _distances(again.moved(again.sizes[0]))
    within = [item for item in beyond(comparisons) if _distance(item) <= AMPLIFIED * first.get(item.subject, 0.0)]
    if not within:
        return {}
    moves = [first, *(_distances(again.moved(size)) for size in again.sizes[1:])]
    kinds = {
        item.subject: kind_of(_distance(item), [one.get(item.subject, 0.0) for one in moves], again.sizes)
        for item in within
    }
    return {**kinds, **_robust(within, kinds, again)}


def kind_of(distance: float, moved: Sequence[float], sizes: Sequence[float]) -> tuple[Kind, float]:
    """What a difference is, beyond its limit, of a value that moves so far by rounding of these sizes.

    ``rounding`` where ``distance <= AMPLIFIED * moved < DECIDES`` for a size of at most the first, and the reaction
    shrinks with the size: ``moved(small) <= moved(large) * (small / large) ** SLOWEST``.

    Args:
        distance: Of both sides, as a fraction of scale.
        moved: Of the reference from itself, by size, likewise.
        sizes: Of the changes; the first stands for rounding.

    Returns:
        The kind, and the limit it rests on.
    """
    limits = [AMPLIFIED * own for own, size in zip(moved, sizes, strict=True) if size <= sizes[0]]
    if not distance <= max(limits):
        return "difference", max(limits)
    large, small = int(np.argmax(sizes)), int(np.argmin(sizes))
    if large != small and moved[small] > moved[large] * (sizes[small] / sizes[large]) ** SLOWEST:
        return "jump", max(limits)
    deciding = max((limit for limit in limits if limit < DECIDES), default=0.0)
    return ("rounding", deciding) if distance <= deciding else ("open", max(limits))


def _robust(
    items: Sequence[Compared], kinds: Mapping[Subject, tuple[Kind, float]], again: Again
) -> dict[Subject, tuple[Kind, float]]:
    """The jumps that are differences: what is the same in float32 hangs on no rounding."""
    jumping = [item for item in items if kinds[item.subject][0] == "jump"]
    if not jumping or again.narrow is None:
        return {}
    try:
        own, apart = map(_distances, again.narrow())
    except EvaluateError:
        return {}  # no other precision to look at
    robust: dict[Subject, tuple[Kind, float]] = {}
    for item in jumping:
        most = SAME_JUMP * _distance(item)
        steady = own.get(item.subject, np.inf) <= most
        if steady and abs(apart.get(item.subject, np.inf) - _distance(item)) <= most:
            robust[item.subject] = "difference", most
    return robust


def _foreign(items: Sequence[Compared], again: Again) -> dict[Subject, Compared]:
    """Differences that are none in float32, as compared there, if the reference is as far from itself in float64.

    A score that 1e9 is taken from is lost in float32 and kept in float64: which values a row gets that is masked as a
    whole, float64 does not tell.
    """
    if not items or again.narrow is None:
        return {}
    try:
        own, both = again.narrow()
    except EvaluateError:
        return {}  # no other precision to look at
    moved = _distances(own)
    there = {item.subject: item for item in both}
    found: dict[Subject, Compared] = {}
    for item in items:
        same = there.get(item.subject)
        lost = (1 - SAME_JUMP) * _distance(item)
        if same is not None and _distance(same) <= NEARLY < lost <= moved.get(item.subject, 0):
            agrees = _distance(same) <= AGREES
            settled = {"equal": True, "beyond": 0, "limit": AGREES} if agrees else {"equal": False, "undecided": True}
            close = replace(same.closeness, foreign=True, **settled)
            found[item.subject] = replace(same, closeness=close)
    return found


def _told(item: Compared, kind: Kind, limit: float) -> Compared:
    close = item.closeness
    if kind == "rounding":
        close = replace(close, equal=True, beyond=0, limit=limit)
    elif kind in ("open", "jump"):
        close = replace(close, undecided=True)
    return replace(item, closeness=close)


def _distance(item: Compared) -> float:
    return item.closeness.max_relative


def _distances(comparisons: Sequence[Compared]) -> dict[Subject, float]:
    """How far the reference moves, where that is finite."""
    return {item.subject: _distance(item) for item in comparisons if np.isfinite(_distance(item))}
