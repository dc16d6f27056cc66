"""Fits are decided by the stated tests, and err no more often than the plan says over all looks together."""

from __future__ import annotations

import itertools
import math
import re
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats as reference

from kerasdiff.errors import EvaluateError, FitError
from kerasdiff.fitting import statistics as stats
from kerasdiff.fitting.decisions import DEFAULT_MARGIN, MOST_PAIRS, POWER, Decision
from kerasdiff.fitting.looks import MOST_LOOKS, Plan, default_plan, spent
from kerasdiff.fitting.statistics import EXACT_PAIRS, decide, power, sign_flip
from kerasdiff.fitting.verdict import decided
from kerasdiff.report.wording.fits.told import told


def reason(decision: Decision) -> str:
    return told(decided(decision))


PLAN = Plan(margin=0.01, looks=(3, 5, 8))
ONE_LOOK = Plan(margin=0.01, looks=(8,))
SAMPLE = (0.004, -0.003, 0.006, 0.001, 0.012, -0.004, 0.002, 0.005)
INF, NAN = math.inf, math.nan

# Accuracies in steps of 1e-5: no difference hides in rounding.
steps = st.integers(-5000, 5000)
differences = st.lists(steps.map(lambda step: step / 1e5), min_size=1, max_size=9)
margins = st.integers(1, 5000).map(lambda step: step / 1e5)
EXPERIMENTS = 2000


STATED = re.findall(
    r"^ +([\d.]+) +([\d.]+) +(equivalent|different) +([\d.]+) +([\d.]+) +(false|true)$", stats.__doc__, re.M
)


def rate(
    outcome: str, mean: float, deviation: float, experiments: int = EXPERIMENTS, seed: int = 0, plan: Plan = PLAN
) -> tuple[float, float]:
    """How often experiments with normal differences, mean and deviation in margins, come to an outcome.

    Returns:
        The rate over all looks, and at the first look.
    """
    drawn = np.random.default_rng(seed).normal(mean, deviation, (experiments, plan.looks[-1])) * plan.margin
    # These take most of the time and have no part in the outcome.
    with mock.patch.multiple(stats, _seeds_needed=lambda *_: None, sign_flip=lambda _: 1.0):
        found = [decision for row in drawn.tolist() if (decision := decide(row, plan)).outcome == outcome]
    first = sum(decision.pairs == plan.looks[0] for decision in found)
    return len(found) / experiments, first / experiments


def slack(true_rate: float, experiments: int = EXPERIMENTS) -> float:
    """Three standard errors of a measured rate."""
    return 3 * math.sqrt(true_rate * (1 - true_rate) / experiments)


# The tests themselves, against scipy.stats and by hand.


def test_the_one_sided_tests_are_those_of_scipy() -> None:
    found = decide(SAMPLE, ONE_LOOK)
    assert found.p_lower == pytest.approx(reference.ttest_1samp(SAMPLE, -0.01, alternative="greater").pvalue)
    assert found.p_upper == pytest.approx(reference.ttest_1samp(SAMPLE, 0.01, alternative="less").pvalue)
    assert found.mean == pytest.approx(np.mean(SAMPLE))
    assert found.deviation == pytest.approx(np.std(SAMPLE, ddof=1))
    assert found.effect_size == pytest.approx(np.mean(SAMPLE) / np.std(SAMPLE, ddof=1))


def test_tost_by_hand_within_the_margin_is_equivalent_with_its_interval() -> None:
    found = decide(SAMPLE, ONE_LOOK)
    error = np.std(SAMPLE, ddof=1) / math.sqrt(8)
    # t of 7 degrees at 0.95, from a printed table.
    assert found.interval == pytest.approx(
        (np.mean(SAMPLE) - 1.8946 * error, np.mean(SAMPLE) + 1.8946 * error), rel=1e-4
    )
    assert found.level == pytest.approx(0.90)
    assert found.outcome == "equivalent"
    assert found.seeds_needed is None


