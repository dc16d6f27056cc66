"""Which shape has a value, and which sizes does an integer tensor hold?

Dimensions that are fixed only at run time are followed to the value where they first appear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import numpy as np

from kerasdiff.canonical.dims import GIVEN, REST, Dim, product, quotient
from kerasdiff.canonical.view import View
from kerasdiff.graph import Edge, Node, TensorSpec

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

FULL: Range = (0, None, 1)
"""The range of an axis that is taken whole."""

Origin: TypeAlias = "tuple[Edge, int] | Dim | None"
"""Where a dimension comes from: an axis of an operand, or what it is; ``None`` where it appears first."""

Sizes: TypeAlias = "tuple[Dim, ...]"
"""What an integer tensor of rank 0 or 1 holds."""


def ranges_of(node: Node) -> tuple[Range, ...]:
    """The range of each axis that a canonical slice takes."""
    return tuple(cast("Sequence[Range]", node.attributes["ranges"]))


def dims_of(view: View, edge: Edge) -> tuple[Dim, ...] | None:
    """The shape of a value, ``None`` where its rank is unknown."""
    shape = view.shape(edge)
    if shape is None:
        return None
    return tuple(Dim(size) if size is not None else _source(view, edge, axis) for axis, size in enumerate(shape))


def _rank(node: Node) -> int:
    return len(node.outputs[0].shape or ())


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


def _back(view: View, node: Node, axis: int) -> Origin:
    """Where an unknown dimension of a node's result comes from, as far as the op says."""
    origin = _ORIGINS.get(node.op)
    return origin(view, node, axis) if origin is not None and node.kind == "op" and node.operands else None


def _same_axis(_view: View, node: Node, axis: int) -> Origin:
    return node.operands[0], axis


def _first_axis(_view: View, node: Node, axis: int) -> Origin:
    return (node.operands[0], axis) if axis == 0 else None


def _of_product(_view: View, node: Node, axis: int) -> Origin:
    return (node.operands[0], 0) if axis == 0 and not node.attributes.get("transpose_a") else None


def _of_linear(_view: View, node: Node, axis: int) -> Origin:
    return (node.operands[0], axis) if axis < _rank(node) - 1 else (node.operands[1], 1)


def _transposed(_view: View, node: Node, axis: int) -> Origin:
    return (node.operands[0], node.wholes("perm")[axis]) if "perm" in node.attributes else None


def _sliced(_view: View, node: Node, axis: int) -> Origin:
    return (node.operands[0], axis) if ranges_of(node)[axis] == FULL else None


def _padded(_view: View, node: Node, axis: int) -> Origin:
    whole = "paddings" in node.attributes and node.pairs("paddings")[axis] == (0, 0)
    return (node.operands[0], axis) if whole else None


def _reduced(_view: View, node: Node, axis: int) -> Origin:
    if "axes" not in node.attributes or node.attributes.get("keep_dims"):
        return None
    gone = node.wholes("axes")
    return node.operands[0], [at for at in range(_rank(node) + len(gone)) if at not in gone][axis]


def _reshaped(view: View, node: Node, axis: int) -> Origin:
    if "to" not in node.attributes:
        return None
    whole = dims_of(view, node.operands[0])
    target = node.wholes("to")
    if target[axis] == GIVEN:
        size = entries(view, node.operands[1 + target[:axis].count(GIVEN)])
        return size[0] if size else None
    if whole is None or target[axis] != REST:
        return None
    return quotient(product(whole), product(tuple(Dim(size) for size in target if size != REST)))


def _broadcast(view: View, node: Node, axis: int) -> Origin:
    """The dimension that alone decides an axis: the other operands lack it, or have size 1 or the same there."""
    rank = _rank(node)
    deciding: set[Dim] = set()
    for edge in node.operands:
        dims = dims_of(view, edge)
        if dims is None:
            return None
        at = axis - rank + len(dims)
        if at >= 0 and dims[at] != Dim(1):
            deciding.add(dims[at])
    return deciding.pop() if len(deciding) == 1 else None


