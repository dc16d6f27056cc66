"""Where do the values of both sides part? Both are run node by node, the candidate also on the reference's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerasdiff.explain.cut import CutPoint, Traced
from kerasdiff.explain.patching import Patcher
from kerasdiff.explain.records import LocalDifference, NodeDistance
from kerasdiff.explain.rows import Rows
from kerasdiff.findings import Compared
from kerasdiff.graph.values import Array
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.prober import both
from kerasdiff.side.observations import Staged

SETTLING = 3
"""How often cut points that turn out not to hold the same value are dropped before the rest is taken as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Both sides, value by value.

    Attributes:
        divergence: The first value that differs where each side runs on its own.
        local: The values that differ although they are computed from the reference's.
        compared: How many were compared so.
        distances: Of all of them.
        outputs: Of each side on its own.
        updates: By position of the edit, the largest difference of a state update that is computed from the reference's
            values, as a fraction of scale; under ``None`` of those that no edit touches. Empty unless asked for.
    """

    divergence: LocalDifference | None
    local: tuple[LocalDifference, ...]
    compared: int
    distances: tuple[NodeDistance, ...]
    outputs: tuple[tuple[Array, ...], tuple[Array, ...]]
    updates: Mapping[int | None, float]


def walk(patcher: Patcher, rows: Rows, pairs: Mapping[str, str], *, updates: bool) -> Walk:
    """Runs both sides on their own, and the candidate with every operand the reference's (teacher forcing).

    Cut points whose values differ though no edit lies before them are dropped: they are not the same thing.

    Args:
        patcher: Runs the sides.
        rows: How values are compared.
        pairs: Reference weight id to candidate weight id.
        updates: Whether state updates are compared.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    wanted = [traced for _, traced in patcher.cut.inner]
    reference, candidate = both(
        lambda side: patcher.ask(
            side,
            replace(
                patcher.plain[side],
                wanted=tuple(traced[side] for traced in wanted),
                outputs=True,
                effects=updates and side == 0,
            ),
        )
    )
    forced, local = _forced(patcher, rows, reference, updates=updates)
    overall = _compared([(point, traced) for point, traced, _ in local], rows.on_their_own, reference, candidate)
    first = next(_differing(overall), None)
    return Walk(
        divergence=None if first is None else _local_difference(*first),
        local=tuple(_local_difference(*item) for item in _differing(local) if item[0].edits),
        compared=len(local),
        distances=tuple(_distances(overall, local)),
        outputs=(reference.outputs, candidate.outputs),
        updates=_updates(patcher, rows, pairs, reference, forced),
    )


Points = list[tuple[CutPoint, Traced, Compared | None]]
"""Cut points with how their values compare; ``None`` for those that are the same to the last bit."""


def _forced(patcher: Patcher, rows: Rows, reference: Staged, *, updates: bool) -> tuple[Staged, Points]:
    """The candidate on the reference's values at the cut points that stay, and how it compares there."""
    for _ in range(SETTLING):
        inner = patcher.cut.inner
        given = {two: reference.values[one] for _, (one, two) in inner}
        request = replace(patcher.plain[1], given=given, wanted=tuple(given), effects=updates)
        forced = patcher.ask(1, request)
        points = _compared(inner, rows, reference, forced)
        mistaken = [point.names[0] for point, _ in _differing(points) if not point.edits]
        if not mistaken:
            break
        patcher.cut.drop(mistaken)
    return forced, points


def _compared(inner: Sequence[tuple[CutPoint, Traced]], rows: Rows, reference: Staged, other: Staged) -> Points:
    """The values of the reference against those of another run, in order."""
    points: Points = []
    for point, (one, two) in inner:
        a, b = reference.values[one], other.values[two]
        same = a.size and a.dtype == b.dtype and np.array_equal(a, b)
        points.append((point, (one, two), None if same else rows.compare(a, b)))
    return points


def _differing(points: Points) -> Iterator[tuple[CutPoint, Compared]]:
    for point, _, compared in points:
        if compared is not None and not compared.closeness.equal:
            yield point, compared


def _distances(overall: Points, local: Points) -> Iterator[NodeDistance]:
    """Those of every pair of nodes, the largest of its results."""
    found: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for kind, points in enumerate((overall, local)):
        for point, _, compared in points:
            found.setdefault(point.names, ([], []))[kind].append(_distance(compared))
    for names, (every, own) in found.items():
        yield NodeDistance(nodes=names, overall=max(every), local=max(own))


def _distance(compared: Compared | None) -> float:
    if compared is None:
        return 0.0
    close = compared.closeness
    return close.max_absolute if close.from_zero else close.max_relative


def _local_difference(point: CutPoint, compared: Compared) -> LocalDifference:
    return LocalDifference(
        nodes=point.names,
        probe=compared.subject.probe,
        closeness=compared.closeness,
        edits=tuple(sorted(point.edits)),
    )


def _updates(
    patcher: Patcher, rows: Rows, pairs: Mapping[str, str], reference: Staged, forced: Staged
) -> dict[int | None, float]:
    """What one side alone may write, the other holds as both had it before."""
    owns = {**patcher.as_reference(forced.before), **reference.state}
    others = {**reference.before, **patcher.as_reference(forced.state)}
    largest: dict[int | None, float] = {}
    for name, value in others.items():
        if name not in owns or name not in pairs or value.dtype.kind != "f":
            continue
        own = owns[name]
        size = compare_values(own, value.reshape(own.shape), rows.tolerance).max_relative
        if size == 0:
            continue  # no update at all, or one that no edit changes
        for position in patcher.cut.edits_on((name, pairs[name])) or (None,):
            largest[position] = max(largest.get(position, 0.0), size)
    return largest
