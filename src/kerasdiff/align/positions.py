"""Where does each node stand between the pairs, and which pairs have moved?

A pair has moved where it comes from somewhere else and goes somewhere else; what it merely passes on the way, unpaired
nodes and other moved ones, does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kerasdiff.align.pairing import Pairs
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes

FEW = 4
"""Users by which a position is told at most."""

Ends = Sequence[Edge | None]
"""Where operands come from: the nearest values of nodes that stay, ``None`` where there are several or none."""


class Positions:
    """The surroundings of every node; every table comes once for each side.

    Attributes:
        nodes, back: The pairs, from the reference and from the candidate.
        moved: Reference ids of those that stand elsewhere.
    """

    def __init__(self, graphs: tuple[Graph, Graph], pairs: Pairs) -> None:
        self.graphs = graphs
        self.by_id = index_of(graphs[0]).nodes, index_of(graphs[1]).nodes
        self.users = index_of(graphs[0]).consumers, index_of(graphs[1]).consumers
        self.nodes = pairs.nodes
        self.back = {two: one for one, two in pairs.nodes.items()}
        self._given: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
        for side, graph in enumerate(graphs):
            for number, edge in enumerate(graph.outputs):
                self._given[side].setdefault(edge.node, []).append(f"output {number}")
        self.moved: set[str] = set()
        self._resolve()
        self.moved = self._displaced(pairs.late)
        self._resolve()
        for node in sorted(graphs[0], key=lambda node: not node.weights):
            if node.id in self.moved and self._may_stay(node):
                self._settle(node.id)

    def _resolve(self) -> None:
        """Finds the paired, unmoved nodes around every value, through unpaired or moved nodes of one operand.

        ``_above`` holds, for other nodes, the nearest such value they come from, ``None`` where they have several
        operands; ``_below`` the ids of such users, and outputs, or ``None`` for more than ``FEW``.
        """
        self._above: tuple[dict[str, Edge | None], dict[str, Edge | None]] = ({}, {})
        self._below: tuple[dict[str, frozenset[str] | None], dict[str, frozenset[str] | None]] = ({}, {})
        for side, graph in enumerate(self.graphs):
            for node in graph:
                if not self.stays(side, node.id):
                    self._above[side][node.id] = self._source(side, node)
            for node in reversed(graph.nodes):
                self._below[side][node.id] = self._reached(side, node.id)

    def _source(self, side: int, node: Node) -> Edge | None:
        return self.end(side, node.operands[0]) if len(node.operands) == 1 else None

    def _reached(self, side: int, name: str) -> frozenset[str] | None:
        reached = set(self._given[side].get(name, ()))
        for user, _ in self.users[side][name]:
            if self.stays(side, user.id):
                reached.add(user.id)
            elif len(user.operands) == 1:
                under = self._below[side][user.id]
                if under is None:
                    return None
                reached |= under
        return frozenset(reached) if len(reached) <= FEW else None

    def _settle(self, name: str) -> None:
        """Takes back that a pair has moved, and what that changes around it."""
        self.moved.discard(name)
        for side, start in enumerate((name, self.nodes[name])):
            stack = [start]
            while stack:
                for user, _ in self.users[side][stack.pop()]:
                    if not self.stays(side, user.id) and len(user.operands) == 1:
                        self._above[side][user.id] = self._source(side, user)
                        stack.append(user.id)
            stack = [edge.node for edge in self.by_id[side][start].operands]
            while stack:
                other = stack.pop()
                self._below[side][other] = self._reached(side, other)
                if not self.stays(side, other) and len(self.by_id[side][other].operands) == 1:
                    stack.append(self.by_id[side][other].operands[0].node)

    def stays(self, side: int, name: str) -> bool:
        """Whether a node is paired and has not moved."""
        one = name if side == 0 else self.back.get(name)
        return one in self.nodes and one not in self.moved

    def end(self, side: int, edge: Edge) -> Edge | None:
        """The nearest value of a node that stays which a value comes from."""
        return edge if self.stays(side, edge.node) else self._above[side][edge.node]

    def ends(self, one: Node, two: Node) -> tuple[list[Edge | None], list[Edge | None]]:
        """The same for all operands of a pair."""
        return [self.end(0, edge) for edge in one.operands], [self.end(1, edge) for edge in two.operands]

    def translated(self, edge: Edge) -> Edge:
        """A value of the reference as the candidate's."""
        return Edge(node=self.nodes[edge.node], port=edge.port)

    def same_ends(self, first: Ends, second: Ends, *, unordered: bool) -> bool:
        """Whether operands come from the same; what an edit of several operands hides counts as the same."""
        wanted = [None if edge is None else self.translated(edge) for edge in first]
        if len(wanted) != len(second):
            return False
        if not unordered:
            return all(a == b or a is None or b is None for a, b in zip(wanted, second, strict=True))
        counts = Counter(edge for edge in wanted if edge), Counter(edge for edge in second if edge)
        left = (counts[0] - counts[1]).total(), (counts[1] - counts[0]).total()
        return left[0] <= second.count(None) and left[1] <= wanted.count(None)

    def _displaced(self, late: frozenset[str]) -> set[str]:
        """Of equal nodes paired out of order, those that both ends tell to stand elsewhere: neighbours go together.

        Where only what a node takes differs, it is wired differently; where nothing does, branches were exchanged.
        """
        return {
            node.id
            for group in self._groups(late)
            if any(map(self._taken_differs, group)) and any(map(self._used_differs, group))
            for node in group
        }

    def _groups(self, late: frozenset[str]) -> Iterator[list[Node]]:
        """Nodes paired out of order, those together that are connected."""
        seen: set[str] = set()
        for start in self.nodes:
            if start not in late or start in seen:
                continue
            seen.add(start)
            stack, group = [start], []
            while stack:
                node = self.by_id[0][stack.pop()]
                group.append(node)
                near = [*(edge.node for edge in node.operands), *(user.id for user, _ in self.users[0][node.id])]
                fresh = [name for name in dict.fromkeys(near) if name in late and name not in seen]
                seen.update(fresh)
                stack += fresh
            yield group

    def _may_stay(self, one: Node) -> bool:
        """Whether a moved node stands where it stood with all other moved ones left out: of two, one has moved."""
        ends = self.ends(one, self.by_id[1][self.nodes[one.id]])
        known = None not in (*ends[0], self._below[0][one.id], *ends[1])
        return known and not self._taken_differs(one) and not self._used_differs(one)

    def _taken_differs(self, one: Node) -> bool:
        ends = self.ends(one, self.by_id[1][self.nodes[one.id]])
        return not self.same_ends(*ends, unordered=commutes(one))

    def _used_differs(self, one: Node) -> bool:
        below = self._below[0][one.id], self._below[1][self.nodes[one.id]]
        return None not in below and frozenset(self.nodes.get(name, name) for name in below[0] or ()) != below[1]
