"""When do two samples of compile settings say that they do the same?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probing.training.settings import SCORE_LIMIT, agreed, alike, same_rates, section_of

NUMBERS = np.asarray([1.0, -2.0, 3e-9, 0.0])


def test_samples_are_alike_to_the_last_bit() -> None:
    assert alike((NUMBERS,), (NUMBERS.copy(),), 0.0)
    assert not alike((NUMBERS,), (np.nextafter(NUMBERS, 9.0),), 0.0)


def test_samples_may_sum_in_another_order() -> None:
    limit = SCORE_LIMIT["float64"]

    assert alike((NUMBERS,), (NUMBERS * (1 + 1e-15),), limit)
    assert not alike((NUMBERS,), (NUMBERS * (1 + 1e-9),), limit)
    assert not alike((np.asarray(1e-20),), (np.asarray(2e-20),), limit)


@pytest.mark.parametrize(
    "nothing", [(), (np.zeros(3),), (np.full(3, math.nan),), (np.asarray(math.inf), np.zeros(()))], ids=str
)
def test_nothing_told_is_never_alike(nothing: tuple[np.ndarray, ...]) -> None:
    assert not alike(nothing, nothing, 1e-12)


def test_what_is_not_finite_is_alike_to_itself_alone() -> None:
    odd = np.asarray([math.nan, math.inf, 1.0])

    assert alike((odd,), (odd.copy(),), 0.0)
    for other in ([0.0, math.inf, 1.0], [math.nan, -math.inf, 1.0], [math.nan, 5.0, 1.0]):
        assert not alike((odd,), (np.asarray(other),), 1e-12)


def test_another_number_of_figures_is_not_alike() -> None:
    assert not alike((NUMBERS,), (NUMBERS, NUMBERS), 1e-12)
    assert not alike((NUMBERS,), (NUMBERS[:3],), 1e-12)


@given(st.lists(st.sampled_from([None, "sparse", "one-hot", "binary", "real"]), max_size=3))
def test_targets_are_agreed_on_whichever_side_knows(known: list[str | None]) -> None:
    unknown = (None,) * len(known)

    assert agreed(tuple(known), unknown) == agreed(unknown, tuple(known)) == tuple(known)  # type: ignore[arg-type]


def test_other_targets_are_never_agreed_on() -> None:
    assert agreed(("sparse", None), ("one-hot", "real")) is None
    assert agreed(("sparse",), ("sparse", "real")) is None


def test_settings_belong_to_sections() -> None:
    assert section_of("optimizer.learning_rate.decay_rate") == "optimizer"
    assert section_of("loss_weights.0") == "loss"
    assert section_of("weighted_metrics.1") == "metrics"
    assert section_of("run_eagerly") is None


def test_rates_agree_but_for_the_rounding_of_float32() -> None:
    rates = np.asarray([0.05, 0.01, 3e-9])

    assert same_rates(rates, rates * (1 + 1e-6))
    assert not same_rates(rates, rates * (1 + 1e-3))
    assert not same_rates(rates, rates[:2])
