"""How much may a search try? So much as takes some seconds, counted rather than timed.

A report must not depend on how fast a machine is, or what else it does: so a run of a model is taken to last as long as
its graph is large, and a search ends by what it has tried.
"""

from __future__ import annotations

from collections.abc import Iterable

from kerasdiff.explain.rows import values_a_row
from kerasdiff.graph import Graph
from kerasdiff.graph.ops import within

RUN_S, OP_S, VALUE_S = 1e-3, 1e-5, 2e-8
"""Seconds of a run, of each op and of each value in it. Measured on two cores of a laptop, in float64: 1.5 ms for an
attention layer of 60 ops, 57 ms for EfficientNetV2B0 (3,700 ops and a million values on 4 rows)."""

EVALUATED, PULLED = 2, 3
"""Runs that an input and a gradient are worth: an input is run twice, a gradient costs twice what leads to it."""


class Work:
    """What is left of a search.

    Args:
        graphs: Of both sides, which work at the same time.
        rows: Of a batch.
        seconds: How long it may take.
    """

    def __init__(self, graphs: Iterable[Graph | None], rows: int, seconds: float) -> None:
        self._run = max((run_s(graph, rows) for graph in graphs if graph is not None), default=RUN_S)
        self._left = seconds

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self._left <= 0

    def spend(self, runs: int) -> None:
        """Takes off some runs of a model."""
        self._left -= runs * self._run


def run_s(graph: Graph, rows: int) -> float:
    """Seconds that one run of a traced call on a batch is taken to last."""
    ops = sum(1 if node.lowering is None else sum(1 for _ in within(node.lowering)) for node in graph)
    return RUN_S + OP_S * ops + VALUE_S * rows * values_a_row(graph)
