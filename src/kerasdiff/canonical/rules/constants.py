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

CASTS = ("int32", "int64", "uint8", "uint32", "uint64", "float16", "float32", "float64")

LARGEST = 64
"""Most elements a folded constant may have: shapes, axes and paddings are far smaller."""


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


def _squeezed(node: Node, v: list[np.ndarray]) -> np.ndarray:
    return v[0].squeeze(node.wholes("squeeze_dims", ()) or None)


def _converted(node: Node, v: list[np.ndarray]) -> np.ndarray | None:
    dtype = node.outputs[0].dtype if node.outputs else None
    return v[0].astype(dtype) if dtype in CASTS else None


def _strided(node: Node, v: list[np.ndarray]) -> np.ndarray | None:
    masks = {name: node.whole(name, 0) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    if v[0].ndim != 1 or len(v[1]) != 1 or node.attributes.get("ellipsis_mask") or node.attributes.get("new_axis_mask"):
        return None
    begin, end, step = int(v[1][0]), int(v[2][0]), int(v[3][0])
    if masks["shrink_axis_mask"]:
        return np.asarray(v[0][begin])
    return v[0][slice(None if masks["begin_mask"] else begin, None if masks["end_mask"] else end, step)]


Fold = Callable[[Node, list[np.ndarray]], "np.ndarray | None"]
"""Gives the value of an op from the op and the values of its operands."""

FOLDS: dict[str, Fold] = {
    "AddV2": lambda _, v: v[0] + v[1],
    "Sub": lambda _, v: v[0] - v[1],
    "Mul": lambda _, v: v[0] * v[1],
    "FloorDiv": lambda _, v: v[0] // v[1] if v[1].all() else None,
    "FloorMod": lambda _, v: v[0] % v[1] if v[1].all() else None,
    "Maximum": lambda _, v: np.maximum(v[0], v[1]),
    "Minimum": lambda _, v: np.minimum(v[0], v[1]),
    "Neg": lambda _, v: -v[0],
    "Range": lambda _, v: np.arange(int(v[0]), int(v[1]), int(v[2]), dtype=v[0].dtype),
    "Fill": lambda _, v: np.full(v[0], v[1]),
    "ExpandDims": lambda _, v: np.expand_dims(v[0], int(v[1])),
    "Pack": lambda node, v: np.stack(v, axis=node.whole("axis", 0)),
    "Slice*": lambda node, v: v[0][tuple(slice(*part) for part in ranges_of(node))],
    "Reshape": lambda node, v: v[0].reshape(_sizes(node, v)),
    "ConcatV2": _joined,
    "Prod": _product,
    "Cast": _converted,
    "Squeeze": _squeezed,
    "StridedSlice": _strided,
}
"""The value of an op of known operands, by the op; ``None`` where an attribute is beyond what is modelled here."""


@rule("fold-constants", *FOLDS)
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
        folded = FOLDS[node.op](node, values)
    if folded is None:
        return None
    folded = np.asarray(folded)  # arithmetic on arrays of rank 0 gives numpy's scalars
    if folded.size > LARGEST or folded.dtype.kind not in "biuf":
        return None
    attributes: dict[str, Attribute] = {
        "shape": tuple(folded.shape),
        "dtype": folded.dtype.name,
        "value": _nested(folded.tolist()),
    }
    return replace(node, op="Const", kind="const", operands=(), attributes=attributes)


def _nested(value: Attribute) -> Attribute:
    return tuple(_nested(item) for item in value) if isinstance(value, list) else value


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


AXIS_AT: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("ArgMax", "ArgMin", "Cumsum", "Cumprod", "CumulativeLogsumexp", "ReverseV2"), (1, 0)),
    **dict.fromkeys(("GatherV2", "Roll", "SplitV"), (2, 0)),
    "Split": (0, 1),
}
"""Ops with an axis, or several, as an operand: which one, and the operand whose axes are meant."""


@rule("axis-from-the-front", *AXIS_AT, "Unpack")
def axis_from_the_front(node: Node, view: View) -> Result:
    """An axis counted from the end is one counted from the front: ``axis=-1`` on rank 4 is ``axis=3``.

    It must not touch an axis computed at run time, nor a value of unknown rank, nor an op of another backend, whose
    axis is a setting from the front.
    """
    position, of = AXIS_AT.get(node.op, (-1, 0))
    if position >= len(node.operands):
        return None
    shape = view.shape(node.operands[of])
    if shape is None:
        return None
    if position < 0:
        axis = node.whole("axis", 0)
        return replace(node, attributes={**node.attributes, "axis": axis + len(shape)}) if axis < 0 else None
    constant = view.constant(node.operands[position])
    if constant is None:
        return None
    given = np.array(constant.attributes["value"], str(constant.attributes["dtype"]))
    if not (given < 0).any():
        return None
    front = _nested(np.where(given < 0, given + len(shape), given).tolist())
    made = view.known(node, front, shape=tuple(given.shape), dtype=given.dtype.name)
    operands = (*node.operands[:position], made, *node.operands[position + 1 :])
    return replace(node, operands=operands)
