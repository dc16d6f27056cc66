"""Cases of the rule on values computed twice."""

from __future__ import annotations

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, shapes, spares
from rule_cases.reshapes import POINTWISE
from rule_cases.tracing import tf

ROW = (None, 4)

CASES = (
    fires("same-value-once", lambda x: tf.nn.relu(x) - tf.nn.relu(x), ROW, left="Relu Sub"),
    fires("same-value-once", lambda x: (x + 1.0) * (x + 1.0), ROW, left="Shift Square"),
    spares("same-value-once", lambda x, y: tf.nn.relu(x) - tf.nn.relu(y), ROW, ROW, left="Relu Relu Sub"),
    spares("same-value-once", lambda x: tf.nn.leaky_relu(x, 0.1) - tf.nn.leaky_relu(x, 0.2), ROW,
           left="LeakyRelu LeakyRelu Sub"),
    spares("same-value-once", lambda x: tf.random.normal((2, 4)) - tf.random.normal((2, 4)), ROW,
           left="RandomStandardNormal RandomStandardNormal Sub"),
    spares("same-value-once", lambda x: tf.cast(x, tf.float16) + tf.cast(tf.cast(x, tf.int32), tf.float16), ROW,
           left="Cast Cast Cast AddV2"),
)  # fmt: skip


@always("same-value-once")
def _twice(draw: st.DrawFn) -> Drawn:
    one, two = draw(st.sampled_from(POINTWISE)), draw(st.sampled_from([tf.subtract, tf.multiply, tf.maximum]))
    return Drawn(lambda x: two(one(tf.abs(x)), one(tf.abs(x))), (draw(shapes()),))
