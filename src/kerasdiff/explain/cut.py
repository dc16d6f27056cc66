"""Where can one model's values stand in for the other's? The cut points of an alignment.

Aligned nodes that no edit touches are *cut points*: what either side computes there means the same. What lies between
cut points can come from either side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.align.edits import Edit, Update
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import nodes_of
from kerasdiff.graph import FUSED, Edge, Graph, Node, TensorSpec
from kerasdiff.graph.index import index_of

HANDLES = ("resource", "variant")
"""Dtypes of what stays in its process: variables, tables, the lists that a loop fills."""

BOUNDED = ("lstm", "gru", "simple_rnn", "bidirectional", "rnn")
"""Ops that hold weights, and give no values as large as one likes."""

Traced = tuple[Edge, Edge]
"""One value in the traced graph of each side, where it can be asked for and given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPoint:
    """A value both sides have: one that an aligned node computes, or a model output.

    Attributes:
        names: What a report calls it on each side: the id of the canonical node, or ``output 0`` and on.
        traced: The value in the traced graphs; ``None`` for a model output, which is fetched as such.
        output: The position of the model output; ``None`` for the value of a node.
        needs: The cut points it is computed from, by side, as canonical values.
        edits: Positions of the edits that lie between those and this one, or change its node.
    """

    names: tuple[str, str]
    traced: Traced | None = None
    output: int | None = None
    needs: tuple[frozenset[Edge], frozenset[Edge]]
    edits: frozenset[int]


def traced_of(canonical: Iterable[Node | None], graph: Graph) -> list[Node]:
    """The traced nodes that canonical ones stand for, each once; of one that a rewrite made, that it was made of."""
    nodes = index_of(graph).nodes
    found = (nodes.get(node.id) or nodes.get(node.home) for node in canonical if node is not None)
    return list({node.id: node for node in found if node is not None}.values())


