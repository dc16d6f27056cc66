"""Rules on products with a matrix: Dense, EinsumDense, and Dense over many axes, as one op.

``Linear(x, w)[..., o] = Σ_i x[..., i] · w[i, o]``: the last axis of x meets the first of a matrix w. What is left of
a layer besides (reshapes, transposes, the order of a weight's axes) goes behind it or into the weight's layout.
The same products are summed, in an order that the kernels choose by the shapes: equal up to rounding.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kerasdiff.canonical.dims import Dim, product, static
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import make_reshape, reshape_at, reshaped
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
    inner, width = reshape_at(node.operands[0], view), _width(node, view)
    if inner is None or width is None or inner.before[-1:] != inner.after[-1:]:
        return None
    made = view.make(node, "Linear", inner.source, node.operands[1], shape=static((*inner.before[:-1], width)))
    return reshaped(node, made, (*inner.after[:-1], width), view)


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
    axes = _axes(str(node.attributes.get("equation", "")))
    if axes is None or len(node.operands) != 2:
        return None
    kept, summed, new = axes
    x, w = (dims_of(view, edge) for edge in node.operands)
    if x is None or w is None or (len(x), len(w)) != (kept + summed, summed + new):
        return None
    inner, outer = product(w[:summed]), product(w[summed:])
    flat = make_reshape(node, node.operands[0], (*x[:kept], inner), view)
    matrix = make_reshape(node, node.operands[1], (inner, outer), view)
    if flat is None or matrix is None:
        return None
    made = view.make(node, "Linear", flat, matrix, shape=static((*x[:kept], outer)))
    target = (*x[:kept], *w[summed:])
    return made if target == (*x[:kept], outer) else reshaped(node, made, target, view)


_PRODUCT = re.compile(r"(?P<kept>\w+)(?P<summed>\w+),(?P=summed)(?P<new>\w+)->(?P=kept)(?P=new)")
"""An einsum that sums over the last axes of x and the first of w, and leaves all others in order: ``abc,cd->abd``."""


def _axes(equation: str) -> tuple[int, int, int] | None:
    """How many axes of x an einsum keeps, how many it sums over, and how many of w it puts after those of x."""
    match = _PRODUCT.fullmatch(equation.replace(" ", ""))
    if match is None:
        return None
    kept, summed, new = match["kept"], match["summed"], match["new"]
    once = len({*kept, *summed, *new}) == len(kept + summed + new)
    return (len(kept), len(summed), len(new)) if once else None
