"""Rules on concatenation and stacking, and on loops unrolled over a stack (TimeDistributed)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerasdiff.canonical.dims import Dim, static
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import reshaped
from kerasdiff.canonical.shapes import FULL, UNARY, Range, dims_of, ranges_of
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
    slices = [_slice_at(edge, view) for edge in node.operands]
    if any(inner.op != "Slice*" or inner.operands != slices[0].operands for inner in slices):
        return None
    source = slices[0].operands[0]
    dims, one = dims_of(view, source), dims_of(view, node.operands[0])
    axis = None if dims is None else _axis_of_steps([ranges_of(inner) for inner in slices], dims)
    if dims is None or one is None or axis is None:
        return None
    if axis:
        perm = (axis, *(at for at in range(len(dims)) if at != axis))
        shape = static(tuple(dims[at] for at in perm))
        source = view.make(node, "Transpose", source, shape=shape, settings={"perm": perm})
    return _reshape(node, source, one, view)


def _slice_at(edge: Edge, view: View) -> Node:
    """What a step is before it is reshaped: a slice, if the steps are those of one value."""
    outer = view.node(edge)
    return view.node(outer.operands[0]) if outer.op == "Reshape" else outer


def _axis_of_steps(taken: list[tuple[Range, ...]], dims: tuple[Dim, ...]) -> int | None:
    """The axis that slices take one index after the other, from the first to the last, and every other one whole."""
    last = len(taken) - 1
    steps: list[Range] = [(step, None if step == last else step + 1, 1) for step in range(last + 1)]
    for axis, dim in enumerate(dims):
        before, behind = (FULL,) * axis, (FULL,) * (len(dims) - axis - 1)
        if dim == Dim(len(taken)) and taken == [(*before, step, *behind) for step in steps]:
            return axis
    return None


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
    if any(edge.port for edge in column) or not _are_one_call(steps):
        return None
    one = steps[0]
    parts = [values if len(set(values)) > 1 else values[0] for values in _operands(steps)]
    varied = [part for part in parts if not isinstance(part, Edge)]
    shares_weights = one.op != "Linear" or isinstance(parts[1], Edge)
    return parts if varied and shares_weights and all(_can_stack(part, one, view) for part in varied) else None


def _are_one_call(steps: list[Node]) -> bool:
    """Whether all steps are one op that can be mapped, with the same settings and a result of one known shape."""
    one = steps[0]
    if one.kind != "op" or one.op not in MAPPABLE or not one.outputs or one.outputs[0].shape is None:
        return False
    if one.op == "Reshape" and len(one.operands) > 1:  # its sizes are computed at run time
        return False
    calls = {(step.op, repr(sorted(step.attributes.items())), step.outputs, len(step.operands)) for step in steps}
    return len(calls) == 1


def _operands(steps: list[Node]) -> list[Column]:
    """The operands of all steps, position by position."""
    return list(zip(*(step.operands for step in steps), strict=True))


def _can_stack(column: Column, one: Node, view: View) -> bool:
    """Whether the op ``one`` of each value of a column is that op of the stack of them."""
    shape, result = view.shape(column[0]), one.outputs[0].shape
    if shape is None or result is None or (one.op != "Reshape" and len(shape) != len(result)):
        return False
    alike = one.op in UNARY | {"Linear", "Softmax", "LogSoftmax"}  # as their results are
    return alike or len({dims_of(view, edge) for edge in column}) == 1


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