_ORIGINS: dict[str, Callable[[View, Node, int], Origin]] = {
    **dict.fromkeys(SAME_SHAPE, _same_axis),
    **dict.fromkeys(BATCHED, _first_axis),
    **dict.fromkeys(REDUCTIONS, _reduced),
    **dict.fromkeys((*BINARY, "Sum*"), _broadcast),
    "MatMul": _of_product,
    "Linear": _of_linear,
    "Transpose": _transposed,
    "Reshape": _reshaped,
    "Slice*": _sliced,
    "Pad": _padded,
}
"""Where a dimension of an op's result comes from, by the op: asked with the node and the axis of its result."""


def entries(view: View, edge: Edge) -> tuple[Dim, ...] | None:
    """What :func:`entries_of` says of the node an operand comes from."""
    return entries_of(view, view.node(edge))


def entries_of(view: View, node: Node) -> tuple[Dim, ...] | None:
    """The value of a number or a list of integers as dimensions, with -1 kept; ``None`` where it is not one.

    Follows the arithmetic people do on shapes: slices and elements of ``Shape``, products, concatenation, packing.
    """
    if not node.outputs or not _counts(node.outputs[0]):
        return None
    if node.kind == "const":
        values = np.array(node.attributes.get("value", 0.5)).ravel()
        return tuple(Dim(int(size)) for size in values) if values.dtype.kind in "iu" else None
    if node.op == "Shape":
        return dims_of(view, node.operands[0])
    if node.op == "Dim":
        return (_source(view, node.operands[0], node.whole("axis")),)
    combined = _ARITHMETIC.get(node.op)
    parts = [entries(view, operand) for operand in node.operands] if combined is not None else []
    known = [part for part in parts if part is not None]
    return combined(node, known) if combined is not None and parts and len(known) == len(parts) else None


def _counts(spec: TensorSpec) -> bool:
    """Whether a value is a whole number or a list of them."""
    return spec.dtype in ("int32", "int64") and spec.shape is not None and len(spec.shape) <= 1


def _first(_node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    return parts[0]


def _packed(_node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    return tuple(part[0] for part in parts)


def _joined(node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    """A concatenation in either form of the op: its axis is an attribute, or the last operand."""
    return tuple(dim for part in (parts if "axis" in node.attributes else parts[:-1]) for dim in part)


def _multiplied(_node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    one, two = parts
    return (product((one[0], two[0])),) if len(one) == len(two) == 1 else None


def _total(node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    return (product(parts[0]),) if node.outputs[0].shape == () else None


def _gathered(_node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    sizes, picked = parts[0], [dim.number if dim.known else -1 for dim in parts[1]]
    return tuple(sizes[at] for at in picked) if all(0 <= at < len(sizes) for at in picked) else None


def _range_taken(node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    return parts[0][slice(*ranges_of(node)[0])]


def _strided(node: Node, parts: Sequence[Sizes]) -> Sizes | None:
    first = parts[0]
    masks = {name: node.whole(name, 0) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    odd = node.attributes.get("ellipsis_mask") or node.attributes.get("new_axis_mask")
    if odd or any(len(part) != 1 or not part[0].known for part in parts[1:]):
        return None
    begin, end, step = (part[0].number for part in parts[1:])
    if masks["shrink_axis_mask"]:
        return (first[begin],) if -len(first) <= begin < len(first) else None
    return first[slice(None if masks["begin_mask"] else begin, None if masks["end_mask"] else end, step)]


_ARITHMETIC: dict[str, Callable[[Node, Sequence[Sizes]], Sizes | None]] = {
    **dict.fromkeys(("Cast", "ExpandDims", "Squeeze", "Reshape"), _first),
    "Pack": _packed,
    "ConcatV2": _joined,
    "Mul": _multiplied,
    "Prod": _total,
    "GatherV2": _gathered,
    "Slice*": _range_taken,
    "StridedSlice": _strided,
}
"""What an op makes of sizes, by the op: asked with the node and the sizes that each of its operands holds."""
