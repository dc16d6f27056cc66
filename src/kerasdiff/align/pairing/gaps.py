"""What of the nodes that nothing led to goes together by where it stands?

In a gap between anchors the order decides; beyond, equal nodes that stand elsewhere, and last what took the place of
another call between the same neighbours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Sequence

from kerasdiff.align.pairing.partial_map import Keys, PartialMap
from kerasdiff.align.pairing.sequence import common, increasing
from kerasdiff.graph import Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes

REACH = 16
"""Furthest a node without weights may have moved, in nodes: beyond, one was taken out and another put in."""

NEAREST = 4
"""How many equal nodes before and after a position are looked at for the one that moved."""

CALLS = ("layer", "function")
"""Kinds of nodes that a reader knows: others follow from these."""

MOST_USERS = 16
"""How many users of a value are looked at for what stands around it."""


def pair_in_order(work: PartialMap, keys: Keys, base: Keys, *, held: bool) -> None:
    """Pairs what the gaps between anchors have in common in order; only nodes with weights, or only others.

    Args:
        work: What is paired so far.
        keys: What a pair must share.
        base: What the sequences consist of. Of many equal layers the longest common sequence may take the wrong
            one beside a difference, so the first time more is asked of a pair than of the sequence.
        held: Whether it is the turn of nodes with weights.
    """
    if not work.share(keys):
        return
    for gap in _gaps(work):
        ones, twos = (
            [node.id for node in nodes if node.id not in work.pairs[side] and bool(node.weights) == held]
            for side, nodes in enumerate(gap)
        )
        for i, j in common([base[0][name] for name in ones], [base[1][name] for name in twos]):
            if keys[0][ones[i]] == keys[1][twos[j]]:
                work.add(ones[i], twos[j])
    work.spread(keys)


def _gaps(work: PartialMap) -> list[tuple[Sequence[Node], Sequence[Node]]]:
    """What stands between two anchors, for the most anchors that stand in one order on both sides."""
    left, right = work.graphs[0].nodes, work.graphs[1].nodes
    order = index_of(work.graphs[1]).order
    anchors = [(i, order[work.pairs[0][node.id]]) for i, node in enumerate(left) if node.id in work.pairs[0]]
    begin = (0, 0)
    gaps: list[tuple[Sequence[Node], Sequence[Node]]] = []
    for stop in [*increasing(anchors), (len(left), len(right))]:
        if stop[0] > begin[0] and stop[1] > begin[1]:
            gaps.append((left[begin[0] : stop[0]], right[begin[1] : stop[1]]))
        begin = (stop[0] + 1, stop[1] + 1)
    return gaps


def pair_elsewhere(work: PartialMap, keys: Keys) -> list[str]:
    """Pairs nodes of equal key wherever they stand: those with weights at any distance, others nearby.

    Returns:
        Reference ids of the nodes that are paired now.
    """
    ones, twos = _standing(work)
    pool: dict[Hashable, list[tuple[int, str]]] = defaultdict(list)
    for index, node in twos:
        pool[keys[1][node.id]].append((index, node.id))
    late: list[str] = []
    for index, node in ones:
        options = pool.get(keys[0][node.id], [])
        near = bisect_left(options, (index, ""))
        around = _around_twice(work, 0, node.id)
        rated = [
            (not around & _around_twice(work, 1, name), abs(other - index), other, name)
            for other, name in options[max(near - NEAREST, 0) : near + NEAREST]
        ]
        far, distance, other, name = min(rated, default=(True, REACH + 1, 0, ""))
        if name and (node.weights or not far or distance <= REACH):
            options.remove((other, name))
            work.add(node.id, name)
            late.append(node.id)
    return late


def _around_twice(work: PartialMap, side: int, name: str) -> set[str]:
    """The paired nodes up to two steps away, by their name in the reference."""
    around = {name}
    for _ in range(2):
        for one in list(around):
            near = [edge.node for edge in work.nodes[side][one].operands]
            around.update(near + [user for user, _ in work.users[side][one][:MOST_USERS]])
    pairs = work.pairs[side]
    return {pairs[one] if side else one for one in around if one in pairs}


def _standing(work: PartialMap) -> tuple[list[tuple[int, Node]], list[tuple[int, Node]]]:
    """Free calls with their positions, counted in nodes of the candidate; of the reference by the pair before."""
    order = index_of(work.graphs[1]).order
    ones: list[tuple[int, Node]] = []
    last = 0
    for node in work.graphs[0]:
        if node.id in work.pairs[0]:
            last = order[work.pairs[0][node.id]]
        elif node.kind in CALLS:
            ones.append((last, node))
    return ones, [(order[node.id], node) for node in work.free(1) if node.kind in CALLS]


def pair_replaced(work: PartialMap) -> None:
    """Pairs calls that learn nothing and stand between the same neighbours: one took the place of the other."""
    for node in list(work.free(0)):
        if node.learns or not node.operands or node.kind not in CALLS:
            continue
        if any(edge.node not in work.pairs[0] for edge in node.operands):
            continue
        around = _between(work, 0, node)
        for name, _ in work.users[1][work.pairs[0][node.operands[0].node]]:
            other = work.nodes[1][name]
            free = other.kind in CALLS and not other.learns and name not in work.pairs[1]
            if free and _between(work, 1, other) == around:
                work.add(node.id, name)
                break


def _between(work: PartialMap, side: int, node: Node) -> tuple[object, ...]:
    """Between what a node stands, by pairs; of free users, how many there are."""
    pairs = work.pairs[side]

    def named(name: str) -> str:
        return "" if name not in pairs else pairs[name] if side else name

    operands = [(named(edge.node), edge.port) for edge in node.operands]
    users = sorted((named(name), str(tag) if name in pairs else "") for name, tag in work.users[side][node.id])
    return sorted(operands) if commutes(node) else operands, users, work.ends[side].get(node.id)
