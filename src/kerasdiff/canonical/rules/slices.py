"""Rules on slices: indexing in all its spellings as ranges of each axis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerasdiff.canonical.dims import Dim
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import reshaped
from kerasdiff.canonical.shapes import FULL, Range, dims_of, ranges_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Node


@rule("slice-spelling", "StridedSlice", "Slice")
def slice_spelling(node: Node, view: View) -> Result:
    """``x[:, 1:3]``, ``tf.slice``, ``x[..., None]`` and ``x[:, -1]`` are ranges of each axis, then a reshape.

    It must not touch a slice whose bounds are computed at run time, nor count from the end of an unknown axis.
    """
    source = node.operands[0]
    whole, bounds = dims_of(view, source), _bounds(node, view)
    if whole is None or bounds is None:
        return None
    plan = _slice_plan(whole, bounds) if node.op == "Slice" else _strided_plan(node, whole, bounds)
    if plan is None:
        return None
    if any(part != FULL for part in plan.ranges):
        source = view.make(node, "Slice*", source, shape=plan.shape(whole), settings={"ranges": plan.ranges})
    cut = dims_of(view, source)
    if cut is None:
        return None
    target = tuple(Dim(1) if axis is None else cut[axis] for axis in plan.axes)
    return source if target == cut else reshaped(node, source, target, view)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a slice takes of its operand, and the axes of its result.

    Attributes:
        ranges: What is taken of each axis.
        axes: For each axis of the result the one it is of the operand, ``None`` for a new one of size 1; an axis
            that is not among them is taken at one index and dropped.
    """

    ranges: tuple[Range, ...]
    axes: tuple[int | None, ...]

    def shape(self, whole: tuple[Dim, ...]) -> tuple[int | None, ...]:
        """The static shape of what is taken of a value of the dimensions ``whole``."""
        taken = enumerate(zip(whole, self.ranges, strict=True))
        return tuple(_length(dim, part) if axis in self.axes else 1 for axis, (dim, part) in taken)


def _bounds(node: Node, view: View) -> list[list[int]] | None:
    """The operands after the first as lists of numbers, ``None`` where one is computed at run time."""
    constants = [view.constant(edge) for edge in node.operands[1:]]
    known = [item for item in constants if item is not None]
    if len(known) < len(constants):
        return None
    return [np.atleast_1d(np.array(item.attributes["value"])).tolist() for item in known]


@rule("slice-of-slice", "Slice*")
def slice_of_slice(node: Node, view: View) -> Result:
    """A slice of a slice is one slice, and one that takes all of each axis is nothing.

    It must not compose ranges that count from the end of an unknown axis.
    """
    inner, ranges = view.node(node.operands[0]), ranges_of(node)
    source = node.operands[0]
    if inner.op == "Slice*":
        joined = [_composed(*pair) for pair in zip(ranges_of(inner), ranges, strict=True)]
        composed = tuple(part for part in joined if part is not None)
        if len(composed) == len(joined):
            source, ranges = inner.operands[0], composed
    whole = dims_of(view, source)
    if whole is None:
        return None
    ranges = tuple(_range(dim, *part) for dim, part in zip(whole, ranges, strict=True))
    if all(part == FULL for part in ranges):
        return source
    if (source, ranges) == (node.operands[0], node.attributes["ranges"]):
        return None
    return replace(node, operands=(source,), attributes={"ranges": ranges})


def _composed(inner: Range, outer: Range) -> Range | None:
    """The range that takes ``outer`` of what ``inner`` takes, ``None`` where that hangs on the size of the axis."""
    if FULL in (inner, outer):
        return inner if outer == FULL else outer
    (low, end, step), (begin, stop, stride) = inner, outer
    if min(low, begin, end or 0, stop or 0) < 0:
        return None
    ends = [bound for bound in (end, None if stop is None else low + stop * step) if bound is not None]
    return low + begin * step, min(ends, default=None), step * stride


def _slice_plan(whole: tuple[Dim, ...], given: list[list[int]]) -> _Plan:
    parts = zip(whole, *given, strict=True)
    ranges = tuple(_range(dim, begin, None if size == -1 else begin + size, 1) for dim, begin, size in parts)
    return _Plan(ranges=ranges, axes=tuple(range(len(whole))))


def _strided_plan(node: Node, whole: tuple[Dim, ...], given: list[list[int]]) -> _Plan | None:
    def flag(name: str, at: int) -> bool:
        return bool(node.whole(f"{name}_mask", 0) >> at & 1)

    count = len(given[0])
    new = sum(flag("new_axis", at) and not flag("ellipsis", at) for at in range(count))
    dots = sum(flag("ellipsis", at) for at in range(count))
    ranges: list[Range] = []
    kept: list[int | None] = []
    for at in range(count):
        if flag("ellipsis", at):
            for _ in range(len(whole) - (count - new - dots)):
                kept.append(len(ranges))
                ranges.append(FULL)
        elif flag("new_axis", at):
            kept.append(None)
        else:
            begin, end, step = given[0][at], given[1][at], given[2][at]
            dim = whole[len(ranges)]
            if step < 1:
                return None
            if flag("shrink_axis", at):
                ranges.append(_range(dim, begin, begin + 1 if begin != -1 else None, 1))
                continue
            low, high = (0 if flag("begin", at) else begin), (None if flag("end", at) else end)
            kept.append(len(ranges))
            ranges.append(_range(dim, low, high, step))
    for _ in range(len(whole) - len(ranges)):
        kept.append(len(ranges))
        ranges.append(FULL)
    return _Plan(ranges=tuple(ranges), axes=tuple(kept))


def _range(dim: Dim, begin: int, end: int | None, step: int) -> Range:
    """A range in the form it is compared in: bounds from the front, and open where it reaches the end."""
    if dim.known:
        begin, stop, step = slice(begin, end, step).indices(dim.number)
        return begin, None if stop >= dim.number else stop, step
    return begin, end, step


def _length(dim: Dim, part: Range) -> int | None:
    begin, end, step = part
    if dim.known:
        return len(range(dim.number)[slice(begin, end, step)])
    return 1 if (begin, end, step) == (-1, None, 1) else None
