"""Cases of the rules on convolutions that are something simpler."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, spares
from rule_cases.tracing import tf


def conv(x: Any, w: Any, stride: int = 1, padding: str = "VALID") -> Any:
    return tf.nn.conv2d(x, w, stride, padding)


CASES = (
    fires("convolution-as-linear", lambda x, w: conv(x, w), (None, 6, 6, 4), (1, 1, 4, 5), left="Reshape Linear"),
    fires("convolution-as-linear", lambda x, w: conv(x, w, 2), (None, 3, 2, 4), (3, 2, 4, 5),
          left="Reshape Reshape Linear Reshape"),
    fires("convolution-as-linear", lambda x, w: tf.nn.conv1d(x, w, 1, "SAME"), (None, None, 4), (1, 4, 5),
          left="Reshape Linear"),
    spares("convolution-as-linear", lambda x, w: conv(x, w, 2), (None, 6, 6, 4), (1, 1, 4, 5), left="Conv2D"),
    spares("convolution-as-linear", lambda x, w: conv(x, w), (None, 6, 6, 4), (1, 1, 2, 4), left="Conv2D"),
    spares("convolution-as-linear", lambda x, w: conv(x, w, 1, "SAME"), (None, 3, 3, 4), (3, 3, 4, 5), left="Conv2D"),
    spares("convolution-as-linear", lambda x, w: conv(x, w), (None, 3, 4, 4), (3, 3, 4, 5), left="Conv2D"),
    spares("convolution-as-linear", lambda x, w: conv(x, w), (None, None, None, 4), (3, 3, 4, 5), left="Conv2D"),
    spares("convolution-as-linear", lambda x, w: tf.nn.depthwise_conv2d(x, w, [1] * 4, "VALID"), (None, 6, 6, 4),
           (1, 1, 4, 1), left="DepthwiseConv2dNative"),
    fires("grouped-as-depthwise", lambda x, w: conv(x, w), (None, 6, 6, 4), (3, 3, 1, 8),
          left="Reshape DepthwiseConv2dNative"),
    fires("grouped-as-depthwise", lambda x, w: conv(x, w, 2, "SAME"), (None, 6, 6, 4), (3, 3, 1, 4),
          left="Reshape DepthwiseConv2dNative"),
    spares("grouped-as-depthwise", lambda x, w: conv(x, w), (None, 6, 6, 4), (3, 3, 2, 8), left="Conv2D"),
    spares("grouped-as-depthwise", lambda x, w: conv(x, w), (None, 6, 6, 1), (3, 3, 1, 8), left="Conv2D"),
)  # fmt: skip

SMALL = st.integers(1, 3)


@always("convolution-as-linear")
def _pointwise(draw: st.DrawFn) -> Drawn:
    height, width, inner, outer = (draw(SMALL) for _ in range(4))
    free = draw(st.booleans())
    stride = draw(SMALL)
    whole = Drawn(lambda x, w: conv(x, w, stride), ((None, height, width, inner), (height, width, inner, outer)))
    image = (None, None, None, inner) if free else (None, height, width, inner)
    return draw(st.sampled_from([whole, Drawn(lambda x, w: conv(x, w, 1, "SAME"), (image, (1, 1, inner, outer)))]))


@always("grouped-as-depthwise")
def _grouped(draw: st.DrawFn) -> Drawn:
    channels, each, size = draw(st.integers(2, 4)), draw(SMALL), draw(st.integers(2, 3))
    stride, padding = draw(SMALL), draw(st.sampled_from(["VALID", "SAME"]))
    shapes = (None, 6, 7, channels), (size, size, 1, channels * each)
    return Drawn(lambda x, w: conv(x, w, stride, padding), shapes, gradients=False)
