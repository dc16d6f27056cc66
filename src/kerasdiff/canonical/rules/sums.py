"""Rules on sums and biases."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.canonical.dims import Dim
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import SPREADING, reshape_at, reshaped
from kerasdiff.canonical.shapes import dims_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Edge, Node, TensorSpec


@rule("bias-add", "BiasAdd", "Add", "AddN")
def bias_add(node: Node, view: View) -> Result:
    """``BiasAdd(x, b) = x + b`` where channels come last, and ``AddN`` is one ``+`` after the other.

    It must not touch channels that come first, nor texts, whose sum has an order.
    """
    if not node.outputs or node.outputs[0].dtype == "string":
        return None
    if node.op == "BiasAdd" and node.attributes.get("data_format", "NHWC") != "NHWC":
        return None
    total, *rest = node.operands
    if not rest:
        return total
    for edge in rest[:-1]:
        shape = node.outputs[0].shape
        if shape is None:
            return None
        total = view.make(node, "AddV2", total, edge, shape=shape)
    return replace(node, op="AddV2", operands=(total, rest[-1]), attributes={})


@rule("broadcast-bias", *sorted(SPREADING | {"SquaredDifference"}))
def broadcast_bias(node: Node, view: View) -> Result:
    """A value reshaped from ``(n,)`` to ``(1, …, 1, n)`` broadcasts as it does before: the axes of size 1 go last.

    It must not fire where another axis is meant, nor where no rank is known.
    """
    shape = node.outputs[0].shape if node.outputs else None
    bare = tuple(_without_leading(edge, view) for edge in node.operands)
    shapes = [one for edge in bare if (one := view.shape(edge)) is not None]
    if shape is None or len(shapes) < len(bare) or bare == node.operands:
        return None
    rank = max(len(one) for one in shapes)
    if rank == len(shape):
        return replace(node, operands=bare)
    made = view.make(node, node.op, *bare, shape=shape[len(shape) - rank :], settings=node.attributes)
    dims = dims_of(view, made)
    return None if dims is None else reshaped(node, made, (*(Dim(1),) * (len(shape) - rank), *dims), view)


def _without_leading(edge: Edge, view: View) -> Edge:
    """A vector before a reshape that puts axes of size 1 before its own; else the value itself."""
    inner = reshape_at(edge, view)
    if inner is None or len(inner.before) != 1 or not inner.before[0].known:
        return edge
    ones = len(inner.after) - 1
    return inner.source if ones > 0 and inner.after == (*(Dim(1),) * ones, *inner.before) else edge


@rule("sum-of-many", "AddV2", "Sum*", exact=False, late=True)
def sum_of_many(node: Node, view: View) -> Result:
    """``(a + b) + c = a + (b + c)`` in real arithmetic; operands of one shape make one sum.

    It must not fire where an inner sum is used elsewhere too, or where broadcasting happens.
    """
    spec = node.outputs[0] if node.outputs else None
    if spec is None or spec.shape is None or not _all_are(spec, node.operands, view):
        return None
    flat = tuple(term for edge in node.operands for term in _terms(edge, spec, view))
    if len(flat) < 3 or (node.op == "Sum*" and len(flat) == len(node.operands)):
        return None
    return replace(node, op="Sum*", operands=flat, attributes={})


def _terms(edge: Edge, spec: TensorSpec, view: View) -> tuple[Edge, ...]:
    """What a value is the sum of without broadcasting, where it has no other use; else the value itself."""
    inner = view.node(edge)
    is_sum = inner.op == "Sum*" or (inner.op == "AddV2" and _all_are(spec, inner.operands, view))
    return inner.operands if is_sum and view.once(edge) else (edge,)


def _all_are(spec: TensorSpec, edges: tuple[Edge, ...], view: View) -> bool:
    return all(view.spec(edge) == spec for edge in edges)


def unfolded(node: Node) -> tuple[Node, ...]:
    """A sum of many as one ``+`` after the other, so that it meets other rules as it was written."""
    if node.op != "Sum*":
        return (node,)
    total, *rest = node.operands
    chain = []
    for number, edge in enumerate(rest, 1):
        name = node.id if number == len(rest) else f"{node.id}+{number}"
        chain.append(replace(node, id=name, op="AddV2", operands=(total, edge)))
        total = Edge(node=name)
    return tuple(chain)
