"""Cases of the rules on padding."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, spares
from rule_cases.tracing import tf

IMAGE, KERNEL = (None, 6, 6, 2), (3, 3, 2, 4)
FREE = (None, None, None, 2)
ONE = [(0, 0), (1, 1), (1, 1), (0, 0)]
NONE = [(0, 0)] * 4


def conv(x: Any, kernel: Any, padding: str, stride: int = 1, **more: Any) -> Any:
    return tf.nn.conv2d(x, kernel, stride, padding, **more)


def first_channels(x: Any, kernel: Any) -> Any:
    return tf.raw_ops.Conv2D(input=x, filter=kernel, strides=[1] * 4, padding="SAME", data_format="NCHW")


def around(x: Any, pad: Any, fill: float = 0.0) -> Any:
    return tf.raw_ops.PadV2(input=x, paddings=pad, constant_values=tf.constant(fill, x.dtype))


CASES = (
    fires("pad-spelling", lambda x: tf.pad(x, ONE), IMAGE, left="Pad"),
    fires("pad-spelling", lambda x: around(x, ONE), IMAGE, left="Pad"),
    fires("pad-spelling", lambda x: tf.pad(x, NONE), IMAGE, left=""),
    spares("pad-spelling", lambda x: around(x, ONE, -1.0), IMAGE, left="PadV2"),
    spares("pad-spelling", lambda x: tf.pad(x, ONE, "REFLECT"), IMAGE, left="MirrorPad"),
    spares("pad-spelling", lambda x, pad: tf.pad(x, pad), (None, 4), (2, 2), dtypes=("", "int32"), left="Pad"),
    fires("pad-of-unit-axes", lambda x: tf.expand_dims(tf.pad(x, [(0, 0), (2, 0)]), 1), (None, 4), left="Reshape Pad"),
    fires("pad-of-unit-axes", lambda x, w: tf.nn.conv1d(tf.pad(x, [(0, 0), (2, 0), (0, 0)]), w, 1, "VALID"),
          (None, 6, 2), (3, 2, 4), left="Reshape Reshape Conv2D Reshape"),
    spares("pad-of-unit-axes", lambda x: tf.reshape(tf.pad(x, [(0, 0), (2, 0)]), [-1, 2, 3]), (None, 4),
           left="Pad Reshape"),
    spares("pad-of-unit-axes", lambda x: tf.squeeze(tf.pad(x, [(0, 0), (0, 0), (1, 0)]), 1), (None, 1, 4),
           left="Pad Reshape"),
    fires("explicit-padding", lambda x, w: conv(x, w, "SAME"), IMAGE, KERNEL, left="Conv2D"),
    fires("explicit-padding", lambda x, w: conv(x, w, "SAME", 2), IMAGE, KERNEL, left="Conv2D"),
    fires("explicit-padding", lambda x, w: conv(tf.pad(x, ONE), w, "VALID") - conv(x, w, "SAME"), IMAGE, KERNEL,
          left="Conv2D Sub"),
    fires("explicit-padding", lambda x, w: conv(x, w, ONE) - conv(x, w, "SAME"), FREE, KERNEL, left="Conv2D Sub"),
    fires("explicit-padding", lambda x, w: conv(x, w, ONE, 2) - conv(x, w, "SAME", 2), IMAGE, KERNEL,
          left="Conv2D Conv2D Sub"),
    spares("explicit-padding", lambda x, w: conv(x, w, "SAME", 2), FREE, KERNEL, left="Conv2D"),
    spares("explicit-padding", first_channels, (None, 2, 6, 6), KERNEL, left="Conv2D"),
    spares("explicit-padding", lambda x: tf.nn.max_pool2d(tf.pad(x, ONE), 2, 2, "VALID"), IMAGE, left="Pad MaxPool"),
    spares("explicit-padding", lambda x: tf.nn.avg_pool2d(x, 2, 2, "SAME"), IMAGE, left="AvgPool"),
)  # fmt: skip

AMOUNTS = st.tuples(st.integers(0, 2), st.integers(0, 2))


@always("pad-spelling")
def _pad(draw: st.DrawFn) -> Drawn:
    pads = draw(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS))
    way = draw(st.sampled_from([tf.pad, around]))
    return Drawn(lambda x: tf.abs(way(x, pads)), (draw(st.permutations([None, None, 3]).map(tuple)),))


@always("pad-of-unit-axes")
def _unit(draw: st.DrawFn) -> Drawn:
    pads = draw(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS).filter(lambda pads: any(map(any, pads))))
    axes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=2))

    def program(x: Any) -> Any:
        x = tf.pad(x, pads)
        for axis in axes:
            x = tf.expand_dims(x, axis)
        return x

    return Drawn(program, (draw(st.permutations([None, draw(st.sampled_from([None, 1, 2])), 3]).map(tuple)),))


@always("explicit-padding")
def _convolved(draw: st.DrawFn) -> Drawn:
    """Stride and dilation together are not in TensorFlow, so only one of them differs from 1 here."""
    size = draw(st.tuples(st.integers(5, 9), st.integers(5, 9)))
    taps = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride, dilation = draw(st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)]))
    free = stride == 1 and draw(st.booleans())
    reach = [(n - 1) * dilation + 1 for n in taps]
    padding = draw(st.sampled_from(["SAME", "VALID"])) if max(reach) <= 5 and not free else "SAME"
    pads = draw(st.none() | st.tuples(AMOUNTS, AMOUNTS))
    deep = draw(st.booleans())
    image = (None, None, None, 2) if free else (None, *size, 2)

    def program(x: Any, kernel: Any) -> Any:
        x = x if pads is None else tf.pad(x, [(0, 0), *pads, (0, 0)])
        if deep:
            return tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], padding, dilations=[dilation] * 2)
        return tf.nn.conv2d(x, kernel, stride, padding, dilations=dilation)

    return Drawn(program, (image, (*taps, 2, 3)), gradients=dilation == 1)
