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
    image, kernel = (dims_of(view, edge) for edge in node.operands)
    if image is None or kernel is None or not _is_plain(node) or image[-1] != kernel[-2]:
        return None
    if not all(dim.known for dim in kernel):
        return None
    if _is_pointwise(node, kernel):
        return _over_channels(node, kernel, view)
    return _over_image(node, image, kernel, view) if _covers(node, image, kernel) else None


def _is_plain(node: Node) -> bool:
    """Whether a convolution has its channels last and no padding."""
    last = node.attributes.get("data_format", CONVOLUTIONS[node.op]) == CONVOLUTIONS[node.op]
    return last and "pads" in node.attributes and all(pair == (0, 0) for pair in node.pairs("pads"))


def _is_pointwise(node: Node, kernel: tuple[Dim, ...]) -> bool:
    """Whether it looks at each point of the image alone, and at every one."""
    return all(dim == Dim(1) for dim in kernel[:-2]) and all(step == 1 for step in node.wholes("strides"))


def _covers(node: Node, image: tuple[Dim, ...], kernel: tuple[Dim, ...]) -> bool:
    """Whether its one window is the whole image."""
    return image[1:-1] == kernel[:-2] and all(step == 1 for step in node.wholes("dilations", (1,)))


def _over_channels(node: Node, kernel: tuple[Dim, ...], view: View) -> Node | None:
    """The product of each point's channels with the kernel as a matrix."""
    image, weights = node.operands
    matrix = make_reshape(node, weights, kernel[-2:], view)
    return None if matrix is None else replace(node, op="Linear", operands=(image, matrix), attributes={})


def _over_image(node: Node, image: tuple[Dim, ...], kernel: tuple[Dim, ...], view: View) -> Node | None:
    """The product of the flattened image with the kernel as a matrix, then the axes of size 1 that the image had."""
    rows = product(kernel[:-1])
    flat = make_reshape(node, node.operands[0], (image[0], rows), view)
    matrix = make_reshape(node, node.operands[1], (rows, kernel[-1]), view)
    if flat is None or matrix is None:
        return None
    made = view.make(node, "Linear", flat, matrix, shape=static((image[0], kernel[-1])))
    return reshaped(node, made, (image[0], *(Dim(1) for _ in kernel[:-2]), kernel[-1]), view)


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
