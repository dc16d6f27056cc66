"""Cases of the rules on known integers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, shapes, spares
from rule_cases.tracing import tf

I32 = ("int32",)


def size(x: Any, out_type: Any = tf.int32) -> Any:
    """The shape as an op, where ``tf.shape`` would give a constant itself."""
    return tf.raw_ops.Shape(input=x, out_type=out_type)


CASES = (
    fires("fold-constants", lambda x: tf.reshape(x, tf.constant([2]) * 3), (6,), left=""),
    fires("fold-constants", lambda x: tf.fill([2, 3], 7)[1:, ::2] + x, (1, 2), left="AddV2", dtypes=I32),
    fires("fold-constants", lambda x: x * tf.cast(tf.constant(7), tf.float32), (None, 4), left="Scale"),
    fires("fold-constants", lambda x: tf.reshape(x, [-1, tf.reduce_prod([2, 3])]), (None, 6), left=""),
    spares("fold-constants", lambda x: x + (tf.constant(2.5) + tf.constant(3.5)), (None, 4), left="Shift AddV2"),
    spares("fold-constants", lambda x: tf.abs(x), (None, 4), left="Abs", dtypes=I32),
    spares("fold-constants", lambda x: x + tf.fill([65], 1), (65,), left="Fill AddV2", dtypes=I32),
    fires("shape-of-static", lambda x: size(x), (2, 4), left=""),
    fires("shape-of-static", lambda x: tf.reshape(x, tf.concat([size(x)[1:], size(x)[:1]], 0)), (2, 4), left="Reshape"),
    fires("axis-from-the-front", lambda x: tf.cumsum(x, -1), (None, 4), left="Cumsum"),
    fires("axis-from-the-front", lambda x: tf.unstack(x, axis=-1)[0], (None, 2), left="Unpack"),
    spares("axis-from-the-front", lambda x: tf.cumsum(x, 1), (None, 4), left="Cumsum"),
    spares("axis-from-the-front", lambda x, n: tf.cumsum(x, n), (None, 4), (), left="Cumsum",
           dtypes=("float32", "int32")),
    spares("shape-of-static", lambda x: tf.shape(x), (None, 4), left="Shape"),
)  # fmt: skip

INTEGERS = st.lists(st.integers(-9, 9), min_size=3, max_size=3)
BINARY = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "//": lambda a, b: a // b,
    "max": lambda a, b: tf.maximum(a, b), "min": lambda a, b: tf.minimum(a, b),
    "stack": lambda a, b: tf.stack([a, b], 1), "concat": lambda a, b: tf.concat([a, b], -1),
    "slice": lambda a, b: tf.concat([a[1:], b[-2:], a[::-1], b[:1]], 0), "element": lambda a, b: a[-1] - b[0],
    "range": lambda a, b: tf.range(tf.reduce_prod(tf.maximum(a, 1)), 600, 97),
    "fill": lambda a, b: tf.fill(tf.maximum(a[:2], 0), b[0]), "expand": lambda a, b: a[:, None] * b,
    "squeeze": lambda a, b: tf.squeeze(tf.reshape(a, [1, 3, 1]), 0) - tf.reshape(b, [3, -1]),
    "cast": lambda a, b: tf.cast(a, tf.int64) * tf.cast(b, tf.int64) * 3_000_000_000_000,
    "mod": lambda a, b: a % b, "negate": lambda a, b: -a,
    "wrap": lambda a, b: (a + 2_000_000_000) * (b + 2_000_000_000),
}  # fmt: skip


@always("fold-constants")
def _folded(draw: st.DrawFn) -> Drawn:
    name = draw(st.sampled_from(sorted(BINARY)))
    left, right = draw(INTEGERS), draw(INTEGERS.filter(all))
    return Drawn(lambda: BINARY[name](tf.constant(left), tf.constant(right)), ())


@always("shape-of-static")
def _shape(draw: st.DrawFn) -> Drawn:
    shape = draw(st.lists(st.integers(0, 5), max_size=4))
    dtype = draw(st.sampled_from([tf.int32, tf.int64]))
    return Drawn(lambda x: size(x, dtype), (tuple(shape),))


@always("axis-from-the-front")
def _axis(draw: st.DrawFn) -> Drawn:
    shape = draw(shapes(least=2))
    axis = -draw(st.integers(1, len(shape) - 1))
    program = draw(
        st.sampled_from(
            [
                lambda x: tf.argmax(x, axis),
                lambda x: tf.cumsum(x, axis),
                lambda x: tf.math.cumprod(x, axis),
                lambda x: tf.gather(x, [1, 0], axis=axis),
                lambda x: tf.roll(x, 1, axis),
                lambda x: tf.split(x, [1, -1], axis)[1],
                lambda x: tf.split(x, 1, axis)[0],
                lambda x: tf.unstack(x, axis=axis)[0],
            ]
        )
    )
    return Drawn(program, (shape,), gradients=False)
