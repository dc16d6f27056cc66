"""What is a layer set to that has no such setting? The default of the version of Keras that has it.

Versions of Keras add settings and take some away. One that only the other side's version knows is no difference there
where it has its default; what the versions do without it is told by graphs and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasdiff.graph import Attribute, Graph, Node

Defaults = Mapping[str, Mapping[str, Attribute]]
"""Settings with their defaults, by the op of the layer."""


def with_defaults(graph: Graph, other: Defaults) -> Graph:
    """The graph with the settings that its layers do not know and ``other``, of the other side, has defaults of."""
    nodes = tuple(_filled(node, other.get(node.op, {})) for node in graph)
    return graph if all(new is old for new, old in zip(nodes, graph, strict=True)) else replace(graph, nodes=nodes)


def _filled(node: Node, defaults: Mapping[str, Attribute]) -> Node:
    if node.kind != "layer" or defaults.keys() <= node.attributes.keys() or not node.attributes:
        return node
    return replace(node, attributes={**defaults, **node.attributes})