def test_an_interval_beyond_the_margin_is_different_at_the_two_sided_level() -> None:
    moved = tuple(value - 0.03 for value in SAMPLE)
    found = decide(moved, ONE_LOOK)
    interval = reference.ttest_1samp(moved, 0.0).confidence_interval(0.95)
    assert found.interval == pytest.approx((interval.low, interval.high))
    assert found.level == pytest.approx(0.95)
    assert found.outcome == "different"
    assert found.p_different == pytest.approx(2 * reference.ttest_1samp(moved, -0.01, alternative="less").pvalue)


def test_one_sided_evidence_beyond_the_margin_is_not_enough() -> None:
    """A p of 0.03 on one side: with both sides open to a false claim that is 0.06."""
    error = 1 / math.sqrt(8)
    base = np.array(SAMPLE)
    base = (base - base.mean()) / base.std(ddof=1) * 0.002
    moved = base + 0.01 + reference.t.isf(0.03, 7) * 0.002 * error
    found = decide(moved.tolist(), ONE_LOOK)
    assert found.p_different == pytest.approx(0.06)
    assert found.outcome == "inconclusive"


@given(differences, margins, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_shows_the_outcome(values: list[float], margin: float, alpha: float) -> None:
    plan = Plan(margin=margin, looks=(len(values),), alpha=alpha)
    found = decide(values, plan)
    if found.interval is None:
        assert len(values) == 1
        return
    low, high = found.interval
    rounding = 1e-9
    if found.outcome == "equivalent":
        assert -margin - rounding <= low <= high <= margin + rounding
    elif found.outcome == "different":
        assert low >= margin - rounding or high <= -margin + rounding
    else:
        assert low <= margin + rounding
        assert high >= -margin - rounding
        assert low <= -margin + rounding or high >= margin - rounding


@given(st.lists(steps, min_size=2, max_size=9))
@example([1, 6, 0, 5, 2, -14])  # their sum is 0, as fractions 3e-20
def test_the_sign_flip_test_is_the_permutation_test_of_scipy(whole: list[int]) -> None:
    """Of whole numbers, whose sums tie exactly: of fractions, scipy loses ties where the observed sum is 0."""
    found = sign_flip([step / 1e5 for step in whole])
    sums = np.array(list(itertools.product((1, -1), repeat=len(whole)))) @ np.array(whole)
    assert found == np.mean(np.abs(sums) >= abs(sum(whole)))
    if len(set(whole)) > 1:
        permuted = reference.permutation_test(
            (whole,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
        )
        assert found == pytest.approx(permuted.pvalue)


def test_the_sign_flip_test_of_one_pair_says_nothing() -> None:
    assert sign_flip([0.04]) == 1.0


def test_the_sign_flip_test_of_many_pairs_is_drawn_near_the_exact_value_and_repeats() -> None:
    values = np.random.default_rng(3).normal(0.4, 1.0, EXACT_PAIRS + 1)
    exact = np.mean(
        np.abs(np.array(list(itertools.product((1, -1), repeat=len(values)))) @ values) >= abs(values.sum())
    )
    assert sign_flip(values.tolist()) == pytest.approx(exact, abs=0.005)
    assert sign_flip(values.tolist()) == sign_flip(values.tolist())


# Plans and looks.


@pytest.mark.parametrize("most", range(1, 60))
def test_the_default_looks_ascend_to_the_most(most: int) -> None:
    looks = default_plan(DEFAULT_MARGIN, most).looks
    assert looks == (3, 5, 8) or most != 8
    assert looks[-1] == most
    assert list(looks) == sorted(set(looks))
    assert len(looks) <= MOST_LOOKS
    assert most < 3 or looks[0] >= 3


@given(st.integers(1, 100), st.floats(0.001, 0.4))
def test_the_looks_spend_alpha_and_no_more(most: int, alpha: float) -> None:
    shares = spent(default_plan(DEFAULT_MARGIN, most).looks, alpha)
    assert sum(shares) == pytest.approx(alpha)
    assert min(shares) > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": 0.0},
        {"margin": NAN},
        {"alpha": 0.0},
        {"alpha": 0.5},
        {"looks": ()},
        {"looks": (0, 3)},
        {"looks": (5, 5)},
        {"resolution": -1.0},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(FitError):
        Plan(**{"margin": 0.01, "looks": (3,), **wrong})


def test_no_differences_are_an_error_never_a_pass() -> None:
    with pytest.raises(EvaluateError):
        decide([], PLAN)


@given(differences, margins)
def test_one_by_one_or_all_at_once_is_the_same_decision(values: list[float], margin: float) -> None:
    plan = Plan(margin=margin, looks=(3, 5, 8))
    stopped = next(
        (found for end in range(1, len(values) + 1) if (found := decide(values[:end], plan)).outcome != "inconclusive"),
        decide(values[:8], plan),
    )
    assert decide(values, plan) == stopped


def test_between_two_looks_nothing_is_decided() -> None:
    plan = Plan(margin=0.01, looks=(3, 5))
    values = (0.02, -0.02, 0.0, 0.0)
    assert decide((*values[:3],), plan).outcome == "inconclusive"
    found = decide((0.03, 0.031), plan)
    assert found.outcome == "inconclusive"
    assert found.pairs == 2
    assert "only at 3 pairs" in reason(found)
    assert decide((0.03, 0.031, 0.03), plan).outcome == "different"


def test_one_pair_shows_no_spread() -> None:
    found = decide([0.5], default_plan(0.01, 1))
    assert found.outcome == "inconclusive"
    assert found.interval is found.deviation is found.seeds_needed is found.p_upper is None


# What must hold whatever the differences are.


@given(differences, margins)
def test_swapping_the_sides_mirrors_the_decision(values: list[float], margin: float) -> None:
    plan = Plan(margin=margin, looks=(3, 5, 8))
    one, other = decide(values, plan), decide([-value for value in values], plan)
    assert (one.outcome, one.pairs, one.level) == (other.outcome, other.pairs, other.level)
    assert one.mean == -other.mean
    assert one.deviation == other.deviation
    assert (one.p_lower, one.p_upper) == (other.p_upper, other.p_lower)
    assert one.p_sign_flip == other.p_sign_flip
    assert one.seeds_needed == other.seeds_needed
    assert one.interval == (None if other.interval is None else (-other.interval[1], -other.interval[0]))


@given(differences, margins, margins)
def test_a_larger_margin_never_undoes_equivalent_and_a_smaller_one_never_different(
    values: list[float], one: float, other: float
) -> None:
    narrow, wide = (decide(values, Plan(margin=margin, looks=(3, 5, 8))).outcome for margin in sorted((one, other)))
    order = ("different", "inconclusive", "equivalent")
    assert order.index(narrow) <= order.index(wide)


@given(differences, margins, st.sampled_from([0.0, 0.001, 0.02]))
def test_every_figure_is_finite_or_none(values: list[float], margin: float, resolution: float) -> None:
    found = decide(values, Plan(margin=margin, looks=(3, 5, 8), resolution=resolution))
    figures = (found.mean, found.deviation, *(found.interval or ()), found.effect_size, found.level)
    assert all(figure is None or math.isfinite(figure) for figure in figures)
    for p in (found.p_lower, found.p_upper, found.p_different, found.p_sign_flip):
        assert p is None or 0.0 <= p <= 1.0
    assert found.seeds_needed is None or len(values) < found.seeds_needed <= MOST_PAIRS
    assert reason(found).endswith(".")


# Differences without spread, and without a mean.


@pytest.mark.parametrize(
    ("value", "outcome"), [(0.0, "equivalent"), (0.02, "different"), (-0.02, "different"), (0.01, "inconclusive")]
)
def test_differences_all_the_same_decide_unless_they_are_the_margin(value: float, outcome: str) -> None:
    found = decide([value] * 3, PLAN)
    assert found.outcome == outcome
    assert found.deviation == 0.0
    assert found.mean == value
    assert found.interval == (value, value)
    assert found.effect_size is None


def test_the_same_accuracy_of_few_images_proves_no_spread_of_zero() -> None:
    coarse = Plan(margin=0.01, looks=(3, 5, 8), resolution=1 / 100)
    fine = Plan(margin=0.01, looks=(3, 5, 8), resolution=1 / 10_000)
    assert decide([0.0] * 3, coarse).outcome == "inconclusive"
    assert decide([0.0] * 5, coarse).outcome == "equivalent"
    assert decide([0.0] * 3, fine).outcome == "equivalent"


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_coarse_metric_keeps_the_error_rate_by_its_resolution(share: float) -> None:
    """Differences fall on two neighbouring steps, with a mean on the margin between them."""
    step = 0.02
    drawn = step * (1 + (np.random.default_rng(1).random((500, 8)) < share))

    def errors(resolution: float) -> float:
        plan = Plan(margin=step * (1 + share), looks=(3, 5, 8), resolution=resolution)
        outcomes = [decide(row, plan).outcome for row in drawn.tolist()]
        return max(outcomes.count("equivalent"), outcomes.count("different")) / 500

    assert errors(step) <= 0.05
    assert errors(0.0) > 0.05 + slack(0.05, 500)


def test_a_candidate_that_always_diverges_is_different_once_the_sign_test_says_so() -> None:
    three = decide([-INF] * 3, PLAN)
    assert three.outcome == "inconclusive"
    assert three.p_different == 0.25
    assert three.seeds_needed is not None
    assert decide([-INF] * three.seeds_needed, default_plan(0.01, three.seeds_needed)).outcome == "different"
    fewer = three.seeds_needed - 1
    assert decide([-INF] * fewer, default_plan(0.01, fewer)).outcome == "inconclusive"
    eight = decide([-INF] * 8, PLAN)
    assert eight.outcome == "different"
    assert eight.p_different == pytest.approx(reference.binomtest(8, 8).pvalue)
    assert eight.interval is None
    assert math.isnan(eight.mean)
    assert "8 of 8 lie below -0.01" in reason(eight)


def test_trials_that_diverge_on_both_sides_decide_nothing() -> None:
    found = decide([NAN] * 8, PLAN)
    assert found.outcome == "inconclusive"
    assert found.p_different == 1.0
    assert found.seeds_needed is None


@given(st.lists(st.sampled_from([INF, -INF, NAN, 0.0, 0.001, 0.5]), min_size=1, max_size=8))
def test_a_fit_that_diverges_is_never_equivalent(values: list[float]) -> None:
    found = decide(values, Plan(margin=0.01, looks=(len(values),)))
    if not all(map(math.isfinite, values)):
        assert found.outcome != "equivalent"
        assert math.isnan(found.mean)
        leading = max(sum(value > 0.01 for value in values), sum(value < -0.01 for value in values))
        upper = 2 * reference.binom.sf(leading - 1, len(values), 0.5)
        assert found.p_different == pytest.approx(min(1.0, upper))


# Error rates and power over all looks.


def test_the_stated_rates_are_all_read() -> None:
    assert len(STATED) == 17


@pytest.mark.parametrize(("mean", "deviation", "outcome", "stated", "stated_first", "claim"), STATED)
def test_the_stated_rates_are_measured_and_false_claims_keep_alpha(
    mean: str, deviation: str, outcome: str, stated: str, stated_first: str, claim: str
) -> None:
    """False claims at their worst: the mean on the margin, and so large a deviation that both sides are open."""
    measured, first = rate(outcome, float(mean), float(deviation))
    # The stated figures have a tenth of the variance, and three decimals.
    assert measured == pytest.approx(float(stated), abs=1.05 * slack(float(stated)) + 0.001)
    assert first == pytest.approx(float(stated_first), abs=1.05 * slack(float(stated_first)) + 0.001)
    right = abs(float(mean)) < 1 if outcome == "equivalent" else abs(float(mean)) > 1
    assert claim == ("true" if right else "false")
    if claim == "false":
        assert measured <= 0.05 + slack(0.05)


@pytest.mark.parametrize("outcome", ["equivalent", "different"])
def test_a_mean_on_the_lower_margin_keeps_alpha_too(outcome: str) -> None:
    assert 0 < rate(outcome, -1.0, 0.5)[0] <= 0.05 + slack(0.05)


def test_more_looks_keep_alpha_too() -> None:
    plan = Plan(margin=0.01, looks=tuple(range(2, 9)))
    assert 0 < rate("equivalent", 1.0, 0.5, plan=plan)[0] <= 0.05 + slack(0.05)


def test_the_simulation_sees_looks_at_full_alpha_err_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "spent", lambda looks, alpha: (alpha,) * len(looks))
    assert rate("equivalent", 1.0, 0.5)[0] > 0.05 + slack(0.05)


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 0.7), (0.3, 0.5), (-0.2, 0.9), (2.5, 1.0), (-1.8, 0.6)])
def test_the_seeds_needed_decide_with_the_power_they_claim_and_no_fewer_do(mean: float, deviation: float) -> None:
    """A pilot of two pairs with just this mean and deviation, then plans of that many pairs."""
    pilot = [(mean + way * deviation / math.sqrt(2)) * 0.01 for way in (-1, 1)]
    needed = decide(pilot, Plan(margin=0.01, looks=(2, 100), alpha=0.05)).seeds_needed
    assert needed is not None
    outcome = "equivalent" if abs(mean) < 1 else "different"
    assert rate(outcome, mean, deviation, 1000, plan=default_plan(0.01, needed))[0] >= POWER - slack(POWER, 1000)
    half = default_plan(0.01, needed // 2)
    assert rate(outcome, mean, deviation, 1000, plan=half)[0] < POWER


def test_a_mean_on_the_margin_needs_more_pairs_than_anyone_has() -> None:
    found = decide([0.009, 0.011, 0.01], PLAN)
    assert found.seeds_needed is None
    assert "do not decide either" in reason(found)


@pytest.mark.parametrize(("mean", "deviation", "pairs"), [(0.0, 0.5, 5), (0.5, 0.5, 8), (3.0, 1.0, 4), (-1.5, 0.4, 6)])
def test_the_power_of_one_look_bounds_the_measured_rate_closely(mean: float, deviation: float, pairs: int) -> None:
    bound = float(power(mean, deviation, 1.0, pairs, 0.05))
    outcome = "equivalent" if abs(mean) < 1 else "different"
    measured = rate(outcome, mean, deviation, plan=Plan(margin=1.0, looks=(pairs,)))[0]
    assert bound - slack(0.5) <= measured <= bound + slack(0.5) + 0.05


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            (0.003, -0.002, 0.001),
            "The 95.0% interval of the mean of 3 differences, -0.0056 to +0.00694, lies within the margin ±0.01.",
        ),
        (
            (0.043, 0.039, 0.047),
            "The 97.5% interval of the mean of 3 differences, +0.0286 to +0.0574, lies beyond the margin ±0.01.",
        ),
        (
            (0.003, -0.002, 0.011),
            "The 97.5% interval of the mean of 3 differences, -0.0196 to +0.0276, reaches across the margin ±0.01; "
            "if they go on like this, 14 pairs decide with a chance of 80%.",
        ),
        (
            (-INF, -INF, 0.001),
            "2 of 3 differences are not finite, so there is no mean; 2 of 3 lie below -0.01 (sign test, p 1, "
            "limit 0.025); if they go on like this, 60 pairs decide.",
        ),
    ],
)
def test_the_reason_is_one_sentence_with_every_number_beside_its_limit(values: tuple[float, ...], words: str) -> None:
    assert reason(decide(values, PLAN)) == words
