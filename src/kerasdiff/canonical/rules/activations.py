"""Rules on activations: one spelling for rectifiers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerasdiff.canonical.dims import Dim
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.arithmetic import scalar, text, unwidened
from kerasdiff.canonical.shapes import dims_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Edge, Node


@rule("relu-spelling", "Maximum")
def relu_spelling(node: Node, view: View) -> Result:
    """``max(x, 0) = relu(x)``; the subgradients differ at exactly 0 alone. It must not touch ``max(x, c)``, c ≠ 0."""
    for position in (0, 1):
        if scalar(view, node.operands[position]) == 0.0 and unwidened(node, view, 1 - position):
            return replace(node, op="Relu", operands=(node.operands[1 - position],), attributes={})
    return None


@rule("relu6-spelling", "Minimum", "ClipByValue")
def relu6_spelling(node: Node, view: View) -> Result:
    """``min(relu(x), 6) = relu6(x)`` and so is ``clip(x, 0, 6)``. It must not touch other bounds."""
    if node.op == "ClipByValue":
        bounds = (scalar(view, node.operands[1]), scalar(view, node.operands[2]))
        return replace(node, op="Relu6", operands=node.operands[:1], attributes={}) if bounds == (0.0, 6.0) else None
    for position in (0, 1):
        inner = view.node(node.operands[1 - position])
        if scalar(view, node.operands[position]) == 6.0 and inner.op == "Relu" and unwidened(node, view, 1 - position):
            return replace(node, op="Relu6", operands=inner.operands, attributes={})
    return None


@rule("leaky-relu-zero", "LeakyRelu")
def leaky_relu_zero(node: Node, view: View) -> Result:
    """A leaky ReLU of slope 0 is a ReLU. It must not touch any other slope."""
    return replace(node, op="Relu", attributes={}) if node.attributes.get("alpha") == 0.0 else None


@rule("leaky-relu-spelling", "Maximum")
def leaky_relu_spelling(node: Node, view: View) -> Result:
    """``max(x, c·x)`` is a leaky ReLU of slope c for 0 < c < 1, kept as float32 as TensorFlow keeps it.

    It must not touch slopes beyond, nor another x, nor a slope that float32 does not hold beside float64 values.
    """
    for position in (0, 1):
        inner, other = view.node(node.operands[position]), node.operands[1 - position]
        if inner.op == "Scale" and inner.operands[0] == other and 0.0 < inner.real("by") < 1.0:
            alpha = float(np.float32(inner.real("by")))
            if node.outputs[0].dtype == "float64" and alpha != inner.real("by"):
                continue
            return replace(node, op="LeakyRelu", operands=(other,), attributes={"alpha": alpha})
    return None


@rule("elu-spelling", "SelectV2")
def elu_spelling(node: Node, view: View) -> Result:
    """``x > 0 ? elu(x) : α·elu(x)`` is an ELU of slope α > 0 below zero, as Keras writes it where α ≠ 1.

    It must not touch another condition, another x, nor a slope that is not positive.
    """
    asked, above, below = (view.node(edge) for edge in node.operands)
    if asked.op != "Greater" or above.op != "Elu" or above.attributes or below.op != "Scale":
        return None
    x = above.operands[0]
    same = asked.operands[0] == x and below.operands[0] == node.operands[1]
    alpha = below.real("by")
    if not same or scalar(view, asked.operands[1]) != 0.0 or alpha <= 0.0 or not unwidened(node, view, 1):
        return None
    return replace(node, op="Elu", operands=(x,), attributes={"alpha": alpha})


@rule("erfc-spelling", "Shift", exact=False)
def erfc_spelling(node: Node, view: View) -> Result:
    """``1 + erf(x) = erfc(−x)``, as TensorFlow writes its GELU. It must not touch another shift than by 1."""
    inner, shape = view.node(node.operands[0]), node.outputs[0].shape
    if inner.op != "Erf" or node.real("by") != 1.0 or shape is None:
        return None
    negated = view.make(node, "Scale", *inner.operands, shape=shape, settings={"by": text(-1.0, node)})
    return replace(node, op="Erfc", operands=(negated,), attributes={})


@rule("softmax-spelling", "RealDiv", exact=False)
def softmax_spelling(node: Node, view: View) -> Result:
    """``e / sum(e)`` with ``e = exp(x − max(x))``, both over the last axis, is the softmax of x.

    No gradient need go through the maximum, on which the softmax does not depend. It must not touch
    ``exp(x) / sum(exp(x))``, which overflows where softmax does not, other axes, nor a sum that stops the gradient.
    """
    top = view.node(node.operands[0])
    below = _over_last_axis(node.operands[1], "Sum", view)
    if top.op != "Exp" or below != node.operands[0]:
        return None
    shifted = view.node(top.operands[0])
    if shifted.op != "Sub":
        return None
    largest = shifted.operands[1]
    while view.node(largest).op == "StopGradient":
        largest = view.node(largest).operands[0]
    if _over_last_axis(largest, "Max", view) != shifted.operands[0]:
        return None
    return replace(node, op="Softmax", operands=shifted.operands[:1], attributes={})


def _over_last_axis(edge: Edge, reduction: str, view: View) -> Edge | None:
    """What a reduction over the last axis, kept with size 1, reduces."""
    kept = view.node(edge)
    inner = view.node(kept.operands[0]) if kept.op == "Reshape" else kept
    dims = dims_of(view, inner.operands[0]) if inner.op == reduction else None
    if dims is None or inner.attributes.get("axes") != (len(dims) - 1,) or dims_of(view, edge) != (*dims[:-1], Dim(1)):
        return None
    return inner.operands[0]
