"""Values between constants and beyond them, and the constants at which a node does something else."""

from __future__ import annotations

import sys

import pytest

from kerasdiff.graph import Edge, Graph, Node, TensorSpec
from kerasdiff.probing.inputs.knots import between, bounds
from kerasdiff.probing.inputs.origins import Origins

INPUT = Node(id="x", op="input", kind="input", attributes={"index": 0})
FLOATS = (TensorSpec(shape=(None,), dtype="float32"),)


def held(kind: str, constant: float | None = None) -> frozenset[float]:
    """The bounds of a layer that takes its input and a constant into one op."""
    constants = () if constant is None else (Node(id="c", op="Const", kind="const", attributes={"value": constant}),)
    operands = tuple(Edge(node=node.id) for node in (INPUT, *constants))
    end = Node(id="end", op=kind, kind="op", operands=operands, outputs=FLOATS)
    body = Graph(nodes=(INPUT, *constants, end), outputs=(Edge(node="end"),))
    layer = Node(id="layer", op="layer", kind="layer", operands=(Edge(node="x"),), lowering=body)
    return bounds(layer, Origins(Graph(nodes=(INPUT, layer), outputs=(Edge(node="layer"),))))


def test_nothing_lies_beyond_the_largest_number() -> None:
    assert between([0.0, sys.float_info.max]) == [-1.0, sys.float_info.max / 2]


@pytest.mark.parametrize("constant", [0.0, float("inf"), float("-inf"), float("nan")])
def test_zero_and_what_is_no_number_bound_nothing(constant: float) -> None:
    assert held("Maximum", constant) == frozenset()


def test_one_bound_is_the_same_whichever_way_it_is_written() -> None:
    assert held("Minimum", 0.1) == held("Minimum", 0.10000000149011612)  # in float64, in float32
    assert held("Minimum", 6.0) == held("Relu6") == {6.0}