class Cut:
    """The cut points of one mode's alignment.

    Args:
        aligned: The alignment.
        traced: The traced graph of each side.
        edits: Those that show in this mode, by their position among all.
    """

    def __init__(self, aligned: Aligned, traced: tuple[Graph, Graph], edits: Mapping[int, Edit]) -> None:
        self._graphs, self._nodes = aligned.graphs, aligned.nodes
        self._traced = index_of(traced[0]).nodes, index_of(traced[1]).nodes
        self._inputs = [node.id for node in traced[0] if node.kind == "input"]
        self._split = tuple({node.origin for node in graph if node.part == "activation"} for graph in self._graphs)
        self._touched = _touched(edits)
        self._sole = _sole_updates(edits, self._touched)
        pairs = ((one.id, two.id) for one, two in aligned.pairs if self._means_the_same(one, two))
        self._pairs = dict(pairs)
        self._held: tuple[Collection[str], Collection[str]] = (), ()
        self.points: tuple[CutPoint, ...] = ()
        self._settle()

    @property
    def inner(self) -> list[tuple[CutPoint, Traced]]:
        """The cut points that are no model outputs, with their traced values, in the order of the reference."""
        return [(point, point.traced) for point in self.points if point.traced is not None]

    def drop(self, nodes: Iterable[str]) -> None:
        """Takes reference nodes out: their traced values turned out not to be the same thing."""
        for node in nodes:
            self._pairs.pop(node, None)
        self._settle()

    def traced(self, side: int, edge: Edge) -> Edge | None:
        """Where a canonical value is found in the traced graph, ``None`` where a rewrite has made it up."""
        node = self._nodes[side][edge.node]
        if node.part == "activation":
            return Edge(node=node.origin) if node.origin in self._traced[side] else None
        if node.id not in self._traced[side]:
            return None
        return Edge(node=node.id, port=FUSED) if node.id in self._split[side] else edge

    def decision(self, side: int, name: str) -> Edge | None:
        """The traced value of a canonical node that compares; ``None`` for all other nodes."""
        node = self._nodes[side].get(name)
        if node is None or not node.outputs or node.outputs[0].dtype != "bool" or node.kind == "input":
            return None
        return self.traced(side, Edge(node=name))

    def node(self, side: int, name: str) -> Node | None:
        """A canonical node, ``None`` where there is none of that name."""
        return self._nodes[side].get(name)

    def input_at(self, place: Traced) -> int | None:
        """Which input of the models a place is, ``None`` where it is none."""
        return self._inputs.index(place[0].node) if place[0].node in self._inputs else None

    def users(self, side: int, name: str) -> list[Node]:
        """The canonical nodes that take a value of one."""
        return [user for user, _ in index_of(self._graphs[side]).consumers.get(name, ())]

    def spec(self, side: int, edge: Edge) -> TensorSpec | None:
        """What a canonical value looks like."""
        outputs = self._nodes[side][edge.node].outputs
        return outputs[edge.port] if edge.port < len(outputs) else None

    def free(self, ends: Iterable[tuple[int, str]], of: Edge | None = None) -> list[Traced]:
        """The nearest cut points above canonical nodes, with their sides, that may hold any value; inputs count too.

        Args:
            ends: The side and the name of each.
            of: The operand that alone is followed.
        """
        places: dict[Traced, None] = {}
        backward = {two: one for one, two in self._pairs.items()}
        passed: set[tuple[int, str]] = set()
        waiting = [
            (side, edge)
            for side, name in ends
            if name in self._nodes[side]
            for edge in self._nodes[side][name].operands
            if of in (None, edge)
        ]
        while waiting:
            side, edge = waiting.pop()
            node = self._nodes[side][edge.node]
            other = backward.get(edge.node) if side else self._pairs.get(edge.node)
            if other is not None and self._is_free(side, node):
                traced = self.traced(side, edge), self.traced(1 - side, Edge(node=other, port=edge.port))
                one, two = reversed(traced) if side else traced
                if one is not None and two is not None:
                    places[one, two] = None
            elif (side, edge.node) not in passed:
                passed.add((side, edge.node))
                waiting.extend((side, operand) for operand in node.operands)
        return list(places)

    def _is_free(self, side: int, node: Node) -> bool:
        """Whether a node gives any value for some weights, as an input does."""
        if node.kind == "input":
            return True
        reads = bool(node.weights) or any(self._nodes[side][edge.node].kind == "read" for edge in node.operands)
        return reads and node.op not in BOUNDED and node.kind != "read"

    def edits_on(self, weights: tuple[str, str]) -> frozenset[int]:
        """The edits at the nodes that hold a pair of weights, and those that lie between these and cut points.

        A value of another size is no cut point, so what is updated by it, as statistics are, is the edits' doing.
        """
        holders = [
            [node for node in graph if weight in node.weights]
            for graph, weight in zip(self._graphs, weights, strict=True)
        ]
        _, passed = self._between([[edge for node in nodes for edge in node.operands] for nodes in holders])
        own = (self._touched[side].get(node.id, set()) for side, nodes in enumerate(holders) for node in nodes)
        return passed.union(*own)

    def groups(self) -> tuple[frozenset[int], ...]:
        """Edits that cannot be told apart by cut points stand together; in the order of their first edit."""
        merged: list[frozenset[int]] = []
        for point in self.points:
            if point.edits:
                near = [group for group in merged if group & point.edits]
                merged = [group for group in merged if group not in near]
                merged.append(point.edits.union(*near))
        return tuple(sorted(merged, key=min))

    def _means_the_same(self, one: Node, two: Node) -> bool:
        """Whether two aligned nodes give values that can be asked for, given, and taken for one another."""
        if one.kind in ("read", "const") or one.outputs != two.outputs:
            return False
        if any(spec.dtype in HANDLES or 0 in (spec.shape or ()) for spec in one.outputs):
            return False
        if (one.id in self._touched[0] or two.id in self._touched[1]) and (one.id, two.id) not in self._sole:
            return False
        ports = range(len(one.outputs))
        return all(self._same_spec(side, node, port) for side, node in enumerate((one, two)) for port in ports)

    def _same_spec(self, side: int, node: Node, port: int) -> bool:
        """Whether the traced value has the shape and dtype of the canonical one: a rewrite may have moved its axes."""
        edge = self.traced(side, Edge(node=node.id, port=port))
        if edge is None:
            return False
        if edge.port == FUSED:
            return True  # split-activation reads its spec from this very value
        outputs = self._traced[side][edge.node].outputs
        return port < len(outputs) and outputs[port] == node.outputs[port]

    def _settle(self) -> None:
        self._held = set(self._pairs), set(self._pairs.values())
        self.points = (*self._inner_points(), *self._output_points())

    def _inner_points(self) -> Iterator[CutPoint]:
        for node in self._graphs[0]:
            counterpart = self._pairs.get(node.id)
            if counterpart is None or node.kind == "input":
                continue
            names = node.id, counterpart
            needs, edits = self._between([self._nodes[side][name].operands for side, name in enumerate(names)])
            for port in range(len(node.outputs)):
                one, two = (self.traced(side, Edge(node=name, port=port)) for side, name in enumerate(names))
                assert one is not None
                assert two is not None
                yield CutPoint(names=names, traced=(one, two), needs=needs, edits=edits | self._sole.get(names, set()))

    def _output_points(self) -> Iterator[CutPoint]:
        for number, ends in enumerate(zip(*(graph.outputs for graph in self._graphs), strict=False)):
            needs, edits = self._between([[end] for end in ends])
            yield CutPoint(names=(f"output {number}",) * 2, output=number, needs=needs, edits=edits)

    def _between(
        self, ends: Sequence[Iterable[Edge]]
    ) -> tuple[tuple[frozenset[Edge], frozenset[Edge]], frozenset[int]]:
        """By side, the cut point values that these values are computed from; the edits passed on the way."""
        one, two = (self._closure(side, edges) for side, edges in enumerate(ends))
        passed = ((side, name) for side, (_, names) in enumerate((one, two)) for name in names)
        return (one[0], two[0]), frozenset(
            position for side, name in passed for position in self._touched[side].get(name, ())
        )

    def _closure(self, side: int, ends: Iterable[Edge]) -> tuple[frozenset[Edge], frozenset[str]]:
        """The cut point values that these values are computed from, and the nodes passed on the way."""
        needs: set[Edge] = set()
        inner: set[str] = set()
        waiting = list(ends)
        while waiting:
            edge = waiting.pop()
            node = self._nodes[side][edge.node]
            if edge.node in self._held[side]:
                if node.kind != "input":
                    needs.add(edge)
            elif edge.node not in inner:
                inner.add(edge.node)
                waiting.extend(node.operands)
        return frozenset(needs), frozenset(inner)


Touched = tuple[Mapping[str, set[int]], Mapping[str, set[int]]]
"""By side, the nodes that edits stand at, with the positions of those."""


def _touched(edits: Mapping[int, Edit]) -> Touched:
    touched: tuple[dict[str, set[int]], dict[str, set[int]]] = ({}, {})
    for position, edit in edits.items():
        for side, names in enumerate(nodes_of([edit])):
            for name in names:
                touched[side].setdefault(name, set()).add(position)
    return touched


def _sole_updates(edits: Mapping[int, Edit], touched: Touched) -> dict[tuple[str, str], set[int]]:
    """Pairs of nodes that one update alone touches: their value still means the same, so they are cut points.

    Of a line that runs several times, those of every time.
    """
    steps = [
        (position, step) for position, edit in edits.items() for step in (edit.folded if edit.times > 1 else (edit,))
    ]
    return {
        (step.reference.node, step.candidate.node): {position}
        for position, step in steps
        if isinstance(step, Update)
        and step.reference is not None
        and step.candidate is not None
        and touched[0].get(step.reference.node) == touched[1].get(step.candidate.node) == {position}
    }
