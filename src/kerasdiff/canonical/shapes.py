"""Rules on shapes: reshapes in all their spellings, transposes, reductions, concatenation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from kerasdiff.canonical.rules import View, rule
from kerasdiff.graph import Edge, Node

FOLDABLE = ("Pack", "ConcatV2", "Reshape", "Cast", "Mul", "AddV2", "Sub", "Prod", "Neg", "ExpandDims", "Squeeze",
            "Range", "StridedSlice", "FloorDiv", "Maximum", "Minimum", "Fill")  # fmt: skip


@rule("drop-identity-op", "Identity", "Snapshot", "PreventGradient", "EnsureShape", "CheckNumerics")
def drop_identity(node: Node, view: View) -> Node | Edge | None:
    """``Identity(x) = x``. It must not touch StopGradient, which changes gradients."""
    if node.op == "EnsureShape" and len(node.operands) != 1:
        return None
    return node.operands[0]


@rule("drop-stop-gradient", "StopGradient", modes=("inference",))
def drop_stop_gradient(node: Node, view: View) -> Node | Edge | None:
    """``StopGradient(x) = x`` where no gradient is taken. It must not fire in training graphs."""
    return node.operands[0]


@rule("fold-constants", *FOLDABLE)
def fold_constants(node: Node, view: View) -> Node | Edge | None:
    """An integer op on known integer constants is its value (shape arithmetic).

    Floating-point constants are left alone, so that no rounding is done here that the model does not do.
    """
    values = []
    for edge in node.operands:
        constant = view.constant(edge)
        if constant is None or not str(constant.attributes["dtype"]).startswith(("int", "uint", "bool")):
            return None
        values.append(np.array(constant.attributes["value"], constant.attributes["dtype"]))
    folded = _fold(node, values)
    if folded is None or folded.size > 64 or folded.dtype.kind not in "biu":
        return None
    attributes = {"shape": tuple(folded.shape), "dtype": folded.dtype.name, "value": _nested(folded.tolist())}
    return replace(node, op="Const", kind="const", operands=(), attributes=attributes)


def _nested(value: object) -> object:
    return tuple(_nested(item) for item in value) if isinstance(value, list) else value


def _fold(node: Node, v: list[np.ndarray]) -> np.ndarray | None:
    """The value of a foldable op, ``None`` where an attribute is beyond what is modelled here."""
    dtype = node.outputs[0].dtype if node.outputs else None
    simple = {
        "Mul": lambda: v[0] * v[1], "AddV2": lambda: v[0] + v[1], "Sub": lambda: v[0] - v[1], "Neg": lambda: -v[0],
        "FloorDiv": lambda: v[0] // v[1], "Maximum": lambda: np.maximum(v[0], v[1]),
        "Minimum": lambda: np.minimum(v[0], v[1]), "Reshape": lambda: v[0].reshape(v[1]),
        "Pack": lambda: np.stack(v, axis=int(node.attributes.get("axis", 0))),
        "ConcatV2": lambda: np.concatenate(v[:-1], axis=int(v[-1])),
        "ExpandDims": lambda: np.expand_dims(v[0], int(v[1])),
        "Range": lambda: np.arange(int(v[0]), int(v[1]), int(v[2]), dtype=v[0].dtype),
        "Fill": lambda: np.full(v[0], v[1]),
        "Cast": lambda: v[0].astype(dtype) if dtype and dtype.startswith(("int", "uint")) else None,
        "Prod": lambda: _product(node, v),
        "StridedSlice": lambda: _slice(node, v),
    }  # fmt: skip
    compute: Callable[[], Any] | None = simple.get(node.op)
    result = compute() if compute is not None else None
    return None if result is None else np.asarray(result)


def _product(node: Node, v: list[np.ndarray]) -> np.ndarray:
    keep = bool(node.attributes.get("keep_dims"))
    return np.asarray(np.prod(v[0], axis=tuple(np.atleast_1d(v[1])), keepdims=keep, dtype=v[0].dtype))


def _slice(node: Node, v: list[np.ndarray]) -> np.ndarray | None:
    masks = {name: int(node.attributes.get(name, 0)) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    if v[0].ndim != 1 or len(v[1]) != 1 or node.attributes.get("ellipsis_mask") or node.attributes.get("new_axis_mask"):
        return None
    begin, end, step = int(v[1][0]), int(v[2][0]), int(v[3][0])
    if masks["shrink_axis_mask"]:
        return np.asarray(v[0][begin])
    return v[0][slice(None if masks["begin_mask"] else begin, None if masks["end_mask"] else end, step)]


@rule("shape-of-static", "Shape")
def shape_of_static(node: Node, view: View) -> Node | Edge | None:
    """The shape of a value whose static shape is fully known is a constant. It must not guess unknown dimensions."""
    spec = view.spec(node.operands[0])
    if spec is None or spec.shape is None or None in spec.shape:
        return None
    attributes = {
        "shape": (len(spec.shape),),
        "dtype": node.outputs[0].dtype if node.outputs else "int32",
        "value": tuple(spec.shape),
    }
    return replace(node, op="Const", kind="const", operands=(), attributes=attributes)


@rule("reshape-spelling", "Reshape", "ExpandDims", "Squeeze")
def reshape_spelling(node: Node, view: View) -> Node | Edge | None:
    """Flatten, Reshape, ExpandDims and Squeeze keep the elements in order: the result's shape says it all.

    It holds where at most one dimension of the result is unknown, and that one follows from the element count.
    Nested reshapes are the outer one, and a reshape to the operand's own shape is nothing. It must not touch
    transposes, which change the order.
    """
    spec = node.outputs[0] if node.outputs else None
    if spec is None or spec.shape is None or sum(dim is None for dim in spec.shape) > 1:
        return None
    source = node.operands[0]
    inner = view.node(source)
    while inner.op == "Reshape" and "to" in inner.attributes:
        source = inner.operands[0]
        inner = view.node(source)
    before = view.spec(source)
    if before is not None and before.shape == spec.shape:
        return source
    target = tuple(-1 if dim is None else dim for dim in spec.shape)
    if node.op == "Reshape" and node.attributes == {"to": target} and node.operands == (source,):
        return None
    return replace(node, op="Reshape", operands=(source,), attributes={"to": target})


@rule("reduction-axes", "Mean", "Sum", "Max", "Min", "Prod", "All", "Any")
def reduction_axes(node: Node, view: View) -> Node | Edge | None:
    """The axes of a reduction are a set of non-negative numbers: ``axis=-1`` on rank 4 is ``axis=3``."""
    if len(node.operands) != 2:
        return None
    axes, spec = view.constant(node.operands[1]), view.spec(node.operands[0])
    if axes is None or spec is None or spec.shape is None:
        return None
    rank = len(spec.shape)
    listed = np.atleast_1d(np.array(axes.attributes["value"], dtype=int)).tolist()
    normal = tuple(sorted({int(axis) % rank for axis in listed})) if rank else ()
    attributes = {**node.attributes, "axes": normal}
    return replace(node, operands=node.operands[:1], attributes=attributes)


@rule("concat-axis", "ConcatV2")
def concat_axis(node: Node, view: View) -> Node | Edge | None:
    """The axis of a concatenation counts from the front; one operand alone is handed on.

    It must not reorder the operands: concatenation does not commute.
    """
    if "axis" in node.attributes:
        return None
    axis = view.constant(node.operands[-1])
    rank = len(node.outputs[0].shape) if node.outputs and node.outputs[0].shape is not None else None
    if axis is None or rank is None:
        return None
    if len(node.operands) == 2:
        return node.operands[0]
    position = int(np.array(axis.attributes["value"])) % rank
    return replace(node, operands=node.operands[:-1], attributes={**node.attributes, "axis": position})


@rule("compose-transposes", "Transpose")
def compose_transposes(node: Node, view: View) -> Node | Edge | None:
    """Two transposes are one, and one that changes nothing is nothing."""
    if len(node.operands) == 2:
        order = view.constant(node.operands[1])
        if order is None:
            return None
        return replace(node, operands=node.operands[:1], attributes={"perm": tuple(order.attributes["value"])})
    perm = tuple(node.attributes["perm"])
    inner = view.node(node.operands[0])
    if inner.op == "Transpose" and "perm" in inner.attributes:
        merged = tuple(inner.attributes["perm"][axis] for axis in perm)
        return replace(node, operands=inner.operands, attributes={"perm": merged})
    return node.operands[0] if perm == tuple(range(len(perm))) else None
