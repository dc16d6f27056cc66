"""What does a node do, and what is a value? Digests and numbers that are equal where two graphs agree."""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping

from kerasdiff.graph import Graph, Node, Weight
from kerasdiff.graph.signature import commutes, digest, graph_signature, node_label

Weights = Mapping[str, Weight]
Labels = Mapping[str, str]
"""By node id: a digest of what the node does to its operands with its weights."""


class Table(dict[Hashable, int]):
    """Gives equal keys the same number, in order of first sight: a digest without the cost of one."""

    def __missing__(self, key: Hashable) -> int:
        number = self[key] = len(self)
        return number


def nature(weight: Weight) -> Hashable:
    """What a model says of a weight besides its name: it tells weights apart where there is a choice."""
    return (weight.shape, weight.trainable, weight.initializer, weight.regularizer, weight.constraint)


def used_ports(graph: Graph) -> dict[str, tuple[int, ...]]:
    """For each node, the output ports that something uses."""
    used: dict[str, set[int]] = {node.id: set() for node in graph}
    for node in graph:
        for edge in node.operands:
            used[edge.node].add(edge.port)
    for edge in (*graph.outputs, *graph.losses):
        used[edge.node].add(edge.port)
    return {name: tuple(sorted(ports)) for name, ports in used.items()}


def label(node: Node, ports: tuple[int, ...], weights: Weights) -> str:
    """What a node computes from its operands and weights, whatever it is called.

    The lowering in normal form, as far as its result is used, with the sizes and dtypes of the weights; how these are
    laid out is part of the lowering.
    """
    held = _held(node, weights)
    if node.lowering is not None:
        return digest(graph_signature(node.lowering, ports), held, node.roles.count("mask"))
    if node.kind == "read":
        return digest("read", held)
    if node.kind == "input":
        spec = node.outputs[0] if node.outputs else None
        return digest("input", node.attributes.get("index"), spec and (spec.shape, spec.dtype))
    return node_label(node)


def _held(node: Node, weights: Weights) -> tuple[Hashable, ...]:
    return tuple((weights[name].size, weights[name].dtype) if name in weights else name for name in node.weights)


def labels_of(graph: Graph, weights: Weights) -> dict[str, str]:
    """The label of every node; nodes that share a lowering or the attributes of an op share the work."""
    ports = used_ports(graph)
    known: dict[Hashable, str] = {}
    labels: dict[str, str] = {}
    for node in graph:
        key: Hashable
        if node.lowering is not None:
            key = (id(node.lowering), ports[node.id], _held(node, weights), node.roles.count("mask"))
        elif node.kind in ("read", "input"):
            labels[node.id] = label(node, (), weights)
            continue
        else:
            key = (node.op, id(node.attributes), id(node.outputs))
        if key not in known:
            known[key] = label(node, ports[node.id], weights)
        labels[node.id] = known[key]
    return labels


def values_of(graph: Graph, labels: Mapping[str, Hashable], table: Table, cut: Container[str] = ()) -> dict[str, int]:
    """The number of every value from the inputs on: equal label and operands, equal number.

    Args:
        graph: Canonical.
        labels: Of every node.
        table: Shared by the graphs to compare.
        cut: Nodes whose label says it all, whatever their operands are.
    """
    numbers: dict[str, int] = {}
    for node in graph:
        if node.id in cut or not node.operands:
            numbers[node.id] = table[labels[node.id]]
            continue
        operands = [(numbers[edge.node], edge.port) for edge in node.operands]
        if commutes(node):
            operands.sort()
        numbers[node.id] = table[labels[node.id], tuple(operands)]
    return numbers


def contexts_of(graph: Graph, labels: Mapping[str, Hashable], table: Table, cut: Container[str] = ()) -> dict[str, int]:
    """The number of what is done with every value, from the roots back: the mirror image of :func:`values_of`."""
    uses: dict[str, list[tuple[int, int, int]]] = {node.id: [] for node in graph}
    for number, edge in enumerate(graph.outputs):
        uses[edge.node].append((-2, number, edge.port))
    for edge in graph.losses:
        uses[edge.node].append((-2, -1, edge.port))
    numbers: dict[str, int] = {}
    for node in reversed(graph.nodes):
        if node.id in cut:
            number = table[labels[node.id]]
        else:
            number = table["used", labels[node.id], tuple(sorted(uses[node.id]))]
        numbers[node.id] = number
        unordered = commutes(node)
        for position, edge in enumerate(node.operands):
            uses[edge.node].append((number, -1 if unordered else position, edge.port))
    return numbers
