"""What does a picture show of two models, or of one? Whole graphs and weights, without what nobody sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasdiff.align.pair import Correspondence
from kerasdiff.drawing import Drawing, Drawn
from kerasdiff.graph import Attribute, Graph, Node
from kerasdiff.graph.table import Table
from kerasdiff.side.records import Description


def picture(pair: Correspondence) -> Drawing | None:
    """Both models in the mode that a reader is shown; ``None`` where no mode of both could be traced."""
    shown = pair.shown
    if shown is None:
        return None
    first, second = (
        _drawn(graph, description) for graph, description in zip(shown.graphs, pair.descriptions, strict=True)
    )
    return Drawing(mode=shown.mode, sides=(first, second))


def _drawn(graph: Graph, description: Description) -> Drawn:
    held = {name for node in graph for name in node.weights}
    return Drawn(
        graph=replace(graph, nodes=tuple(map(_bare, graph))),
        weights=tuple(weight for weight in description.weights if weight.id in held),
    )


def _bare(node: Node) -> Node:
    """A node without what it stands for, in its lowering and in its attributes."""
    attributes = {name: _plain(value) for name, value in node.attributes.items()}
    return replace(node, lowering=None, activation=None, attributes=attributes)


def _plain(value: Attribute) -> Attribute:
    """An attribute with how many nodes a graph has in place of it, and the shape of a large constant."""
    if isinstance(value, Graph):
        return {"nodes": len(value)}
    if isinstance(value, Table):
        return {"shape": value.shape, "dtype": value.dtype}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value
