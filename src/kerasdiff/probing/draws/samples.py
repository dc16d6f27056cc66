"""Do two models answer alike in distribution? Outputs of many draws as samples, where no number can be carried over.

A comparison has :data:`SECONDS`. How many draws that affords is measured on few, first on :data:`FIRST_COPIES`: of what
costs the same for any number nobody can tell by one measurement, so where one leaves it open there is a second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.graph.chance import AXES, Axis
from kerasdiff.graph.values import Array, Precision
from kerasdiff.probing.draws.apart import SMALLEST_P, Look, drawn_together, looks
from kerasdiff.probing.draws.slopes import repeated, slopes_apart
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

CALLS = 128
"""Calls over which the copies are spread: what a call draws once for the whole batch shows in several calls alone.
A normal number that is drawn once a batch shows in 128 of them with a p below 1e-9, in 64 below 1e-4."""

MOST_CALLS = 1024
"""Calls where each is one draw, as of a number for the whole batch."""

SLOPES = 512
"""Copies of each row of which gradients by the inputs are taken, which cost some calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Outputs of both sides over many draws, and how inputs move them, which shows what a mask keeps of each input.

    Attributes:
        smallest_p: Over all tests.
        tests: Tests made: of rows and directions, and of axes, of each output and each input.
        copies: Draws of each row.
        rows: Of the probe.
        ended: Whether they are fewer than there should be, as the time for it was spent.
        values: Whether values differ in distribution.
        over: The axes over which values vary together otherwise; those of an input, where outputs do not tell.
        of_inputs: Whether only how inputs move the outputs tells the sides apart.
    """

    smallest_p: float
    tests: int
    copies: int
    rows: int
    ended: bool = False
    values: bool = False
    over: tuple[Axis, ...] = ()
    of_inputs: bool = False

    @property
    def differ(self) -> bool:
        """Whether one of so many tests would not come out like this in a million comparisons of one distribution."""
        return self.smallest_p < SMALLEST_P / self.tests


def sample(prober: Prober, pair: Pair, run: Run, *, training: bool) -> Samples | None:
    """Runs many copies of the first probe through both sides, as many as the time affords.

    Returns:
        ``None`` where the copies would take too much memory, or a side cannot be run on them.
    """
    probe = _few_rows(prober.batches[run.names[0]])
    if probe is None:
        return None
    rows, most = _rows(probe), _copies(probe)
    spent: list[Spent] = []
    outputs: tuple[Outputs, Outputs] = ((), ())
    try:
        while count := affordable(spent, most):
            started = time.monotonic()
            outputs = both(lambda side, n=count: _outputs(prober, side, probe, n, run.precision, training=training))  # type: ignore[misc]
            spent.append((count, time.monotonic() - started))
        count, seconds = spent[-1]
        sides = _by_sides(outputs, rows)
        calls = min(MOST_CALLS, int(CALLS * SECONDS / max(seconds, 1e-9)), count // 2)
        if calls > CALLS and any(drawn_together(*pair) for pair in sides):
            outputs = both(
                lambda side: _outputs(prober, side, probe, count, run.precision, training=training, calls=calls)
            )
            sides = _by_sides(outputs, rows)
    except EvaluateError:
        return None
    of_outputs = [look for one, two in sides for look in looks(one, two)]
    if not of_outputs:
        return None
    of_inputs: list[Look] = []
    if not any(drawn_together(*pair) for pair in sides):
        firsts = outputs[0][0], outputs[1][0]
        of_inputs = slopes_apart(prober, pair, run, probe, min(count, SLOPES), firsts, training=training)
    return _told(of_outputs, of_inputs, copies=count, rows=rows, ended=count < most)


def _told(of_outputs: Sequence[Look], of_inputs: Sequence[Look], *, copies: int, rows: int, ended: bool) -> Samples:
    """What the tests say, all held to one limit."""
    limit = SMALLEST_P / (len(of_outputs) + len(of_inputs))
    apart = [[one for one in some if one.p < limit] for some in (of_outputs, of_inputs)]
    told = apart[0] or apart[1]
    return Samples(
        smallest_p=min(1.0, *(one.p for one in (*of_outputs, *of_inputs))),
        tests=len(of_outputs) + len(of_inputs),
        copies=copies,
        rows=rows,
        ended=ended,
        values=any(one.over is None for one in told),
        over=tuple(axis for axis in AXES if any(one.over == axis for one in told)),
        of_inputs=bool(told) and not apart[0],
    )


Outputs = tuple[tuple[Array, ...], ...]
"""Call by call, the outputs of a side."""

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


def _is_sample(one: Array, two: Array) -> bool:
    """Whether an output of both sides has a row for each of the input's."""
    return one.dtype.kind == "f" and one.shape == two.shape and one.ndim > 2


def _by_sides(outputs: tuple[Outputs, Outputs], rows: int) -> list[tuple[Array, Array]]:
    """The outputs of both sides that are samples."""
    both_sides = zip(*(_by_call(side, rows) for side in outputs), strict=False)
    return [(one, two) for one, two in both_sides if _is_sample(one, two)]


def _by_call(calls: Outputs, rows: int) -> list[Array]:
    """Each output as ``(calls, rows, copies, ...)``; what has no row for each of the input's has no axes."""
    found = []
    for values in zip(*calls, strict=True):
        whole = all(value.ndim and len(value) and len(value) % rows == 0 for value in values)
        stacked = np.stack(values)
        found.append(stacked.reshape(len(values), rows, -1, *stacked.shape[2:]) if whole else np.zeros(()))
    return found


def _copies(probe: tuple[Array, ...]) -> int:
    """How often each row of a batch is drawn for."""
    return min(COPIES, MOST_VALUES // max(1, sum(batch.size for batch in probe)))


def _outputs(
    prober: Prober,
    side: int,
    probe: tuple[Array, ...],
    copies: int,
    precision: Precision,
    *,
    training: bool,
    calls: int = CALLS,
) -> Outputs:
    """The outputs of every call, on copies of each row.

    The tests take two samples that know nothing of each other. Both sides may draw from one stream, as long as threads
    do not mix it up, so the candidate's begins a call later.
    """
    each = max(2, copies // calls)
    request = EvaluateRequest(
        recipes=prober.recipes[side],
        probes=(repeated(probe, each),) * (max(1, copies // each) + side),
        precision=precision,
        training=training,
        alone=True,
    )
    return prober.sides[side].evaluate(request).outputs[side:]
