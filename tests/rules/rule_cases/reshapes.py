"""Cases of the rules on reshapes and on sizes read at run time."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, numbers, shapes, spares
from rule_cases.tracing import tf


def spread(x: Any) -> Any:
    """A reshape of a batch of 12 that cuts through its last axis."""
    return tf.reshape(x, [-1, 3, 4])


@tf.custom_gradient
def own_gradient(x: Any) -> Any:
    return tf.nn.relu(x), lambda upstream: 2 * upstream


CASES = (
    fires("drop-identity-op", lambda x: tf.abs(tf.identity(x)), (None, 4), left="Abs"),
    fires("drop-identity-op", lambda x: tf.ensure_shape(x, (None, 4)), (None, 4), left="", mode="training"),
    fires("drop-identity-op", lambda x: tf.debugging.check_numerics(x, "no"), (None, 4), left=""),
    spares("drop-identity-op", lambda x: tf.stop_gradient(x), (None, 4), left="StopGradient", mode="training"),
    fires("drop-stop-gradient", lambda x: tf.abs(tf.stop_gradient(x)), (None, 4), left="Abs"),
    fires("drop-stop-gradient", lambda x: own_gradient(x), (None, 4), left="Relu"),
    spares("drop-stop-gradient", lambda x: tf.stop_gradient(x), (None, 4), left="StopGradient", mode="training"),
    spares("drop-stop-gradient", lambda x: own_gradient(x), (None, 4), left="Relu IdentityN", mode="training"),
    fires("reshape-spelling", lambda x: tf.reshape(x, [-1, 4]), (None, 2, 2), left="Reshape"),
    fires("reshape-spelling", lambda x: tf.reshape(x, [tf.shape(x)[0], -1]), (None, 2, 2), left="Reshape"),
    fires("reshape-spelling", lambda x: x[:, tf.newaxis][:, 0] + tf.expand_dims(x, 1)[:, 0], (None, 4), left="AddV2"),
    fires("reshape-spelling", lambda x: tf.squeeze(x, 1), (None, 1, 4), left="Reshape"),
    fires("reshape-spelling", lambda x: tf.reshape(x, [-1, 4]), (None, 4), left=""),
    fires(
        "reshape-spelling", lambda x: tf.reshape(tf.reshape(x, [-1, 4, 3]), [-1, 12]), (None, 2, 6), left="Reshape"
    ),
    fires(
        "reshape-spelling", lambda x: tf.reshape(tf.reshape(x, [-1, 64]), tf.shape(x)), (None, None, 64), left=""
    ),
    fires(
        "reshape-spelling", lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:2], [2, 2]], 0)), (None, None, 4),
        left="Dim Dim Reshape",
    ),
    spares("reshape-spelling", lambda x: tf.transpose(x, [0, 2, 1]), (None, 3, 3), left="Transpose"),
    spares(
        "reshape-spelling", lambda x, y: tf.reshape(x, [tf.shape(y)[0], -1]), (None, 4), (None, 4),
        left="Dim Pack Reshape",
    ),
    spares("reshape-spelling", lambda x, n: tf.reshape(x, [n[0], n[1]]), (None, 4), (2,), dtypes=("", "int32"),
           operands={1: (10, 2)}, left="Slice* Reshape Slice* Reshape Pack Reshape"),
    fires("dimension-source", lambda x: tf.shape(tf.nn.relu(x))[0], (None, 4), left="Dim"),
    fires("dimension-source", lambda x: tf.shape(tf.transpose(x, [1, 0, 2]))[0], (None, None, 4), left="Dim"),
    fires("dimension-source", lambda x: tf.gather(tf.shape(x + x[:1]), 1), (None, None), left="Dim"),
    fires("dimension-source", lambda x: tf.shape(x)[1], (None, 4), left=""),
    spares("dimension-source", lambda x: tf.shape(x)[:2], (None, 4, 4), left="Shape Slice*"),
    fires("dimension-source", lambda x: tf.shape(x[:, 1:])[1], (None, None), left="Slice* Dim"),
    spares("dimension-source", lambda x: tf.reduce_prod(tf.shape(x)), (None, None), left="Shape Prod"),
    fires("reshape-through-elementwise", lambda x: tf.nn.relu(spread(x)), (None, 12), left="Relu Reshape"),
    fires(
        "reshape-through-elementwise", lambda x: spread(x) * spread(tf.sin(x)), (None, 12), left="Sin Mul Reshape",
    ),
    fires(
        "reshape-through-elementwise", lambda x, b: tf.reshape(x, [-1, 3]) + b, (None, 4, 3), (3,),
        left="AddV2 Reshape",
    ),
    fires(
        "reshape-through-elementwise", lambda x, b: spread(x) + b, (None, 12), (3, 4), left="Reshape AddV2 Reshape",
    ),
    fires(
        "reshape-through-elementwise", lambda x: tf.nn.softmax(tf.reshape(x, [-1, 3])), (None, 4, 3),
        left="Softmax Reshape",
    ),
    spares("reshape-through-elementwise", lambda x: tf.nn.softmax(spread(x)), (None, 12), left="Reshape Softmax"),
    fires(
        "reshape-through-elementwise", lambda x, b: tf.reshape(x, [-1, 12]) + b, (None, 4, 3), (12,),
        left="Reshape AddV2 Reshape",
    ),
    spares(
        "reshape-through-elementwise", lambda x, b: tf.reshape(x, [-1, 6]) + b, (None, 4, 3), (6,),
        left="Reshape AddV2",
    ),
    spares(
        "reshape-through-elementwise", lambda x, y: spread(x) * spread(y), (None, 12), (None, 12),
        left="Reshape Reshape Mul",
    ),
    spares("reshape-through-elementwise", lambda x, b: spread(x) + b, (None, 12), (4,), left="Reshape AddV2"),
    spares(
        "reshape-through-elementwise", lambda x, y: tf.reshape(x, [3, 4]) + y, (2, 6), (3, 4), left="Reshape AddV2"
    ),
    spares(
        "reshape-through-elementwise", lambda x, y: tf.reshape(x, [4, 3]) + tf.reshape(y, [4, 3]), (2, 6), (6, 2),
        left="Reshape Reshape AddV2",
    ),
    spares(
        "reshape-through-elementwise", lambda x, y: spread(x) + spread(y), (None, 12), (1, 12),
        left="Reshape Reshape AddV2",
    ),
)  # fmt: skip


@always("drop-identity-op")
def _identity(draw: st.DrawFn) -> Drawn:
    same = draw(
        st.sampled_from([tf.identity, lambda x: tf.ensure_shape(x, x.shape), tf.grad_pass_through(tf.identity)])
    )
    return Drawn(lambda x: tf.nn.relu(tf.identity(same(x))), (draw(shapes()),))


@always("drop-stop-gradient")
def _stopped(draw: st.DrawFn) -> Drawn:
    same = draw(st.sampled_from([tf.stop_gradient, own_gradient]))
    return Drawn(lambda x: tf.sin(same(x)) * x, (draw(shapes()),))


@always("reshape-spelling")
def _reshape(draw: st.DrawFn) -> Drawn:
    shape = draw(shapes())
    size = math.prod(shape[1:])
    first = draw(st.sampled_from([cut for cut in range(1, size + 1) if size % cut == 0]))
    to = draw(st.permutations([first, size // first, 1]))
    axis = draw(st.integers(0, len(shape)))
    way = draw(
        st.sampled_from(
            [
                lambda x: tf.reshape(x, [-1, *to]),
                lambda x: tf.reshape(x, [tf.shape(x)[0], *to[:2], -1]),
                lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], to], 0)),
                lambda x: tf.reshape(x, tf.stack([tf.gather(tf.shape(x), 0), *to])),
                lambda x: tf.reshape(x, [tf.shape(x)[0] * to[0], to[1], to[2]]),
                lambda x: tf.reshape(x, [tf.reduce_prod(tf.shape(x)[:2]), -1]),
                lambda x: tf.expand_dims(x, axis),
                lambda x: tf.squeeze(tf.expand_dims(x, axis), axis),
                lambda x: x[:, tf.newaxis, ..., tf.newaxis],
            ]
        )
    )
    last = draw(st.sampled_from([lambda x: tf.reshape(x, [-1]), lambda x: tf.expand_dims(x, -1), tf.identity]))
    return Drawn(lambda x: last(tf.reshape(way(tf.abs(x)), tf.shape(x))), (shape,))


@always("dimension-source")
def _dimension(draw: st.DrawFn) -> Drawn:
    axis = draw(st.integers(0, 2))
    order = draw(st.permutations(range(3)))
    way = draw(
        st.sampled_from(
            [
                lambda x, y: tf.nn.relu(x), lambda x, y: x + y, lambda x, y: tf.transpose(x, order),
                lambda x, y: x[:, 1:],
                lambda x, y: tf.reduce_max(x, axis, keepdims=True), lambda x, y: x[:, ::2], lambda x, y: x @ y,
                lambda x, y: tf.reshape(x, [-1, 2, 2, 4])[:, 0], lambda x, y: x * y[:1, :, :1],
                lambda x, y: y * x[:, :, :1],
                lambda x, y: tf.add_n([x, y, x]), lambda x, y: tf.stack([x, y], 1)[:, 0],
                lambda x, y: tf.pad(x, [(0, 0), (1, 2), (0, 0)]),
            ]
        )
    )  # fmt: skip
    return Drawn(lambda x, y: tf.fill([tf.shape(way(x, y))[axis], 2], 1.0), ((None, 4, 4), (None, 4, 4)))


POINTWISE = [
    tf.nn.relu, tf.sigmoid, tf.nn.elu, lambda x: x * 3.0, lambda x: 1.0 - x, lambda x: tf.cast(x, tf.float16),
    lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32), tf.exp, tf.math.erf, tf.nn.softplus, tf.math.rsqrt,
]  # fmt: skip


TWO = [tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.minimum]


@always("reshape-through-elementwise")
def _pushed(draw: st.DrawFn) -> Drawn:
    one, two, constant = draw(st.sampled_from(POINTWISE)), draw(st.sampled_from(TWO)), draw(numbers)
    way = draw(
        st.sampled_from(
            [
                lambda x, b: one(spread(tf.abs(x))),
                lambda x, b: two(spread(x), spread(tf.sin(x))),
                lambda x, b: two(tf.reshape(x, [-1, 2, 3, 2]), tf.reshape(b, [3, 2])),
                lambda x, b: two(b, tf.reshape(x, [-1, 6])),
                lambda x, b: two(tf.reshape(x, [-1, 12]), constant),
                lambda x, b: tf.nn.log_softmax(tf.reshape(x, [-1, 6])),
                lambda x, b: tf.nn.softmax(tf.expand_dims(x, 1) * constant),
            ]
        )
    )
    return Drawn(way, ((None, 2, 6), (6,)))
