"""Cases of the rule on slices."""

from __future__ import annotations

from hypothesis import strategies as st

from rule_cases.case import Drawn, always, fires, spares
from rule_cases.tracing import tf

CASES = (
    fires("slice-of-slice", lambda x: x[:, 1:][:, 1:3][:, ::2] - x[:, 2:3], (None, None), left="Slice* Slice* Sub"),
    fires("slice-of-slice", lambda x: x[:, -1:][:, :1, 1:], (None, None, 4), left="Slice*"),
    spares("slice-of-slice", lambda x: tf.nn.relu(x[:, 1:])[:1, :] + x[:1, 1:], (None, 4),
          left="Slice* Relu Slice* Slice* AddV2"),
    spares("slice-of-slice", lambda x: x[:, 1:][:, :-1], (None, None), left="Slice* Slice*"),
    spares("slice-of-slice", lambda x: x[:, :-1][:, -1:], (None, None), left="Slice* Slice*"),
    fires("slice-spelling", lambda x: x[:, 1:3], (None, 4), left="Slice*"),
    fires("slice-spelling", lambda x: x[:, -1] - tf.slice(x, [0, 3, 0], [-1, 1, -1])[:, 0], (None, 4, 2),
          left="Slice* Sub Reshape"),
    fires("slice-spelling", lambda x: x[..., None], (None, 4), left="Reshape"),
    fires("slice-spelling", lambda x: x[:, :], (None, 4), left=""),
    fires("slice-spelling", lambda x: x[:, -1] - x[:, -1:][:, 0], (None, None, 4), left="Slice* Sub Reshape"),
    fires("slice-spelling", lambda x: x[:, 0] - x[:, -1], (None, None, 4), left="Slice* Slice* Sub Reshape"),
    fires("slice-spelling", lambda x: x[:, 1:] - x[:, :-1], (None, 4), left="Slice* Slice* Sub"),
    spares("slice-spelling", lambda x: x[:, ::-1], (None, 4), left="StridedSlice"),
    spares("slice-spelling", lambda x, n: x[:n], (None, 4), (), left="Pack StridedSlice",
           dtypes=("", "int32")),
)  # fmt: skip


@always("slice-spelling")
def _sliced(draw: st.DrawFn) -> Drawn:
    bound = st.none() | st.integers(-4, 4)
    part = st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, 3])) | st.integers(-3, 2)
    index = draw(st.lists(part | st.just(tf.newaxis), min_size=1, max_size=4).filter(_three_axes))
    if draw(st.booleans()):
        index.insert(draw(st.integers(0, len(index))), ...)
    shape = draw(st.tuples(*[st.sampled_from([3, 4, 5]), *[st.sampled_from([None, 3, 4, 5])] * 2]))
    return Drawn(lambda x: x[tuple(index)], (shape,))


@always("slice-of-slice")
def _twice(draw: st.DrawFn) -> Drawn:
    bound = st.none() | st.integers(0, 5)
    part = st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, 3]))
    first, second = draw(part), draw(part)
    ends = draw(
        st.sampled_from([(slice(-2, None), slice(None)), (slice(None), slice(-2, None)), (slice(1, 3), slice(1))])
    )
    shape = (None, 6, draw(st.sampled_from([None, 5])), 5)
    return Drawn(lambda x: x[:, 1:, first, ends[0]][:, 1:, second, ends[1]], (shape,))


def _three_axes(index: list[object]) -> bool:
    return sum(part is not tf.newaxis for part in index) <= 3
