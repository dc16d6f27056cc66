"""How many seeds does it take to say that two models train to the same outcome, or that they do not?

The paired differences ``candidate - reference`` of a metric arrive one trial pair after another. `decide` looks at
them at the numbers of pairs fixed in a `Plan` and stops at the first look that decides:

- *equivalent*: two one-sided t tests (TOST) reject both a mean of ``-margin`` or less and of ``margin`` or more;
- *different*: a two-sided t test rejects every mean within the margin, so the interval lies wholly beyond it;
- *inconclusive*: neither.

Why split alpha over the looks? Looking again and again and stopping at the first p below 0.05 errs more often than 5
times in 100. Look ``k`` tests at ``alpha_k = f(t_k) - f(t_{k-1})``, with the Pocock-type spending function
``f(t) = alpha * ln(1 + (e - 1) * t)`` and ``t = pairs / last look``. The ``alpha_k`` add up to ``alpha``, so by the
union bound the chance of a false claim at any look is at most ``alpha``, for each of the two claims, however the looks
depend on each other. The usual Lan-DeMets boundaries spend the same but win some power back from that dependence, by
normal theory that does not hold for t statistics of three pairs. Why not O'Brien-Fleming-type? It leaves 0.0014 of
0.05 to the look at 3 of 8 pairs, a critical t of 19: such a look decides nothing.

The t tests assume independent, about normal differences. Measured rates, held by `tests/unit/test_statistics.py` (its
`rate` with 20,000 experiments a row and seed 1; alpha 0.05, looks at 3, 5 and 8 pairs; mean and sd of the differences
in margins):

    mean  sd    outcome     rate   at the first look
    1     0.25  equivalent  0.038  0.024  false
    1     0.5   equivalent  0.038  0.024  false
    1     1     equivalent  0.033  0.018  false
    1     3     equivalent  0.002  0.002  false
    1     0.5   different   0.020  0.011  false
    1     3     different   0.022  0.013  false
    1     20    different   0.033  0.020  false
    0     20    different   0.032  0.020  false
    0     0.25  equivalent  1.000  0.858  true
    0     0.5   equivalent  0.984  0.326  true
    0     1     equivalent  0.296  0.060  true
    0.5   0.25  equivalent  0.992  0.468  true
    0.5   0.5   equivalent  0.602  0.169  true
    2     0.5   different   0.972  0.273  true
    3     0.5   different   1.000  0.700  true
    3     1     different   0.972  0.273  true
    3     2     different   0.454  0.094  true

References:
    D. J. Schuirmann, "A comparison of the two one-sided tests procedure and the power approach", J. Pharmacokinet.
    Biopharm. 15 (1987). K. K. G. Lan, D. L. DeMets, "Discrete sequential boundaries for clinical trials", Biometrika
    70 (1983), for spending functions; the Pocock-type one and the t statistics with few observations: C. Jennison,
    B. W. Turnbull, "Group Sequential Methods with Applications to Clinical Trials" (2000).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # which imports each of its parts when it is first used: most comparisons use none
from numpy.typing import ArrayLike, NDArray

from kerasdiff.errors import EvaluateError
from kerasdiff.fitting.decisions import DEFAULT_MARGIN, MOST_PAIRS, POWER, Decision, Outcome, Way
from kerasdiff.fitting.looks import Plan, default_plan, spent

EXACT_PAIRS = 16
"""Up to here `sign_flip` enumerates all 32,768 assignments that are not mirror images of each other."""

SIGN_DRAWS = 100_000
"""Random assignments beyond: a p of 0.05 is then known to 0.0007 (one standard error)."""

LARGEST_NONCENTRALITY = 35.0
"""The noncentral t distribution is evaluated no farther out, where its series underflows (``exp(-35**2 / 2)`` is
1e-266); a larger true effect only raises the power."""


def decide(differences: Sequence[float], plan: Plan) -> Decision:
    """Decides at the first of the plan's looks that can, else says what is missing.

    The looks are replayed in order, so that the same differences give the same decision whether they came one by one
    or all from the cache. Differences after the look that decided, or after the last look, are not used. Between two
    looks nothing is decided; the figures are of all differences so far.

    **A difference that is not finite** (one trial diverged) has no mean. Such fits are never equivalent, and are
    different where an exact two-sided sign test says that the median difference is beyond the margin: an infinite
    difference counts as beyond in its direction, NaN (both diverged) as in neither. At least six pairs are needed at
    0.05 in one look, and more in several.

    **All differences the same** leave a deviation of 0, raised to half of `Plan.resolution`. With a resolution of 0 the
    t statistics are infinite, or 0 on the margin itself: no spread decides at the first look. Whether trials that agree
    to the last bit need a second pair at all is the caller's to say.

    Args:
        differences: ``candidate - reference`` in the metric's unit, one a trial pair, in the order of the seeds.
        plan: Fixed before the first difference was seen.

    Raises:
        EvaluateError: If there are no differences.
    """
    if len(differences) == 0:
        raise EvaluateError("No trial pair has finished, so there is nothing to decide on.")
    values = tuple(float(value) for value in differences[: plan.looks[-1]])
    shares = spent(plan.looks, plan.alpha)
    for look, share in zip(plan.looks, shares, strict=True):
        if look > len(values):
            break
        tests = _test(values[:look], plan)
        if (outcome := tests.outcome(share)) != "inconclusive":
            return _report(values[:look], tests, outcome, share, plan)
    share = next(share for look, share in zip(plan.looks, shares, strict=True) if look >= len(values))
    return _report(values, _test(values, plan), "inconclusive", share, plan)


def sign_flip(differences: Sequence[float]) -> float:
    """Tests a mean of 0 by flipping signs: the share of assignments whose ``|sum|`` is at least the observed one.

    Valid for differences that are symmetric about 0 and nothing else, so for very few seeds; it cannot fall below
    ``2 / 2**n``. Exact up to `EXACT_PAIRS` differences, else from `SIGN_DRAWS` seeded draws with the observed
    assignment among them.

    Returns:
        The p value, above 0 and at most 1.

    References:
        R. A. Fisher, "The Design of Experiments" (1935), section 21; B. Phipson, G. K. Smyth, "Permutation P-values
        should never be zero", Stat. Appl. Genet. Mol. Biol. 9 (2010), for the draws.
    """
    values = np.asarray(differences, np.float64)
    # Sums of the same terms in another order differ by rounding.
    observed = abs(float(values.sum())) - 1e-12 * float(np.abs(values).sum())
    if len(values) > EXACT_PAIRS:
        signs = np.random.default_rng(0).integers(0, 2, (SIGN_DRAWS, len(values)), dtype=np.int8) * 2 - 1
        return float((1 + np.count_nonzero(np.abs(signs @ values) >= observed)) / (1 + SIGN_DRAWS))
    sums = values[:1]
    for value in values[1:]:
        sums = np.concatenate((sums + value, sums - value))
    return float(np.mean(np.abs(sums) >= observed))


def power(mean: float, deviation: float, margin: float, pairs: ArrayLike, alpha: ArrayLike) -> NDArray[np.float64]:
    """Bounds from below the chance that one look decides: *equivalent* where ``|mean| < margin``, else *different*.

    With ``T(c)`` noncentral t of ``pairs - 1`` degrees and noncentrality ``c * sqrt(pairs) / deviation``: equivalent
    ``P(T(margin - mean) > t_alpha) + P(T(margin + mean) > t_alpha) - 1``, different
    ``P(T(|mean| - margin) > t_{alpha/2})``.

    Args:
        mean: True mean of the differences.
        deviation: Their true standard deviation, above 0.
        margin: Above 0.
        pairs: At least 2.
        alpha: The look's share of the error rate, of the shape of ``pairs``.
    """
    number = np.asarray(pairs, np.float64)
    share = np.asarray(alpha, np.float64)
    degrees, scale = number - 1, np.sqrt(number) / deviation

    def rejects(gap: float, tail: NDArray[np.float64]) -> NDArray[np.float64]:
        noncentrality = np.minimum(gap * scale, LARGEST_NONCENTRALITY)
        return np.asarray(1 - scipy.special.nctdtr(degrees, noncentrality, scipy.special.stdtrit(degrees, 1 - tail)))

    if abs(mean) < margin:
        return np.maximum(0.0, rejects(margin - mean, share) + rejects(margin + mean, share) - 1)
    return rejects(abs(mean) - margin, share / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tests:
    """The tests of some differences; the fields mean what those of `Decision` do.

    ``spread`` is the deviation the t tests take; ``None`` where there are none.
    """

    mean: float
    deviation: float | None = None
    spread: float | None = None
    p_lower: float | None = None
    p_upper: float | None = None
    p_different: float | None = None

    def outcome(self, share: float) -> Outcome:
        """What the p values say at a look's share of alpha."""
        if self.p_lower is not None and self.p_upper is not None and max(self.p_lower, self.p_upper) <= share:
            return "equivalent"
        return "different" if self.p_different is not None and self.p_different <= share else "inconclusive"


