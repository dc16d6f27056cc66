"""Which TF ops of the unpaired nodes have no counterpart: what does a layer hide that the other side writes out?

A layer against the same ops by hand, with one of them missing: no node is like another, and yet one op is all that
differs. So the expanded nodes are paired op by op. A node whose ops all have counterparts in the same wiring is nothing
to report; of a node that lacks one or two, these are named; any other is reported whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.align.labels import Labels, Weights
from kerasdiff.align.pairing import pairing
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes

HIDDEN = 2
"""Most ops of one node that are named one by one; with more, or half of them, the node itself is the difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OddOps:
    """What pairing the ops shows; every table comes once for each side.

    Attributes:
        whole: Nodes that are another thing altogether.
        parts: For nodes that differ in few ops, these.
        weights: Weights read by ops that correspond, reference to candidate.
    """

    whole: tuple[frozenset[str], frozenset[str]]
    parts: tuple[Mapping[str, tuple[Node, ...]], Mapping[str, tuple[Node, ...]]]
    weights: Mapping[str, str]


def odd_ops(
    expanded: tuple[Graph, Graph],
    labels: tuple[Labels, Labels],
    weights: tuple[Weights, Weights],
    ends: Sequence[tuple[Edge | None, Edge | None]],
) -> OddOps:
    """Pairs the ops of expanded graphs.

    Args:
        expanded: Paired nodes closed and without operands, unpaired ones as TF ops.
        labels: Of both, equal and unique for the closed nodes of a pair.
        weights: Of both models.
        ends: What paired nodes and roots take from the expanded ones, side by side.
    """
    return _Ops(expanded, labels, weights, ends).result()


class _Ops:
    """The pairs of ops, and the ops that are odd: unpaired, unlike or wired in another way."""

    def __init__(
        self,
        expanded: tuple[Graph, Graph],
        labels: tuple[Labels, Labels],
        weights: tuple[Weights, Weights],
        ends: Sequence[tuple[Edge | None, Edge | None]],
    ) -> None:
        self.graphs = expanded
        self.nodes = index_of(expanded[0]).nodes, index_of(expanded[1]).nodes
        pairs = pairing(*expanded, labels, weights, {}).nodes
        self.pairs = pairs, {two: one for one, two in pairs.items()}
        self.odd: tuple[set[str], set[str]] = (set(), set())
        for side, graph in enumerate(expanded):
            self.odd[side].update(node.id for node in graph if node.id not in self.pairs[side])
        for one, two in pairs.items():
            first, second = self.nodes[0][one], self.nodes[1][two]
            if labels[0][one] != labels[1][two] or not self._same(first, second):
                self._set_apart(one, two)
        for left, right in ends:
            if left is not None and right is not None and not self._meet(left, right):
                self._set_apart(left.node, right.node)

    def _set_apart(self, one: str, two: str) -> None:
        self.odd[0].add(one)
        self.odd[1].add(two)

    def _same(self, first: Node, second: Node) -> bool:
        """Whether two ops take the same values, as far as these have counterparts."""
        left, right = list(first.operands), list(second.operands)
        if len(left) != len(right):
            return False
        if commutes(first):
            for edge in list(left):
                match = next((other for other in right if self._pair(edge, other)), None)
                if match is not None:
                    left.remove(edge)
                    right.remove(match)
        return all(self._meet(one, two) for one, two in zip(left, right, strict=True))

    def _pair(self, left: Edge, right: Edge) -> bool:
        return self.pairs[0].get(left.node) == right.node and left.port == right.port

    def _meet(self, left: Edge, right: Edge) -> bool:
        """Whether two values correspond, or one has no counterpart at all: then that is the difference."""
        if self._pair(left, right):
            return True
        return any(
            self.nodes[side][edge.node].kind not in ("read", "const") and edge.node not in self.pairs[side]
            for side, edge in enumerate((left, right))
        )

    def result(self) -> OddOps:
        """Settles which nodes differ in part and which as a whole."""
        owned: tuple[dict[str, list[Node]], dict[str, list[Node]]] = (defaultdict(list), defaultdict(list))
        for side, graph in enumerate(self.graphs):
            for node in graph:
                if node.kind in ("op", "layer", "function"):
                    owned[side][owner(node)].append(node)
        while self._spread(owned):
            pass
        whole: tuple[set[str], set[str]] = (set(), set())
        parts: tuple[dict[str, tuple[Node, ...]], dict[str, tuple[Node, ...]]] = ({}, {})
        for side in (0, 1):
            for name, ops in owned[side].items():
                odd = tuple(op for op in ops if op.id in self.odd[side])
                if len(odd) == len(ops):
                    whole[side].add(name)
                elif odd:
                    parts[side][name] = odd
        reads = {
            self.nodes[0][one].weights[0]: self.nodes[1][two].weights[0]
            for one, two in self.pairs[0].items()
            if self.nodes[0][one].kind == self.nodes[1][two].kind == "read"
        }
        return OddOps(whole=(frozenset(whole[0]), frozenset(whole[1])), parts=parts, weights=reads)

    def _spread(self, owned: tuple[dict[str, list[Node]], dict[str, list[Node]]]) -> bool:
        """Takes nodes of too many odd ops as a whole, and with them what was paired to their ops; whether any was."""
        before = len(self.odd[0]) + len(self.odd[1])
        for side in (0, 1):
            for ops in owned[side].values():
                count = sum(op.id in self.odd[side] for op in ops)
                if count and (count > HIDDEN or 2 * count >= len(ops)):
                    self.odd[side].update(op.id for op in ops)
                    self.odd[1 - side].update(self.pairs[side][op.id] for op in ops if op.id in self.pairs[side])
        return len(self.odd[0]) + len(self.odd[1]) > before


def owner(node: Node) -> str:
    """The traced node an op of an expanded graph belongs to."""
    return node.origin if node.part == "op" else node.id
