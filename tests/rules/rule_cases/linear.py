"""Cases of the rules on products with a matrix."""

from __future__ import annotations

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, spares
from rule_cases.tracing import tf

ROW, MATRIX = (None, 4), (4, 5)


CASES = (
    fires("product-as-linear", lambda x, w: x @ w, ROW, MATRIX, left="Linear"),
    fires("product-as-linear", lambda x, w: x @ w, (None, 3, 4), MATRIX, left="Linear"),
    fires("product-as-linear", lambda x, y: tf.reshape(x @ y, [tf.shape(y)[1], -1]), (None, 3), (3, None),
          left="Linear Dim Dim Reshape"),
    spares("product-as-linear", lambda x, w: tf.matmul(x, w, transpose_b=True), ROW, (5, 4), left="MatMul"),
    spares("product-as-linear", lambda x, y: x @ y, (None, 3, 4), (None, 4, 5), left="BatchMatMulV2"),
    fires("linear-and-reshape", lambda x, w: tf.reshape(x, [-1, 4]) @ w, (None, 3, 4), MATRIX, left="Linear Reshape"),
    spares("linear-and-reshape", lambda x, w: tf.reshape(x, [-1, 4]) @ w, (None, 2, 2), MATRIX, left="Reshape Linear"),
    spares("linear-and-reshape", lambda x, w: tf.reshape(x, [-1, 2, 4]) @ w, (None, 4, 2), MATRIX,
           left="Reshape Linear"),
    fires("linear-and-transpose", lambda x, w: tf.transpose(x, [1, 0, 2]) @ w, (2, 3, 4), MATRIX,
          left="Linear Transpose"),
    spares("linear-and-transpose", lambda x, w: tf.transpose(x, [0, 2, 1]) @ w, (None, 3, 3), (3, 5),
           left="Transpose Linear"),
    fires("einsum-as-linear", lambda x, w: tf.einsum("abc,cd->abd", x, w), (None, 3, 4), MATRIX, left="Linear"),
    fires("einsum-as-linear", lambda x, w: tf.einsum("abc,cde->abde", x, w), (None, 3, 4), (4, 5, 2),
          left="Reshape Linear Reshape"),
    fires("einsum-as-linear", lambda x, w: tf.einsum("abc,bcd->ad", x, w), (None, 3, 4), (3, 4, 5),
          left="Reshape Reshape Linear"),
    spares("einsum-as-linear", lambda x, w: tf.einsum("abc,abd->acd", x, w), (None, 3, 4), (None, 3, 5), left="Einsum"),
    spares("einsum-as-linear", lambda x, w: tf.einsum("abc,cd->adb", x, w), (None, 3, 4), MATRIX, left="Einsum"),
    spares("einsum-as-linear", lambda x, w: tf.einsum("abc,cbd->ad", x, w), (None, 3, 3), (3, 3, 5), left="Einsum"),
    spares("einsum-as-linear", lambda x, w: tf.einsum("abc,dc->abd", x, w), (None, 3, 4), (5, 4), left="Einsum"),
    spares("einsum-as-linear", lambda x, w: tf.einsum("abc,cd->ab", x, w), (None, 3, 4), MATRIX, left="Einsum"),
    spares("einsum-as-linear", lambda x, w: tf.einsum("ab,ab->ab", x, w), (None, 3), (None, 3), left="Einsum"),
)  # fmt: skip

SMALL = st.integers(1, 3)


@always("product-as-linear")
def _product(draw: st.DrawFn) -> Drawn:
    inner, outer = draw(SMALL), draw(SMALL)
    lead = draw(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=1, max_size=3))
    return Drawn(lambda x, w: x @ w, ((*lead, inner), (inner, outer)))


@always("linear-and-reshape")
def _rows(draw: st.DrawFn) -> Drawn:
    one, two, inner, outer = (draw(SMALL) for _ in range(4))
    to = draw(st.sampled_from([[-1, inner], [-1, two + 1, one, inner], [one * (two + 1), -1, inner], [-1, 1, inner]]))
    return Drawn(lambda x, w: tf.reshape(x, to) @ w, ((None, one, two + 1, 1, inner), (inner, outer)))


@always("linear-and-transpose")
def _turned(draw: st.DrawFn) -> Drawn:
    order = draw(st.permutations(range(3)).filter(lambda order: order != [0, 1, 2]))
    inner, outer = draw(SMALL), draw(SMALL)
    return Drawn(lambda x, w: tf.transpose(x, [*order, 3]) @ w, ((None, 2, 3, inner), (inner, outer)))


@always("einsum-as-linear")
def _einsum(draw: st.DrawFn) -> Drawn:
    letters = draw(st.permutations("abcdef"))
    lead, shared, new = (draw(st.integers(1, 2)) for _ in range(3))
    a, b, c = letters[:lead], letters[lead : lead + shared], letters[lead + shared : lead + shared + new]
    sizes = {letter: draw(SMALL) for letter in letters}
    left, right = [sizes[letter] for letter in a + b], tuple(sizes[letter] for letter in b + c)
    left[0] = draw(st.sampled_from([None, left[0]]))
    equation = f"{''.join(a + b)},{''.join(b + c)}->{''.join(a + c)}"
    return Drawn(lambda x, w: tf.einsum(equation, x, w), (tuple(left), right))
