"""What tells two samples of random values apart? How values spread, and what varies together with what.

A mask that is drawn once a sequence gives each value the distribution that one drawn for each time step gives it: only
that values of one sequence vary together tells. So beside the distribution of values (along random directions) it is
compared how values of one call vary together over the rows of the batch, and over each further axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # which imports each of its parts when it is first used: most comparisons use none

from kerasdiff.graph.chance import Axis, axes_of
from kerasdiff.graph.values import Array

PROJECTIONS = 8
"""Random directions in which each output's sample is looked at; correlations between its entries show there."""

SAME_VALUE = 1e-6
"""Fraction of the largest below which two values of a sample are one: float32 rounds at 1e-7, 512 draws of a continuous
distribution lie 1e-3 apart."""

SMALLEST_P = 1e-6
"""Two samples of one distribution fall below this once in a million comparisons, over all looks at them together."""

TOGETHER = 5.0
"""Standard errors from which on the rows of a batch count as varying together: then they are no draws of their own."""

FEWEST_CALLS = 8
"""Calls by which it can be told whether the rows of a batch vary together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One test of two samples.

    Attributes:
        p: Its p, or a bound of it.
        over: Over which axis it looks at what varies together; ``None`` where it looks at values.
    """

    p: float
    over: Axis | None = None


def looks(one: Array, two: Array) -> list[Look]:
    """The looks at an output of both sides.

    Args:
        one: Shape ``(calls, rows, copies, *dims)``: copies of each row in one batch, which is drawn for in each call.
        two: Same shape.
    """
    sides, along = _by_row(one, two)
    calls = _of_calls(along)
    found = [Look(p=_of_means(*calls), over="row")] if one.shape[2] > 1 and one.shape[0] >= FEWEST_CALLS else []
    if any(map(_above_none, calls)):  # of a batch, one copy alone is a draw
        sides, along = ([value[:, :, :1] for value in values] for values in (sides, along))
    drawn = [value.reshape(len(value), -1, PROJECTIONS) for value in along]
    found += [Look(p=_p(a[:, at], b[:, at])) for a, b in zip(*drawn, strict=True) for at in range(PROJECTIONS)]
    return [*found, *_over_axes([value.reshape(len(value), -1, *value.shape[3:]) for value in sides])]


def drawn_together(one: Array, two: Array) -> bool:
    """Whether copies of a row in one batch are no draws of their own, on either side: shapes as of :func:`looks`."""
    return any(map(_above_none, _of_calls(_by_row(one, two)[1])))


def _by_row(one: Array, two: Array) -> tuple[list[Array], list[Array]]:
    """Values of both sides with their rows first, and the same along random directions."""
    sides = [np.moveaxis(np.nan_to_num(value.astype(np.float64)), 1, 0) for value in (one, two)]
    directions = np.random.default_rng(5).standard_normal((int(np.prod(one.shape[3:])), PROJECTIONS))
    return sides, [value.reshape(*value.shape[:3], -1) @ directions for value in sides]


def _of_calls(along: Sequence[Array]) -> list[Array]:
    """Call by call, the mean product of two copies of a row in one batch, of standard values."""
    standard = _standard(along, axes=(1, 2))
    pairs = max(1, along[0].shape[2] * (along[0].shape[2] - 1))
    return [np.asarray((value.sum(2) ** 2 - (value**2).sum(2)).mean(axis=(0, 2)) / pairs) for value in standard]


def _over_axes(sides: Sequence[Array]) -> Iterator[Look]:
    """A test for each axis behind the batch: what values along it have in common, of all rows, draw by draw."""
    names = axes_of(sides[0].ndim - 1)[1:]
    standard = _standard(sides, axes=(1,))
    for number, name in enumerate(names):
        if sides[0].shape[number + 2] > 1:
            yield Look(p=_of_means(*(_in_common(value, number + 2) for value in standard)), over=name)


def _in_common(values: Array, axis: int) -> Array:
    """Draw by draw, the mean product of two values along an axis, over all else: their correlation, in the mean."""
    products = values.sum(axis) ** 2 - (values**2).sum(axis)
    return np.asarray(products.mean(axis=(0, *range(2, products.ndim))))


def _above_none(products: Array) -> bool:
    """Whether the mean of products is above 0 for sure."""
    if len(products) < 2:
        return False
    error = float(products.std(ddof=1)) / np.sqrt(len(products))
    return bool(float(products.mean()) > TOGETHER * error > 0)


def _standard(sides: Sequence[Array], axes: tuple[int, ...]) -> list[Array]:
    """Values of both sides as deviations from the mean of both, over their spread; 0 where there is none."""
    both = np.concatenate(sides, axis=1)
    mean, spread = both.mean(axis=axes, keepdims=True), both.std(axis=axes, keepdims=True)
    least = SAME_VALUE * float(np.max(np.abs(both), initial=0.0))
    return [np.where(spread > least, value - mean, 0.0) / np.where(spread > least, spread, 1.0) for value in sides]


def _of_means(one: Array, two: Array) -> float:
    """A bound of the p of two means: ``2 exp(-(sum d)^2 / (2 sum d^2))`` for the differences ``d``, draw by draw.

    Of one distribution they are as likely with either sign, whatever it is (Hoeffding's inequality, given their sizes).
    """
    apart = one - two
    squares = float((apart**2).sum())
    return min(1.0, 2.0 * float(np.exp(-(float(apart.sum()) ** 2) / (2.0 * squares)))) if squares else 1.0


def _p(one: Array, two: Array) -> float:
    ranked = _ranked(np.ravel(one), np.ravel(two))
    return float(scipy.stats.ks_2samp(*ranked, method="asymp").pvalue)


def _ranked(one: Array, two: Array) -> tuple[Array, Array]:
    """Both samples as ranks, values that only rounding tells apart as one: dropout gives few values, many times each.

    The test goes by order alone, so two values 1e-8 apart would part the samples as if they were far apart.
    """
    pooled = np.concatenate([one, two])
    order = np.argsort(pooled, kind="stable")
    ranks = np.empty(len(pooled), dtype=np.int64)
    ranks[order] = np.cumsum(np.diff(pooled[order], prepend=pooled[order[:1]]) > SAME_VALUE * np.max(np.abs(pooled)))
    return ranks[: len(one)], ranks[len(one) :]
