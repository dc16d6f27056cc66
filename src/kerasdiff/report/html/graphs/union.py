"""Which one graph holds both models? Aligned nodes are one node of it, so that one layout puts them on one line.

Why split pairs? A node that stands elsewhere would have to stand in two places at once: before and after the same
nodes, which no picture from top to bottom can show. Such a pair is two nodes, with an arrow between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from kerasdiff.graph import Edge, Graph, Node

Place: TypeAlias = "tuple[int | None, int | None]"
"""A node of the union: its number among the nodes drawn of the reference and of the candidate."""

Operand = tuple[int, int, str]
"""A drawn node, which of its results is taken (:data:`kerasdiff.graph.FUSED` for one before its activation), what
for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is drawn of one model.

    Attributes:
        nodes: Without weights that are read and constants, which stand with the nodes that use them.
        operands: By node, those that are drawn.
        read: By node, the ids of weights it holds or reads itself, in order.
        outputs: Node and port of each.
    """

    nodes: tuple[Node, ...]
    operands: tuple[tuple[Operand, ...], ...]
    read: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Both models in one graph.

    Attributes:
        places: In topological order; rows that come first stand first.
        moves: Positions in ``places`` of the halves of each split pair, the reference's first.
        users: By place, the places that take a value from it on either side.
    """

    places: tuple[Place, ...]
    moves: tuple[tuple[int, int], ...]
    users: tuple[tuple[int, ...], ...]


def side_of(graph: Graph) -> Side:
    """What is drawn of a graph."""
    nodes = tuple(node for node in graph if node.kind not in ("read", "const"))
    at = {node.id: number for number, node in enumerate(nodes)}
    weights = {node.id: node.weights for node in graph if node.kind == "read"}
    return Side(
        nodes=nodes,
        operands=tuple(tuple(_operands(node, at)) for node in nodes),
        read=tuple(_read(node, weights) for node in nodes),
        outputs=tuple((at[edge.node], edge.port) for edge in graph.outputs if edge.node in at),
    )


def _operands(node: Node, at: Mapping[str, int]) -> Iterable[Operand]:
    roles = node.roles or ("",) * len(node.operands)
    for edge, role in zip(node.operands, roles, strict=True):
        if edge.node in at:
            yield at[edge.node], edge.port, role


def _read(node: Node, weights: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    taken: tuple[Edge, ...] = node.operands
    return tuple(dict.fromkeys((*node.weights, *(name for edge in taken for name in weights.get(edge.node, ())))))


def union(sides: Sequence[Side], rows: Sequence[Place], moved: frozenset[int]) -> Union:
    """The union of one model or two.

    Args:
        sides: What is drawn of each.
        rows: Every drawn node once, aligned ones together, in the order in which they are told.
        moved: Positions of the rows whose two nodes stand in different places.
    """
    wanted = [
        half
        for number, (one, two) in enumerate(rows)
        for half in ([(one, None), (None, two)] if number in moved else [(one, two)])
    ]
    places = _in_order(sides, wanted)
    position = _positions(places)
    at = [{place[side]: number for number, place in enumerate(places)} for side in (0, 1)]
    moves = [
        (at[0][one], at[1][two])
        for one, two in rows
        if one is not None and two is not None and at[0][one] != at[1][two]
    ]
    users: list[dict[int, None]] = [{} for _ in places]
    for number, _, used in _links(sides, position):
        users[used].setdefault(number)
    return Union(places=tuple(places), moves=tuple(sorted(moves)), users=tuple(tuple(found) for found in users))


def _positions(places: Sequence[Place]) -> tuple[dict[int, int], dict[int, int]]:
    """The place of each node, by side."""
    first, second = (
        {node: number for number, place in enumerate(places) if (node := place[side]) is not None} for side in (0, 1)
    )
    return first, second


def _links(
    sides: Sequence[Side], position: tuple[Mapping[int, int], Mapping[int, int]]
) -> Iterable[tuple[int, int, int]]:
    """Each operand as the place of its user, the side, and the place it comes from."""
    for number, side in enumerate(sides):
        for node, operands in enumerate(side.operands):
            for used in dict.fromkeys(operand[0] for operand in operands):
                yield position[number][node], number, position[number][used]


def _in_order(sides: Sequence[Side], wanted: Sequence[Place]) -> list[Place]:
    """The places topologically, earlier ones first; where a circle leaves none that can follow, a pair is split.

    What can follow next is split off first: the first of the reference's nodes that are left waits for the candidate's
    operands alone, so its half has none to wait for.
    """
    places: list[Place] = list(wanted)
    order = [(number, 0) for number in range(len(places))]
    position = _positions(places)
    waits: list[set[tuple[int, int]]] = [set() for _ in places]
    users: dict[tuple[int, int], list[int]] = {}
    for user, side, used in _links(sides, position):
        waits[user].add((side, used))
        users.setdefault((side, used), []).append(user)
    ready = [(order[number], number) for number in range(len(places)) if not waits[number]]
    heapify(ready)
    left, found = dict.fromkeys(range(len(places))), list[Place]()
    while left:
        if not ready:
            split = next(number for number in left if not any(side == 0 for side, _ in waits[number]))
            half = len(places)
            places.append((None, places[split][1]))
            order.append((split, 1))
            waits.append({wait for wait in waits[split] if wait[0] == 1})
            for wait in waits[half]:
                users[wait].append(half)
            for user in users.get((1, split), ()):
                waits[user].remove((1, split))
                waits[user].add((1, half))
            users[1, half] = users.pop((1, split), [])
            places[split], waits[split] = (places[split][0], None), set()
            left[half] = None
            heappush(ready, (order[split], split))
        _, number = heappop(ready)
        del left[number]
        found.append(places[number])
        for side in (0, 1):
            for user in users.get((side, number), ()):
                if (side, number) in waits[user]:
                    waits[user].remove((side, number))
                    if not waits[user]:
                        heappush(ready, (order[user], user))
    return found
