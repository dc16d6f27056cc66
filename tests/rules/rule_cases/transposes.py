"""Cases of the rules on transposes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, numbers, spares
from rule_cases.reshapes import POINTWISE, TWO
from rule_cases.tracing import tf


def turned(x: Any, *order: int) -> Any:
    return tf.transpose(x, order)


CASES = (
    fires("compose-transposes", lambda x: turned(turned(x, 1, 2, 0), 0, 2, 1), (2, 3, 4), left="Transpose"),
    fires("compose-transposes", lambda x: turned(turned(x, 2, 0, 1), 1, 2, 0), (2, 3, 4), left=""),
    spares("compose-transposes", lambda x, order: tf.transpose(x, order), (2, 2), (2,), dtypes=("", "int32"),
           operands={1: (1, 0)}, left="Transpose"),
    fires("transpose-of-unit-axes", lambda x: turned(x, 0, 2, 1), (None, 1, 4), left="Reshape"),
    fires("transpose-of-unit-axes", lambda x: turned(x, 2, 0, 3, 1), (None, 4, 1, 1), left="Reshape"),
    spares("transpose-of-unit-axes", lambda x: turned(x, 0, 2, 1), (None, 3, 3), left="Transpose"),
    spares("transpose-of-unit-axes", lambda x: turned(x, 1, 0), (None, 4), left="Transpose"),
    fires("transpose-through-elementwise", lambda x: tf.nn.relu(turned(x, 0, 2, 1)), (None, 3, 4),
          left="Relu Transpose"),
    fires("transpose-through-elementwise", lambda x: turned(x, 0, 2, 1) * turned(tf.sin(x), 0, 2, 1), (None, 3, 4),
          left="Sin Mul Transpose"),
    fires("transpose-through-elementwise", lambda x, b: turned(x, 1, 0, 2) + b, (2, 3, 4), (4,),
          left="AddV2 Transpose"),
    fires("transpose-through-elementwise", lambda x: tf.nn.softmax(turned(x, 1, 0, 2)), (2, 3, 4),
          left="Softmax Transpose"),
    spares("transpose-through-elementwise", lambda x, b: turned(x, 0, 2, 1) + b, (None, 3, 3), (3,),
           left="Transpose AddV2"),
    spares("transpose-through-elementwise", lambda x: tf.nn.softmax(turned(x, 0, 2, 1)), (None, 3, 3),
           left="Transpose Softmax"),
    spares("transpose-through-elementwise", lambda x, y: turned(x, 0, 2, 1) + y, (None, 3, 3), (None, 3, 3),
           left="Transpose AddV2"),
    spares("transpose-through-elementwise", lambda x, y: turned(x, 0, 2, 1) + turned(y, 0, 2, 1), (None, 3, 4),
           (None, 1, 4), left="Transpose Reshape AddV2"),
)  # fmt: skip


@always("compose-transposes")
def _composed(draw: st.DrawFn) -> Drawn:
    first, second = draw(st.permutations(range(4))), draw(st.permutations(range(4)))
    shape = draw(st.permutations([None, 2, 3, draw(st.sampled_from([1, None]))]))
    return Drawn(lambda x: turned(turned(x, *first), *second), (tuple(shape),))


@always("transpose-of-unit-axes")
def _unit(draw: st.DrawFn) -> Drawn:
    shape = draw(st.permutations([None, 3, 1, 1]))
    ones = [axis for axis in range(4) if shape[axis] == 1]
    rest = [axis for axis in range(4) if shape[axis] != 1]
    orders = [[*rest, *ones], [rest[0], *ones, rest[1]], [*ones[::-1], *rest]]
    order = draw(st.sampled_from([order for order in orders if order != [0, 1, 2, 3]]))
    return Drawn(lambda x: turned(x, *order), (tuple(shape),))


@always("transpose-through-elementwise")
def _passed(draw: st.DrawFn) -> Drawn:
    one, two, constant = draw(st.sampled_from(POINTWISE)), draw(st.sampled_from(TWO)), draw(numbers)
    order = draw(st.permutations(range(3)).filter(lambda order: order != [0, 1, 2]))
    way = draw(
        st.sampled_from(
            [
                lambda x, w: one(turned(tf.abs(x), *order)),
                lambda x, w: two(turned(x, *order), turned(tf.sin(x), *order)),
                lambda x, w: two(tf.constant(constant, x.dtype), turned(x, *order)),
                lambda x, w: two(turned(x, 1, 0, 2), w[0]),
                lambda x, w: two(w[0, :1], turned(x, *order)),
                lambda x, w: tf.nn.softmax(turned(x, 1, 0, 2)),
            ]
        )
    )
    return Drawn(way, ((None, 3, 4), (4, 4)))
