"""Do two models answer alike in distribution? Outputs of many draws as samples, where no number can be carried over.

A comparison has :data:`SECONDS`. How many draws that affords is measured on few, first on :data:`FIRST_COPIES`: of what
costs the same for any number nobody can tell by one measurement, so where one leaves it open there is a second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # which imports each of its parts when it is first used: most comparisons use none

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array, Precision
from kerasdiff.probing.prober import Prober, Run, both
from kerasdiff.side.observations import EvaluateRequest

COPIES = 2048
"""Copies of each row in one batch, each with random numbers of its own. The test tells noise of 0.5 from noise of 0.6
then; with 256 copies it did not tell it from 0.8."""

SECONDS = 10.0
"""What one comparison of samples may take. A model of a million parameters on small images affords some 100 copies."""

FIRST_COPIES = 8
"""Copies of each row by which the cost of one is measured first."""

MORE_COPIES = 8
"""How many times as many are tried next."""

FEWEST_COPIES = 128

MOST_VALUES = 1 << 22
"""Input values of such a batch at most: 32 MiB in float64."""

PROJECTIONS = 8
"""Random directions in which each output's sample is looked at; correlations between its entries show there."""

SAME_VALUE = 1e-6
"""Fraction of the largest below which two values of a sample are one: float32 rounds at 1e-7, 512 draws of a continuous
distribution lie 1e-3 apart."""

SMALLEST_P = 1e-6
"""Two samples of one distribution fall below this once in a million comparisons (two-sample Kolmogorov-Smirnov)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Outputs of both sides over many draws.

    Attributes:
        smallest_p: Over all tests.
        tests: Kolmogorov-Smirnov tests made: rows times directions times outputs.
        copies: Draws of each row.
        rows: Of the probe.
        ended: Whether they are fewer than there should be, as the time for it was spent.
    """

    smallest_p: float
    tests: int
    copies: int
    rows: int
    ended: bool = False

    @property
    def differ(self) -> bool:
        """Whether one of so many tests would not come out like this in a million comparisons of one distribution."""
        return self.smallest_p < SMALLEST_P / self.tests


def sample(prober: Prober, run: Run, *, training: bool) -> Samples | None:
    """Runs many copies of the first probe through both sides, as many as the time affords.

    Returns:
        ``None`` where the copies would take too much memory, or a side cannot be run on them.
    """
    probe = _few_rows(prober.batches[run.names[0]])
    if probe is None:
        return None
    rows, most = _rows(probe), _copies(probe)
    spent: list[Spent] = []
    outputs: tuple[tuple[Array, ...], ...] = ()
    try:
        while count := affordable(spent, most):
            started = time.monotonic()
            batches = tuple(np.repeat(batch, count, axis=0) if batch.ndim else batch for batch in probe)
            outputs = both(lambda side, b=batches: _outputs(prober, side, b, run.precision, training=training))  # type: ignore[misc]
            spent.append((count, time.monotonic() - started))
    except EvaluateError:
        return None
    count = spent[-1][0]
    values = [
        p
        for one, two in zip(*outputs, strict=False)
        if _is_sample(one, two, rows * count)
        for p in _p_values(one, two, rows)
    ]
    if not values:
        return None
    return Samples(smallest_p=min(1.0, *values), tests=len(values), copies=count, rows=rows, ended=count < most)


Spent = tuple[int, float]
"""How many copies of each row were run, and how many seconds that took."""


def affordable(spent: Sequence[Spent], most: int) -> int:
    """How many copies of each row are run next: ``most`` if the time affords it, 0 where more is not affordable.

    Of one measurement all is taken as the cost of copies; a second tells ``seconds = fixed + each * copies``.
    """
    if not spent:
        return min(FIRST_COPIES, most)
    count, seconds = spent[-1]
    left = SECONDS - sum(each for _, each in spent)
    if count >= most or left <= 0:
        return 0
    safe = int(count * left / max(seconds, 1e-9))
    if safe >= most:
        return most
    if len(spent) == 1:
        return _more(min(safe, MORE_COPIES * count), count)
    if len(spent) > 2:
        return 0
    before, first = spent[0]
    each = max((seconds - first) / (count - before), 1e-9)
    fixed = max(0.0, seconds - each * count)
    return _more(max(safe, min(most, int((left - fixed) / each))), count)


def _more(count: int, before: int) -> int:
    """A number of copies, 0 where it is none more than before."""
    return count if count > before else 0


def _few_rows(probe: tuple[Array, ...]) -> tuple[Array, ...] | None:
    """The probe, or its first row alone where copies of all would be too many; ``None`` where even that is too much."""
    if _rows(probe) and _copies(probe) < FEWEST_COPIES:
        probe = tuple(batch[:1] if batch.ndim else batch for batch in probe)
    return probe if _rows(probe) and _copies(probe) >= FEWEST_COPIES else None


def _rows(probe: tuple[Array, ...]) -> int:
    return max((len(batch) for batch in probe if batch.ndim), default=0)


def _is_sample(one: Array, two: Array, rows: int) -> bool:
    """Whether an output of both sides has a row for each of the input's."""
    return one.dtype.kind == "f" and one.shape == two.shape and bool(one.shape) and len(one) == rows


def _copies(probe: tuple[Array, ...]) -> int:
    """How often each row of a batch is drawn for."""
    return min(COPIES, MOST_VALUES // max(1, sum(batch.size for batch in probe)))


def _outputs(
    prober: Prober, side: int, probe: tuple[Array, ...], precision: Precision, *, training: bool
) -> tuple[Array, ...]:
    request = EvaluateRequest(
        recipes=prober.recipes[side], probes=(probe,), precision=precision, training=training, alone=True
    )
    return prober.sides[side].evaluate(request).outputs[0]


def _p_values(one: Array, two: Array, rows: int) -> list[float]:
    """P of each original row, in random directions."""
    flat = [value.reshape(rows, len(value) // rows, -1).astype(np.float64) for value in (one, two)]
    directions = np.random.default_rng(5).standard_normal((flat[0].shape[-1], PROJECTIONS))
    samples = [np.nan_to_num(value @ directions) for value in flat]
    pairs = ((samples[0][row, :, at], samples[1][row, :, at]) for row in range(rows) for at in range(PROJECTIONS))
    return [float(scipy.stats.ks_2samp(*_ranked(*pair), method="asymp").pvalue) for pair in pairs]


def _ranked(one: Array, two: Array) -> tuple[Array, Array]:
    """Both samples as ranks, values that only rounding tells apart as one: dropout gives few values, many times each.

    The test goes by order alone, so two values 1e-8 apart would part the samples as if they were far apart.
    """
    pooled = np.concatenate([one, two])
    order = np.argsort(pooled, kind="stable")
    ranks = np.empty(len(pooled), dtype=np.int64)
    ranks[order] = np.cumsum(np.diff(pooled[order], prepend=pooled[order[:1]]) > SAME_VALUE * np.max(np.abs(pooled)))
    return ranks[: len(one)], ranks[len(one) :]
