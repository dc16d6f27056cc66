"""Rules on sums and biases."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.canonical.engine import rule
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


@rule("broadcast-bias", "AddV2", "Mul", "Sub")
def broadcast_bias(node: Node, view: View) -> Result:
    """A vector reshaped to ``(1, …, 1, n)`` broadcasts as the vector itself does.

    It must not fire where the reshaped value is not the smaller operand, or where another axis is meant.
    """
    operands = list(node.operands)
    for position, edge in enumerate(operands):
        inner = view.node(edge)
        if inner.op != "Reshape" or "to" not in inner.attributes:
            continue
        shape, before = inner.wholes("to"), view.spec(inner.operands[0])
        other = view.spec(operands[1 - position])
        if before is None or before.shape is None or len(before.shape) != 1 or before.shape[0] is None:
            continue
        fits = shape[-1:] == before.shape and all(dim == 1 for dim in shape[:-1])
        if fits and other is not None and other.shape is not None and len(other.shape) >= len(shape):
            operands[position] = inner.operands[0]
            return replace(node, operands=tuple(operands))
    return None


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
