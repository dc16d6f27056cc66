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
    """

    nodes: tuple[Node, ...]
    operands: tuple[tuple[Operand, ...], ...]
    read: tuple[tuple[str, ...], ...]


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
    places = _Order(sides, wanted).found()
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


class _Order:
    """The places topologically, earlier ones first; where a circle leaves none that can follow, a pair is split.

    Of what is left then, the first node of the reference waits for nothing of its own side, so it is a pair that waits
    for the candidate's operands: split from its other half, it can follow.
    """

    def __init__(self, sides: Sequence[Side], wanted: Sequence[Place]) -> None:
        self.places: list[Place] = list(wanted)
        self._order = [(number, 0) for number in range(len(wanted))]
        self._waits: list[set[tuple[int, int]]] = [set() for _ in wanted]
        self._users: dict[tuple[int, int], list[int]] = {}
        for user, side, used in _links(sides, _positions(wanted)):
            self._waits[user].add((side, used))
            self._users.setdefault((side, used), []).append(user)

    def found(self) -> list[Place]:
        """All of them, in order."""
        ready = [(self._order[number], number) for number in range(len(self.places)) if not self._waits[number]]
        heapify(ready)
        left, found = dict.fromkeys(range(len(self.places))), list[Place]()
        while left:
            if not ready:
                split = next(number for number in left if self._can_be_split(number))
                left[self._split(split)] = None
                heappush(ready, (self._order[split], split))
            _, number = heappop(ready)
            del left[number]
            found.append(self.places[number])
            for user in self._freed(number):
                heappush(ready, (self._order[user], user))
        return found

    def _freed(self, number: int) -> Iterable[int]:
        """What waits for nothing any more, once a place is found."""
        for side in (0, 1):
            for user in self._users.get((side, number), ()):
                if (side, number) in self._waits[user]:
                    self._waits[user].remove((side, number))
                    if not self._waits[user]:
                        yield user

    def _can_be_split(self, number: int) -> bool:
        return None not in self.places[number] and not any(side == 0 for side, _ in self._waits[number])

    def _split(self, number: int) -> int:
        """Takes the candidate's node out of a place; the number of the place that it gets."""
        half = len(self.places)
        one, two = self.places[number]
        self.places.append((None, two))
        self.places[number] = (one, None)
        self._order.append((number, 1))
        self._waits.append(self._waits[number])
        self._waits[number] = set()
        for wait in self._waits[half]:
            self._users[wait].append(half)
        for user in self._users.pop((1, number), ()):
            if (1, number) in self._waits[user]:
                self._waits[user].remove((1, number))
                self._waits[user].add((1, half))
                self._users.setdefault((1, half), []).append(user)
        return half
