"""What is connected otherwise, though the nodes correspond: operands, shared weights, outputs and losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from kerasdiff.align.edits import End, MaskIgnored, Neighbour, OtherEnds, OtherOperands, OtherSharing, Wiring
from kerasdiff.align.labels import Weights
from kerasdiff.align.positions import Ends, Positions
from kerasdiff.findings import Site
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.signature import commutes

FEW = 4
"""Nodes with which something is shared that are listed by name."""


class Rewiring:
    """Compares what is connected; every table comes once for each side.

    Args:
        graphs: Canonical.
        tables: Their weights.
        positions: Where the nodes stand.
        shared: Reference ids of pairs whose weights meet others elsewhere, with such a weight of either side.
    """

    def __init__(
        self,
        graphs: tuple[Graph, Graph],
        tables: tuple[Weights, Weights],
        positions: Positions,
        shared: Mapping[str, tuple[str, str]],
    ) -> None:
        self._graphs, self._tables, self._positions, self._shared = graphs, tables, positions, shared

    def of_pair(self, one: Node, two: Node, *, moved: bool) -> Iterator[Wiring]:
        """What a pair shares and takes otherwise; what a moved one takes is told by the move."""
        if one.id in self._shared:
            yield self._sharing(one, two)
        wiring = None if moved else self._operands(one, two)
        if wiring is not None:
            yield wiring

    # Sharing ---------------------------------------------------------------------------------------------

    def _sharing(self, one: Node, two: Node) -> OtherSharing:
        weights = self._shared[one.id]
        sharers = [
            [other for other in graph if weight in other.weights and other.id != node.id]
            for graph, node, weight in zip(self._graphs, (one, two), weights, strict=True)
        ]
        first, second = (
            tuple(self._neighbour(side, other, always=True) for other in near[:FEW])
            for side, near in enumerate(sharers)
        )
        return OtherSharing(
            shares=(first, second),
            more=(max(0, len(sharers[0]) - FEW), max(0, len(sharers[1]) - FEW)),
            generator=weights[0] in one.seeds,
        )

    def _neighbour(self, side: int, node: Node, *, result: int = 0, always: bool = False) -> Neighbour:
        """A node by name; of the candidate's, with its counterpart's if the reference calls another node so."""
        one = self._positions.back.get(node.id, node.id) if side else node.id
        told = one != node.id and (always or node.id in self._positions.by_id[0])
        return Neighbour(site=Site.of(node), result=result, counterpart=one if told else "")

    # Operands --------------------------------------------------------------------------------------------

    def _operands(self, one: Node, two: Node) -> MaskIgnored | OtherOperands | None:
        masks = one.roles.count("mask"), two.roles.count("mask")
        if masks[0] != masks[1]:
            return MaskIgnored(applied_by="reference" if masks[0] else "candidate")
        ends = self._positions.ends(one, two)
        unordered = commutes(one) and commutes(two)
        if self._positions.same_ends(*ends, unordered=unordered):
            return None
        odd = self._odd(*ends, unordered=unordered)
        if len(one.operands) != len(two.operands):
            odd = list(range(len(one.operands))), list(range(len(two.operands)))
        reordered = not unordered and None not in ends[1] and self._positions.same_ends(*ends, unordered=True)
        first, second = (
            tuple(self._taken(side, ends[side][at] or node.operands[at], translated=reordered) for at in odd[side])
            for side, node in enumerate((one, two))
        )
        return OtherOperands(takes=(first, second), reordered=reordered)

    def _taken(self, side: int, edge: Edge, *, translated: bool) -> Neighbour:
        """A value; ``translated`` in the words of the reference, where the candidate's may be those of other nodes."""
        if side and translated:
            return self._value(0, Edge(node=self._positions.back[edge.node], port=edge.port))
        return self._value(side, edge)

    def _value(self, side: int, edge: Edge) -> Neighbour:
        """A value, with the number of the result where its node has several, such as the states of an LSTM."""
        node = self._positions.by_id[side][edge.node]
        return self._neighbour(side, node, result=edge.port + 1 if len(node.outputs) > 1 else 0)

    def _odd(self, first: Ends, second: Ends, *, unordered: bool) -> tuple[list[int], list[int]]:
        """Which operands differ, on either side: by position, or, where order does not count, those without a match."""
        if not unordered:
            pairs = enumerate(zip(first, second, strict=False))
            odd = [at for at, (a, b) in pairs if not self._positions.same_ends([a], [b], unordered=False)]
            return odd, odd
        left, right = list(range(len(first))), list(range(len(second)))
        for one, edge in enumerate(first):
            match = next((two for two in right if edge and second[two] == self._positions.translated(edge)), None)
            if match is not None:
                left.remove(one)
                right.remove(match)
        return left, right

    # Roots -----------------------------------------------------------------------------------------------

    def ends(self) -> Iterator[tuple[Node, Node, OtherEnds]]:
        """Outputs that are something else, by number; losses, in any order; each with the first pair of nodes."""
        outputs, losses = self._ends_of("outputs"), self._ends_of("losses")
        for numbered, reordered in (
            (self._odd_outputs(*outputs), self._positions.same_ends(*outputs, unordered=True)),
            (self._odd_losses(*losses), False),
        ):
            nodes = [
                (number, self._positions.by_id[0][a.node], self._positions.by_id[1][b.node])
                for number, a, b in numbered
            ]
            if nodes:
                ends = tuple(End(number=n, reference=Site.of(one), candidate=Site.of(two)) for n, one, two in nodes)
                yield nodes[0][1], nodes[0][2], OtherEnds(ends=ends, reordered=reordered)

    def _ends_of(self, name: Literal["outputs", "losses"]) -> tuple[list[Edge | None], list[Edge | None]]:
        first, second = (
            [self._positions.end(side, edge) for edge in (graph.outputs if name == "outputs" else graph.losses)]
            for side, graph in enumerate(self._graphs)
        )
        return first, second

    def _odd_outputs(self, first: Ends, second: Ends) -> list[tuple[int, Edge, Edge]]:
        if len(first) != len(second):
            return []
        return [
            (number, a, b)
            for number, (a, b) in enumerate(zip(first, second, strict=True))
            if a and b and not self._positions.same_ends([a], [b], unordered=False)
        ]

    def _odd_losses(self, first: Ends, second: Ends) -> list[tuple[int, Edge, Edge]]:
        if len(first) != len(second) or self._positions.same_ends(first, second, unordered=True):
            return []
        left = [edge for edge in first if edge and self._positions.translated(edge) not in second]
        wanted = [self._positions.translated(edge) for edge in first if edge]
        right = [edge for edge in second if edge and edge not in wanted]
        return [(-1, a, b) for a, b in zip(left, right, strict=False)]
