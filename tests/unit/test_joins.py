"""Several arrays as one, and back; which joins are possible, by shapes alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.graph.joins import Join


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(2, 4), st.sampled_from([0, 1]))
def test_parts_of_a_whole_are_what_it_was_made_of(rows: int, blocks: int, width: int, count: int, axis: int) -> None:
    shape = (rows, blocks * width) if axis else (blocks * width, rows)
    rng = np.random.default_rng(0)
    for transposed in (False, True):
        parts = [rng.normal(size=shape[::-1] if transposed else shape) for _ in range(count)]
        join = Join(axis=axis, shape=shape, blocks=blocks, transposed=transposed)

        again = join.parted(join.joined(parts), count)

        assert all(np.array_equal(one, two) for one, two in zip(parts, again, strict=True))


def test_blocks_take_turns_and_an_axis_of_one_stacks() -> None:
    one, two = np.array([1, 2, 3, 4]), np.array([5, 6, 7, 8])

    assert Join(axis=0, shape=(4,)).joined([one, two]).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert Join(axis=0, shape=(4,), blocks=2).joined([one, two]).tolist() == [1, 2, 5, 6, 3, 4, 7, 8]
    assert Join(axis=0, shape=(1, 4)).joined([one, two]).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_one_array_in_another_order_of_its_axes_comes_back() -> None:
    kernel = np.arange(60).reshape(2, 2, 5, 3)
    join = Join(axis=0, shape=(3, 2, 2, 5), order=(3, 0, 1, 2))

    whole = join.joined([kernel]).reshape(3, 20)

    assert np.array_equal(whole, kernel.transpose(3, 0, 1, 2).reshape(3, 20))
    assert np.array_equal(join.parted(whole, 1)[0], kernel)
