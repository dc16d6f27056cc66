"""Which nodes of two different graphs correspond: from what is surely the same to what only looks alike.

Three levels of likeness (:data:`LEVELS`): the same label; the same layer with weights of the same shapes; the same op.
At each one, nodes go together that compute the same from paired nodes, or that the same is done with; from these the
wiring leads on to their neighbours. Only then the free nodes between two anchors are compared as sequences.

Why layers with weights before all others? They are what a reader knows a network by, and what moves around them is
the activation. Why levels within that, and not one score? An inserted layer shifts all that look alike after it:
what is equal must be settled before likeness may speak.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import islice
from typing import TypeVar

from kerasdiff.align.labels import Labels, Table, Weights, contexts_of, values_of
from kerasdiff.align.likeness import LEVELS, Key, config_key, nature_key, neighbourhoods
from kerasdiff.align.sequence import common, increasing
from kerasdiff.graph import Graph, Node
from kerasdiff.graph.index import index
from kerasdiff.graph.signature import commutes

REACH = 16
"""Furthest a node without weights may have moved, in nodes: beyond, one was taken out and another put in."""

RIVALS = 16
"""How many of a tie are looked at for a namesake or the same weights."""

NEAREST = 4
"""How many equal nodes before and after a place are looked at for the one that moved."""

Keys = tuple[Mapping[str, Hashable], Mapping[str, Hashable]]
"""What decides at one level, by side and node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """What :func:`pairing` found.

    Attributes:
        nodes: Reference node id to candidate node id.
        late: Reference ids of equal nodes that stand where no equal neighbours and no common order led to.
    """

    nodes: Mapping[str, str]
    late: frozenset[str]


def pairing(
    reference: Graph,
    candidate: Graph,
    labels: tuple[Labels, Labels],
    weights: tuple[Weights, Weights],
    known: Mapping[str, str],
) -> Pairs:
    """Finds the pairs, from the surest to the least sure.

    Args:
        reference: Canonical.
        candidate: Canonical.
        labels: Of their nodes.
        weights: Their weights.
        known: Weights that go together where there is a choice.
    """
    graphs = reference, candidate
    first = min(0, 1, key=lambda side: [labels[side][node.id] for node in graphs[side]])  # for a script that mirrors
    second = 1 - first
    work = _Pairing(graphs[first], graphs[second], (labels[first], labels[second]), (weights[first], weights[second]))
    turned = {two: one for one, two in known.items()}
    work.weights[first].update(known)
    work.weights[second].update(turned)
    late = work.run()
    return Pairs(nodes=work.pairs[first], late=frozenset(work.pairs[0][name] if first else name for name in late))


