"""Probes are what their names say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Port, TensorSpec
from kerasdiff.probing.inputs.probes import OTHER_DIMENSIONS, other_sizes, probe_rows, probes
from kerasdiff.probing.numbers.limits import PROBE_BATCH


def port(dtype: str = "float32", shape: tuple[int | None, ...] | None = (None, 3), **bounds: Any) -> Port:
    return Port(name=bounds.pop("name", "x"), spec=TensorSpec(shape=shape, dtype=dtype), **bounds)


def test_float_probes_have_the_distributions_they_are_named_after() -> None:
    drawn = dict(probes((port(shape=(None, None, 400)),), 7))
    usual = ["normal", "uniform", "image", "large", "tiny", "zeros", "constant"]
    assert list(drawn) == [*usual, "one-row", "many-rows"]
    values = {name: batch["x"] for name, batch in drawn.items()}
    assert all(array.dtype == np.float32 for array in values.values())
    assert all(values[name].shape == (PROBE_BATCH, 16, 400) for name in usual)
    assert [len(values[name]) for name in ("one-row", "many-rows")] == [1, 9]
    assert abs(values["many-rows"].mean()) < 0.05
    assert [set(np.unique(row)) for row in values["constant"]] == [{0.5}, {1.0}, {-1.0}, {2.0}]
    assert abs(values["normal"].mean()) < 0.05
    assert 0 <= values["uniform"].min() < 0.01 < 0.99 < values["uniform"].max() <= 1
    assert set(np.unique(values["image"])) == set(range(256))
    assert values["large"].std() == pytest.approx(1e3, rel=0.05)
    assert values["tiny"].std() == pytest.approx(1e-3, rel=0.05)
    assert not values["zeros"].any()


def test_floating_ids_are_whole_numbers_in_their_range_but_where_a_cast_is_tried() -> None:
    drawn = dict(probes((port(low=0, high=5, ids=True),), 7))
    assert list(drawn) == ["ids", "ids-without-0", "zeros", "constant", "one-row", "many-rows"]
    for name, batch in drawn.items():
        assert batch["x"].dtype == np.float32
        assert (set(batch["x"].ravel()) <= set(range(6))) == (name != "ids-without-0")
        assert set(np.floor(batch["x"]).ravel()) <= set(range(6))


@given(st.integers(0, 2**32 - 1), st.integers(-5, 5), st.integers(0, 200))
def test_integer_probes_keep_to_their_range(seed: int, low: int, width: int) -> None:
    drawn = dict(probes((port("int32", (None, 40), low=low, high=low + width),), seed))
    assert list(drawn) == ["ids", "ids-without-0", "zeros", "constant", "one-row", "many-rows"]
    assert np.all(drawn["constant"]["x"] == low + width)
    for batch in drawn.values():
        assert batch["x"].dtype == np.int32
        assert batch["x"].min() >= low
        assert batch["x"].max() <= low + width
    if low <= 0 <= low + width:
        assert not drawn["ids"]["x"][:, 30:].any()
        if low + width > 0:
            assert np.all(drawn["ids-without-0"]["x"] != 0)


def test_both_ends_of_an_integer_range_are_drawn() -> None:
    drawn = dict(probes((port("int64", (None, 400), low=1, high=3),), 0))
    assert set(np.unique(drawn["ids"]["x"])) == {1, 2, 3}


def test_inputs_get_draws_of_their_own_and_seeds_repeat() -> None:
    ports = (port(name="left"), port(name="right"), port("bool", name="flag"), port("uint8", (None, 99), name="byte"))
    first, again, other = (dict(probes(ports, seed)) for seed in (1, 1, 2))
    assert not np.array_equal(first["normal"]["left"], first["normal"]["right"])
    assert first["normal"]["flag"].dtype == np.bool_
    assert first["ids"]["byte"].dtype == np.uint8
    for name, batch in first.items():
        for key, values in batch.items():
            np.testing.assert_array_equal(values, again[name][key])
    assert not np.array_equal(first["normal"]["left"], other["normal"]["left"])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_floats_hold_their_probes_exactly(dtype: str) -> None:
    for _, batch in probes((port(dtype, (None, 50)),), 0):
        bits = batch["x"].view(np.uint32)
        if dtype == "bfloat16":
            assert not (bits & 0xFFFF).any()
        else:
            np.testing.assert_array_equal(batch["x"], batch["x"].astype(np.float16).astype(np.float32))


def test_bounds_hold_for_floats_as_well() -> None:
    for name, batch in probes((port(low=2.0, high=3.0, shape=(None, 50)),), 0):
        assert batch["x"].min() >= 2.0, name
        assert batch["x"].max() <= 3.0, name


@pytest.mark.parametrize(("side", "rows"), [(147, 4), (148, 3), (295, 3), (296, 2)])
def test_large_inputs_get_fewer_rows(side: int, rows: int) -> None:
    ports = (port(shape=(None, side, side, 3)),)
    assert probe_rows(ports) == rows
    assert probe_rows((*ports, port(shape=(None, 1 << 18)))) == 2


def test_a_fixed_batch_and_scalars_per_row_stay() -> None:
    fixed = dict(probes((port(shape=(8, 3)),), 0))
    assert {batch["x"].shape for batch in fixed.values()} == {(8, 3)}
    assert "one-row" not in fixed
    assert dict(probes((port(shape=(None,)),), 0))["normal"]["x"].shape == (PROBE_BATCH,)


@pytest.mark.parametrize("ports", [(), (port("complex64"),), (port(shape=None),)])
def test_what_cannot_be_probed_is_an_error(ports: tuple[Port, ...]) -> None:
    with pytest.raises(EvaluateError):
        probes(ports, 0)


def test_open_lengths_are_drawn_in_others_and_fixed_ones_are_not() -> None:
    ports = port(shape=(None, None, 3)), port("int32", (None, None), name="ids", low=0, high=9)
    sizes = other_sizes(ports, 3)

    assert other_sizes((port(),), 3) == ()
    assert [(batch["x"].shape, batch["ids"].shape) for batch in sizes] == [
        ((PROBE_BATCH, length, 3), (PROBE_BATCH, length - step)) for length, step in OTHER_DIMENSIONS
    ]
    assert all(np.array_equal(one["x"], two["x"]) for one, two in zip(sizes, other_sizes(ports, 3), strict=True))


def test_one_id_is_0_before_the_padding() -> None:
    drawn = dict(probes((port("int32", (None, 8), low=0, high=1_000_000),), 3))["ids"]["x"]

    assert not drawn[:, 6:].any()
    assert drawn[-1, 4] == 0
    assert np.count_nonzero(drawn == 0) == PROBE_BATCH * 2 + 1
