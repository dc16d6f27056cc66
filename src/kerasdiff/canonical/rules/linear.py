"""Rules on products with a matrix: Dense, EinsumDense, and Dense over many axes, as one op.

``Linear(x, w)[..., o] = Σ_i x[..., i] · w[i, o]``: the last axis of x meets the first of a matrix w. What is left of
a layer besides (reshapes, transposes, the order of a weight's axes) goes behind it or into the weight's layout.
The same products are summed, in an order that the kernels choose by the shapes: equal up to rounding.
"""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.canonical.dims import Dim, product, static
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import make_reshape, reshaped
from kerasdiff.canonical.rules.transposes import last_stays, passed, transpose_at
from kerasdiff.canonical.shapes import dims_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Node


@rule("product-as-linear", "MatMul", "BatchMatMulV2", "BatchMatMul", exact=False)
def product_as_linear(node: Node, view: View) -> Result:
    """``x @ w`` with a matrix w is Linear, whatever the rank of x.

    It must not touch transposed operands, nor a w with axes of its own (attention scores).
    """
    flags = ("transpose_a", "transpose_b", "adj_x", "adj_y")
    shapes = [view.shape(edge) for edge in node.operands]
    if any(node.attributes.get(flag) for flag in flags) or shapes[0] is None or shapes[1] is None:
        return None
    return replace(node, op="Linear", attributes={}) if len(shapes[1]) == 2 and len(shapes[0]) >= 2 else None


@rule("linear-and-reshape", "Linear", exact=False)
def linear_and_reshape(node: Node, view: View) -> Result:
    """A reshape that keeps the last axis may come after the product: TimeDistributed, Dense on rank 3, Conv1D.

    It must not touch a Flatten, which makes a longer last axis.
    """
    inner = view.node(node.operands[0])
    if inner.op != "Reshape" or "to" not in inner.attributes:
        return None
    before, after, width = dims_of(view, inner.operands[0]), dims_of(view, node.operands[0]), _width(node, view)
    if before is None or after is None or width is None or before[-1:] != after[-1:]:
        return None
    made = view.make(node, "Linear", inner.operands[0], node.operands[1], shape=static((*before[:-1], width)))
    return reshaped(node, made, (*after[:-1], width), view)


def _width(node: Node, view: View) -> Dim | None:
    dims = dims_of(view, node.operands[1])
    return None if dims is None else dims[-1]


@rule("linear-and-transpose", "Linear", exact=False)
def linear_and_transpose(node: Node, view: View) -> Result:
    """A transpose that leaves the last axis in place may come after the product.

    It must not touch one that moves the axis that is summed over.
    """
    inner = transpose_at(node.operands[0], view)
    if inner is None or not last_stays(inner):
        return None
    return passed(node, inner, (inner.operands[0], node.operands[1]), view)


@rule("einsum-as-linear", "Einsum", exact=False)
def einsum_as_linear(node: Node, view: View) -> Result:
    """``einsum("abc,cd->abd", x, w)`` is Linear, with several axes on either side joined: EinsumDense is Dense.

    It must not touch an equation that keeps an axis of w beside x's own, nor one that changes their order.
    """
    parts = _equation(str(node.attributes.get("equation", "")))
    if parts is None or len(node.operands) != 2:
        return None
    left, right, result = parts
    shared = [axis for axis in left if axis in right]
    cut = len(left) - len(shared)
    new = right[len(shared) :]
    ordered = shared and left[cut:] == "".join(shared) == right[: len(shared)] and result == left[:cut] + new and new
    x, w = (dims_of(view, edge) for edge in node.operands)
    if not ordered or x is None or w is None or len(x) != len(left) or len(w) != len(right) or cut == 0:
        return None
    inner, outer = product(w[: len(shared)]), product(w[len(shared) :])
    flat = make_reshape(node, node.operands[0], (*x[:cut], inner), view)
    matrix = make_reshape(node, node.operands[1], (inner, outer), view)
    if flat is None or matrix is None:
        return None
    made = view.make(node, "Linear", flat, matrix, shape=static((*x[:cut], outer)))
    target = (*x[:cut], *w[len(shared) :])
    return made if target == (*x[:cut], outer) else reshaped(node, made, target, view)


def _equation(text: str) -> tuple[str, str, str] | None:
    """The axes of both operands and of the result, where each letter stands once in each."""
    sides, arrow, result = text.replace(" ", "").partition("->")
    left, comma, right = sides.partition(",")
    if not arrow or not comma or "." in text or "," in right:
        return None
    return (left, right, result) if all(len(set(side)) == len(side) for side in (left, right, result)) else None
