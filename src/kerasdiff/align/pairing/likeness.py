"""What must two nodes share to go together, level by level, and what is around them?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from kerasdiff.align.labels import Table, Weights, nature
from kerasdiff.graph import Graph, Node
from kerasdiff.graph.index import ANYWHERE, index_of


def label_key(node: Node, label: str, weights: Weights) -> Hashable:
    """The same op with the same settings."""
    return label


def nature_key(node: Node, label: str, weights: Weights) -> Hashable:
    """The same op with the same settings, and weights of which the model says the same."""
    return (label, *(nature(weights[name]) for name in node.weights if name in weights))


def layer_key(node: Node, label: str, weights: Weights) -> Hashable:
    """The same kind of layer with weights of the same shapes."""
    if node.kind == "input":
        return ("input", node.attributes.get("index"))
    shapes = tuple(weights[name].shape for name in node.weights if name in weights)
    return (node.op, node.display if node.kind == "layer" else "", shapes, len(node.operands))


def op_key(node: Node, label: str, weights: Weights) -> Hashable:
    """The same kind of layer, or the same op."""
    if node.kind in ("input", "read", "const"):
        return layer_key(node, label, weights)
    return (node.display if node.kind == "layer" else node.op, bool(node.weights))


def config_key(node: Node, label: str, weights: Weights) -> Hashable:
    """What makes a layer that learns nothing the same layer on any shape: its ops may depend on the shape."""
    bare = node.kind == "layer" and all(weights[name].is_seed for name in node.weights if name in weights)
    return (node.display, repr(sorted(node.attributes.items()))) if bare else label


Key = Callable[[Node, str, Weights], Hashable]

LEVELS: Sequence[Key] = (label_key, layer_key, op_key)
"""What two nodes must share, level by level."""


def neighbourhoods(graph: Graph, keys: Mapping[str, Hashable], table: Table) -> dict[str, Hashable]:
    """For every node, the number of its key and those of its operands and users."""
    below: dict[str, list[int]] = {node.id: [] for node in graph}
    above: dict[str, tuple[int, ...]] = {}
    for node in graph:
        unordered = node.id in index_of(graph).unordered
        for position, edge in enumerate(node.operands):
            below[edge.node].append(table[keys[node.id], ANYWHERE if unordered else position, edge.port])
        numbers = [table[keys[edge.node], edge.port] for edge in node.operands]
        above[node.id] = tuple(sorted(numbers) if unordered else numbers)
    return {name: table[keys[name], numbers, tuple(sorted(below[name]))] for name, numbers in above.items()}
