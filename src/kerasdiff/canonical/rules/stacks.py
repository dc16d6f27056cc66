"""Rules on concatenation and stacking, and on loops unrolled over a stack (TimeDistributed)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerasdiff.canonical.dims import Dim, static
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import reshaped
from kerasdiff.canonical.rules.slices import FULL
from kerasdiff.canonical.shapes import UNARY, Range, dims_of, ranges_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Edge, Node


@rule("concat-axis", "ConcatV2")
def concat_axis(node: Node, view: View) -> Result:
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


@rule("map-over-stack", "Pack", exact=False)
def map_over_stack(node: Node, view: View) -> Result:
    """Stacking ``f(x₀), f(x₁), …`` is f of the stack, for f one op with the same settings and weights each time.

    With the slices of one value it turns TimeDistributed's loop into the layer on all steps at once. It must not
    touch steps with weights of their own, nor ops that mix the new axis with others.
    """
    if len(node.operands) < 2 or not node.outputs or node.outputs[0].shape is None or "axis" not in node.attributes:
        return None
    rank = len(node.outputs[0].shape)
    axis = node.whole("axis") % rank
    if axis:
        first = tuple(size for at, size in enumerate(node.outputs[0].shape) if at != axis)
        made = view.make(node, "Pack", *node.operands, shape=(len(node.operands), *first), settings={"axis": 0})
        perm = (*range(1, axis + 1), 0, *range(axis + 1, rank))
        return replace(node, op="Transpose", operands=(made,), attributes={"perm": perm})
    if "float" not in node.outputs[0].dtype:
        return None
    return _steps_of(node, view) or _mapped(node, view)


def _steps_of(node: Node, view: View) -> Node | Edge | None:
    """The value whose slices along one axis are the operands, all of them in order."""
    count = len(node.operands)
    slices = []
    for edge in node.operands:
        outer = view.node(edge)
        slices.append(view.node(outer.operands[0]) if outer.op == "Reshape" else outer)
    if any(inner.op != "Slice*" or inner.operands[0] != slices[0].operands[0] for inner in slices):
        return None
    source = slices[0].operands[0]
    dims, one = dims_of(view, source), dims_of(view, node.operands[0])
    ranges = [ranges_of(inner) for inner in slices]
    cut = [axis for axis, part in enumerate(ranges[0]) if part != FULL]
    if dims is None or one is None or len(cut) != 1 or dims[cut[0]] != Dim(count):
        return None
    axis = cut[0]
    for step, taken in enumerate(ranges):
        wanted: list[Range] = [FULL] * len(dims)
        wanted[axis] = (step, None if step == count - 1 else step + 1, 1)
        if taken != tuple(wanted):
            return None
    if axis:
        perm = (axis, *(at for at in range(len(dims)) if at != axis))
        source = view.make(
            node, "Transpose", source, shape=static(tuple(dims[at] for at in perm)), settings={"perm": perm}
        )
    return _reshape(node, source, one, view)


def _reshape(node: Node, source: Edge, one: tuple[Dim, ...], view: View) -> Node | Edge | None:
    """The stack ``source`` as one of as many values of the dimensions ``one``."""
    target = (Dim(len(node.operands)), *one)
    return source if dims_of(view, source) == target else reshaped(node, source, target, view)


Column = tuple[Edge, ...]
"""One value for each step."""


def _mapped(node: Node, view: View) -> Node | Edge | None:
    parts = _parts(node.operands, view)
    if parts is None:
        return None
    for column in _below(parts, node, view):
        _packed(node, column, view)
    one = view.node(node.operands[0])
    operands = [part if isinstance(part, Edge) else _packed(node, part, view) for part in parts]
    if one.op == "Reshape":
        dims = dims_of(view, node.operands[0])
        return None if dims is None else _reshape(node, operands[0], dims, view)
    return replace(node, op=one.op, operands=tuple(operands), attributes=one.attributes)


def _packed(node: Node, column: Column, view: View) -> Edge:
    """The values of a column as one."""
    shape, dtype = _spec(column, view)
    return view.make(node, "Pack", *column, shape=shape, dtype=dtype, settings={"axis": 0})


def _spec(column: Column, view: View) -> tuple[tuple[int | None, ...], str]:
    spec = view.spec(column[0])
    return (len(column), *((spec.shape if spec is not None else None) or ())), spec.dtype if spec is not None else ""


def _is_packed(node: Node, column: Column, view: View) -> bool:
    shape, dtype = _spec(column, view)
    return view.made(node, "Pack", *column, shape=shape, dtype=dtype, settings={"axis": 0}) is not None


def _parts(column: Column, view: View) -> list[Edge | Column] | None:
    """The operands of the one op that all values of a column come from: one for all, or a column each."""
    steps = [view.node(edge) for edge in column]
    one = steps[0]
    if one.kind != "op" or one.op not in MAPPABLE or any(edge.port for edge in column):
        return None
    settings = {(step.op, repr(sorted(step.attributes.items())), step.outputs, len(step.operands)) for step in steps}
    shape = one.outputs[0].shape if one.outputs else None
    if len(settings) > 1 or shape is None or (one.op == "Reshape" and len(one.operands) > 1):
        return None
    columns = [tuple(step.operands[position] for step in steps) for position in range(len(one.operands))]
    parts = [part if len(set(part)) > 1 else part[0] for part in columns]
    varied = [position for position, part in enumerate(parts) if isinstance(part, tuple)]
    if not varied or (one.op == "Linear" and varied != [0]):
        return None
    for position in varied:
        rank = view.shape(columns[position][0])
        if rank is None or (one.op != "Reshape" and len(rank) != len(shape)):
            return None
        alike = one.op in UNARY | {"Linear", "Softmax", "LogSoftmax"}  # as their results are
        if not alike and len({dims_of(view, edge) for edge in columns[position]}) > 1:
            return None
    return parts


def _below(parts: list[Edge | Column], node: Node, view: View) -> list[Column]:
    """The columns that those among ``parts`` are made of and that are not stacked yet, each after its own.

    So a long loop body is stacked from its start, and no call goes deeper than one op.
    """
    columns: dict[Column, None] = {}
    stack = [(part, False) for part in parts if not isinstance(part, Edge)]
    while stack:
        column, ready = stack.pop()
        if ready:
            columns[column] = None
        elif column not in columns and not _is_packed(node, column, view):
            stack.append((column, True))
            inner = _parts(column, view) or []
            stack.extend((part, False) for part in inner if not isinstance(part, Edge))
    return list(columns)


MAPPABLE = frozenset(
    {"Linear", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu",
     "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp", "Log", "Square", "Sqrt", "Neg", "Abs", "Scale", "Shift",
     "Softmax", "LogSoftmax", "Cast", "Reshape"}
)  # fmt: skip
"""Ops that treat each step of a new first axis alike: element by element, or along the last axis."""
