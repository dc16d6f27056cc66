"""Are two graphs the same once the nodes that differ are expanded into their TF ops?"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from kerasdiff.align.isomorphism import Isomorphism, isomorphism, opaque
from kerasdiff.align.labels import Labels, Weights, labels_of
from kerasdiff.canonical import Applied, expand
from kerasdiff.graph import Graph, Mode, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes

MARGIN = 2
"""Layers with weights that are expanded around a difference. A rule reaches through any number of nodes without
weights, but none known looks past the second layer with weights."""

MOST = 50_000
"""TF ops that are expanded at most, both sides together: a bit over a second, and twice what two versions of a network
of 1,000 layers hold where not one layer is equal. Beyond it nothing is expanded, and it is the numbers that decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """What expanding the differences gave.

    Attributes:
        proof: That the graphs are the same; ``None`` where they are not, or were not expanded.
        applied: Rewrites used, by side.
        ops: How many TF ops there were to expand.
    """

    proof: Isomorphism | None = None
    applied: tuple[tuple[Applied, ...], tuple[Applied, ...]] = ((), ())
    ops: int = 0


def expanded(
    graphs: tuple[Graph, Graph],
    labels: tuple[Labels, Labels],
    pairs: Mapping[str, str],
    weights: tuple[Weights, Weights],
    mode: Mode,
    known: Mapping[str, str],
) -> Expanded:
    """Expands what differs and a margin around it; pairs of equal nodes far from any difference stay closed.

    Why not the whole graphs? A closed node is one node instead of ten. What it computes, and from which weights, is
    compared all the same: nothing is proved that whole graphs would not prove. Graphs that hold what they do not show
    prove nothing, and a closed node would hide that.
    """
    if any(map(opaque, graphs)):
        return Expanded()
    closed = _closed(graphs, labels, pairs)
    ops = sum(size(node) for side, graph in enumerate(graphs) for node in graph if node.id not in closed[side])
    if ops > MOST:
        return Expanded(ops=ops)
    kept = [{name: labels[side][name] for name in closed[side]} for side in (0, 1)]
    made = [expand(graph, mode, kept[side]) for side, graph in enumerate(graphs)]
    named = [{**labels_of(one.graph, weights[side]), **kept[side]} for side, one in enumerate(made)]
    proof = isomorphism(made[0].graph, made[1].graph, weights, (named[0], named[1]), known)
    return Expanded(proof=proof, applied=(made[0].applied, made[1].applied), ops=ops)


def _closed(
    graphs: tuple[Graph, Graph], labels: tuple[Labels, Labels], pairs: Mapping[str, str]
) -> tuple[set[str], set[str]]:
    """By side, the pairs that stay closed: equal nodes with equal operands, far from all that is not so."""
    nodes = index_of(graphs[0]).nodes, index_of(graphs[1]).nodes
    same = {
        one
        for one, two in pairs.items()
        if labels[0][one] == labels[1][two] and _same_operands(nodes[0][one], nodes[1][two], pairs)
    }
    odd = (
        {n.id for n in graphs[0] if n.id not in same and not commutes(n)},
        {n.id for n in graphs[1] if not commutes(n)} - {pairs[one] for one in same},
    )
    near = _margin(graphs[0], odd[0]), _margin(graphs[1], odd[1])
    far = {one for one in same if one not in near[0] and pairs[one] not in near[1]}
    return far, {pairs[one] for one in far}


def _same_operands(one: Node, two: Node, pairs: Mapping[str, str]) -> bool:
    """Whether two equal nodes take paired values in order; where the order is of no account, that is not asked."""
    translated = [(pairs.get(edge.node), edge.port) for edge in one.operands]
    return not commutes(one) and translated == [(edge.node, edge.port) for edge in two.operands]


def size(node: Node) -> int:
    """How many nodes one becomes when it is expanded."""
    return 1 if node.lowering is None else len(node.lowering)


def _margin(graph: Graph, odd: set[str]) -> set[str]:
    """The odd nodes and all around them, as far as ``MARGIN`` nodes with weights in every direction."""
    users, by_id = index_of(graph).consumers, index_of(graph).nodes
    depth = dict.fromkeys((node.id for node in graph if node.id in odd), 0)
    queue = deque(depth)
    while queue:
        name = queue.popleft()
        for other in (*(edge.node for edge in by_id[name].operands), *(user.id for user, _ in users[name])):
            far = depth[name] + bool(by_id[other].weights)
            if far <= MARGIN and far < depth.get(other, MARGIN + 1):
                depth[other] = far
                if by_id[other].weights:
                    queue.append(other)
                else:
                    queue.appendleft(other)
    return set(depth)
