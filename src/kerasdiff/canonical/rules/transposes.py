"""Rules on transposes: composed, dropped, and moved behind what works on one element or on the last axis."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.canonical.dims import Dim
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import SPREADING, reshaped
from kerasdiff.canonical.shapes import UNARY, dims_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Edge, Node


@rule("compose-transposes", "Transpose")
def compose_transposes(node: Node, view: View) -> Result:
    """Two transposes are one, and one that changes nothing is nothing.

    It must not touch a permutation computed at run time, nor one that really moves an axis.
    """
    if len(node.operands) == 2:
        order = view.constant(node.operands[1])
        if order is None:
            return None
        return replace(node, operands=node.operands[:1], attributes={"perm": order.wholes("value")})
    perm = node.wholes("perm")
    inner = view.node(node.operands[0])
    if inner.op == "Transpose" and "perm" in inner.attributes:
        merged = tuple(inner.wholes("perm")[axis] for axis in perm)
        return replace(node, operands=inner.operands, attributes={"perm": merged})
    return node.operands[0] if perm == tuple(range(len(perm))) else None


@rule("transpose-of-unit-axes", "Transpose")
def transpose_of_unit_axes(node: Node, view: View) -> Result:
    """A transpose that keeps the order of all axes but those of size 1 is a reshape.

    It must not touch one that changes the order of two longer axes.
    """
    dims = dims_of(view, node.operands[0])
    if dims is None or "perm" not in node.attributes:
        return None
    moved = [axis for axis in node.wholes("perm") if dims[axis] != Dim(1)]
    if moved != sorted(moved):
        return None
    return reshaped(node, node.operands[0], tuple(dims[axis] for axis in node.wholes("perm")), view)


@rule("transpose-through-elementwise", *sorted(UNARY | SPREADING | {"Softmax", "LogSoftmax"}))
def transpose_through_elementwise(node: Node, view: View) -> Result:
    """``f(transpose(x)) = transpose(f(x))`` where f works element by element: the transpose goes last.

    It holds for two operands transposed alike and for one beside a number; beside a value of the last axis, and
    through Softmax, only where the last axis stays last. It must not pass otherwise.
    """
    first = transpose_at(node.operands[0], view)
    if node.op in SPREADING:
        return _through_binary(node, view)
    if first is None:
        return None
    if node.op in ("Softmax", "LogSoftmax") and not last_stays(first):
        return None
    return passed(node, first, (first.operands[0], *node.operands[1:]), view)


def transpose_at(edge: Edge, view: View) -> Node | None:
    """The transpose a value comes from."""
    inner = view.node(edge)
    return inner if inner.op == "Transpose" and "perm" in inner.attributes else None


def last_stays(inner: Node) -> bool:
    """Whether a transpose leaves the last axis in place."""
    perm = inner.wholes("perm")
    return bool(perm[-1] == len(perm) - 1)


def passed(node: Node, inner: Node, operands: tuple[Edge, ...], view: View) -> Node | None:
    """The transpose of ``inner`` behind ``node``."""
    shape = node.outputs[0].shape
    if shape is None or len(shape) != len(inner.wholes("perm")):
        return None
    before: list[int | None] = [None] * len(shape)
    for at, axis in enumerate(inner.wholes("perm")):
        before[axis] = shape[at]
    made = view.make(node, node.op, *operands, shape=tuple(before), settings=node.attributes)
    return replace(inner, id=node.id, operands=(made,), outputs=node.outputs)


def _through_binary(node: Node, view: View) -> Node | None:
    one, two = (transpose_at(edge, view) for edge in node.operands)
    if one is not None and two is not None and _are_alike(one, two, view):
        return passed(node, one, (one.operands[0], two.operands[0]), view)
    for side, inner in enumerate((one, two)):
        beside = node.operands[1 - side]
        if inner is not None and _meets_the_same(view.shape(beside), inner):
            source = inner.operands[0]
            return passed(node, inner, (source, beside) if side == 0 else (beside, source), view)
    return None


def _are_alike(one: Node, two: Node, view: View) -> bool:
    """Whether two transposes do the same to values of one shape."""
    before = dims_of(view, one.operands[0])
    return one.attributes == two.attributes and before is not None and before == dims_of(view, two.operands[0])


def _meets_the_same(shape: tuple[int | None, ...] | None, inner: Node) -> bool:
    """Whether a value of this shape meets the same elements before a transpose as behind it.

    A number does, and a vector along a last axis that stays where it is.
    """
    if shape is None or len(shape) > 1:
        return False
    return shape in ((), (1,)) or last_stays(inner)
