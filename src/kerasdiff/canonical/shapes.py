"""Which shape has a value, and which sizes does an integer tensor hold?

Dimensions that are fixed only at run time are followed to the value where they first appear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

import numpy as np

from kerasdiff.canonical.dims import GIVEN, REST, Dim, product, quotient
from kerasdiff.canonical.view import View
from kerasdiff.graph import Edge, Node

UNARY = frozenset(
    {"Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp", "Expm1", "Log",
     "Log1p", "Sqrt", "Rsqrt", "Square", "Neg", "Abs", "Erf", "Erfc", "Sin", "Cos", "Sign", "Floor", "Ceil", "Round",
     "Reciprocal", "Scale", "Shift", "Cast", "LogicalNot", "IsNan", "IsInf"}
)  # fmt: skip
"""Ops of one operand that work element by element."""

BINARY = frozenset(
    {"AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum", "SquaredDifference", "Pow", "FloorDiv",
     "FloorMod", "Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "LogicalAnd", "LogicalOr"}
)  # fmt: skip
"""Ops of two operands that work element by element, with broadcasting."""

SAME_SHAPE = UNARY | {"Softmax", "LogSoftmax", "StopGradient", "BiasAdd", "ClipByValue", "ZerosLike"}
"""Ops whose result has the shape of their first operand."""

BATCHED = frozenset({"Conv2D", "Conv3D", "DepthwiseConv2dNative", "MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D"})
"""Ops that keep the first axis."""

REDUCTIONS = ("Mean", "Sum", "Max", "Min", "Prod", "All", "Any")
"""Ops that lose the axes they work along."""


Range: TypeAlias = "tuple[int, int | None, int]"
"""What a slice takes of an axis: from, up to (``None`` for the end), step."""


def ranges_of(node: Node) -> tuple[Range, ...]:
    """The range of each axis that a canonical slice takes."""
    return tuple(cast("Sequence[Range]", node.attributes["ranges"]))


def dims_of(view: View, edge: Edge) -> tuple[Dim, ...] | None:
    """The shape of a value, ``None`` where its rank is unknown."""
    shape = view.shape(edge)
    if shape is None:
        return None
    return tuple(Dim(size) if size is not None else _source(view, edge, axis) for axis, size in enumerate(shape))


def _source(view: View, edge: Edge, axis: int) -> Dim:
    """An unknown dimension, followed back to the value where it first appears."""
    passed: list[tuple[str, int, int]] = []
    while True:
        name = (edge.node, edge.port, axis)
        shape = view.shape(edge)
        size = None if shape is None else shape[axis]
        back = Dim(size) if size is not None else view.sources.get(name) or _back(view, view.node(edge), axis)
        passed.append(name)
        if back is None or isinstance(back, Dim):
            break
        edge, axis = back
    source = back or Dim(1, (name,))
    view.sources.update(dict.fromkeys(passed, source))
    return source


def _back(view: View, node: Node, axis: int) -> tuple[Edge, int] | Dim | None:
    """Where an unknown dimension of a node's result comes from: a dimension of an operand, or what it is."""
    if node.kind != "op" or not node.operands:
        return None
    first, rank = node.operands[0], len(node.outputs[0].shape or ())
    if node.op in SAME_SHAPE or (node.op in BATCHED and axis == 0):
        return first, axis
    if node.op == "Linear":
        return (first, axis) if axis < rank - 1 else (node.operands[1], 1)
    if node.op == "MatMul" and axis == 0 and not node.attributes.get("transpose_a"):
        return first, axis
    if node.op == "Transpose" and "perm" in node.attributes:
        return first, node.wholes("perm")[axis]
    if node.op == "Reshape" and "to" in node.attributes:
        return _reshaped(view, node, axis)
    if node.op == "Slice*":
        return (first, axis) if ranges_of(node)[axis] == (0, None, 1) else None
    if node.op == "Pad" and "paddings" in node.attributes:
        return (first, axis) if node.pairs("paddings")[axis] == (0, 0) else None
    if node.op in REDUCTIONS and "axes" in node.attributes and not node.attributes.get("keep_dims"):
        gone = node.wholes("axes")
        return first, [at for at in range(rank + len(gone)) if at not in gone][axis]
    if node.op in BINARY or node.op == "Sum*":
        return _broadcast(view, node, axis)
    return None


