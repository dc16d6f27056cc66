"""Cases of the rules on arithmetic with constants."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, numbers, shapes, spares
from rule_cases.tracing import tf

ROW = (None, 4)
FOUR = (1.0, 2.0, 3.0, 4.0)
I32 = ("int32",)


def wide(value: float, x: Any) -> Any:
    """A constant of more axes than a row has."""
    return tf.constant([[[value]]], x.dtype)


CASES = (
    fires("square-spelling", lambda x: x * x, ROW, left="Square"),
    spares("square-spelling", lambda x, y: x * y, ROW, ROW, left="Mul"),
    fires("power-spelling", lambda x: x**2.0, ROW, left="Square"),
    fires("power-spelling", lambda x: tf.square(x) ** 0.5, ROW, left="Square Sqrt"),
    fires("power-spelling", lambda x: tf.pow(x, 1.0), ROW, left=""),
    spares("power-spelling", lambda x: x**3.0, ROW, left="Pow"),
    spares("power-spelling", lambda x: tf.pow(x, wide(2.0, x)), (4,), left="Pow"),
    spares("power-spelling", lambda x: tf.pow(2.0, x), ROW, left="Pow"),
    fires("neutral-element", lambda x: 1.0 * tf.abs(x), ROW, left="Abs"),
    fires("neutral-element", lambda x: tf.abs(x) - 0.0, ROW, left="Abs"),
    fires("neutral-element", lambda x: (x + 0) * 1, ROW, left="", dtypes=I32),
    spares("neutral-element", lambda x: 0.0 - x, ROW, left="Scale"),
    spares("neutral-element", lambda x: 1.0 / x, ROW, left="RealDiv"),
    spares("neutral-element", lambda x: x + wide(0.0, x), (4,), left="AddV2"),
    fires("constant-as-scale", lambda x: x / 255.0, ROW, left="Scale"),
    fires("constant-as-scale", lambda x: 0.5 * x, ROW, left="Scale"),
    fires("constant-as-scale", lambda x: -x, ROW, left="Scale"),
    spares("constant-as-scale", lambda x: 255.0 / x, ROW, left="RealDiv"),
    spares("constant-as-scale", lambda x: x / tf.constant(FOUR), ROW, left="RealDiv"),
    spares("constant-as-scale", lambda x: x * tf.constant(FOUR), ROW, left="Mul"),
    spares("constant-as-scale", lambda x: x / 0.0, ROW, left="RealDiv"),
    spares("constant-as-scale", lambda x: x / 1e-39, ROW, left="RealDiv"),
    spares("constant-as-scale", lambda x: x * 3, ROW, left="Mul", dtypes=I32),
    spares("constant-as-scale", lambda x: x // 2, ROW, left="FloorDiv", dtypes=I32),
    spares("constant-as-scale", lambda x: -x, ROW, left="Neg", dtypes=I32),
    spares("constant-as-scale", lambda x: x * wide(2.0, x), (4,), left="Mul"),
    fires("constant-as-shift", lambda x: x + 0.5, ROW, left="Shift"),
    fires("constant-as-shift", lambda x: x - 0.5, ROW, left="Shift"),
    fires("constant-as-shift", lambda x: 0.5 - x, ROW, left="Scale Shift"),
    spares("constant-as-shift", lambda x: x + 3, ROW, left="AddV2", dtypes=I32),
    spares("constant-as-shift", lambda x: x + tf.constant(FOUR), ROW, left="AddV2"),
    spares("constant-as-shift", lambda x: x + wide(2.0, x), (4,), left="AddV2"),
    fires("scale-then-shift", lambda x: (x - 127.5) / 127.5, ROW, left="Scale Shift"),
    fires("scale-then-shift", lambda x: (x + 1.0) * 2.0 - x * 2.0 - 2.0, ROW, left="Scale Shift Sub Shift"),
    fires("scale-then-shift", lambda x: x * 2.0 / 2.0 + 3.0 - 3.0, ROW, left=""),
    spares("scale-then-shift", lambda x: x * 2.0 + 1.0, ROW, left="Scale Shift"),
    spares("scale-then-shift", lambda x: tf.nn.relu(x * 2.0) * 3.0, ROW, left="Scale Relu Scale"),
    spares("scale-then-shift", lambda x: tf.cast(tf.cast(x * 0.5, tf.int32), tf.float32) * 2.0, ROW,
           left="Scale Cast Cast Scale"),
    spares("scale-then-shift", lambda x: (x * 1e-30) * 1e-30, ROW, left="Scale Scale"),
    spares("scale-then-shift", lambda x: (x * 1e30) * 1e30, ROW, left="Scale Scale"),
    fires("add-of-negative", lambda x, y: x + (-y), ROW, ROW, left="Sub"),
    fires("add-of-negative", lambda x, y: -1.0 * x + y, ROW, ROW, left="Sub"),
    fires("add-of-negative", lambda x, y: (-x) + (-y), ROW, ROW, left="AddV2 Scale"),
    spares("add-of-negative", lambda x, y: x + -2.0 * y, ROW, ROW, left="Scale AddV2"),
    fires("mean-of-two", lambda v, x: v - (v - x) * 0.01, ROW, ROW, left="Scale Scale AddV2"),
    fires("mean-of-two", lambda v, x: v + 0.25 * (x - v), ROW, ROW, left="Scale Scale AddV2"),
    fires("mean-of-two", lambda v, x: (x - v) / 8.0 + v, ROW, ROW, left="Scale Scale AddV2"),
    spares("mean-of-two", lambda v, x: v - (x - v) * 0.01, ROW, ROW, left="Sub Scale Sub"),
    spares("mean-of-two", lambda v, x: v + (v - x) * 0.01, ROW, ROW, left="Sub Scale AddV2"),
    spares("mean-of-two", lambda v, x, y: v - (y - x) * 0.01, ROW, ROW, ROW, left="Sub Scale Sub"),
    spares("mean-of-two", lambda v, x: v - (v - x) * 1.5, ROW, ROW, left="Sub Scale Sub"),
    spares("mean-of-two", lambda v, x: v - (v - x) * 0.01, ROW, (4,), left="Sub Scale Sub"),
    spares("mean-of-two", lambda v, x: v - (v - x) * tf.constant([0.1, 0.2, 0.1, 0.1]), ROW, ROW, left="Sub Mul Sub"),
)  # fmt: skip


def ordered(draw: st.DrawFn, two: Any) -> Any:
    """``two`` of a value and a number, in either order."""
    turned = draw(st.booleans())

    def apply(x: Any, number: Any) -> Any:
        number = tf.convert_to_tensor(number, x.dtype)
        return two(number, x) if turned else two(x, number)

    return apply


@always("square-spelling")
def _square(draw: st.DrawFn) -> Drawn:
    return Drawn(lambda x: x * tf.identity(x), (draw(shapes()),))


@always("power-spelling")
def _power(draw: st.DrawFn) -> Drawn:
    exponent = draw(st.sampled_from([2.0, 0.5, 1.0]))
    return Drawn(lambda x: tf.abs(x) ** exponent, (draw(shapes()),))


@always("neutral-element")
def _neutral(draw: st.DrawFn) -> Drawn:
    way = draw(
        st.sampled_from(
            [
                lambda x: x * 1.0, lambda x: 1.0 * x, lambda x: x / 1.0, lambda x: x + 0.0, lambda x: 0.0 + x,
                lambda x: x - 0.0, lambda x: x * tf.ones([1, 1], x.dtype), lambda x: x + tf.zeros([1], x.dtype),
            ]
        )
    )  # fmt: skip
    return Drawn(lambda x: tf.sin(way(tf.sin(x))), (draw(shapes()),))


@always("constant-as-scale")
def _scale(draw: st.DrawFn) -> Drawn:
    constant = draw(numbers)
    multiply = ordered(draw, tf.multiply)
    way = draw(st.sampled_from([lambda x: multiply(x, constant), lambda x: x / constant, lambda x: -x]))
    return Drawn(way, (draw(shapes()),))


@always("constant-as-shift")
def _shift(draw: st.DrawFn) -> Drawn:
    constant = draw(numbers)
    two = ordered(draw, draw(st.sampled_from([tf.add, tf.subtract])))
    return Drawn(lambda x: two(x, constant), (draw(shapes()),))


@always("scale-then-shift")
def _affine(draw: st.DrawFn) -> Drawn:
    steps = [lambda x, c: x * c, lambda x, c: x / c, lambda x, c: x + c, lambda x, c: c - x]
    chosen = draw(st.lists(st.tuples(st.sampled_from(steps), numbers), min_size=2, max_size=5))
    first, second = draw(numbers), draw(numbers)

    def program(x: Any) -> Any:
        x = (x - first) * second
        for step, constant in chosen:
            x = step(x, constant)
        return x

    return Drawn(program, (draw(shapes()),))


@always("add-of-negative")
def _negative(draw: st.DrawFn) -> Drawn:
    shape = draw(shapes())
    way = draw(
        st.sampled_from([lambda x, y: x + (-y), lambda x, y: -x + y, lambda x, y: x + y / -1.0, lambda x, y: -y + (-x)])
    )
    return Drawn(way, (shape, shape))


@always("mean-of-two")
def _mean(draw: st.DrawFn) -> Drawn:
    shape, by = draw(shapes()), draw(st.sampled_from([0.001, 0.01, 0.1, 0.25, 1 / 3, 0.9]))
    way = draw(
        st.sampled_from(
            [lambda v, x: v - (v - x) * by, lambda v, x: v + by * (x - v), lambda v, x: (x - v) / (1 / by) + v]
        )
    )
    return Drawn(way, (shape, shape))