def _test(values: tuple[float, ...], plan: Plan) -> _Tests:
    number = len(values)
    if not all(map(math.isfinite, values)):
        leading, _ = _beyond(values, plan.margin)
        return _Tests(mean=math.nan, p_different=_sign_test(leading, number))
    mean = math.fsum(values) / number
    if number == 1:
        return _Tests(mean=mean)
    # Rounding gives values that are all the same a deviation of their last place.
    deviation = 0.0 if min(values) == max(values) else float(np.std(values, ddof=1))
    spread = max(deviation, plan.resolution / 2)

    def tail(gap: float) -> float:
        """One-sided p of the t statistic of a distance to the margin; infinite without spread, 0 without both."""
        if spread == 0:
            return 0.5 if gap == 0 else float(gap < 0)
        return float(scipy.special.stdtr(number - 1, -gap / spread * math.sqrt(number)))

    return _Tests(
        mean=mean,
        deviation=deviation,
        spread=spread,
        p_lower=tail(plan.margin + mean),
        p_upper=tail(plan.margin - mean),
        p_different=min(1.0, 2 * tail(abs(mean) - plan.margin)),
    )


def _beyond(values: tuple[float, ...], margin: float) -> tuple[int, Way]:
    """How many differences lie beyond the margin on the side that has more, and which side that is."""
    above, below = sum(value > margin for value in values), sum(value < -margin for value in values)
    return (above, "above") if above >= below else (below, "below")


