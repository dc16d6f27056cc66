"""Runs the pairs of a file of gates, several at once: while one is judged, the models of the next are loading.

The launcher imports TensorFlow once for all of them, and each pair forks its workers from it; so a pair costs what
loading and running its models costs. What a pair breaks is in its own processes, and said of it alone.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date
from pathlib import Path

from kerasdiff.data.readers import check as check_data
from kerasdiff.errors import InternalError, KerasdiffError
from kerasdiff.gates.judging import judged, options_on
from kerasdiff.gates.records import Checked, CheckedPair, Gate, Gates, Standing, Trouble, Why
from kerasdiff.options import Listener
from kerasdiff.pipeline import compare
from kerasdiff.side.process import stop_all
from kerasdiff.side.reading.early import check as check_target
from kerasdiff.side.reading.early import read_target
from kerasdiff.side.targets import Target

MOST_AT_ONCE = 8
"""Pairs at once, where nobody says: each holds two models, in two processes of some 500 MB."""

_LET_GO_S = 0.1
"""How often workers are stopped until the last thread has noticed: one may have been about to start another."""


def at_once() -> int:
    """How many pairs run at once: as many as there are cores, for each has a stretch in which one side waits."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_AT_ONCE, cores))


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
        jobs: How many run at once; 0 for :func:`at_once`.
        unchanged: Names of the pairs that need not be run.
        base: The revision that says which are.
    """
    known = {
        gate.name: CheckedPair(gate=gate, standing=Standing.UNCHANGED) for gate in gates.gates if gate.name in unchanged
    }
    left = [gate for gate in gates.gates if gate.name not in known]
    # Threads wait for workers; what is computed in them takes a tenth of a pair's time.
    pool = ThreadPoolExecutor(max_workers=max(1, jobs or at_once()), thread_name_prefix="pair")
    futures = {pool.submit(_checked, gate, reference, Path(gates.here), today): gate for gate in left}
    interrupted = False
    try:
        _wait(futures, listener)
    except KeyboardInterrupt:
        interrupted = True
        done = {future for future in futures if future.done()}
        _let_go(pool, futures)
        futures = {future: gate for future, gate in futures.items() if future in done}
    pool.shutdown()
    known |= {gate.name: _known(gate, future) for future, gate in futures.items()}
    pairs = tuple(known.get(gate.name) or CheckedPair(gate=gate, standing=Standing.NOT_RUN) for gate in gates.gates)
    return Checked(path=gates.path, pairs=pairs, today=today, base=base, interrupted=interrupted)


def _wait(futures: Collection[Future[CheckedPair]], listener: Listener) -> None:
    waiting = set(futures)
    while waiting:
        count = len(futures) - len(waiting)
        listener.phase(f"checking: {count} of {len(futures)} pairs done")
        waiting = wait(waiting, return_when=FIRST_COMPLETED).not_done


def _let_go(pool: ThreadPoolExecutor, futures: Collection[Future[CheckedPair]]) -> None:
    """Ends what is running; nothing more begins."""
    pool.shutdown(wait=False, cancel_futures=True)
    while wait(futures, timeout=_LET_GO_S).not_done:
        stop_all()


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
