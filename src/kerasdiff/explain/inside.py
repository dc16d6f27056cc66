"""Do two models part where a value inside them is a constant, or beyond one? No input that is drawn leads there.

``x >= 0.5`` and ``x > 0.5`` agree on every value but one, ``x`` and ``x + relu(x - 30000)`` on all that is usual. Where
both sides have the value that is compared or held back, it is given to both, with the constant in it, or with what lies
between constants: if their outputs part, nothing that was probed says that they are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from kerasdiff.align.edits import Edit
from kerasdiff.align.telling.folding import nodes_of
from kerasdiff.explain.cut import Traced, traced_of
from kerasdiff.explain.patching import Patcher
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import FUSED, Edge, Graph, Node
from kerasdiff.graph.values import Array, Tolerance
from kerasdiff.probing.inputs.constants import as_written, hitting
from kerasdiff.probing.inputs.knots import between, jumps, knots
from kerasdiff.probing.inputs.origins import Origins
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.prober import both

INSIDE = Tolerance(limit=1e-6, grounds="far")
"""Limit of outputs that are computed from one value: rounding is 1e-15, and a jump of one entry 1e-3 and up."""

USUAL = 10.0
"""How many times as far apart as at usual values outputs may lie at others: what edits do there is no matter of values.
An epsilon of 1e-7 beside a number of rows parts them by 1e-9 to 1e-8, at all values."""

MOST_MET = 16
"""Constants that are met, the first: each costs a run of either side."""

Knots = Mapping[Traced, Mapping[float, tuple[int, Node]]]
"""By value that both sides have: the constants at which an edited node does something else, each with the first one."""

Met = Mapping[tuple[Edge, float], Sequence[tuple[int, Node]]]
"""By value of the reference that both sides have, and constant to meet there: the nodes that jump, with their sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What constants inside the models showed.

    Attributes:
        apart: The first at which both sides part.
        agreeing: By side, the traced nodes that were given what they jump at, without a difference.
    """

    apart: tuple[Finding, ...] = ()
    agreeing: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


def inside(graphs: tuple[Graph, Graph], patcher: Patcher, edits: Mapping[int, Edit]) -> Inside:
    """Gives both sides the same values before the edits, with the constants in them at which edited nodes jump.

    Args:
        graphs: The traced ones.
        patcher: Runs the sides, whose outputs agree on its batch.
        edits: Those of the mode, by position.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    fed = _fed(graphs[0])
    shared = {one: two for _, (one, two) in patcher.cut.inner if one.node in fed}
    apart: list[Finding] = []
    agreeing: tuple[set[str], set[str]] = (set(), set())
    for side, node, constant, parts in _answers(patcher, shared, _met(graphs, patcher, shared, edits)):
        if parts:
            site = Site.of(node)
            apart.append(Finding(fact=Fact.APART_AT, side=SIDES[side], sites=(site,), figures={"constant": constant}))
        else:
            agreeing[side].add(node.id)
    for side, node, value in _beyond(patcher, _knots(graphs, patcher, edits)):
        site = Site.of(node)
        apart.append(Finding(fact=Fact.APART_AROUND, side=SIDES[side], sites=(site,), figures={"value": value}))
    return Inside(apart=tuple(apart[:1]), agreeing=(frozenset(agreeing[0]), frozenset(agreeing[1])))


def _fed(graph: Graph) -> set[str]:
    """The nodes that the inputs of a model reach: no other value can change."""
    fed: set[str] = set()
    for node in graph:
        if node.kind == "input" or any(edge.node in fed for edge in node.operands):
            fed.add(node.id)
    return fed


def _edited(graphs: tuple[Graph, Graph], patcher: Patcher, edits: Mapping[int, Edit], side: int) -> list[Node]:
    """The traced nodes that edits stand at, with those of the edits they are made of."""
    return traced_of((patcher.cut.node(side, name) for name in sorted(nodes_of(edits.values())[side])), graphs[side])


def _met(graphs: tuple[Graph, Graph], patcher: Patcher, shared: Mapping[Edge, Edge], edits: Mapping[int, Edit]) -> Met:
    backward = {two: one for one, two in shared.items()}
    met: dict[tuple[Edge, float], list[tuple[int, Node]]] = {}
    for side, graph in enumerate(graphs):
        origins = Origins(graph, backward if side else shared)
        for node in _edited(graphs, patcher, edits, side):
            for entry, constant in jumps(node, origins):
                place = backward.get(entry) if side else entry if entry in shared else None
                if place is not None:
                    met.setdefault((place, constant), []).append((side, node))
    return met


