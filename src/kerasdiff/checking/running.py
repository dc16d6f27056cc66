"""Checks the pairs of a file of gates.

The launcher imports TensorFlow once for all of them, and each pair forks its workers from it; so a pair costs what
loading and running its models costs. What a pair breaks is in its own processes, and said of it alone.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from kerasdiff.checking.pool import run_all
from kerasdiff.data.readers import check as check_data
from kerasdiff.errors import InternalError, KerasdiffError
from kerasdiff.gates.judging import judged, options_on
from kerasdiff.gates.records import Checked, CheckedPair, Gate, Gates, Standing, Trouble, Why
from kerasdiff.options import Listener
from kerasdiff.pipeline import compare
from kerasdiff.side.reading.early import check as check_target
from kerasdiff.side.reading.early import read_target
from kerasdiff.side.targets import Target


def check(
    gates: Gates,
    listener: Listener,
    *,
    today: date,
    reference: Callable[[Gate], Target],
    jobs: int = 0,
    unchanged: Collection[str] = (),
    base: str = "",
) -> Checked:
    """Checks all pairs.

    Args:
        gates: The file, or those of its pairs that were asked for.
        listener: Told how many are done.
        today: What expired is not ignored any more.
        reference: The reference of a pair.
        jobs: How many run at once; 0 for one a core.
        unchanged: Names of the pairs that need not be run.
        base: The revision that says which are.
    """
    known = {
        gate.name: CheckedPair(gate=gate, standing=Standing.UNCHANGED) for gate in gates.gates if gate.name in unchanged
    }
    left = [gate for gate in gates.gates if gate.name not in known]
    tasks = [partial(_checked, gate, reference, Path(gates.here), today) for gate in left]
    outcomes, cut_off = run_all(tasks, jobs, lambda done: listener.phase(f"{done} of {len(tasks)} pairs checked"))
    known |= {gate.name: _known(gate, outcome) for gate, outcome in zip(left, outcomes, strict=True) if outcome}
    pairs = tuple(known.get(gate.name) or CheckedPair(gate=gate, standing=Standing.NOT_RUN) for gate in gates.gates)
    return Checked(path=gates.path, pairs=pairs, today=today, base=base, interrupted=cut_off)


def _known(gate: Gate, future: Future[CheckedPair]) -> CheckedPair:
    """What a thread found, or that kerasdiff failed in it."""
    error = future.exception()
    if error is None:
        return future.result()
    told = Trouble(
        message=f"kerasdiff itself failed ({type(error).__name__}: {error}); this is a bug.",
        details="".join(traceback.format_exception(type(error), error, error.__traceback__)),
        internal=True,
    )
    return CheckedPair(gate=gate, standing=Standing.UNUSABLE, why=Why.TROUBLE, trouble=told)


def _checked(gate: Gate, reference: Callable[[Gate], Target], here: Path, today: date) -> CheckedPair:
    started = time.monotonic()
    try:
        options = options_on(gate, today)
        targets = (reference(gate), read_target(gate.candidate, str(here)))
        if options.data is not None:
            check_data(Path(options.data))
        for target in targets:
            check_target(target, options.inputs)
        pair = judged(gate, compare(*targets, options), today)
    except KerasdiffError as error:
        trouble = Trouble(message=error.message, details=error.details, internal=isinstance(error, InternalError))
        pair = CheckedPair(gate=gate, standing=Standing.UNUSABLE, why=Why.TROUBLE, trouble=trouble)
    return replace(pair, seconds=time.monotonic() - started)
