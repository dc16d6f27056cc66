"""Rules on convolutions that are something simpler: a product with a matrix, or one filter for each channel."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.canonical.dims import Dim, product, quotient, static
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import make_reshape, reshaped
from kerasdiff.canonical.shapes import dims_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Node

CONVOLUTIONS = {"Conv2D": "NHWC", "Conv3D": "NDHWC"}


@rule("convolution-as-linear", *CONVOLUTIONS, exact=False)
def convolution_as_linear(node: Node, view: View) -> Result:
    """A 1×1 convolution is Linear over the channels; one as large as its unpadded input is Flatten, then Linear.

    The kernel's axes are joined in order, so each weight keeps its place in memory. It must not touch strides on 1×1,
    groups, padding, nor a window smaller than the input.
    """
    if node.attributes.get("data_format", CONVOLUTIONS[node.op]) != CONVOLUTIONS[node.op]:
        return None
    image, kernel = (dims_of(view, edge) for edge in node.operands)
    pads = node.pairs("pads") if "pads" in node.attributes else None
    if image is None or kernel is None or pads is None or any(pair != (0, 0) for pair in pads):
        return None
    window, channels = kernel[:-2], kernel[-2]
    if image[-1] != channels or not all(dim.known for dim in kernel):
        return None
    if all(dim == Dim(1) for dim in window) and all(step == 1 for step in node.wholes("strides")):
        matrix = make_reshape(node, node.operands[1], kernel[-2:], view)
        return (
            None if matrix is None else replace(node, op="Linear", operands=(node.operands[0], matrix), attributes={})
        )
    if image[1:-1] != window or any(step != 1 for step in node.wholes("dilations", (1,))):
        return None
    rows = product(kernel[:-1])
    flat = make_reshape(node, node.operands[0], (image[0], rows), view)
    matrix = make_reshape(node, node.operands[1], (rows, kernel[-1]), view)
    if flat is None or matrix is None:
        return None
    made = view.make(node, "Linear", flat, matrix, shape=static((image[0], kernel[-1])))
    return reshaped(node, made, (image[0], *(Dim(1) for _ in window), kernel[-1]), view)


@rule("grouped-as-depthwise", "Conv2D", exact=False)
def grouped_as_depthwise(node: Node, view: View) -> Result:
    """A convolution with as many groups as input channels is a depthwise one; its kernel keeps its order in memory.

    It must not touch a convolution with larger groups, nor one of a single input channel.
    """
    image, kernel = (dims_of(view, edge) for edge in node.operands)
    if image is None or kernel is None or node.attributes.get("data_format", "NHWC") != "NHWC":
        return None
    channels = image[-1]
    each = quotient(kernel[-1], channels) if channels.known and channels.number > 1 else None
    if each is None or kernel[-2] != Dim(1) or "pads" not in node.attributes:
        return None
    filters = make_reshape(node, node.operands[1], (*kernel[:2], channels, each), view)
    if filters is None:
        return None
    return replace(node, op="DepthwiseConv2dNative", operands=(node.operands[0], filters))
