"""Which nodes of two different graphs correspond: anchors first, search only in the gaps.

Why this order? Nodes that are plainly equal from the inputs on, or from the outputs back, need no search
and must never be torn apart by it. From these anchors, equal neighbours follow. Only what is left is
aligned as two sequences in topological order, where nodes that hold weights count most, so that what
moves around them is the activation and not the layer.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from kerasdiff.canonical.signature import digest
from kerasdiff.graph import Graph, Node
from kerasdiff.match import commutes, forward_hashes

WINDOW = 1_000_000
"""Largest product of two gap lengths that is searched in full (about a second); longer gaps keep their anchors only."""


class Pairing:
    """A growing one-to-one map between the nodes of two graphs."""

    def __init__(self, reference: Graph, candidate: Graph, labels: tuple[Mapping[str, str], Mapping[str, str]]) -> None:
        self.graphs = (reference, candidate)
        self.labels = labels
        self.nodes = (reference.by_id(), candidate.by_id())
        self.forward: dict[str, str] = {}
        self.backward: dict[str, str] = {}

    def add(self, one: str, two: str) -> None:
        """Pairs two nodes that are both free."""
        self.forward[one] = two
        self.backward[two] = one

    def free(self, one: str, two: str) -> bool:
        """Whether neither node is paired yet."""
        return one not in self.forward and two not in self.backward

    def run(self) -> Mapping[str, str]:
        """Finds the pairs, from the surest to the least sure."""
        first, second = (forward_hashes(graph, label) for graph, label in zip(self.graphs, self.labels, strict=True))
        uses = [_use_hashes(graph, label) for graph, label in zip(self.graphs, self.labels, strict=True)]
        for one, two in zip(uses[0], uses[1], strict=True):
            self._anchor({n: digest(first[n], one[n]) for n in first}, {n: digest(second[n], two[n]) for n in second})
        self._anchor(first, second)
        self._anchor(_backward_hashes(self.graphs[0], self.labels[0]), _backward_hashes(self.graphs[1], self.labels[1]))
        self._sequence()
        return self.forward

    def _anchor(self, first: Mapping[str, str], second: Mapping[str, str]) -> None:
        """Pairs nodes whose digest occurs equally often among the free nodes of both sides, in order."""
        groups: tuple[dict[str, list[str]], dict[str, list[str]]] = (defaultdict(list), defaultdict(list))
        for side, hashes in enumerate((first, second)):
            taken = self.forward if side == 0 else self.backward
            for node in self.graphs[side]:
                if node.id not in taken:
                    groups[side][hashes[node.id]].append(node.id)
        fresh: deque[tuple[str, str]] = deque()
        for key, ones in groups[0].items():
            twos = groups[1].get(key, [])
            if len(ones) == len(twos):
                for one, two in zip(ones, _namesakes(ones, twos), strict=True):
                    self.add(one, two)
                    fresh.append((one, two))

    def _sequence(self) -> None:
        """Aligns what is left, gap by gap between the anchors that stand in the same order on both sides."""
        left = list(self.graphs[0])
        position = {node.id: index for index, node in enumerate(self.graphs[1])}
        anchors = [(i, position[self.forward[n.id]]) for i, n in enumerate(left) if n.id in self.forward]
        right = list(self.graphs[1])
        begin = (0, 0)
        for stop in [*_increasing(anchors), (len(left), len(right))]:
            ones = [node for node in left[begin[0] : stop[0]] if node.id not in self.forward]
            twos = [node for node in right[begin[1] : stop[1]] if node.id not in self.backward]
            self._gap(ones, twos)
            begin = (stop[0], stop[1])

    def _gap(self, ones: Sequence[Node], twos: Sequence[Node]) -> None:
        if not ones or not twos:
            return
        if len(ones) * len(twos) > WINDOW:
            for some, others in _split(ones, twos, self.labels):
                if len(some) * len(others) <= WINDOW:
                    self._gap(some, others)
            return
        width = len(twos) + 1
        best = [0.0] * ((len(ones) + 1) * width)
        scores: dict[tuple[int, int], float] = {}
        for i in range(len(ones) - 1, -1, -1):
            for j in range(len(twos) - 1, -1, -1):
                score = self._score(ones[i], twos[j])
                value = max(best[(i + 1) * width + j], best[i * width + j + 1])
                if score > 0:
                    scores[i, j] = score
                    value = max(value, score + best[(i + 1) * width + j + 1])
                best[i * width + j] = value
        i = j = 0
        while i < len(ones) and j < len(twos):
            here = best[i * width + j]
            taken = scores.get((i, j), 0.0)
            if taken and here == taken + best[(i + 1) * width + j + 1]:
                self.add(ones[i].id, twos[j].id)
                i, j = i + 1, j + 1
            elif here == best[(i + 1) * width + j]:
                i += 1
            else:
                j += 1

    def _score(self, one: Node, two: Node) -> float:
        """How sure it is that two nodes correspond; 0 where they cannot."""
        if one.kind == "input" or two.kind == "input":
            return 0.0
        together = zip(one.operands, two.operands, strict=False)
        near: float = 0.5 * sum(self.forward.get(first.node) == second.node for first, second in together)
        weighty = 6.0 if one.weights else 0.0
        if self.labels[0][one.id] == self.labels[1][two.id]:
            return 10.0 + weighty + near
        if (one.op != two.op and not (one.kind == two.kind == "layer" and one.display == two.display)) or bool(
            one.weights
        ) != bool(two.weights):
            return 0.0
        keys = set(one.attributes) | set(two.attributes)
        same: int = sum(one.attributes.get(key) == two.attributes.get(key) for key in keys) / max(1, len(keys))
        return float(4.0 + weighty + 2.0 * same + near)


RADII = (8, 4, 2, 1)
"""How many uses ahead look-alike branches are told apart by what is done with them, the furthest first."""


def _use_hashes(graph: Graph, labels: Mapping[str, str]) -> list[dict[str, str]]:
    """For each radius, the digest of what is done with a value up to that many uses ahead."""
    uses: dict[str, list[tuple[str, str]]] = {node.id: [] for node in graph}
    for node in graph:
        loose = commutes(node)
        for position, edge in enumerate(node.operands):
            uses[edge.node].append((node.id, "" if loose else f"{position}:{edge.port}"))
    rings = [dict.fromkeys(uses, "")]
    for _ in range(max(RADII)):
        last = rings[-1]
        rings.append({n: digest(*sorted((labels[u], role, last[u]) for u, role in uses[n])) for n in uses})
    return [rings[radius] for radius in RADII]


def _namesakes(ones: Sequence[str], twos: Sequence[str]) -> Sequence[str]:
    """Interchangeable nodes of the candidate in the order of their namesakes, where every one has one."""
    leaves = [name.rpartition("/")[2] for name in ones]
    others = {name.rpartition("/")[2]: name for name in twos}
    return [others[leaf] for leaf in leaves] if len(others) == len(twos) and set(leaves) == set(others) else twos


def _backward_hashes(graph: Graph, labels: Mapping[str, str]) -> dict[str, str]:
    """The digest of what is done with each value, from the outputs back."""
    uses: dict[str, list[str]] = {node.id: [] for node in graph}
    for number, edge in enumerate(graph.outputs):
        uses[edge.node].append(f"output {number}:{edge.port}")
    for edge in graph.losses:
        uses[edge.node].append(f"loss:{edge.port}")
    found: dict[str, str] = {}
    for node in reversed(graph.nodes):
        found[node.id] = digest(labels[node.id], tuple(sorted(uses[node.id])))
        loose = commutes(node)
        for position, edge in enumerate(node.operands):
            uses[edge.node].append(f"{found[node.id]}:{0 if loose else position}:{edge.port}")
    return found


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of pairs that increases on both sides (patience sorting)."""
    from bisect import bisect_left

    tails: list[int] = []
    index: list[int] = []
    previous: list[int] = []
    for number, (_, second) in enumerate(pairs):
        place = bisect_left(tails, second)
        previous.append(index[place - 1] if place else -1)
        if place == len(tails):
            tails.append(second)
            index.append(number)
        else:
            tails[place], index[place] = second, number
    chain: list[tuple[int, int]] = []
    number = index[-1] if index else -1
    while number >= 0:
        chain.append(pairs[number])
        number = previous[number]
    return chain[::-1]


