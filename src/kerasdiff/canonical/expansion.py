"""Progressive lowering: nodes expanded into their TF ops, and rules that reach across node borders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kerasdiff.canonical.engine import apply_rules, live
from kerasdiff.canonical.layers import Canonical
from kerasdiff.canonical.rules.sums import unfolded
from kerasdiff.graph import Attribute, Edge, Graph, Mode, Node, TensorSpec


def expand(graph: Graph, mode: Mode, opaque: Mapping[str, str] | None = None) -> Canonical:
    """Expands nodes into their TF ops and brings the whole to normal form across node borders.

    Args:
        graph: A canonical graph.
        mode: Which rules may be used.
        opaque: Nodes that stay closed, with the label they are compared by.
    """
    labels = opaque or {}
    expansion = _Expansion()
    for node in graph:
        if node.id in labels:
            expansion.close(node, {"label": labels[node.id]}, effect=node.id in graph.effects)
        elif node.lowering is None:
            expansion.close(node, node.attributes, effect=node.id in graph.effects)
        else:
            expansion.expand(node, node.lowering)
    expanded = Graph(
        nodes=tuple(expansion.nodes),
        outputs=expansion.now(graph.outputs),
        losses=expansion.now(graph.losses),
        effects=tuple(expansion.effects),
    )
    done, applied = apply_rules(live(expanded), mode)
    return Canonical(graph=done, applied=applied)


class _Expansion:
    """The nodes of one graph, each closed or expanded into its ops; they come in topological order.

    Attributes:
        nodes: Those put so far.
        effects: The ids of those among them that update a state.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.effects: list[str] = []
        self._results: dict[Edge, Edge] = {}
        self._reads: dict[str, Edge] = {}

    def now(self, edges: Iterable[Edge]) -> tuple[Edge, ...]:
        """Where values of the graph are in the expanded one."""
        return tuple(self._results.get(edge, edge) for edge in edges)

    def close(self, node: Node, attributes: Mapping[str, Attribute], *, effect: bool) -> None:
        """Puts a node as it is, without its lowering, to be compared by these attributes."""
        self.nodes.append(replace(node, operands=self.now(node.operands), attributes=attributes, lowering=None))
        if effect:
            self.effects.append(node.id)

    def expand(self, node: Node, lowering: Graph) -> None:
        """Puts the ops of a node in its place."""
        operands = self.now(node.operands)
        inside: dict[str, Edge] = {}
        for item in lowering:
            if item.kind == "input":
                inside[item.id] = operands[item.whole("index")]
            elif item.kind == "read":
                inside[item.id] = self._read(node.weights[item.whole("index")], item.outputs)
            else:
                inside[item.id] = self._put(node, item, tuple(_inside(edge, inside) for edge in item.operands))
        for port, edge in enumerate(lowering.outputs):
            self._results[Edge(node=node.id, port=port)] = _inside(edge, inside)
        self.effects.extend(inside[name].node for name in lowering.effects)

    def _put(self, node: Node, item: Node, operands: tuple[Edge, ...]) -> Edge:
        """An op or a constant of a node's lowering, beside the others."""
        name = f"{node.id} {item.id}"
        placed = replace(item, id=name, operands=operands, part="op", origin=node.id, source=node.source)
        self.nodes.extend(unfolded(placed))
        return Edge(node=name)

    def _read(self, weight: str, specs: tuple[TensorSpec, ...]) -> Edge:
        """The one read of a weight, shared by all nodes that hold it."""
        if weight not in self._reads:
            self.nodes.append(Node(id=f"read {weight}", op="read", kind="read", weights=(weight,), outputs=specs))
            self._reads[weight] = Edge(node=f"read {weight}")
        return self._reads[weight]


def _inside(edge: Edge, inside: Mapping[str, Edge]) -> Edge:
    base = inside[edge.node]
    return base if edge.port == 0 else Edge(node=base.node, port=base.port + edge.port)
