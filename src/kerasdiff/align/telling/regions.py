"""Between which two values does a change lie? Parts of a graph with one way in and one way out, on either side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from kerasdiff.align.edits import Formula
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.arithmetic import NotEvaluatedError, Values, entrywise, evaluated, knows
from kerasdiff.align.telling.formulas import recognised
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes

MOST_NODES = 24
"""Nodes of a part at most: Mish by hand has 7, a layer normalisation by hand 12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of a graph that computes one value from one other, and whose values in between nobody else uses.

    Attributes:
        graph: In which it lies.
        entry, end: Both values; the same one where it has no node.
        nodes: Ids, in topological order.
    """

    graph: Graph
    entry: Edge
    end: Edge
    nodes: tuple[str, ...]

    @property
    def last(self) -> Node:
        """The node that gives the end."""
        return index_of(self.graph).nodes[self.end.node]

    def formula(self) -> Formula | None:
        """The well-known function it computes; ``None`` where it is none, or has another shape."""
        nodes = index_of(self.graph).nodes
        entry, end = (nodes[edge.node].outputs[edge.port] for edge in (self.entry, self.end))
        inside = [nodes[name] for name in self.nodes]
        if not inside or entry.shape != end.shape or entry.dtype != end.dtype:
            return None
        plain = all(node.lowering is not None and entrywise(node.lowering) for node in inside)
        return recognised(self._computed, entry.shape, entrywise=plain)

    def _computed(self, operand: Values) -> Values:
        nodes = index_of(self.graph).nodes
        values = {self.entry: operand}
        for node in (nodes[name] for name in self.nodes):
            if node.lowering is None:
                raise NotEvaluatedError
            results = evaluated(node.lowering, [values[edge] for edge in node.operands])
            values |= {Edge(node=node.id, port=port): value for port, value in enumerate(results)}
        return values[self.end]


def regions(graph: Graph, end: Edge) -> Iterator[Region]:
    """The parts that end in a value, smallest first, beginning with the one that has no node."""
    index = index_of(graph)
    place = _places(graph)
    kept = {edge.node for edge in graph.roots()}
    inside: set[str] = set()
    frontier = {end}
    while len(inside) <= MOST_NODES:
        if len(frontier) == 1:
            users = (user.id for name in inside - {end.node} for user, _ in index.consumers[name])
            if all(user in inside for user in users) and not (inside - {end.node}) & kept:
                yield Region(
                    graph=graph, entry=next(iter(frontier)), end=end, nodes=tuple(sorted(inside, key=place.__getitem__))
                )
        last = index.nodes[max((edge.node for edge in frontier), key=place.__getitem__)]
        if last.weights or not last.operands or not knows(last.lowering):
            return
        inside.add(last.id)
        frontier = {edge for edge in frontier if edge.node != last.id} | set(last.operands)


def _places(graph: Graph) -> Mapping[str, int]:
    return {node.id: number for number, node in enumerate(graph)}


def ends(aligned: Aligned, touched: tuple[set[str], set[str]]) -> Iterator[tuple[Edge, Edge]]:
    """Values that stand in each other's place and may differ: of pairs at or below edits, or what pairs take."""
    nodes = aligned.alignment.nodes
    below = _below(aligned.graphs[0], touched[0]), _below(aligned.graphs[1], touched[1])
    for one, two in aligned.pairs:
        if one.operands and (one.id in below[0] or two.id in below[1]):
            yield Edge(node=one.id), Edge(node=two.id)
    met = [(one.operands, two.operands, commutes(one)) for one, two in aligned.pairs]
    met += [(aligned.graphs[0].outputs, aligned.graphs[1].outputs, False)]
    for first, second, unordered in met:
        if len(first) != len(second):
            continue
        left, right = list(first), list(second)
        for edge in first if unordered else ():
            same = Edge(node=nodes.get(edge.node, ""), port=edge.port)
            if same in right:
                left.remove(edge)
                right.remove(same)
        for a, b in zip(left, right, strict=True):
            if a.node in below[0] or b.node in below[1]:
                yield a, b


def _below(graph: Graph, touched: set[str]) -> set[str]:
    """Those nodes and the ones that numpy can compute from them, at most as many as a part holds away."""
    index = index_of(graph)
    below, layer = set(touched), list(touched)
    for _ in range(MOST_NODES):
        users = {user.id for name in layer for user, _ in index.consumers[name] if user.id not in below}
        layer = [name for name in users if not index.nodes[name].weights and knows(index.nodes[name].lowering)]
        below.update(layer)
    return below


def region_pairs(aligned: Aligned, pair: tuple[Edge, Edge]) -> Iterator[tuple[Region, Region]]:
    """Parts of both sides with these ends and corresponding entries, the smaller ones first."""
    first, second = (list(regions(graph, end)) for graph, end in zip(aligned.graphs, pair, strict=True))
    nodes = aligned.alignment.nodes
    fitting = [
        (one, two)
        for one, two in product(first, second)
        if (one.nodes or two.nodes) and nodes.get(one.entry.node) == two.entry.node and one.entry.port == two.entry.port
    ]
    return iter(sorted(fitting, key=lambda both: len(both[0].nodes) + len(both[1].nodes)))
