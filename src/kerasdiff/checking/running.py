"""Checks the pairs of a file of gates.

The launcher imports TensorFlow once for all of them, and each pair forks its workers from it; so a pair costs what
loading and running its models costs. What a pair breaks is in its own processes, and said of it alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from functools import partial

from kerasdiff.checking.pool import run_all
from kerasdiff.checking.preparing import Ready, trouble_of, unusable
from kerasdiff.errors import KerasdiffError
from kerasdiff.gates.judging import judged, options_on
from kerasdiff.gates.records import Checked, CheckedPair, Gate, Standing
from kerasdiff.options import Listener
from kerasdiff.pipeline import compare


def check(
    path: str,
    pairs: Sequence[Ready],
    listener: Listener,
    *,
    today: date,
    jobs: int = 0,
    unchanged: Collection[str] = (),
    base: str = "",
) -> Checked:
    """Checks pairs.

    Args:
        path: The file of gates, as it is shown.
        pairs: All that were asked for.
        listener: Told how many are done.
        today: What expired is not ignored any more.
        jobs: How many run at once; 0 for one a core.
        unchanged: Names of the pairs that need not be run.
        base: The revision that says which are.
    """
    known: dict[str, CheckedPair] = {}
    tasks: dict[str, Callable[[], CheckedPair]] = {}
    for pair in pairs:
        gate = pair.gate
        if gate.name in unchanged:
            known[gate.name] = CheckedPair(gate=gate, standing=Standing.UNCHANGED)
        elif pair.trouble is not None:
            known[gate.name] = unusable(gate, pair.trouble)
        else:
            known[gate.name] = CheckedPair(gate=gate, standing=Standing.NOT_RUN)
            tasks[gate.name] = partial(_checked, pair, today)
    told = f"of {len(tasks)} pairs checked"
    outcomes, cut_off = run_all([*tasks.values()], jobs, lambda done: listener.phase(f"{done} {told}"))
    for name, outcome in zip(tasks, outcomes, strict=True):
        if outcome is not None:
            known[name] = _outcome(known[name].gate, outcome)
    return Checked(path=path, pairs=tuple(known.values()), today=today, base=base, interrupted=cut_off)


def _outcome(gate: Gate, future: Future[CheckedPair]) -> CheckedPair:
    """What a thread found, or that kerasdiff failed in it."""
    error = future.exception()
    return future.result() if error is None else unusable(gate, trouble_of(error))


def _checked(pair: Ready, today: date) -> CheckedPair:
    started = time.monotonic()
    first, second = pair.targets
    try:
        checked = judged(pair.gate, compare(first, second, options_on(pair.gate, today)), today)
    except KerasdiffError as error:
        checked = unusable(pair.gate, trouble_of(error))
    return replace(checked, seconds=time.monotonic() - started)