def _sign_test(leading: int, pairs: int) -> float:
    """Two-sided p of ``leading`` or more of ``pairs`` on one side: twice the upper tail of that many fair tosses."""
    return min(1.0, sum(math.comb(pairs, more) for more in range(leading, pairs + 1)) / (1 << (pairs - 1)))


def _report(values: tuple[float, ...], tests: _Tests, outcome: Outcome, share: float, plan: Plan) -> Decision:
    number = len(values)
    tail = share if outcome == "equivalent" else share / 2
    interval = None
    if tests.spread is not None:
        reach = float(scipy.special.stdtrit(number - 1, 1 - tail)) * tests.spread / math.sqrt(number)
        interval = (tests.mean - reach, tests.mean + reach)
    needed = _seeds_needed(values, tests, plan) if outcome == "inconclusive" else None
    leading, way = _beyond(values, plan.margin)
    return Decision(
        outcome=outcome,
        pairs=number,
        mean=tests.mean,
        deviation=tests.deviation,
        interval=interval,
        level=1 - 2 * tail,
        margin=plan.margin,
        p_lower=tests.p_lower,
        p_upper=tests.p_upper,
        p_different=tests.p_different,
        p_sign_flip=sign_flip(values) if math.isfinite(tests.mean) else None,
        effect_size=tests.mean / tests.deviation if tests.deviation else None,
        seeds_needed=needed,
        infinite=sum(not math.isfinite(value) for value in values),
        leading=leading,
        way=way,
        next_look=None if number in plan.looks else next(look for look in plan.looks if look > number),
    )


@functools.lru_cache(maxsize=8)
def _last_shares(alpha: float) -> NDArray[np.float64]:
    """The last look's share of alpha in the default plans of 2, 3, … `MOST_PAIRS` pairs."""
    plans = (default_plan(DEFAULT_MARGIN, most, alpha) for most in range(2, MOST_PAIRS + 1))
    return np.array([spent(plan.looks, alpha)[-1] for plan in plans])


def _seeds_needed(values: tuple[float, ...], tests: _Tests, plan: Plan) -> int | None:
    """The least number of pairs, more than now, whose last look decides.

    With chance `POWER` by t tests; for a sign test, if the same fraction of pairs stays beyond the margin.
    """
    number = len(values)
    pairs = np.arange(number + 1, MOST_PAIRS + 1)
    if tests.p_different is None or not pairs.size:
        return None
    shares = _last_shares(plan.alpha)[number - 1 :]
    if tests.spread is None:
        leading, _ = _beyond(values, plan.margin)
        enough = np.array([_sign_test(leading * more // number, more) for more in pairs.tolist()]) <= shares
    else:
        # No spread at all has no noncentrality; this one is far beyond the largest.
        spread = max(tests.spread, 1e-9 * plan.margin)
        enough = power(tests.mean, spread, plan.margin, pairs, shares) >= POWER
    return int(pairs[np.argmax(enough)]) if enough.any() else None
