"""Rules on padding: explicit zero padding and ``padding="same"`` where they are the same numbers."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.canonical.dims import Dim, unit_axes
from kerasdiff.canonical.engine import rule
from kerasdiff.canonical.rules.reshapes import make_reshape, target_dims
from kerasdiff.canonical.shapes import dims_of
from kerasdiff.canonical.view import Result, View
from kerasdiff.graph import Node

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative", "Conv3D")


@rule("pad-spelling", "Pad", "PadV2")
def pad_spelling(node: Node, view: View) -> Result:
    """Padding with the constant 0 is Pad; padding by nothing is nothing. It must not touch other constants."""
    if "paddings" in node.attributes:
        return None
    amounts = view.constant(node.operands[1])
    if amounts is None:
        return None
    if node.op == "PadV2":
        fill = view.constant(node.operands[2])
        if fill is None or fill.attributes["value"] != 0:
            return None
    paddings = amounts.pairs("value")
    if all(pair == (0, 0) for pair in paddings):
        return node.operands[0]
    return replace(node, op="Pad", operands=node.operands[:1], attributes={"paddings": paddings})


@rule("pad-of-unit-axes", "Reshape")
def pad_of_unit_axes(node: Node, view: View) -> Result:
    """A reshape that only adds axes of size 1 may come before the padding: Conv1D puts one between the two.

    It must not touch a reshape that splits or joins axes, nor one that removes a padded axis.
    """
    inner = view.node(node.operands[0])
    if inner.op != "Pad" or "paddings" not in inner.attributes or "to" not in node.attributes:
        return None
    before, middle = dims_of(view, inner.operands[0]), dims_of(view, node.operands[0])
    after = target_dims(node, view)
    if before is None or middle is None or after is None or len(after) <= len(middle):
        return None
    origins = unit_axes(middle, after)
    if origins is None:
        return None
    target = tuple(Dim(1) if axis is None else before[axis] for axis in origins)
    paddings = tuple((0, 0) if axis is None else inner.pairs("paddings")[axis] for axis in origins)
    wide = make_reshape(node, inner.operands[0], target, view)
    return None if wide is None else replace(node, op="Pad", operands=(wide,), attributes={"paddings": paddings})


@rule("explicit-padding", *CONVOLUTIONS, exact=False)
def explicit_padding(node: Node, view: View) -> Result:
    """``padding="same"`` and ``"valid"`` are so many zeros on each side, and a Pad before adds to them.

    ``same`` pads ``max((⌈n/s⌉ − 1)·s + d·(k − 1) + 1 − n, 0)`` in all, the smaller half in front, so at stride 2 on
    an even size it is *not* symmetric. Where the size is unknown it holds for stride 1 alone. It must not fold a Pad
    of channels or batch, nor into pooling, which pads with −∞ or leaves padding out of the mean.
    """
    data_format = node.attributes.get("data_format", "NHWC")
    if data_format not in ("NHWC", "NDHWC"):
        return None
    if "pads" not in node.attributes:
        explicit = _pads(node, view)
        if explicit is None:
            return None
        others = {key: v for key, v in node.attributes.items() if key not in ("padding", "explicit_paddings")}
        return replace(node, attributes={**others, "pads": explicit})
    inner = view.node(node.operands[0])
    if inner.op != "Pad" or "paddings" not in inner.attributes:
        return None
    outer, pads = inner.pairs("paddings"), node.pairs("pads")
    if len(outer) != len(pads) + 2 or outer[0] != (0, 0) or outer[-1] != (0, 0):
        return None
    merged = tuple((a + c, b + d) for (a, b), (c, d) in zip(pads, outer[1:-1], strict=True))
    return replace(
        node, operands=(inner.operands[0], *node.operands[1:]), attributes={**node.attributes, "pads": merged}
    )


def _pads(node: Node, view: View) -> tuple[tuple[int, int], ...] | None:
    spatial = len(node.wholes("strides")) - 2
    padding = node.attributes.get("padding")
    if padding == "VALID":
        return ((0, 0),) * spatial
    if padding == "EXPLICIT":
        flat = node.wholes("explicit_paddings")
        return tuple((flat[2 * axis], flat[2 * axis + 1]) for axis in range(1, spatial + 1))
    image, kernel = view.spec(node.operands[0]), view.spec(node.operands[1])
    if image is None or kernel is None or image.shape is None or kernel.shape is None:
        return None
    pads = []
    for axis in range(1, spatial + 1):
        size, taps = image.shape[axis], kernel.shape[axis - 1]
        stride, dilation = node.wholes("strides")[axis], node.wholes("dilations", (1,) * 5)[axis]
        if taps is None or (size is None and stride != 1):
            return None
        reach = dilation * (taps - 1) + 1
        total = reach - 1 if size is None else max((-(-size // stride) - 1) * stride + reach - size, 0)
        pads.append((total // 2, total - total // 2))
    return tuple(pads)
