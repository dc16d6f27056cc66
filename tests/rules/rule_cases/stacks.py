"""Cases of the rules on concatenation and stacking."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, numbers, shapes, spares
from rule_cases.tracing import tf

ROW, STEPS, MATRIX = (None, 4), (None, 3, 4), (4, 5)


def joined(first: Any, *values: Any) -> Any:
    return tf.raw_ops.ConcatV2(values=values, axis=first[0])


def each(function: Any, x: Any, order: Any = range(3)) -> Any:
    """A loop over the steps, stacked again: TimeDistributed."""
    return tf.stack([function(x[:, step]) for step in order], 1)


CASES = (
    fires("concat-axis", lambda x, y: tf.concat([x, y], -1), ROW, ROW, left="ConcatV2"),
    fires("concat-axis", lambda x, y: tf.concat([x, y], 1) - tf.concat([x, y], -1), ROW, ROW, left="ConcatV2 Sub"),
    fires("concat-axis", lambda x: tf.raw_ops.ConcatV2(values=[x, x[:, :0]], axis=1), ROW, left="Slice* ConcatV2"),
    spares("concat-axis", joined, (1,), ROW, ROW, dtypes=("int32",), left="Reshape ConcatV2"),
    fires("map-over-stack", lambda x, w: each(lambda s: tf.nn.relu(s @ w), x), STEPS, MATRIX,
          left="Linear Relu"),
    fires("map-over-stack", lambda x, y: tf.stack([tf.nn.relu(x), tf.nn.relu(y)]), ROW, ROW, left="Pack Relu"),
    fires("map-over-stack", lambda x: each(lambda s: s * 2.0 + 1.0, x), STEPS, left="Scale Shift"),
    spares("map-over-stack", lambda x, v, w: tf.stack([x @ v, x @ w]), ROW, MATRIX, MATRIX, left="Linear Linear Pack"),
    spares("map-over-stack", lambda x, v, w: tf.stack([x[:1] @ v, x[1:] @ w]), (2, 4), MATRIX, MATRIX,
           left="Slice* Linear Slice* Linear Pack"),
    spares("map-over-stack", lambda x: tf.stack([x[1:], x[:1]]), (2, 4), left="Slice* Slice* Pack"),
    spares("map-over-stack", lambda x: tf.stack([x[:1], x[1:2]]), (3, 4), left="Slice* Slice* Pack"),
    spares("map-over-stack", lambda x, y: tf.stack([tf.nn.relu(x), tf.nn.elu(y)]), ROW, ROW, left="Relu Elu Pack"),
    spares("map-over-stack", lambda x, y: tf.stack([x * 2.0, y * 3.0]), ROW, ROW, left="Scale Scale Pack"),
    spares("map-over-stack", lambda x, y: tf.stack([tf.reduce_max(x, 1), tf.reduce_max(y, 1)]), ROW, ROW,
           left="Max Max Pack"),
    spares("map-over-stack", lambda x, y, z: tf.stack([x + z, y + z]), (1, 4), (3, 4), (3, 4),
           left="AddV2 AddV2 Pack"),
    spares("map-over-stack", lambda x, y: tf.stack([tf.reshape(x, [6]), tf.reshape(y, [6])]), (2, 3), (3, 2),
           left="Reshape Reshape Pack"),
    spares("map-over-stack", lambda x: tf.stack([x]), ROW, left="Pack"),
)  # fmt: skip


@always("concat-axis")
def _concat(draw: st.DrawFn) -> Drawn:
    shape = draw(shapes())
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return Drawn(lambda *values: tf.concat(values, axis), (shape,) * draw(st.integers(2, 3)))


@always("map-over-stack")
def _mapped(draw: st.DrawFn) -> Drawn:
    constant, axis = draw(numbers), draw(st.integers(-3, 2))
    steps = [
        lambda s, w: s @ w, lambda s, w: tf.nn.relu(s), lambda s, w: s + w[0], lambda s, w: w[:1] * s,
        lambda s, w: tf.nn.softmax(s), lambda s, w: constant - s, lambda s, w: s * constant,
        lambda s, w: s - tf.tanh(s),
        lambda s, w: tf.reshape(tf.expand_dims(s, 1) + w[1], [-1, 4]), lambda s, w: tf.maximum(s, s @ w),
    ]  # fmt: skip
    chosen = draw(st.lists(st.sampled_from(steps), min_size=1, max_size=4))
    order = draw(st.permutations(range(3)) | st.just([0, 1, 2]))

    def program(x: Any, w: Any) -> Any:
        found = []
        for number in order:
            value = x[:, number]
            for step in chosen:
                value = step(value, w)
            found.append(value)
        return tf.stack(found, axis)

    return Drawn(program, ((draw(st.sampled_from([None, 2])), 3, 4), (4, 4)))
