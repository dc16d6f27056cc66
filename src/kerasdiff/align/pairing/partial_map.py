"""What is paired so far? A growing one-to-one map between the nodes of two graphs, which spreads along the wiring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import islice
from typing import TypeVar

from kerasdiff.align.labels import Labels, Weights
from kerasdiff.align.pairing.likeness import Key
from kerasdiff.graph import Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes

MOST_NEIGHBOURS = 16
"""How many neighbours of a node are looked at to tell how much two nodes have in common."""

Keys = tuple[Mapping[str, Hashable], Mapping[str, Hashable]]
"""What decides at one level, by side and node."""


class PartialMap:
    """A growing one-to-one map; every table comes once for each side.

    Attributes:
        nodes: By id.
        users: Who uses each value, and how.
        order: Position of the reference's nodes.
        pairs: Node id to the other side's.
        weights: Weight id to the other side's.
    """

    def __init__(
        self, reference: Graph, candidate: Graph, labels: tuple[Labels, Labels], tables: tuple[Weights, Weights]
    ) -> None:
        self.graphs = (reference, candidate)
        indexes = index_of(reference), index_of(candidate)
        self.nodes = indexes[0].nodes, indexes[1].nodes
        self.users = indexes[0].users, indexes[1].users
        self.ends = indexes[0].ends, indexes[1].ends
        self.order = indexes[0].order
        self.pairs: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self.weights: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self._holders = indexes[0].holders, indexes[1].holders
        self._rest = [list(reference), list(candidate)]
        self._labels, self._tables = labels, tables

    def keyed(self, key: Key) -> Keys:
        """What every node must share at a level."""
        labels, tables = self._labels, self._tables
        return both(lambda side: {n.id: key(n, labels[side][n.id], tables[side]) for n in self.graphs[side]})

    def add(self, one: str, two: str) -> None:
        """Pairs two free nodes and their weights, as far as these are free."""
        self.pairs[0][one], self.pairs[1][two] = two, one
        for left, right in zip(self.nodes[0][one].weights, self.nodes[1][two].weights, strict=False):
            if left not in self.weights[0] and right not in self.weights[1]:
                self.weights[0][left], self.weights[1][right] = right, left

    def share(self, keys: Keys) -> bool:
        """Whether free nodes of both sides have a key in common."""
        own = {keys[0][node.id] for node in self.free(0)}
        return any(keys[1][node.id] in own for node in self.free(1))

    def free(self, side: int) -> list[Node]:
        """The nodes not paired yet, in order."""
        pairs = self.pairs[side]
        if len(self._rest[side]) + len(pairs) > len(self.graphs[side]):
            self._rest[side] = [node for node in self._rest[side] if node.id not in pairs]
        return self._rest[side]

    def spread(self, keys: Keys, start: Sequence[tuple[str, str]] | None = None) -> list[tuple[str, str]]:
        """Pairs the neighbours of pairs, those first that have most other neighbours in common.

        Args:
            keys: What they must share.
            start: The pairs to start from; all that have a free neighbour where not given.

        Returns:
            The pairs it started from, and the new ones.
        """
        reached = list(self._border()) if start is None else list(start)
        heap: list[tuple[float, int, str, str]] = []
        done = 0
        while heap or done < len(reached):
            for one, two in reached[done:]:
                for left, right in self._around(one, two, keys):
                    if left not in self.pairs[0] and right not in self.pairs[1] and keys[0][left] == keys[1][right]:
                        heappush(heap, (-self._agreement(left, right), self.order[left], left, right))
            done = len(reached)
            while heap and done == len(reached):
                *_, left, right = heappop(heap)
                if left not in self.pairs[0] and right not in self.pairs[1]:
                    self.add(left, right)
                    reached.append((left, right))
        return reached

    def _agreement(self, one: str, two: str) -> float:
        """The share of the neighbours of two nodes that are paired with each other, of the first ``MOST_NEIGHBOURS``.

        Not in which position: a branch is the same where it is concatenated after another one.
        """
        seen: list[set[object]] = []
        for side, name in enumerate((one, two)):
            operands = [edge.node for edge in self.nodes[side][name].operands]
            near = dict.fromkeys(operands + [user for user, _ in self.users[side][name]])
            pairs = self.pairs[side]
            seen.append({(pairs[other] if side else other) if other in pairs else (side, other)
                         for other in islice(near, MOST_NEIGHBOURS)})  # fmt: skip
        together = len(seen[0] & seen[1])
        return together / max(1, len(seen[0]) + len(seen[1]) - together)

    def _border(self) -> Iterable[tuple[str, str]]:
        """The pairs next to a free node of the reference."""
        near: dict[str, None] = {}
        for node in self.free(0):
            near.update((edge.node, None) for edge in node.operands)
            near.update((name, None) for name, _ in self.users[0][node.id])
            near.update((name, None) for weight in node.weights for name, _ in self._holders[0][weight])
        return ((name, self.pairs[0][name]) for name in near if name in self.pairs[0])

    def _around(self, one: str, two: str, keys: Keys) -> Iterator[tuple[str, str]]:
        first, second = self.nodes[0][one], self.nodes[1][two]
        if commutes(first):
            tags = [[(edge.node, edge.port) for edge in node.operands] for node in (first, second)]
            yield from self._alone(tags[0], tags[1], keys)
        else:
            for a, b in zip(first.operands, second.operands, strict=False):
                if a.port == b.port:
                    yield a.node, b.node
        yield from self._alone(self.users[0][one], self.users[1][two], keys)
        for left, right in zip(first.weights, second.weights, strict=False):
            yield from self._alone(self._holders[0][left], self._holders[1][right], keys)

    def _alone(
        self, ones: Iterable[tuple[str, Hashable]], twos: Iterable[tuple[str, Hashable]], keys: Keys
    ) -> Iterator[tuple[str, str]]:
        """Free nodes that alone have their key and tag on either side."""
        alone: list[dict[Hashable, list[str]]] = []
        for side, names in enumerate((ones, twos)):
            free = [(name, tag) for name, tag in names if name not in self.pairs[side]]
            if not free:
                return
            groups: dict[Hashable, list[str]] = defaultdict(list)
            for user, tag in free:
                groups[keys[side][user], tag].append(user)
            alone.append(groups)
        for key, own in alone[0].items():
            if len(own) == 1 and len(alone[1].get(key, ())) == 1:
                yield own[0], alone[1][key][0]


T = TypeVar("T")


def both(make: Callable[[int], T]) -> tuple[T, T]:
    """The same of either side."""
    return make(0), make(1)
