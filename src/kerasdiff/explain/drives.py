"""Which values may be put in the place of others, far from the usual? Numbers, whole ones too where all count as such.

Whole numbers may stand for rows of a table or for sizes, where most have no meaning. Where each op that takes them
works number by number, they are features like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from kerasdiff.explain.cut import Cut, Traced
from kerasdiff.graph import Node
from kerasdiff.graph.ops import AFFINE, BOUNDS, COMPARISONS, CUTS, HANDED_ON, REARRANGES, SHAPE_ONLY
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.constants import Reach

Given = Mapping[str, Callable[[Array], Array]]
"""By name, what a value becomes."""

SMALL: Given = {
    "0": np.zeros_like,
    "negative": lambda x: -np.abs(x),
    "positive": np.abs,
    "tiny": lambda x: 1e-7 * x,
    "tiniest": lambda x: 1e-13 * x,
}

LARGE: Given = {
    "larger": lambda x: 1e4 * x,
    "large": lambda x: 1e7 * x,
    "huge": lambda x: 1e13 * x,
}

LOST: Given = {"nan": lambda x: np.full_like(x, np.nan)}

NUMBER_BY_NUMBER = (
    HANDED_ON | REARRANGES | CUTS | SHAPE_ONLY | COMPARISONS | AFFINE | BOUNDS
    | {"Abs", "AddV2", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Const", "FloorDiv", "FloorMod", "LeftShift", "Mod",
       "Mul", "Neg", "OneHot", "OnesLike", "RightShift", "Sign", "Square", "SquaredDifference", "Sub", "TruncateDiv",
       "TruncateMod", "ZerosLike"}
)  # fmt: skip
"""Ops that take any whole number for one."""

EXACT = 1 << 53
"""Up to which float64 holds each whole number."""


def may_be_driven(cut: Cut, place: Traced, value: Array) -> bool:
    """Whether other values may be given in this place: floating ones, or whole ones that nothing takes for more.

    Args:
        cut: That the place is of.
        place: On both sides.
        value: What is there.
    """
    if not value.ndim or value.dtype.kind not in "fiu":
        return False
    return value.dtype.kind == "f" or all(_are_numbers(cut, side, place[side].node) for side in (0, 1))


def _are_numbers(cut: Cut, side: int, name: str) -> bool:
    """Whether whole numbers are worked with number by number, until they are floating ones."""
    waiting, seen = [name], {name}
    while waiting:
        for user in cut.users(side, waiting.pop()):
            if user.kind == "layer" and user.weights:
                return False
            if not _ops(user) <= NUMBER_BY_NUMBER:
                return False
            if user.id not in seen and any(spec.dtype.startswith(("int", "uint")) for spec in user.outputs):
                seen.add(user.id)
                waiting.append(user.id)
    return True


def _ops(node: Node) -> set[str]:
    inner = {item.op for item in node.lowering or () if item.kind == "op"}
    return inner or {node.op}


def driven(value: Array, change: Callable[[Array], Array], reach: Reach) -> Array:
    """What a change makes of a value, in its dtype; whole numbers as near to it as there are any, within the reach."""
    if value.dtype.kind == "f":
        return change(value)
    info = np.iinfo(value.dtype)
    low, high = (max(int(info.min), -EXACT), min(int(info.max), EXACT)) if reach is None else reach
    changed = np.nan_to_num(np.trunc(change(value.astype(np.float64))))
    return np.asarray(np.clip(changed, low, high).astype(value.dtype))
