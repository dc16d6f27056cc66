"""What does a picture show of two models, or of one? Whole graphs, weights, and the code that made them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from kerasdiff.align.edits import Edit, leaves
from kerasdiff.align.pair import Pair
from kerasdiff.drawing import Drawing, Drawn, WeightDistance
from kerasdiff.explain.records import Depth
from kerasdiff.graph import Attribute, Graph, Node, Source
from kerasdiff.graph.table import Table
from kerasdiff.probing.observations import LearningObservation, Unobserved
from kerasdiff.side.models import Models
from kerasdiff.side.records import Description
from kerasdiff.side.written import Written, excerpts


def picture(
    models: Models,
    pair: Pair,
    edits: Iterable[Edit],
    depth: Depth | None,
    learning: LearningObservation | Unobserved | None,
) -> Drawing | None:
    """Both models in the mode that a reader is shown; ``None`` where no mode of both could be traced.

    Args:
        models: With their files.
        pair: The same, aligned.
        edits: Those that a reader is told.
        depth: How far aligned values are from each other.
        learning: With the gradients of both.
    """
    shown = pair.shown
    if shown is None:
        return None
    leaving = [leaf for edit in edits for leaf in leaves(edit)]
    sites = ((leaf.reference for leaf in leaving), (leaf.candidate for leaf in leaving))
    first, second = (
        drawn(
            shown.graphs[side],
            pair.descriptions[side],
            Written(models.targets[side], pair.descriptions[side].root, models.started),
            [site.source for site in sites[side] if site is not None],
        )
        for side in (0, 1)
    )
    known = learning if isinstance(learning, LearningObservation) else LearningObservation()
    return Drawing(mode=shown.mode, sides=(first, second), depth=depth, gradients=tuple(gradients(pair, known)))


def gradients(pair: Pair, seen: LearningObservation) -> Iterator[WeightDistance]:
    """How far the gradients of weights that correspond are from each other, where both draw the same numbers."""
    chance = seen.chance
    known = (chance and (chance.mirrored or chance.shared)) or seen.comparisons
    if known is None:
        return
    far = {
        item.subject.weight: (item.closeness.max_relative, item.closeness.limit)
        for item in known.compared
        if item.subject.quantity == "gradient" and item.subject.weight_scale == 1.0
    }
    lone = {name: (math.inf, known.tolerance.limit) for finding in known.absent for name in finding.weights}
    found = {**far, **lone}
    counterparts = pair.transfer.drawn_alike
    order = {name: number for number, name in enumerate(pair.weights[0])}
    for name in sorted(found, key=lambda name: order.get(name, len(order))):
        ids = name, counterparts[name]
        one, two = (
            weights[held].path if held in weights else held  # a part of a weight has no path
            for weights, held in zip(pair.weights, ids, strict=True)
        )
        relative, limit = found[name]
        yield WeightDistance(weights=(one, two), ids=ids, relative=relative, limit=limit)


def drawn(graph: Graph, description: Description, written: Written, first: Iterable[Source | None] = ()) -> Drawn:
    """One model.

    Args:
        graph: Of the mode that is shown.
        description: Of the model.
        written: Its files.
        first: Lines that come before those of nodes where there are too many.
    """
    held = {name for node in graph for name in node.weights}
    named = (*first, *(source for node in graph for source in (node.source, node.called)))
    return Drawn(
        graph=replace(graph, nodes=tuple(map(_bare, graph))),
        weights=tuple(weight for weight in description.weights if weight.id in held),
        excerpts=excerpts(written, (source for source in named if source is not None)),
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
