"""Rules on arithmetic with constants: squares, neutral elements, scale and shift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Edge, Node


def scalar(view: View, edge: Edge) -> float | None:
    """The operand's value if it is one constant number, whatever its rank."""
    constant = view.constant(edge)
    if constant is None:
        return None
    values = np.array(constant.attributes["value"]).ravel()
    return float(values[0]) if values.size == 1 and values.dtype.kind in "biuf" else None


def unwidened(node: Node, view: View, position: int) -> bool:
    """Whether an operand has the result's own shape and dtype, so that the others do not widen it."""
    spec = view.spec(node.operands[position])
    return bool(node.outputs) and spec == node.outputs[0] and spec.shape is not None


@rule("square-spelling", "Mul")
def square_spelling(node: Node, view: View) -> Result:
    """``x·x = Square(x)``. It must not touch products of two values."""
    same = node.operands[0] == node.operands[1]
    return replace(node, op="Square", operands=node.operands[:1], attributes={}) if same else None


@rule("power-spelling", "Pow", exact=False)
def power_spelling(node: Node, view: View) -> Result:
    """``x² = Square(x)``, ``x^1 = x`` and ``x^0.5 = Sqrt(x)``, up to the last bit.

    It must not fire where the exponent widens the shape.
    """
    exponent = scalar(view, node.operands[1])
    if exponent is None or not unwidened(node, view, 0):
        return None
    if exponent == 1.0:
        return node.operands[0]
    name = {2.0: "Square", 0.5: "Sqrt"}.get(exponent)
    return replace(node, op=name, operands=node.operands[:1], attributes={}) if name else None


@rule("neutral-element", "Mul", "AddV2", "Sub", "RealDiv", "Div")
def neutral_element(node: Node, view: View) -> Result:
    """``x·1 = x/1 = x`` and ``x + 0 = x − 0 = x``. It must not touch a constant that widens the shape."""
    neutral = 0.0 if node.op in ("AddV2", "Sub") else 1.0
    for position in (1,) if node.op in ("Sub", "RealDiv", "Div") else (1, 0):
        if scalar(view, node.operands[position]) == neutral and unwidened(node, view, 1 - position):
            return node.operands[1 - position]
    return None


@rule("constant-as-scale", "Mul", "RealDiv", "Div", "Neg", exact=False)
def constant_as_scale(node: Node, view: View) -> Result:
    """``x · c``, ``x / (1/c)`` and, for c = −1, ``−x`` are Scale by one constant floating-point number.

    A power of two is exact. The constant is kept as the values' dtype holds it. It must not touch ``c / x``, integers,
    a constant that widens the shape, nor one whose inverse no number stands for.
    """
    if node.op == "Neg":
        return _scaled(node, node.operands[0], -1.0) if _plain(node, view, 0) else None
    for position in (1,) if node.op != "Mul" else (1, 0):
        value = scalar(view, node.operands[position])
        if value is None or not np.isfinite(value) or not _plain(node, view, 1 - position):
            continue
        if node.op == "Mul":
            return _scaled(node, node.operands[1 - position], value)
        inverse = 0.0 if value == 0.0 else 1.0 / value
        return _scaled(node, node.operands[0], inverse) if _normal(inverse, node) else None
    return None


@rule("constant-as-shift", "AddV2", "Sub", exact=False)
def constant_as_shift(node: Node, view: View) -> Result:
    """``x + c``, ``x − (−c)`` are Shift by one constant floating-point number, and ``c − x`` is ``−x`` shifted by c.

    It must not touch integers, nor a constant that widens the shape.
    """
    for position in (1, 0):
        value = scalar(view, node.operands[position])
        if value is None or not np.isfinite(value) or not _plain(node, view, 1 - position):
            continue
        source = node.operands[1 - position]
        if node.op == "AddV2":
            return _shifted(node, source, value)
        if position == 1:
            return _shifted(node, source, -value)
        shape = node.outputs[0].shape
        return None if shape is None else _shifted(node, view.make(node, "Neg", source, shape=shape), value)
    return None


