"""The rule on values that are computed twice."""

from __future__ import annotations

from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.shapes import BINARY, UNARY
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Edge, Node

PURE = (
    UNARY
    | BINARY
    | {
        "AvgPool",
        "BatchMatMulV2",
        "ConcatV2",
        "Conv2D",
        "DepthwiseConv2dNative",
        "Dim",
        "Linear",
        "LogSoftmax",
        "MatMul",
    }
    | {"All", "Any", "Select", "SelectV2", "ZerosLike"}
    | {"Max", "MaxPool", "Mean", "Min", "Pack", "Pad", "Prod", "Reshape", "Shape", "Slice*", "Softmax", "Sum", "Sum*"}
    | {"Transpose"}
)
"""Ops of one result that give the same for the same operands every time."""


@rule("same-value-once", *sorted(PURE))
def same_value_once(node: Node, view: View) -> Result:
    """The same op on the same values is the same value: ``relu(x) + relu(x)`` is ``y + y`` with ``y = relu(x)``.

    It must not merge random ops, nor ops that read or write a state.
    """
    twin = view.twin(node)
    return None if twin is None else Edge(node=twin)
