"""Cases of the rules on reductions and pooling."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, shapes, spares
from rule_cases.tracing import tf

ROW, CUBE, IMAGE = (None, 4), (None, 3, 4), (None, 4, 4, 3)


def pool(x: Any, size: Any = 2, padding: str = "VALID") -> Any:
    return tf.nn.max_pool2d(x, size, 2, padding)


CASES = (
    fires("reduction-axes", lambda x: tf.reduce_mean(x, -1), ROW, left="Mean"),
    fires("reduction-axes", lambda x: tf.reduce_max(x, [2, 1]) - tf.reduce_max(x, [-2, -1]), CUBE, left="Max Sub"),
    fires("reduction-axes", lambda x: tf.reduce_any(x > 0.0, 1), ROW, left="Greater Any"),
    fires("reduction-axes", lambda x: tf.reduce_mean(x, 1) - tf.reduce_mean(x, 2), (None, 3, 3), left="Mean Mean Sub"),
    spares("reduction-axes", lambda x, axis: tf.reduce_mean(x, axis), ROW, (1,), dtypes=("", "int32"), left="Mean"),
    spares("reduction-axes", lambda x: tf.argmax(x, -1), ROW, left="ArgMax"),
    fires("keepdims-as-reshape", lambda x: tf.reduce_sum(x, 1, keepdims=True), CUBE, left="Sum Reshape"),
    spares("keepdims-as-reshape", lambda x: tf.reduce_sum(x, 1), CUBE, left="Sum"),
    fires("reduction-of-unit-axes", lambda x: tf.reduce_mean(tf.expand_dims(x, 1), [1, 2]), CUBE, left="Mean"),
    fires("reduction-of-unit-axes", lambda x: tf.reduce_sum(x[:, None], 1), CUBE, left=""),
    spares("reduction-of-unit-axes", lambda x: tf.reduce_mean(tf.reshape(x, [-1, 6, 2]), 1), CUBE,
           left="Reshape Mean"),
    spares("reduction-of-unit-axes", lambda x: tf.reduce_any(tf.expand_dims(x > 0.0, 1), 1), ROW,
           left="Greater Reshape Any"),
    fires("pool-of-whole-image", lambda x: tf.nn.avg_pool2d(x, 4, 1, "VALID"), IMAGE, left="Mean Reshape"),
    fires("pool-of-whole-image", lambda x: pool(x, (4, 4)), IMAGE, left="Max Reshape"),
    spares("pool-of-whole-image", lambda x: pool(x, (4, 2)), IMAGE, left="MaxPool"),
    spares("pool-of-whole-image", lambda x: tf.nn.avg_pool2d(x, 4, 4, "SAME"), IMAGE, left="AvgPool"),
    spares("pool-of-whole-image", lambda x: tf.nn.avg_pool2d(x, 4, 1, "VALID"), (None, None, None, 3), left="AvgPool"),
    fires("maximum-and-monotone", lambda x: pool(tf.nn.relu(x)), IMAGE, left="MaxPool Relu"),
    fires("maximum-and-monotone", lambda x: tf.reduce_max(tf.sigmoid(x), [1, 2]), IMAGE, left="Max Sigmoid"),
    fires("maximum-and-monotone", lambda x: pool(tf.nn.relu(x), 2, "SAME") - tf.nn.relu(pool(x, 2, "SAME")), IMAGE,
          left="MaxPool Relu Sub"),
    spares("maximum-and-monotone", lambda x: tf.nn.avg_pool2d(tf.nn.relu(x), 2, 2, "VALID"), IMAGE,
           left="Relu AvgPool"),
    spares("maximum-and-monotone", lambda x: pool(tf.abs(x)), IMAGE, left="Abs MaxPool"),
    spares("maximum-and-monotone", lambda x: pool(-x), IMAGE, left="Scale MaxPool"),
    spares("maximum-and-monotone", lambda x: pool(tf.nn.leaky_relu(x, -0.5)), IMAGE, left="LeakyRelu MaxPool"),
    spares("maximum-and-monotone", lambda x: tf.reduce_min(tf.nn.relu(x), 1), ROW, left="Relu Min"),
    fires("sum-as-mean", lambda x: tf.reduce_sum(x, 1) / 6.0, (None, 6, 4), left="Mean"),
    fires("sum-as-mean", lambda x: tf.reduce_sum(x, [1, 2]) * 0.125, (None, 2, 4), left="Mean"),
    spares("sum-as-mean", lambda x: tf.reduce_sum(x, 1) / 5.0, (None, 6, 4), left="Sum Scale"),
    spares("sum-as-mean", lambda x: tf.reduce_sum(x, 0) / 6.0, (None, 6, 4), left="Sum Scale"),
)  # fmt: skip

REDUCED = [tf.reduce_mean, tf.reduce_sum, tf.reduce_max, tf.reduce_min, tf.reduce_prod]


@always("reduction-axes")
def _axes(draw: st.DrawFn) -> Drawn:
    shape, reduce = draw(shapes()), draw(st.sampled_from(REDUCED))
    axes = draw(st.none() | st.lists(st.integers(-len(shape), len(shape) - 1), unique_by=lambda a: a % len(shape)))
    keep = draw(st.booleans())
    return Drawn(lambda x: reduce(x, axes, keep), (shape,))


@always("keepdims-as-reshape")
def _kept(draw: st.DrawFn) -> Drawn:
    shape, reduce = draw(shapes(rank=(3, 4))), draw(st.sampled_from(REDUCED))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    return Drawn(lambda x: x - reduce(x, axes, True), (shape,))


@always("reduction-of-unit-axes")
def _unit(draw: st.DrawFn) -> Drawn:
    shape, reduce = draw(shapes()), draw(st.sampled_from(REDUCED))
    places = draw(st.lists(st.integers(0, len(shape)), min_size=1, max_size=2))
    rank = len(shape) + len(places)
    axes = draw(st.lists(st.integers(0, rank - 1), min_size=1, unique=True))
    keep = draw(st.booleans())

    def program(x: Any) -> Any:
        for place in places:
            x = tf.expand_dims(x, place)
        return reduce(x, axes, keep)

    return Drawn(program, (shape,))


@always("pool-of-whole-image")
def _whole(draw: st.DrawFn) -> Drawn:
    height, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    way = draw(st.sampled_from([tf.nn.avg_pool2d, tf.nn.max_pool2d]))
    stride = draw(st.integers(1, 2))
    return Drawn(lambda x: way(x, (height, width), stride, "VALID"), ((None, height, width, 2),))


@always("maximum-and-monotone")
def _monotone(draw: st.DrawFn) -> Drawn:
    rising = draw(
        st.sampled_from([tf.nn.relu, tf.nn.relu6, tf.sigmoid, tf.tanh, tf.nn.elu, tf.nn.selu, tf.nn.softplus])
    )
    size, padding = draw(st.integers(2, 3)), draw(st.sampled_from(["VALID", "SAME"]))
    axes = draw(st.sampled_from([1, [1, 2], -1, [0, 1, 2, 3]]))
    way = draw(st.sampled_from([lambda x: pool(x, size, padding), lambda x: tf.reduce_max(x, axes)]))
    return Drawn(lambda x: way(rising(x)), ((None, 4, 5, 2),))


@always("sum-as-mean")
def _sum(draw: st.DrawFn) -> Drawn:
    first, second = draw(st.integers(2, 7)), draw(st.integers(1, 4))
    axes, count = draw(st.sampled_from([([1], first), ([1, 2], first * second), ([-2], first)]))
    return Drawn(lambda x: tf.reduce_sum(x, axes) / tf.cast(count, x.dtype), ((None, first, second),))
