"""Comparisons of graphs written by hand, with all that a picture of them takes, aligned in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import report_samples as samples
from aligning import step
from graph_builder import Build

from kerasdiff.align.correspondence import correspond
from kerasdiff.comparison import Comparison
from kerasdiff.drawing import Drawing, Drawn
from kerasdiff.explain.records import Depth, NodeDistance
from kerasdiff.graph import Edge, Graph
from kerasdiff.rungs.table import rows

Made = tuple[Graph, Build]

HOSTILE = "</script><img src=x onerror=alert(1)>"


def compared(first: Made, second: Made, distances: Sequence[tuple[str, str, float, float | None]] = ()) -> Comparison:
    """The comparison of two graphs; ``distances`` are those of aligned nodes, held to 1e-5."""
    sides = [
        replace(samples.description(), inference=graph, training=None, weights=tuple(built.weights.values()))
        for graph, built in (first, second)
    ]
    pair = correspond(*sides)
    assert pair.shown is not None
    one, two = (Drawn(graph=graph, weights=side.weights) for graph, side in zip(pair.shown.graphs, sides, strict=True))
    nodes = tuple(NodeDistance(nodes=(a, b), overall=overall, local=local) for a, b, overall, local in distances)
    depth = Depth(mode="inference", probes=("normal",), precision="float64", limit=1e-5, nodes=nodes) if nodes else None
    told = samples.forum()
    return replace(
        told,
        edits=pair.told,
        rows=rows(pair, ()),
        attribution=None,
        fit=None,
        drawing=Drawing(mode="inference", sides=(one, two), depth=depth),
    )


def residual(
    blocks: int = 4, *, skip: int | None = None, epsilon: int | None = None, lost: int | None = None, name: str = ""
) -> Made:
    """Blocks of a residual network by a flat naming scheme.

    Args:
        blocks: How many.
        skip: The block whose skip connection comes from one block earlier.
        epsilon: The block whose norm has another one.
        lost: The block that has no activation.
        name: Of the input of every block, in place of a plain one.
    """
    b = Build()
    ends = [b.call("conv", b.input(None, 8, 8, 3), name="stem_conv", weights=["stem/kernel"], line=1)]
    for number in range(1, blocks + 1):
        block = f"stage{(number + 3) // 4}_block{number}"
        value = b.call("conv", ends[-1], name=f"{block}_conv{name}", weights=[f"{block}/kernel"], line=10 * number)
        eps = 1e-5 if number == epsilon else 1e-3
        value = b.call(
            "norm", value, name=f"{block}_norm", weights=[f"{block}/gamma"], line=10 * number + 1, epsilon=eps
        )
        if number != lost:
            value = b.call("relu", value, name=f"{block}_relu", line=10 * number + 2)
        value = b.call("dropout", value, name=f"{block}_drop", line=10 * number + 3, rate=0.1)
        value = b.call("add", value, ends[-2 if number == skip else -1], name=f"{block}_add", line=10 * number + 4)
        ends.append(value)
    return b.graph(step(b, ends[-1], "dense")), b


def wrapper(parameters: int) -> Made:
    """A layer that holds weights of the same name, and a setting of the name of a fact."""
    b = Build()
    weights = ["both/forward/kernel", "both/forward/bias", "both/backward/kernel"]
    return b.graph(b.call("bidirectional", b.input(), name="both", weights=weights, parameters=parameters)), b


def moved(place: int) -> Made:
    """A chain in which one activation stands at a place."""
    ops = ["conv", "norm", "dropout", "conv", "norm", "dropout"]
    ops.insert(place, "tanh")
    b = Build()
    value: Edge = b.input(None, 8, 8, 3)
    for number, op in enumerate(ops):
        value = step(b, value, op, number + 1)
    return b.graph(value), b
