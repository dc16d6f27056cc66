"""Rules on arithmetic: one spelling for sums, biases, squares and rectifiers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerasdiff.canonical.rules import View, rule
from kerasdiff.graph import Edge, Node

COMMUTATIVE = frozenset(
    {"AddV2", "Mul", "Maximum", "Minimum", "LogicalAnd", "LogicalOr", "SquaredDifference", "Equal", "NotEqual", "Sum*"}
)
"""Ops whose operands may stand in any order, bit for bit."""

MONOTONE = frozenset({"Relu", "Relu6", "Sigmoid", "Tanh", "Elu", "Selu", "Softplus"})
"""Non-decreasing ops of one operand: the largest of the results is the result of the largest."""


def scalar(view: View, edge: Edge) -> float | None:
    """The operand's value if it is one constant number, whatever its rank."""
    constant = view.constant(edge)
    if constant is None:
        return None
    values = np.array(constant.attributes["value"]).ravel()
    return float(values[0]) if values.size == 1 and values.dtype.kind in "biuf" else None


@rule("bias-add", "BiasAdd", "Add", "AddN")
def bias_add(node: Node, view: View) -> Node | Edge | None:
    """``BiasAdd(x, b) = x + b`` where channels come last, and ``AddN`` of two is ``+``."""
    if node.op == "BiasAdd" and node.attributes.get("data_format", "NHWC") != "NHWC":
        return None
    if len(node.operands) == 1:
        return node.operands[0]
    if len(node.operands) != 2:
        return None
    return replace(node, op="AddV2", attributes={})


@rule("broadcast-bias", "AddV2", "Mul", "Sub")
def broadcast_bias(node: Node, view: View) -> Node | Edge | None:
    """A vector reshaped to ``(1, …, 1, n)`` broadcasts as the vector itself does.

    It must not fire where the reshaped value is not the smaller operand, or where another axis is meant.
    """
    operands = list(node.operands)
    for position, edge in enumerate(operands):
        inner = view.node(edge)
        if inner.op != "Reshape" or "to" not in inner.attributes:
            continue
        shape, before = tuple(inner.attributes["to"]), view.spec(inner.operands[0])
        other = view.spec(operands[1 - position])
        if before is None or before.shape is None or len(before.shape) != 1 or before.shape[0] is None:
            continue
        fits = shape[-1:] == before.shape and all(dim == 1 for dim in shape[:-1])
        if fits and other is not None and other.shape is not None and len(other.shape) >= len(shape):
            operands[position] = inner.operands[0]
            return replace(node, operands=tuple(operands))
    return None


@rule("sum-of-many", "AddV2", exact=False)
def sum_of_many(node: Node, view: View) -> Node | Edge | None:
    """``(a + b) + c = a + (b + c)`` in real arithmetic; operands of one shape make one sum.

    It must not fire where an inner sum is used elsewhere too, or where broadcasting happens.
    """
    shapes = [view.spec(edge) for edge in node.operands]
    if not node.outputs or any(spec is None or spec != node.outputs[0] for spec in shapes):
        return None
    flat: list[Edge] = []
    for edge in node.operands:
        inner = view.node(edge)
        specs = [view.spec(item) for item in inner.operands]
        same = inner.op == "Sum*" or (inner.op == "AddV2" and all(spec == node.outputs[0] for spec in specs))
        flat.extend(inner.operands if same and view.once(edge) else (edge,))
    return replace(node, op="Sum*", operands=tuple(flat), attributes={}) if len(flat) > 2 else None


@rule("relu-spelling", "Maximum")
def relu_spelling(node: Node, view: View) -> Node | Edge | None:
    """``max(x, 0) = relu(x)``; the subgradients differ at exactly 0 alone. It must not touch ``max(x, c)``, c ≠ 0."""
    for position in (0, 1):
        spec = view.spec(node.operands[1 - position])
        if scalar(view, node.operands[position]) == 0.0 and node.outputs and spec == node.outputs[0]:
            return replace(node, op="Relu", operands=(node.operands[1 - position],), attributes={})
    return None


