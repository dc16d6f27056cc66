"""How much may a search try? So much as takes some seconds, counted rather than timed.

A report must not depend on how fast a machine is, or what else it does: so a run of a model is taken to last as long as
its graph is large and its weights are many, and a search ends by what it has tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from kerasdiff.align.pair import Correspondence
from kerasdiff.explain.rows import values_a_row
from kerasdiff.graph import Graph, Node
from kerasdiff.graph.ops import within
from kerasdiff.side.observations import starts_kept

RUN_S, OP_S, VALUE_S = 1e-3, 1e-5, 2e-8
"""Seconds of a run, of each op and of each value in it. Measured on two cores of a laptop, in float64: 1.5 ms for an
attention layer of 60 ops, 57 ms for EfficientNetV2B0 (3,700 ops and a million values on 4 rows)."""

WEIGHT_S, PRODUCT_S, DRAWN_S = 1e-9, 1e-10, 4e-8
"""Seconds of each value of a weight that is read, of each product with one, and of each that is drawn anew, moved and
assigned. Measured there on a kernel of 768 by 3,072, in float64: 1.3 ns a value with 4 rows, 0.06 a product with 64."""

EVALUATED, PULLED = 2, 3
"""Runs that an input and a gradient are worth: an input is run twice, a gradient costs twice what leads to it."""

LONG_S = 1.0
"""A run is long from here on. One of ResNet50 on four images of 224 pixels square is taken to last 3 seconds, and nine
probes in both modes took four fifths of a comparison."""

MULTIPLIES = "MatMul", "Conv", "Einsum"
"""What the names of ops hold that multiply each value of a kernel with many others."""

Start = tuple[str, float, float]
"""From which weights a run starts: their precision, a factor on them, and how far they are moved."""


Shapes = Mapping[str, tuple[int, ...]]
"""Of weights, by id."""


class Work:
    """What is left of a search.

    Args:
        pair: Both models, which work at the same time.
        rows: Of a batch.
        seconds: How long it may take.
    """

    def __init__(self, pair: Correspondence, rows: int, seconds: float) -> None:
        self._run = pair_s(pair, rows)
        values = max(sum(weight.size for weight in side.values()) for side in pair.weights)
        self._drawing, self._room = DRAWN_S * values, starts_kept(values)
        self._starts: list[Start] = []
        self._left = seconds

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self._left <= 0

    def spend(self, runs: int) -> None:
        """Takes off some runs of a model."""
        self._left -= runs * self._run

    def evaluate(self, start: Start) -> None:
        """Takes off what an input costs, with the weights that are drawn for it where a worker keeps them no longer."""
        self.spend(EVALUATED)
        if start not in self._starts:
            self._left -= self._drawing
            self._starts = [*self._starts, start][-self._room :]


def pair_s(pair: Correspondence, rows: int) -> float:
    """Seconds that one run of both models at inference is taken to last."""
    sides = zip(pair.descriptions, pair.weights, strict=True)
    runs = ((side.inference, {name: one.shape for name, one in weights.items()}) for side, weights in sides)
    return max((run_s(graph, rows, shapes) for graph, shapes in runs if graph is not None), default=RUN_S)


def run_s(graph: Graph, rows: int, shapes: Shapes) -> float:
    """Seconds that one run of a traced call on a batch is taken to last."""
    ops = sum(1 if node.lowering is None else sum(1 for _ in within(node.lowering)) for node in graph)
    weights = sum(map(math.prod, shapes.values()))
    products = sum(_products(node, shapes) for node in graph)
    values = VALUE_S * values_a_row(graph) + PRODUCT_S * products
    return RUN_S + OP_S * ops + WEIGHT_S * weights + rows * values


def _products(node: Node, shapes: Shapes) -> int:
    """With how many values a node multiplies those of its kernels for one row; a size that is not known counts as 1."""
    inside = () if node.lowering is None else within(node.lowering)
    if not any(part in item.op for item in inside for part in MULTIPLIES):
        return 0
    places = max((math.prod(dim or 1 for dim in (spec.shape or ())[1:-1]) for spec in node.outputs), default=1)
    return places * sum(math.prod(shapes[name]) for name in node.weights if len(shapes.get(name, ())) > 1)
