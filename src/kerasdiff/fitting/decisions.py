"""What do the paired differences of a fit say? The answer of :mod:`kerasdiff.fitting.statistics`, which computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["equivalent", "different", "inconclusive"]
Way = Literal["above", "below"]

DEFAULT_MARGIN = 0.01
"""One point of accuracy, as a fraction: 2.2 times the standard error of an accuracy of 0.7 on CIFAR-10's 10,000 test
images, ``sqrt(0.7 * 0.3 / 10_000) = 0.0046``, so that another draw of test images could bring about what is smaller.
Runs of one model differ by such independent errors on the test set and hardly in the distribution: K. Jordan, "On the
Variance of Neural Network Training with respect to Test Sets and Distributions" (2023), arXiv:2304.01910."""

POWER = 0.8
"""The chance of a decision that `Decision.seeds_needed` asks for: the convention of J. Cohen, "Statistical Power
Analysis for the Behavioral Sciences" (1988)."""

MOST_PAIRS = 100
"""Beyond this many pairs `Decision.seeds_needed` says none: at a minute a pair they take over an hour and a half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the differences say, with the figures it rests on; every figure is of the first ``pairs`` differences.

    ``None`` where a figure does not exist: with one pair, or where a difference is not finite. The p values are those
    of a single test; they are held against the look's share of alpha.

    Attributes:
        outcome: As the module says.
        pairs: Differences judged: those up to the look that decided, else all that the plan covers.
        mean, deviation: Of the differences; NaN and ``None`` where one is not finite. The deviation divides by n - 1.
        interval, level: Confidence interval of the mean and its level as a fraction. The level is the one that decides,
            so that the interval shows the outcome: ``1 - 2 * alpha_k`` (TOST) where that interval lies within the
            margin, else ``1 - alpha_k``; between two looks, of the next.
        margin: As planned.
        p_lower, p_upper: One-sided t tests that the mean is at most ``-margin``, and at least ``margin``.
        p_different: Two-sided test that the mean (a sign test: the median) is within the margin.
        p_sign_flip: As `sign_flip`.
        effect_size: Cohen's d_z, ``mean / deviation``, not corrected; ``None`` where the deviation is 0.
        seeds_needed: Pairs of a new plan that decides with chance `POWER` or more, were mean and deviation the observed
            ones (a sign test: if the same fraction stays beyond the margin); ``None`` where decided, unknown, or
            more than `MOST_PAIRS`.
        infinite: Differences that are not finite.
        leading, way: Where some are not: how many lie beyond the margin on the side that has more, and which it is.
        next_look: Pairs after which the next decision is tried; ``None`` where this is a look.
    """

    outcome: Outcome
    pairs: int
    mean: float
    deviation: float | None
    interval: tuple[float, float] | None
    level: float
    margin: float
    p_lower: float | None
    p_upper: float | None
    p_different: float | None
    p_sign_flip: float | None
    effect_size: float | None
    seeds_needed: int | None
    infinite: int = 0
    leading: int = 0
    way: Way = "above"
    next_look: int | None = None