def _split(
    ones: Sequence[Node], twos: Sequence[Node], labels: tuple[Mapping[str, str], Mapping[str, str]]
) -> list[tuple[Sequence[Node], Sequence[Node]]]:
    """Cuts a long gap at equal nodes: the n-th occurrence of a label on one side meets the n-th on the other."""
    seen: dict[tuple[str, int], int] = {}
    count: dict[str, int] = defaultdict(int)
    for number, node in enumerate(twos):
        name = labels[1][node.id]
        seen[name, count[name]] = number
        count[name] += 1
    count.clear()
    pairs = []
    for number, node in enumerate(ones):
        name = labels[0][node.id]
        if (name, count[name]) in seen:
            pairs.append((number, seen[name, count[name]]))
        count[name] += 1
    pieces: list[tuple[Sequence[Node], Sequence[Node]]] = []
    begin = (0, 0)
    for i, j in _increasing(pairs):
        pieces.append((ones[begin[0] : i], twos[begin[1] : j]))
        pieces.append((ones[i : i + 1], twos[j : j + 1]))
        begin = (i + 1, j + 1)
    rest = (ones[begin[0] :], twos[begin[1] :])
    size = 500
    pieces.extend((rest[0][k : k + size], rest[1][k : k + size]) for k in range(0, max(len(rest[0]), 1), size))
    return pieces