def _answers(patcher: Patcher, shared: Mapping[Edge, Edge], met: Met) -> Iterator[tuple[int, Node, float, bool]]:
    """Each node that jumps, with its side and a constant that was met there, and whether outputs part then."""
    places = tuple(dict.fromkeys(place for place, _ in met))
    if not places:
        return
    wanted = places, tuple(shared[one] for one in places)
    first, second = both(lambda side: patcher.values(side, wanted[side], patcher.plain[side].probe))
    for (one, constant), jumping in islice(met.items(), MOST_MET):
        own = first[one]
        if np.any(own == constant):
            continue  # the batch has met it
        if own.dtype.kind != "f" or not own.ndim or not compare_values(own, second[shared[one]], INSIDE).equal:
            continue  # not the same thing after all, or nothing to put a constant into
        numbers = list(dict.fromkeys((constant, as_written(constant))))
        values = hitting(own, numbers, np.random.default_rng(3))
        parts = _part(patcher, (one, shared[one]), values)
        yield from ((side, node, constant, parts) for side, node in jumping)


def _part(patcher: Patcher, traced: tuple[Edge, Edge], values: Array) -> bool:
    """Whether outputs part where both sides are given a value."""
    return not agree(*_outputs(patcher, traced, values))


# Between constants -----------------------------------------------------------------------------------------


def _knots(graphs: tuple[Graph, Graph], patcher: Patcher, edits: Mapping[int, Edit]) -> Knots:
    """The constants of edited nodes, by the values above them that may be any; those of inputs were probed."""
    names = nodes_of(edits.values())
    free = patcher.cut.free((side, name) for side in (0, 1) for name in sorted(names[side]))
    places = [place for place in free if patcher.cut.input_at(place) is None]
    found: dict[Traced, dict[float, tuple[int, Node]]] = {}
    for side, graph in enumerate(graphs if places else ()):
        at = {edge: place for place in places for edge in _ways_out(place[side])}
        origins = Origins(graph, at)
        for node in _edited(graphs, patcher, edits, side):
            for entry, constant in knots(node, origins):
                if entry in at:
                    found.setdefault(at[entry], {}).setdefault(constant, (side, node))
    return found


def _ways_out(edge: Edge) -> tuple[Edge, ...]:
    """What holds a traced value: what comes before the activation of a layer leaves it through that."""
    return (edge, Edge(node=edge.node)) if edge.port == FUSED else (edge,)


def _beyond(patcher: Patcher, found: Knots) -> Iterator[tuple[int, Node, float]]:
    """The first value between constants at which outputs part, where no value of the batch lies in that gap."""
    places = tuple(found)
    if not places:
        return
    first, second = both(
        lambda side: patcher.values(side, tuple(place[side] for place in places), patcher.plain[side].probe)
    )
    for place in places:
        own, other = first[place[0]], second[place[1]]
        if own.dtype.kind != "f" or not own.ndim or not compare_values(own, other, INSIDE).equal:
            continue  # not the same thing after all, or nothing to put a value into
        unmet = list(islice(_unmet(own, list(found[place])), MOST_MET))
        if not unmet:
            continue
        limit = _limit(*_outputs(patcher, place, own))
        for value in unmet:
            given = hitting(own, [value], np.random.default_rng(3))
            if limit is not None and not agree(*_outputs(patcher, place, given), limit):
                side, node = found[place][min(found[place], key=lambda constant, value=value: abs(constant - value))]  # type: ignore[misc]
                yield side, node, value
                return


def _unmet(own: Array, constants: Sequence[float]) -> Iterator[float]:
    """The values between constants in whose gap none of a batch lies."""
    ordered = np.array(sorted(constants))
    met = set(np.searchsorted(ordered, own[np.isfinite(own)]).tolist())
    yield from (value for value in between(constants) if int(np.searchsorted(ordered, value)) not in met)


def _outputs(patcher: Patcher, place: Traced, values: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """What both sides give from a value."""
    return both(lambda side: patcher.given(side, {place[side]: values}))


def _limit(ones: Sequence[Array], twos: Sequence[Array]) -> Tolerance | None:
    """The limit of outputs between constants, from how far they are apart at usual values; ``None`` where they part."""
    limit = limit_by_usual(ones, twos)
    return replace(precision_tolerance("float64"), limit=limit) if limit <= INSIDE.limit else None


def limit_by_usual(ones: Sequence[Array], twos: Sequence[Array]) -> float:
    """The limit of outputs at other values, as a fraction of scale, from how far these lie apart at usual ones."""
    tolerance = precision_tolerance("float64")
    apart = max((compare_values(a, b, tolerance).max_relative for a, b in zip(ones, twos, strict=False)), default=0.0)
    return max(tolerance.limit, USUAL * apart)


def agree(ones: Sequence[Array], twos: Sequence[Array], tolerance: Tolerance = INSIDE) -> bool:
    """Whether outputs agree; masks come after them, and one side may have none."""
    return all(compare_values(a, b, tolerance).equal for a, b in zip(ones, twos, strict=False))