def _reshaped(view: View, node: Node, axis: int) -> Dim | None:
    whole = dims_of(view, node.operands[0])
    target = node.wholes("to")
    if target[axis] == GIVEN:
        size = entries(view, node.operands[1 + target[:axis].count(GIVEN)])
        return size[0] if size else None
    if whole is None or target[axis] != REST:
        return None
    return quotient(product(whole), product(tuple(Dim(size) for size in target if size != REST)))


def _broadcast(view: View, node: Node, axis: int) -> Dim | None:
    """The dimension that alone decides an axis: the other operands lack it, or have size 1 or the same there."""
    rank = len(node.outputs[0].shape or ())
    deciding: set[Dim] = set()
    for edge in node.operands:
        dims = dims_of(view, edge)
        if dims is None:
            return None
        at = axis - rank + len(dims)
        if at >= 0 and dims[at] != Dim(1):
            deciding.add(dims[at])
    return deciding.pop() if len(deciding) == 1 else None


def entries(view: View, edge: Edge) -> tuple[Dim, ...] | None:
    """What :func:`entries_of` says of the node an operand comes from."""
    return entries_of(view, view.node(edge))


def entries_of(view: View, node: Node) -> tuple[Dim, ...] | None:
    """The value of a number or a list of integers as dimensions, with -1 kept; ``None`` where it is not one.

    Follows the arithmetic people do on shapes: slices and elements of ``Shape``, products, concatenation, packing.
    """
    spec = node.outputs[0] if node.outputs else None
    if spec is None or spec.dtype not in ("int32", "int64") or spec.shape is None or len(spec.shape) > 1:
        return None
    if node.kind == "const":
        values = np.array(node.attributes.get("value", 0.5)).ravel()
        return tuple(Dim(int(size)) for size in values) if values.dtype.kind in "iu" else None
    if node.op == "Shape":
        return dims_of(view, node.operands[0])
    if node.op == "Dim":
        return (_source(view, node.operands[0], node.whole("axis")),)
    parts = [entries(view, operand) for operand in node.operands]
    known = [part for part in parts if part is not None]
    return _combined(node, known) if parts and len(known) == len(parts) else None


def _combined(node: Node, parts: Sequence[tuple[Dim, ...]]) -> tuple[Dim, ...] | None:
    first = parts[0]
    if node.op == "Pack":
        return tuple(part[0] for part in parts)
    if node.op == "ConcatV2":
        return tuple(dim for part in (parts if "axis" in node.attributes else parts[:-1]) for dim in part)
    if node.op == "Prod" and node.outputs[0].shape == ():
        return (product(first),)
    if node.op == "Mul" and len(first) == len(parts[1]) == 1:
        return (product((first[0], parts[1][0])),)
    if node.op == "GatherV2" and all(dim.known for dim in parts[1]):
        picked = [dim.number for dim in parts[1]]
        return tuple(first[at] for at in picked) if all(0 <= at < len(first) for at in picked) else None
    if node.op == "Slice*":
        return first[slice(*ranges_of(node)[0])]
    if node.op == "StridedSlice":
        return _element(node, parts)
    return first if node.op in ("Cast", "ExpandDims", "Squeeze", "Reshape") else None


def _element(node: Node, parts: Sequence[tuple[Dim, ...]]) -> tuple[Dim, ...] | None:
    first = parts[0]
    masks = {name: node.whole(name, 0) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    odd = node.attributes.get("ellipsis_mask") or node.attributes.get("new_axis_mask")
    if odd or any(len(part) != 1 or not part[0].known for part in parts[1:]):
        return None
    begin, end, step = (part[0].number for part in parts[1:])
    if masks["shrink_axis_mask"]:
        return (first[begin],) if -len(first) <= begin < len(first) else None
    return first[slice(None if masks["begin_mask"] else begin, None if masks["end_mask"] else end, step)]