class _Pairing:
    """A growing one-to-one map between the nodes of two graphs; every table comes once for each side."""

    def __init__(
        self, reference: Graph, candidate: Graph, labels: tuple[Labels, Labels], weights: tuple[Weights, Weights]
    ) -> None:
        self.graphs = (reference, candidate)
        tables = index(reference), index(candidate)
        self.nodes = tables[0].nodes, tables[1].nodes
        self.users = tables[0].users, tables[1].users
        self.holders = tables[0].holders, tables[1].holders
        self.ends = tables[0].ends, tables[1].ends
        self.order = tables[0].order
        self.pairs: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self.weights: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self.rest = [list(reference), list(candidate)]

        def keyed(key: Key) -> Keys:
            return _both(lambda side: {n.id: key(n, labels[side][n.id], weights[side]) for n in self.graphs[side]})

        self.levels = [keyed(key) for key in LEVELS]
        self._natures, self._configs = keyed(nature_key), keyed(config_key)

    def run(self) -> list[str]:
        self._inputs()
        for keys in (self._natures, self.levels[0]):
            if self._shared(keys):
                around = self._neighbourhoods(keys)
                self._anchor(around, keys)
                for held in (True, False):
                    self._sequence(around, keys, held=held)
        for keys in self.levels:
            if self._shared(keys):
                self._anchor(keys, keys)
                self._sequence(keys, keys, held=True)
        for keys in self.levels:
            self._sequence(keys, keys, held=False)
        late = [*self._late(self.levels[0]), *self._late(self._configs)]
        self._replaced()
        return late

    def _neighbourhoods(self, keys: Keys) -> Keys:
        table = Table()
        return _both(lambda side: neighbourhoods(self.graphs[side], keys[side], table))

    def _inputs(self) -> None:
        """Pairs the inputs by position."""
        others = {node.attributes.get("index"): node.id for node in self.graphs[1] if node.kind == "input"}
        for node in self.graphs[0]:
            number = node.attributes.get("index")
            if node.kind == "input" and number in others:
                self.add(node.id, others.pop(number))

    def add(self, one: str, two: str) -> None:
        """Pairs two free nodes and their weights, as far as these are free."""
        self.pairs[0][one], self.pairs[1][two] = two, one
        for left, right in zip(self.nodes[0][one].weights, self.nodes[1][two].weights, strict=False):
            if left not in self.weights[0] and right not in self.weights[1]:
                self.weights[0][left], self.weights[1][right] = right, left

    def _shared(self, keys: Keys) -> bool:
        """Whether free nodes of both sides have a key in common."""
        own = {keys[0][node.id] for node in self._free(0)}
        return any(keys[1][node.id] in own for node in self._free(1))

    def _free(self, side: int) -> list[Node]:
        """The nodes not paired yet, in order."""
        pairs = self.pairs[side]
        if len(self.rest[side]) + len(pairs) > len(self.graphs[side]):
            self.rest[side] = [node for node in self.rest[side] if node.id not in pairs]
        return self.rest[side]

    def _anchor(self, keys: Keys, base: Keys) -> None:
        """Pairs what is alike from the paired nodes on, or back to them: first what has no rival, then ties.

        Args:
            keys: What a pair must share.
            base: What the values before and after it must share.
        """
        table = Table()
        named = [
            {name: key if name not in pairs else ("pair", pairs[name] if side else name) for name, key in own.items()}
            for side, (own, pairs) in enumerate(zip(base, self.pairs, strict=True))
        ]
        values, contexts = (
            (make(self.graphs[0], named[0], table, self.pairs[0]), make(self.graphs[1], named[1], table, self.pairs[1]))
            for make in (values_of, contexts_of)
        )
        if keys is not base:
            values, contexts = _joined(values, keys, table), _joined(contexts, keys, table)
        both = _joined(values, contexts, table)
        self._spread(keys)
        for colours in (values, both, contexts):
            if self._unique(colours):
                self._spread(values)
                self._spread(keys)
        for colours in (both, values, contexts):
            self._ties(colours, values, keys)

    def _groups(self, side: int, colours: Keys) -> dict[Hashable, list[str]]:
        found: dict[Hashable, list[str]] = defaultdict(list)
        for node in self._free(side):
            found[colours[side][node.id]].append(node.id)
        return found

    def _unique(self, colours: Keys) -> bool:
        """Pairs the free nodes that alone have a colour on either side; whether there are any."""
        begin = len(self.pairs[0])
        others = self._groups(1, colours)
        for colour, ones in self._groups(0, colours).items():
            twos = others.get(colour, [])
            if len(ones) == len(twos) == 1:
                self.add(ones[0], twos[0])
        return len(self.pairs[0]) > begin

    def _ties(self, colours: Keys, values: Keys, keys: Keys) -> None:
        """Pairs free nodes of a colour that is equally frequent on either side, and what hangs on each, one by one."""
        others = self._groups(1, colours)
        for colour, ones in self._groups(0, colours).items():
            twos = others.get(colour, [])
            if len(ones) != len(twos):
                continue
            left = dict.fromkeys(twos)
            for one in ones:
                options = [] if one in self.pairs[0] else self._rivals(left)
                if options:
                    two = min(options, key=partial(self._strange, one))
                    self.add(one, two)
                    self._spread(keys, self._spread(values, [(one, two)]))

    def _rivals(self, left: dict[str, None]) -> list[str]:
        """The first few of a tie that are still free; paired ones are dropped on the way."""
        while True:
            head = list(islice(left, RIVALS))
            taken = [name for name in head if name in self.pairs[1]]
            if not taken:
                return head
            for name in taken:
                del left[name]

    def _strange(self, one: str, two: str) -> tuple[bool, bool]:
        """How little speaks for a pair among equals: weights that go elsewhere, another name."""
        held = zip(self.nodes[0][one].weights, self.nodes[1][two].weights, strict=False)
        elsewhere = any(self.weights[0].get(a, b) != b or self.weights[1].get(b, a) != a for a, b in held)
        return elsewhere, self.nodes[0][one].name != self.nodes[1][two].name

    def _spread(self, keys: Keys, start: Sequence[tuple[str, str]] | None = None) -> list[tuple[str, str]]:
        """Pairs the neighbours of pairs, those first that have most other neighbours in common.

        Args:
            keys: What they must share.
            start: The pairs to start from; all that have a free neighbour where not given.

        Returns:
            The pairs it started from, and the new ones.
        """
        found = list(self._border()) if start is None else list(start)
        heap: list[tuple[float, int, str, str]] = []
        done = 0
        while heap or done < len(found):
            for one, two in found[done:]:
                for left, right in self._around(one, two, keys):
                    if left not in self.pairs[0] and right not in self.pairs[1] and keys[0][left] == keys[1][right]:
                        heappush(heap, (-self._agreement(left, right), self.order[left], left, right))
            done = len(found)
            while heap and done == len(found):
                *_, left, right = heappop(heap)
                if left not in self.pairs[0] and right not in self.pairs[1]:
                    self.add(left, right)
                    found.append((left, right))
        return found

    def _agreement(self, one: str, two: str) -> float:
        """The share of the neighbours of two nodes that are paired with each other, of the first ``RIVALS``.

        Not in which position: a branch is the same where it is concatenated in another place.
        """
        seen: list[set[object]] = []
        for side, name in enumerate((one, two)):
            operands = [edge.node for edge in self.nodes[side][name].operands]
            near = dict.fromkeys(operands + [user for user, _ in self.users[side][name]])
            pairs = self.pairs[side]
            seen.append({(pairs[other] if side else other) if other in pairs else (side, other)
                         for other in islice(near, RIVALS)})  # fmt: skip
        together = len(seen[0] & seen[1])
        return together / max(1, len(seen[0]) + len(seen[1]) - together)

    def _border(self) -> Iterable[tuple[str, str]]:
        """The pairs next to a free node of the reference."""
        near: dict[str, None] = {}
        for node in self._free(0):
            near.update((edge.node, None) for edge in node.operands)
            near.update((name, None) for name, _ in self.users[0][node.id])
            near.update((name, None) for weight in node.weights for name, _ in self.holders[0][weight])
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
            yield from self._alone(self.holders[0][left], self.holders[1][right], keys)

    def _alone(
        self, ones: Iterable[tuple[str, Hashable]], twos: Iterable[tuple[str, Hashable]], keys: Keys
    ) -> Iterator[tuple[str, str]]:
        """Free nodes that alone have their key and tag on either side."""
        found: list[dict[Hashable, list[str]]] = []
        for side, names in enumerate((ones, twos)):
            free = [(name, tag) for name, tag in names if name not in self.pairs[side]]
            if not free:
                return
            groups: dict[Hashable, list[str]] = defaultdict(list)
            for user, tag in free:
                groups[keys[side][user], tag].append(user)
            found.append(groups)
        for key, own in found[0].items():
            if len(own) == 1 and len(found[1].get(key, ())) == 1:
                yield own[0], found[1][key][0]

    def _sequence(self, keys: Keys, base: Keys, *, held: bool) -> None:
        """Pairs what the gaps between anchors have in common in order; only nodes with weights, or only others.

        Args:
            keys: What a pair must share.
            base: What the sequences consist of. Of many equal layers the longest common sequence may take the wrong
                one beside a difference, so the first time more is asked of a pair than of the sequence.
            held: Whether it is the turn of nodes with weights.
        """
        if not self._shared(keys):
            return
        for gap in self._gaps():
            ones, twos = (
                [node.id for node in nodes if node.id not in self.pairs[side] and bool(node.weights) == held]
                for side, nodes in enumerate(gap)
            )
            for i, j in common([base[0][name] for name in ones], [base[1][name] for name in twos]):
                if keys[0][ones[i]] == keys[1][twos[j]]:
                    self.add(ones[i], twos[j])
        self._spread(keys)

    def _gaps(self) -> list[tuple[Sequence[Node], Sequence[Node]]]:
        """What stands between two anchors, for the most anchors that stand in one order on both sides."""
        left, right = self.graphs[0].nodes, self.graphs[1].nodes
        place = index(self.graphs[1]).order
        anchors = [(i, place[self.pairs[0][node.id]]) for i, node in enumerate(left) if node.id in self.pairs[0]]
        begin = (0, 0)
        found: list[tuple[Sequence[Node], Sequence[Node]]] = []
        for stop in [*increasing(anchors), (len(left), len(right))]:
            if stop[0] > begin[0] and stop[1] > begin[1]:
                found.append((left[begin[0] : stop[0]], right[begin[1] : stop[1]]))
            begin = (stop[0] + 1, stop[1] + 1)
        return found

    def _late(self, keys: Keys) -> list[str]:
        """Pairs nodes of equal key wherever they stand: weights move any distance, others to a place nearby."""
        ones, twos = self._places()
        pool: dict[Hashable, list[tuple[int, str]]] = defaultdict(list)
        for place, node in twos:
            pool[keys[1][node.id]].append((place, node.id))
        found: list[str] = []
        for place, node in ones:
            options = pool.get(keys[0][node.id], [])
            at = bisect_left(options, (place, ""))
            around = self._around_twice(0, node.id)
            rated = [
                (not around & self._around_twice(1, name), abs(other - place), other, name)
                for other, name in options[max(at - NEAREST, 0) : at + NEAREST]
            ]
            far, distance, other, name = min(rated, default=(True, REACH + 1, 0, ""))
            if name and (node.weights or not far or distance <= REACH):
                options.remove((other, name))
                self.add(node.id, name)
                found.append(node.id)
        return found

    def _around_twice(self, side: int, name: str) -> set[str]:
        """The paired nodes up to two steps away, by their name in the reference."""
        found = {name}
        for _ in range(2):
            for one in list(found):
                near = [edge.node for edge in self.nodes[side][one].operands]
                found.update(near + [user for user, _ in self.users[side][one][:RIVALS]])
        pairs = self.pairs[side]
        return {pairs[one] if side else one for one in found if one in pairs}

    def _places(self) -> tuple[list[tuple[int, Node]], list[tuple[int, Node]]]:
        """Free nodes and where they stand, counted in nodes of the candidate; of the reference by the pair before."""
        place = index(self.graphs[1]).order
        ones: list[tuple[int, Node]] = []
        last = 0
        for node in self.graphs[0]:
            if node.id in self.pairs[0]:
                last = place[self.pairs[0][node.id]]
            elif node.kind in ("layer", "function"):
                ones.append((last, node))
        return ones, [(place[node.id], node) for node in self._free(1) if node.kind in ("layer", "function")]

    def _replaced(self) -> None:
        """Pairs calls without weights that stand between the same neighbours: one took the place of the other."""
        for node in list(self._free(0)):
            if node.weights or not node.operands or node.kind not in ("layer", "function"):
                continue
            if any(edge.node not in self.pairs[0] for edge in node.operands):
                continue
            place = self._stand(0, node)
            for name, _ in self.users[1][self.pairs[0][node.operands[0].node]]:
                other = self.nodes[1][name]
                alike = other.kind in ("layer", "function") and not other.weights and name not in self.pairs[1]
                if alike and self._stand(1, other) == place:
                    self.add(node.id, name)
                    break

    def _stand(self, side: int, node: Node) -> tuple[object, ...]:
        """Between what a node stands, by pairs; of free users, how many there are."""
        pairs = self.pairs[side]

        def named(name: str) -> str:
            return "" if name not in pairs else pairs[name] if side else name

        operands = [(named(edge.node), edge.port) for edge in node.operands]
        users = sorted((named(name), str(tag) if name in pairs else "") for name, tag in self.users[side][node.id])
        return sorted(operands) if commutes(node) else operands, users, self.ends[side].get(node.id)


def _joined(first: Keys, second: Keys, table: Table) -> tuple[dict[str, int], dict[str, int]]:
    """Two colours of every node as one."""
    one, two = ({name: table[key, b[name]] for name, key in a.items()} for a, b in zip(first, second, strict=True))
    return one, two


T = TypeVar("T")


def _both(make: Callable[[int], T]) -> tuple[T, T]:
    return make(0), make(1)
