"""Who uses a value, who holds a weight, what a graph returns: tables of one graph, each made once and when first asked.

Why kept with the graph and not handed around? A dozen steps ask for the same tables of the same few graphs; as a graph
never changes, neither do they. What is kept holds no reference back to the graph and does not travel with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from kerasdiff.graph.model import Edge, Graph, Node
from kerasdiff.graph.signature import commutes

ANYWHERE = -1
"""Position of an operand where these may stand in any order."""

Use = tuple[str, tuple[int, int]]
"""A node that uses a value: its id, the position of the operand (or :data:`ANYWHERE`), and the port of the value."""


class Index:
    """The tables of one graph.

    Args:
        nodes: In topological order.
        outputs: What the graph returns.
    """

    def __init__(self, nodes: Sequence[Node], outputs: Sequence[Edge]) -> None:
        self._nodes = nodes
        self._outputs = outputs

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by id."""
        return {node.id: node for node in self._nodes}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Where each node stands, from 0."""
        return {node.id: number for number, node in enumerate(self._nodes)}

    @cached_property
    def unordered(self) -> frozenset[str]:
        """Ids of the nodes whose operands may stand in any order."""
        return frozenset(node.id for node in self._nodes if commutes(node))

    @cached_property
    def consumers(self) -> Mapping[str, Sequence[tuple[Node, int]]]:
        """For each node id, the nodes that consume it with the operand position, in graph order."""
        consumers: dict[str, list[tuple[Node, int]]] = {node.id: [] for node in self._nodes}
        for node in self._nodes:
            for position, edge in enumerate(node.operands):
                consumers[edge.node].append((node, position))
        return consumers

    @cached_property
    def users(self) -> Mapping[str, Sequence[Use]]:
        """The same by id, with how the value is used: where order counts, and which port."""
        uses: dict[str, list[Use]] = {node.id: [] for node in self._nodes}
        for node in self._nodes:
            anywhere = node.id in self.unordered
            for position, edge in enumerate(node.operands):
                uses[edge.node].append((node.id, (ANYWHERE if anywhere else position, edge.port)))
        return uses

    @cached_property
    def holders(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """For each weight that a node holds, the ids of all that do, with its position there, in graph order."""
        held_by: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for node in self._nodes:
            for position, name in enumerate(node.weights):
                held_by[name].append((node.id, position))
        return dict(held_by)

    @cached_property
    def ends(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """For each node that gives outputs of the graph, their numbers, with the ports."""
        given: dict[str, list[tuple[int, int]]] = {}
        for number, edge in enumerate(self._outputs):
            given.setdefault(edge.node, []).append((number, edge.port))
        return given


def index_of(graph: Graph) -> Index:
    """The tables of a graph, the same object each time."""
    tables: Index | None = getattr(graph, "memo", None)
    if tables is None:
        tables = Index(graph.nodes, graph.outputs)
        object.__setattr__(graph, "memo", tables)
    return tables
