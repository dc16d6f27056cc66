"""Do two models part where a value inside them is exactly a constant? No input that is drawn leads there.

``x >= 0.5`` and ``x > 0.5`` agree on every value but one. Where both sides have the value that is compared, it is given
to both, with the constant in it: if their outputs part, nothing that was probed says that they are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from kerasdiff.align.edits import Edit
from kerasdiff.explain.patching import Patcher
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.values import Array, Tolerance
from kerasdiff.probing.inputs.constants import as_written, hitting, jumps
from kerasdiff.probing.inputs.origins import Origins
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.prober import both

INSIDE = Tolerance(limit=1e-6, grounds="far")
"""Limit of outputs that are computed from one value: rounding is 1e-15, and a jump of one entry 1e-3 and up."""

MOST_MET = 16
"""Constants that are met, the first: each costs a run of either side."""

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
    for side, node, constant, parts in _answers(patcher, shared, _met(graphs, shared, edits)):
        if parts:
            site = Site.of(node)
            apart.append(Finding(fact=Fact.APART_AT, side=SIDES[side], sites=(site,), figures={"constant": constant}))
        else:
            agreeing[side].add(node.id)
    return Inside(apart=tuple(apart[:1]), agreeing=(frozenset(agreeing[0]), frozenset(agreeing[1])))


def _fed(graph: Graph) -> set[str]:
    """The nodes that the inputs of a model reach: no other value can change."""
    fed: set[str] = set()
    for node in graph:
        if node.kind == "input" or any(edge.node in fed for edge in node.operands):
            fed.add(node.id)
    return fed


def _met(graphs: tuple[Graph, Graph], shared: Mapping[Edge, Edge], edits: Mapping[int, Edit]) -> Met:
    backward = {two: one for one, two in shared.items()}
    met: dict[tuple[Edge, float], list[tuple[int, Node]]] = {}
    for side, graph in enumerate(graphs):
        nodes, origins = index_of(graph).nodes, Origins(graph, backward if side else shared)
        sites = [edit.sites[side] for edit in edits.values()]
        edited = [nodes.get(site.node) or nodes.get(site.origin) for site in sites if site is not None]
        for node in (node for node in edited if node is not None):
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
    return not agree(*both(lambda side: patcher.given(side, {traced[side]: values})))


def agree(ones: Sequence[Array], twos: Sequence[Array], tolerance: Tolerance = INSIDE) -> bool:
    """Whether outputs agree; masks come after them, and one side may have none."""
    return all(compare_values(a, b, tolerance).equal for a, b in zip(ones, twos, strict=False))