@rule("scale-then-shift", "Scale", "Shift", exact=False)
def scale_then_shift(node: Node, view: View) -> Result:
    """Scales and shifts in a row are one scale, then one shift: ``(x − 127.5) / 127.5`` is ``x / 127.5 − 1``.

    A composed constant that the values' dtype can hardly tell from a shorter number is that number. It must not pass
    anything between the two, nor compose constants whose product over- or underflows.
    """
    own, inner = node.real("by"), view.node(node.operands[0])
    if own == (1.0 if node.op == "Scale" else 0.0):
        return node.operands[0]
    if inner.op not in ("Scale", "Shift") or (node.op == "Shift" and inner.op == "Scale"):
        return None
    by = inner.real("by")
    if node.op == inner.op == "Shift":
        return _shifted(node, inner.operands[0], _short(own + by, node))
    if own and by and not _normal(own * by, node):
        return None
    if node.op == inner.op:
        return _scaled(node, inner.operands[0], _short(own * by, node))
    shape = node.outputs[0].shape
    if shape is None:
        return None
    made = view.make(node, "Scale", *inner.operands, shape=shape, settings=node.attributes)
    return _shifted(node, made, _short(own * by, node))


@rule("add-of-negative", "AddV2")
def add_of_negative(node: Node, view: View) -> Result:
    """``x + (−y) = x − y`` and ``(−x) + (−y) = −(x + y)``. It must not touch another factor than −1."""
    inner = [view.node(edge) for edge in node.operands]
    negative = [item.op == "Scale" and item.real("by") == -1.0 for item in inner]
    if all(negative):
        shape = node.outputs[0].shape
        operands = (item.operands[0] for item in inner)
        return None if shape is None else _scaled(node, view.make(node, "AddV2", *operands, shape=shape), -1.0)
    if not any(negative):
        return None
    at = negative.index(True)
    return replace(node, op="Sub", operands=(node.operands[1 - at], inner[at].operands[0]), attributes={})


@rule("mean-of-two", "Sub", "AddV2", exact=False)
def mean_of_two(node: Node, view: View) -> Result:
    """``v − a·(v − x)`` and ``v + a·(x − v)`` are ``(1 − a)·v + a·x``: the two ways to write a moving average.

    It must not fire where ``a`` is not between 0 and 1, nor where the difference is that of another value.
    """
    for position in (0,) if node.op == "Sub" else (0, 1):
        step = view.node(node.operands[1 - position])
        if step.op != "Scale" or not 0.0 < step.real("by") < 1.0:
            continue
        apart, old = view.node(step.operands[0]), node.operands[position]
        if apart.op != "Sub" or not all(view.spec(edge) == node.outputs[0] for edge in apart.operands):
            continue
        new = _towards(apart.operands if node.op == "AddV2" else apart.operands[::-1], old)
        shape = node.outputs[0].shape
        if new is None or shape is None or not _plain(node, view, position):
            continue
        by = step.real("by")
        parts = ((old, _short(1.0 - by, node)), (new, by))
        scaled = [view.make(node, "Scale", edge, shape=shape, settings={"by": text(to, node)}) for edge, to in parts]
        return replace(node, op="AddV2", operands=tuple(scaled), attributes={})
    return None


def _towards(difference: tuple[Edge, ...], old: Edge) -> Edge | None:
    """The new value, where a difference is that of a new value and the old one."""
    new, subtracted = difference
    return new if subtracted == old and new != old else None


def _plain(node: Node, view: View, position: int) -> bool:
    """Whether an operand is of the result's own shape and a floating-point type."""
    return unwidened(node, view, position) and "float" in node.outputs[0].dtype


def _scaled(node: Node, source: Edge, by: float) -> Node:
    return replace(node, op="Scale", operands=(source,), attributes={"by": text(by, node)})


def _shifted(node: Node, source: Edge, by: float) -> Node:
    return replace(node, op="Shift", operands=(source,), attributes={"by": text(by, node)})


def _held(node: Node) -> type[np.floating]:
    """The type that holds the constants of a node: float32 for values of less."""
    return np.float64 if node.outputs[0].dtype == "float64" else np.float32


def _normal(value: float, node: Node) -> bool:
    """Whether a number keeps its precision in the values' dtype."""
    limits = np.finfo(_held(node))
    return float(limits.tiny) <= abs(value) <= float(limits.max)


def text(value: float, node: Node) -> str:
    """A constant as the values' dtype holds it."""
    held = _held(node)
    return f"{held(value):.{9 if held is np.float32 else 17}g}"


def _short(value: float, node: Node) -> float:
    """The number with the fewest digits that the values' dtype can hardly tell from ``value``."""
    limits = np.finfo(_held(node))
    for digits in range(1, int(limits.precision) + 1):
        rounded = float(f"{value:.{digits}g}")
        if abs(rounded - value) <= 1.25 * limits.eps * abs(value):
            return rounded
    return value
