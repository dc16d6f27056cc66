"""Rules on integers known beforehand: the arithmetic of shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from kerasdiff.canonical.dims import GIVEN
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.shapes import ranges_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Attribute, Node

FOLDABLE = ("Pack", "ConcatV2", "Reshape", "Cast", "Mul", "AddV2", "Sub", "Prod", "Neg", "ExpandDims", "Squeeze",
            "Range", "StridedSlice", "Slice*", "FloorDiv", "Maximum", "Minimum", "Fill")  # fmt: skip

CASTS = ("int32", "int64", "uint8", "uint32", "uint64", "float16", "float32", "float64")

LARGEST = 64
"""Most elements a folded constant may have: shapes, axes and paddings are far smaller."""


@rule("fold-constants", *FOLDABLE)
def fold_constants(node: Node, view: View) -> Result:
    """An integer op on known integer constants is its value (shape arithmetic).

    An integer cast to a floating-point type is rounded as the model rounds it. It must not touch floating-point
    constants, so that no rounding is done here that the model does not do, nor a division by zero.
    """
    values: list[np.ndarray] = []
    for edge in node.operands:
        constant = view.constant(edge)
        if constant is None or not str(constant.attributes["dtype"]).startswith(("int", "uint", "bool")):
            return None
        whole = cast("Sequence[int]", constant.attributes["value"])
        values.append(np.array(whole, str(constant.attributes["dtype"])))
    with np.errstate(over="ignore"):  # integers wrap around, as they do in TensorFlow
        folded = _fold(node, values)
    if folded is None or folded.size > LARGEST or folded.dtype.kind not in "biuf":
        return None
    attributes: dict[str, Attribute] = {
        "shape": tuple(folded.shape),
        "dtype": folded.dtype.name,
        "value": _nested(folded.tolist()),
    }
    return replace(node, op="Const", kind="const", operands=(), attributes=attributes)


def _nested(value: Attribute) -> Attribute:
    return tuple(_nested(item) for item in value) if isinstance(value, list) else value


def _fold(node: Node, v: list[np.ndarray]) -> np.ndarray | None:
    """The value of a foldable op, ``None`` where an attribute is beyond what is modelled here."""
    dtype = node.outputs[0].dtype if node.outputs else None
    simple = {
        "Mul": lambda: v[0] * v[1], "AddV2": lambda: v[0] + v[1], "Sub": lambda: v[0] - v[1], "Neg": lambda: -v[0],
        "FloorDiv": lambda: v[0] // v[1] if v[1].all() else None, "Maximum": lambda: np.maximum(v[0], v[1]),
        "Minimum": lambda: np.minimum(v[0], v[1]), "Reshape": lambda: v[0].reshape(_sizes(node, v)),
        "Pack": lambda: np.stack(v, axis=node.whole("axis", 0)),
        "ConcatV2": lambda: _joined(node, v),
        "ExpandDims": lambda: np.expand_dims(v[0], int(v[1])),
        "Range": lambda: np.arange(int(v[0]), int(v[1]), int(v[2]), dtype=v[0].dtype),
        "Fill": lambda: np.full(v[0], v[1]),
        "Cast": lambda: v[0].astype(dtype) if dtype in CASTS else None,
        "Prod": lambda: _product(node, v),
        "StridedSlice": lambda: _slice(node, v),
        "Slice*": lambda: v[0][tuple(slice(*part) for part in ranges_of(node))],
        "Squeeze": lambda: v[0].squeeze(node.wholes("squeeze_dims", ()) or None),
    }  # fmt: skip
    compute: Callable[[], object] | None = simple.get(node.op)
    result = compute() if compute is not None else None
    return None if result is None else np.asarray(result)


def _joined(node: Node, v: list[np.ndarray]) -> np.ndarray:
    """A concatenation in either form of the op: the axis is an attribute, or the last operand."""
    if "axis" in node.attributes:
        return np.concatenate(v, axis=node.whole("axis"))
    return np.concatenate(v[:-1], axis=int(v[-1]))


def _product(node: Node, v: list[np.ndarray]) -> np.ndarray:
    keep = bool(node.attributes.get("keep_dims"))
    axes = node.wholes("axes") if "axes" in node.attributes else np.atleast_1d(v[1]).tolist()
    return np.asarray(np.prod(v[0], axis=tuple(axes), keepdims=keep, dtype=v[0].dtype))


def _sizes(node: Node, v: list[np.ndarray]) -> list[int]:
    """The shape a reshape asks for, in either form of the op."""
    if "to" not in node.attributes:
        return [int(size) for size in v[1]]
    given = iter(v[1:])
    return [int(next(given)) if size == GIVEN else size for size in node.wholes("to")]


def _slice(node: Node, v: list[np.ndarray]) -> np.ndarray | None:
    masks = {name: node.whole(name, 0) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    if v[0].ndim != 1 or len(v[1]) != 1 or node.attributes.get("ellipsis_mask") or node.attributes.get("new_axis_mask"):
        return None
    begin, end, step = int(v[1][0]), int(v[2][0]), int(v[3][0])
    if masks["shrink_axis_mask"]:
        return np.asarray(v[0][begin])
    return v[0][slice(None if masks["begin_mask"] else begin, None if masks["end_mask"] else end, step)]


@rule("shape-of-static", "Shape")
def shape_of_static(node: Node, view: View) -> Result:
    """The shape of a value whose static shape is fully known is a constant. It must not guess unknown dimensions."""
    spec = view.spec(node.operands[0])
    if spec is None or spec.shape is None or None in spec.shape:
        return None
    attributes: dict[str, Attribute] = {
        "shape": (len(spec.shape),),
        "dtype": node.outputs[0].dtype if node.outputs else "int32",
        "value": tuple(spec.shape),
    }
    return replace(node, op="Const", kind="const", operands=(), attributes=attributes)
