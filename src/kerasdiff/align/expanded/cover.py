"""Which unpaired nodes of two graphs are the same once expanded: equal op by op between the pairs around them?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kerasdiff.align.expanded.ops import odd_ops
from kerasdiff.align.expanded.proof import size
from kerasdiff.align.isomorphism import Walk
from kerasdiff.align.labels import Labels, Table, Weights, labels_of, values_of
from kerasdiff.canonical import expand
from kerasdiff.graph import Edge, Graph, Mode, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes

MOST = 15_000
"""TF ops of unpaired nodes that are compared at most, both sides together: about a second. Of more, the nodes are
reported whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What expanding the unpaired nodes shows.

    Attributes:
        free: By side, the unpaired nodes that are equal to what the other side does there.
        parts: By side, the unpaired nodes that differ in a few TF ops, with these.
        weights: Weights of the reference that they map, each with its counterpart.
        unexpanded: How many TF ops were too many to be compared; 0 where they were.
    """

    free: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    parts: tuple[Mapping[str, tuple[Node, ...]], Mapping[str, tuple[Node, ...]]] = field(
        default_factory=lambda: ({}, {})
    )
    weights: Mapping[str, str] = field(default_factory=dict)
    unexpanded: int = 0


def cover(graphs: tuple[Graph, Graph], pairs: Mapping[str, str], weights: tuple[Weights, Weights], mode: Mode) -> Cover:
    """Expands the unpaired nodes, and compares what each paired node and each root takes from them.

    Why not the whole graphs? Paired nodes stay closed, so only what lies between them can be found equal.
    """
    paired = dict(pairs), {two: one for one, two in pairs.items()}
    unpaired = _unpaired(graphs[0], paired[0]), _unpaired(graphs[1], paired[1])
    ops = sum(size(node) for nodes in unpaired for node in nodes)
    if not ops or ops > MOST:
        return Cover(unexpanded=ops)
    meetings = _meetings(graphs, paired)
    made = [
        expand(_between(graphs[side], paired[side], edges), mode, dict.fromkeys(paired[side], "")).graph
        for side, edges in enumerate(zip(*((first, second) for first, second, _ in meetings), strict=True))
    ]
    labels, walk = _walk((made[0], made[1]), paired, weights)
    apart = _apart((made[0], made[1]), meetings, walk)
    if not walk.settle():
        return Cover()
    odd = odd_ops((made[0], made[1]), labels, weights, apart)
    free: list[frozenset[str]] = []
    for side, nodes in enumerate(unpaired):
        effective = _effective(graphs[side], paired[side])
        suspect = effective | _below(walk.nodes[side], [ends[side] for ends in apart], paired[side])
        differing = suspect & (odd.whole[side] | set(odd.parts[side]) | effective)
        free.append(frozenset(node.id for node in nodes) - differing)
    taken = set(walk.weights.values())
    more = {one: two for one, two in odd.weights.items() if one not in walk.weights and two not in taken}
    return Cover(free=(free[0], free[1]), parts=odd.parts, weights={**walk.weights, **more})


def _unpaired(graph: Graph, paired: Mapping[str, str]) -> list[Node]:
    return [node for node in graph if node.id not in paired]


Meeting = tuple[Sequence[Edge], Sequence[Edge], bool]
"""What a pair of nodes takes, or the graphs give, on either side; and whether the order is of no account."""


def _meetings(graphs: tuple[Graph, Graph], paired: tuple[Mapping[str, str], Mapping[str, str]]) -> list[Meeting]:
    """What the pairs take from unpaired nodes, and what the graphs give."""
    nodes = index_of(graphs[0]).nodes, index_of(graphs[1]).nodes
    meetings: list[Meeting] = [
        (first.operands, second.operands, commutes(first))
        for first, second in ((nodes[0][one], nodes[1][two]) for one, two in paired[0].items())
        if any(edge.node not in paired[0] for edge in first.operands)
        or any(edge.node not in paired[1] for edge in second.operands)
    ]
    meetings.append((graphs[0].outputs, graphs[1].outputs, False))
    meetings.append((graphs[0].losses, graphs[1].losses, True))
    return meetings


def _apart(
    expanded: tuple[Graph, Graph], meetings: Sequence[Meeting], walk: Walk
) -> list[tuple[Edge | None, Edge | None]]:
    """The ends of the expanded graphs that are not equal, side by side; pairs those that are."""
    ends = iter(expanded[0].outputs), iter(expanded[1].outputs)
    apart: list[tuple[Edge | None, Edge | None]] = []
    for first, second, unordered in meetings:
        met = list(itertools.islice(ends[0], len(first))), list(itertools.islice(ends[1], len(second)))
        for left, right in _side_by_side(met[0], met[1], walk, unordered=unordered):
            if left is not None and right is not None and walk.equal(left, right):
                walk.pair(left.node, right.node)
            else:
                apart.append((left, right))
    return apart


def _walk(
    graphs: tuple[Graph, Graph], paired: tuple[Mapping[str, str], ...], weights: tuple[Weights, Weights]
) -> tuple[tuple[Labels, Labels], Walk]:
    """A walk over the expanded graphs that stops at the pairs, each of which counts as one value; and their labels."""
    table = Table()
    values, labels = [], []
    for side, graph in enumerate(graphs):
        names = {name: f"pair {paired[1][name] if side else name}" for name in paired[side]}
        labels.append({**labels_of(graph, weights[side]), **names})
        values.append(values_of(graph, labels[side], table, paired[side]))
    walk = Walk(
        reference=graphs[0],
        candidate=graphs[1],
        values=(values[0], values[1]),
        tables=weights,
        stop=frozenset(paired[0]),
    )
    return (labels[0], labels[1]), walk


def _between(graph: Graph, paired: Mapping[str, str], ends: Sequence[Sequence[Edge]]) -> Graph:
    """The unpaired nodes and, without what lies below them, the paired ones."""
    outputs = tuple(edge for edges in ends for edge in edges)
    needed = {edge.node for edge in outputs}
    needed.update(edge.node for node in graph if node.id not in paired for edge in node.operands)
    nodes = (replace(n, operands=()) if n.id in paired else n for n in graph if n.id in needed or n.id not in paired)
    return Graph(nodes=tuple(nodes), outputs=outputs)


def _effective(graph: Graph, paired: Mapping[str, str]) -> set[str]:
    """Unpaired nodes kept for what they do, and the unpaired ones they need: never equal by their values alone."""
    effective = {name for name in graph.effects if name not in paired}
    for node in reversed(graph.nodes):
        if node.id in effective:
            effective.update(edge.node for edge in node.operands if edge.node not in paired)
    return effective


def _side_by_side(
    first: Sequence[Edge], second: Sequence[Edge], walk: Walk, *, unordered: bool
) -> Iterator[tuple[Edge | None, Edge | None]]:
    """Pairs up operands: by position, or by equal value first where order does not count."""
    left, right = list(first), list(second)
    if unordered:
        for edge in list(left):
            match = next((other for other in right if walk.equal(edge, other)), None)
            if match is not None:
                left.remove(edge)
                right.remove(match)
                yield edge, match
    yield from itertools.zip_longest(left, right)


def _below(nodes: Mapping[str, Node], ends: Sequence[Edge | None], paired: Mapping[str, str]) -> set[str]:
    """The nodes whose ops lie in the cone below values that have no equal."""
    below: set[str] = set()
    seen: set[str] = set()
    stack = [edge.node for edge in ends if edge is not None]
    while stack:
        name = stack.pop()
        if name in seen or name in paired:
            continue
        seen.add(name)
        node = nodes[name]
        below.add(node.origin if node.part == "op" and node.kind == "op" else name)
        stack.extend(operand.node for operand in node.operands)
    return below
