"""Rules on reductions: means, sums and maxima over axes, and the pooling windows that are as large as the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerasdiff.canonical.dims import Dim, product, static, unit_axes
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.arithmetic import text
from kerasdiff.canonical.rules.reshapes import reshape_at, reshaped
from kerasdiff.canonical.shapes import REDUCTIONS, dims_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Node


@rule("reduction-axes", *REDUCTIONS)
def reduction_axes(node: Node, view: View) -> Result:
    """The axes of a reduction are a set of non-negative numbers: ``axis=-1`` on rank 4 is ``axis=3``.

    It must not touch axes computed at run time, nor operands of unknown rank.
    """
    if len(node.operands) != 2:
        return None
    axes, shape = view.constant(node.operands[1]), view.shape(node.operands[0])
    if axes is None or shape is None:
        return None
    rank = len(shape)
    listed = np.atleast_1d(np.array(axes.attributes["value"], dtype=int)).tolist()
    normal = tuple(sorted({int(axis) % rank for axis in listed})) if rank else ()
    return replace(node, operands=node.operands[:1], attributes={**node.attributes, "axes": normal})


@rule("keepdims-as-reshape", *REDUCTIONS)
def keepdims_as_reshape(node: Node, view: View) -> Result:
    """A reduction that keeps its axes with size 1 is one that drops them, reshaped.

    It must not touch a reduction whose remaining axes are of unknown rank.
    """
    dims = dims_of(view, node.operands[0])
    if not node.attributes.get("keep_dims") or "axes" not in node.attributes or dims is None:
        return None
    axes = node.wholes("axes")
    attributes = {**node.attributes, "keep_dims": False}
    left = static(_without(dims, axes))
    made = view.make(node, node.op, node.operands[0], shape=left, settings=attributes)
    return reshaped(node, made, tuple(Dim(1) if axis in axes else dim for axis, dim in enumerate(dims)), view)


@rule("reduction-of-unit-axes", "Mean", "Sum", "Max", "Min", "Prod")
def reduction_of_unit_axes(node: Node, view: View) -> Result:
    """An axis of size 1 that a reshape put in has nothing to reduce: the reduction goes to what was reshaped.

    It must not touch a reshape that splits or joins longer axes.
    """
    if "axes" not in node.attributes or node.attributes.get("keep_dims"):
        return None
    inner = reshape_at(node.operands[0], view)
    origins = None if inner is None else unit_axes(inner.before, inner.after)
    if inner is None or origins is None:
        return None
    axes = node.wholes("axes")
    reduced = tuple(origin for axis in axes if (origin := origins[axis]) is not None)
    source, rest = inner.source, _without(inner.before, reduced)
    if reduced:
        settings = {**node.attributes, "axes": reduced}
        source = view.make(node, node.op, source, shape=static(rest), settings=settings)
    target = _without(inner.after, axes)
    return source if rest == target else reshaped(node, source, target, view)


def _without(dims: tuple[Dim, ...], axes: tuple[int, ...]) -> tuple[Dim, ...]:
    """The dimensions left when these axes are reduced."""
    return tuple(dim for axis, dim in enumerate(dims) if axis not in axes)


@rule("sum-as-mean", "Scale", exact=False)
def sum_as_mean(node: Node, view: View) -> Result:
    """``sum(x) / n`` over n elements is the mean.

    It must not touch another divisor, nor axes whose size is known only at run time.
    """
    inner = view.node(node.operands[0])
    dims = dims_of(view, inner.operands[0]) if inner.op == "Sum" and inner.operands else None
    axes = inner.wholes("axes", ())
    if dims is None or not axes or inner.attributes.get("keep_dims"):
        return None
    count = product(tuple(dims[axis] for axis in axes))
    if not count.known or not count.number or text(1 / count.number, node) != node.attributes["by"]:
        return None
    return replace(node, op="Mean", operands=inner.operands, attributes=inner.attributes)


@rule("pool-of-whole-image", "AvgPool", "MaxPool", exact=False)
def pool_of_whole_image(node: Node, view: View) -> Result:
    """A pooling window as large as the image is a reduction over its axes, which stay with size 1.

    It must not touch a smaller window, nor padding, nor an image of unknown size.
    """
    dims, window = dims_of(view, node.operands[0]), node.wholes("ksize", ())
    plain = node.attributes.get("data_format", "NHWC") == "NHWC" and node.attributes.get("padding") == "VALID"
    if dims is None or not window or not plain or len(dims) != len(window) or not _fills(dims, window):
        return None
    axes = tuple(range(1, len(dims) - 1))
    op = "Mean" if node.op == "AvgPool" else "Max"
    left = dims[0], dims[-1]
    made = view.make(node, op, node.operands[0], shape=static(left), settings={"axes": axes, "keep_dims": False})
    return reshaped(node, made, (dims[0], *(Dim(1) for _ in axes), dims[-1]), view)


def _fills(dims: tuple[Dim, ...], window: tuple[int, ...]) -> bool:
    inside = list(zip(dims, window, strict=True))[1:-1]
    return window[0] == window[-1] == 1 and all(dim == Dim(size) for dim, size in inside)


@rule("maximum-and-monotone", "MaxPool", "Max", exact=False)
def maximum_and_monotone(node: Node, view: View) -> Result:
    """``max(f(x)) = f(max(x))`` for non-decreasing f, over pooling windows and over axes: f goes last.

    Kernels of Sigmoid and the like round, so that the last bit may differ. It must not touch average pooling, nor an
    f that falls somewhere (Abs, a leaky ReLU of negative slope).
    """
    inner = view.node(node.operands[0])
    if inner.op not in MONOTONE or len(node.operands) != 1 or not node.outputs:
        return None
    if node.op == "Max" and "axes" not in node.attributes:
        return None
    shape = node.outputs[0].shape
    if shape is None:
        return None
    made = view.make(node, node.op, inner.operands[0], shape=shape, settings=node.attributes)
    return replace(inner, id=node.id, operands=(made,), outputs=node.outputs)


MONOTONE = frozenset({"Relu", "Relu6", "Sigmoid", "Tanh", "Elu", "Selu", "Softplus"})
"""Non-decreasing ops of one operand: the largest of the results is the result of the largest."""
