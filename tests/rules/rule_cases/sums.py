"""Cases of the rules on sums and biases."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, shapes, spares
from rule_cases.tracing import tf

ROW = (None, 4)


def first_channels(x: Any, b: Any) -> Any:
    return tf.raw_ops.BiasAdd(value=x, bias=b, data_format="NCHW")


CASES = (
    fires("bias-add", lambda x, b: tf.nn.bias_add(x, b), ROW, (4,), left="AddV2"),
    fires("bias-add", lambda x, y: tf.add_n([x, y]), ROW, ROW, left="AddV2"),
    fires("bias-add", lambda x: tf.raw_ops.AddN(inputs=[x]), ROW, left=""),
    fires("bias-add", lambda x, y: tf.raw_ops.Add(x=x, y=y), ROW, ROW, left="AddV2"),
    spares("bias-add", first_channels, (None, 3, 2, 2), (3,), left="BiasAdd"),
    spares("bias-add", lambda x, y: tf.raw_ops.Add(x=tf.as_string(x), y=tf.as_string(y)), ROW, ROW,
           left="AsString AsString Add"),
    fires("broadcast-bias", lambda x, b: x * tf.reshape(b, [1, 4]), ROW, (4,), left="Mul"),
    fires("broadcast-bias", lambda x, b: b[None, None] - x, (None, 3, 4), (4,), left="Sub"),
    spares("broadcast-bias", lambda x, b: x * tf.reshape(b, [1, 4, 1]), (None, 4, 4), (4,), left="Reshape Mul"),
    fires("broadcast-bias", lambda x, b: x * tf.reshape(b, [1, 4]), (4,), (4,), left="Mul Reshape"),
    fires("broadcast-bias", lambda x, b: x + b * tf.reshape(b, [1, 4]), ROW, (4,), left="Square AddV2"),
    fires("broadcast-bias", lambda x, b: x / tf.reshape(b, [1, 4]), ROW, (4,), left="RealDiv"),
    spares("broadcast-bias", lambda x, b: x ** tf.reshape(b, [1, 4]), ROW, (4,), left="Reshape Pow"),
    fires("sum-of-many", lambda x, y, z: x + (y + z), ROW, ROW, ROW, left="Sum*"),
    fires("sum-of-many", lambda x, y, z: tf.add_n([z, y, x]), ROW, ROW, ROW, left="Sum*"),
    fires("sum-of-many", lambda x, y, z: tf.add_n([tf.add_n([z, y, x]), y + z]), ROW, ROW, ROW, left="Sum*"),
    spares("sum-of-many", lambda x, y: x + y, ROW, ROW, left="AddV2"),
    spares("sum-of-many", lambda x, y, z: tf.stack([(x + y) + z, x + y]), ROW, ROW, ROW, left="AddV2 AddV2 Pack"),
    spares("sum-of-many", lambda x, y, z: (x + y) + z, ROW, (4,), ROW, left="AddV2 AddV2"),
    spares("sum-of-many", lambda x, y, z: (x - y) + z, ROW, ROW, ROW, left="Sub AddV2"),
)  # fmt: skip


@always("bias-add")
def _bias(draw: st.DrawFn) -> Drawn:
    shape = draw(shapes())
    return draw(
        st.sampled_from(
            [
                Drawn(lambda x, b: tf.nn.bias_add(x, b), (shape, shape[-1:])),
                Drawn(lambda x, y: tf.add_n([x, y]), (shape, shape)),
                Drawn(lambda x, y: tf.raw_ops.AddN(inputs=[tf.raw_ops.Add(x=x, y=y)]), (shape, shape[1:])),
            ]
        )
    )


@always("broadcast-bias")
def _vector(draw: st.DrawFn) -> Drawn:
    shape = draw(shapes(least=2))
    ones = [1] * draw(st.integers(1, len(shape) - 1))
    two = draw(st.sampled_from([tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.math.squared_difference]))
    first, second = draw(st.sampled_from([(0, 1), (1, 0)]))

    def program(x: Any, b: Any) -> Any:
        pair = x, tf.reshape(b, [*ones, -1])
        return two(pair[first], pair[second])

    return Drawn(program, (shape[-1:] if draw(st.booleans()) else shape, shape[-1:]))


@always("sum-of-many")
def _summed(draw: st.DrawFn) -> Drawn:
    shape = draw(shapes())
    order = draw(st.permutations(range(4)))

    def program(*values: Any) -> Any:
        a, b, c, d = (values[number] for number in order)
        return draw_way(a, b, c, d)

    draw_way = draw(
        st.sampled_from(
            [
                lambda a, b, c, d: a + (b + (c + d)), lambda a, b, c, d: (a + b) + (c + d),
                lambda a, b, c, d: tf.add_n([a, b + c, d]), lambda a, b, c, d: ((a + a) + b) * (c + d),
            ]
        )
    )  # fmt: skip
    return Drawn(program, (shape,) * 4)
