"""Progressive lowering: nodes expanded into their TF ops, and rules that reach across node borders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasdiff.canonical.engine import apply_rules, live
from kerasdiff.canonical.layers import Canonical
from kerasdiff.canonical.rules.sums import unfolded
from kerasdiff.graph import Edge, Graph, Mode, Node, TensorSpec


def expand(graph: Graph, mode: Mode, opaque: Mapping[str, str] | None = None) -> Canonical:
    """Expands nodes into their TF ops and brings the whole to normal form across node borders.

    Args:
        graph: A canonical graph.
        mode: Which rules may be used.
        opaque: Nodes that stay closed, with the label they are compared by.
    """
    labels = opaque or {}
    nodes: list[Node] = []
    results: dict[Edge, Edge] = {}
    effects: list[str] = []
    reads: set[str] = set()

    def read(weight: str, specs: tuple[TensorSpec, ...]) -> Edge:
        if weight not in reads:
            reads.add(weight)
            nodes.append(Node(id=f"read {weight}", op="read", kind="read", weights=(weight,), outputs=specs))
        return Edge(node=f"read {weight}")

    for node in graph:
        operands = tuple(results.get(edge, edge) for edge in node.operands)
        if node.id in labels or node.lowering is None:
            label = {"label": labels[node.id]} if node.id in labels else node.attributes
            nodes.append(replace(node, operands=operands, attributes=label, lowering=None))
            if node.id in graph.effects:
                effects.append(node.id)
            continue
        inside: dict[str, Edge] = {}
        for item in node.lowering:
            if item.kind == "input":
                inside[item.id] = operands[item.whole("index")]
            elif item.kind == "read":
                inside[item.id] = read(node.weights[item.whole("index")], item.outputs)
            else:
                name = f"{node.id} {item.id}"
                wired = tuple(_inside(edge, inside) for edge in item.operands)
                nodes.extend(
                    unfolded(replace(item, id=name, operands=wired, part="op", origin=node.id, source=node.source))
                )
                inside[item.id] = Edge(node=name)
        for port, edge in enumerate(node.lowering.outputs):
            results[Edge(node=node.id, port=port)] = _inside(edge, inside)
        effects.extend(inside[name].node for name in node.lowering.effects)
    expanded = Graph(
        nodes=tuple(nodes),
        outputs=tuple(results.get(edge, edge) for edge in graph.outputs),
        losses=tuple(results.get(edge, edge) for edge in graph.losses),
        effects=tuple(effects),
    )
    done, applied = apply_rules(live(expanded), mode)
    return Canonical(graph=done, applied=applied)


def _inside(edge: Edge, inside: Mapping[str, Edge]) -> Edge:
    base = inside[edge.node]
    return base if edge.port == 0 else Edge(node=base.node, port=base.port + edge.port)