@rule("relu6-spelling", "Minimum", "ClipByValue")
def relu6_spelling(node: Node, view: View) -> Node | Edge | None:
    """``min(relu(x), 6) = relu6(x)`` and so is ``clip(x, 0, 6)``. It must not touch other bounds."""
    if node.op == "ClipByValue":
        bounds = (scalar(view, node.operands[1]), scalar(view, node.operands[2]))
        return replace(node, op="Relu6", operands=node.operands[:1], attributes={}) if bounds == (0.0, 6.0) else None
    for position in (0, 1):
        inner = view.node(node.operands[1 - position])
        if scalar(view, node.operands[position]) == 6.0 and inner.op == "Relu":
            return replace(node, op="Relu6", operands=inner.operands, attributes={})
    return None


@rule("leaky-relu-zero", "LeakyRelu")
def leaky_relu_zero(node: Node, view: View) -> Node | Edge | None:
    """A leaky ReLU of slope 0 is a ReLU. It must not touch any other slope."""
    return replace(node, op="Relu", attributes={}) if node.attributes.get("alpha") == 0.0 else None


@rule("square-spelling", "Mul")
def square_spelling(node: Node, view: View) -> Node | Edge | None:
    """``x·x = Square(x)``. It must not touch products of two values."""
    same = node.operands[0] == node.operands[1]
    return replace(node, op="Square", operands=node.operands[:1], attributes={}) if same else None


@rule("power-spelling", "Pow", exact=False)
def power_spelling(node: Node, view: View) -> Node | Edge | None:
    """``x² = Square(x)``, ``x^1 = x`` and ``x^0.5 = Sqrt(x)``, up to the last bit.

    It must not fire where the exponent widens the shape.
    """
    exponent = scalar(view, node.operands[1])
    if exponent is None or not node.outputs or view.spec(node.operands[0]) != node.outputs[0]:
        return None
    if exponent == 1.0:
        return node.operands[0]
    name = {2.0: "Square", 0.5: "Sqrt"}.get(exponent)
    return replace(node, op=name, operands=node.operands[:1], attributes={}) if name else None


@rule("neutral-element", "Mul", "AddV2", "Sub", "RealDiv", "Div")
def neutral_element(node: Node, view: View) -> Node | Edge | None:
    """``x·1 = x/1 = x`` and ``x + 0 = x − 0 = x``, where the constant does not widen the shape."""
    neutral = 0.0 if node.op in ("AddV2", "Sub") else 1.0
    for position in (1,) if node.op in ("Sub", "RealDiv", "Div") else (1, 0):
        keep = node.operands[1 - position]
        spec = view.spec(keep)
        if scalar(view, node.operands[position]) == neutral and node.outputs and spec == node.outputs[0]:
            return keep
    return None


@rule("divide-as-multiply", "RealDiv", "Div", exact=False)
def divide_as_multiply(node: Node, view: View) -> Node | Edge | None:
    """``x / c = x · (1/c)`` in real arithmetic, for one constant number c.

    A power of two is exact. The constant is kept as the float32 nearest to it.
    """
    value = scalar(view, node.operands[1])
    spec = view.spec(node.operands[0])
    if value is None or value == 0.0 or not np.isfinite(value) or not node.outputs or spec != node.outputs[0]:
        return None
    return replace(node, op="Scale", operands=node.operands[:1], attributes={"by": f"{np.float32(1.0 / value):.9g}"})


@rule("multiply-as-scale", "Mul", exact=False)
def multiply_as_scale(node: Node, view: View) -> Node | Edge | None:
    """A product with one constant floating-point number is a scale by it."""
    for position in (1, 0):
        value = scalar(view, node.operands[position])
        spec = view.spec(node.operands[1 - position])
        if (
            value is not None
            and np.isfinite(value)
            and node.outputs
            and spec == node.outputs[0]
            and "float" in spec.dtype
        ):
            by = f"{np.float32(value):.9g}"
            return replace(node, op="Scale", operands=(node.operands[1 - position],), attributes={"by": by})
    return None


@rule("max-pool-and-monotone", "MaxPool", *sorted(MONOTONE))
def max_pool_and_monotone(node: Node, view: View) -> Node | Edge | None:
    """``max_pool(f(x)) = f(max_pool(x))`` for non-decreasing f: both become one node that pools and applies f.

    It must not touch average pooling, nor an inner value that is used elsewhere too.
    """
    inner = view.node(node.operands[0])
    names = {node.op, inner.op}
    function = next((name for name in sorted(names) if name in MONOTONE), None)
    if "MaxPool" not in names or function is None or not view.once(node.operands[0]):
        return None
    pool = node if node.op == "MaxPool" else inner
    return replace(node, op="MaxPool*", operands=inner.operands, attributes={**pool.attributes, "of": function})
