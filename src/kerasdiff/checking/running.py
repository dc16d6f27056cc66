"""Checks the pairs of a file of gates.

The launcher imports TensorFlow once for all of them, and each pair forks its workers from it; so a pair costs what
loading and running its models costs. What a pair breaks is in its own processes, and said of it alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial

from kerasdiff.checking.pool import run_all
from kerasdiff.checking.preparing import Ready, trouble_of, unusable
from kerasdiff.comparison import Comparison
from kerasdiff.errors import KerasdiffError
from kerasdiff.fitting.cluster.connect import connected
from kerasdiff.gates.judging import judged, options_on
from kerasdiff.gates.records import Checked, CheckedPair, Gate, Standing
from kerasdiff.options import ClusterOptions, Listener, Options
from kerasdiff.pipeline import compare
from kerasdiff.side.process import stop_all
from kerasdiff.side.targets import Target

Compare = Callable[[Target, Target, Options], Comparison]
"""Compares two models, here or elsewhere."""


def check(
    path: str,
    pairs: Sequence[Ready],
    listener: Listener,
    *,
    today: date,
    jobs: int = 0,
    unchanged: Collection[str] = (),
    base: str = "",
    cluster: ClusterOptions | None = None,
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
        cluster: Where pairs run, if not on this machine.

    Raises:
        ClusterError: If the cluster cannot be used.
    """
    known: dict[str, CheckedPair] = {}
    run: list[Ready] = []
    for pair in pairs:
        gate = pair.gate
        if gate.name in unchanged:
            known[gate.name] = CheckedPair(gate=gate, standing=Standing.UNCHANGED)
        elif pair.trouble is not None:
            known[gate.name] = unusable(gate, pair.trouble)
        else:
            known[gate.name] = CheckedPair(gate=gate, standing=Standing.NOT_RUN)
            run.append(pair)
    with ExitStack() as stack:
        compared, slots, stop = _comparing(run, cluster, stack, listener)
        tasks = [partial(_checked, pair, today, compared) for pair in run]
        told = f"of {len(tasks)} pairs checked"
        outcomes, cut_off = run_all(tasks, jobs or slots, lambda done: listener.phase(f"{done} {told}"), stop)
    for pair, outcome in zip(run, outcomes, strict=True):
        if outcome is not None:
            known[pair.gate.name] = _outcome(pair.gate, outcome)
    return Checked(path=path, pairs=tuple(known.values()), today=today, base=base, interrupted=cut_off)


def _comparing(
    pairs: Sequence[Ready], cluster: ClusterOptions | None, stack: ExitStack, listener: Listener
) -> tuple[Compare, int, Callable[[], None]]:
    """What compares a pair, how many at once (0 for one a core), and what ends those that are under way.

    A pair of another Python is compared here: what its nodes have of it, a cluster does not say.
    """
    pairs = [pair for pair in pairs if not any(target.python for target in pair.targets)]
    if cluster is None or not pairs:
        return compare, 0, stop_all
    from kerasdiff.checking.spread import Spread

    listener.phase("connecting to the cluster")
    data = sorted({pair.gate.options.data for pair in pairs if pair.gate.options.data is not None})
    targets = tuple(dict.fromkeys(target for pair in pairs for target in pair.targets))
    there = stack.enter_context(connected(cluster, targets, data))
    spread = Spread(there, data)

    def compared(reference: Target, candidate: Target, options: Options) -> Comparison:
        here = reference.python or candidate.python
        return (compare if here else spread.compare)(reference, candidate, options)

    def stop() -> None:
        spread.close()
        stop_all()

    return compared, there.slots, stop


def _outcome(gate: Gate, future: Future[CheckedPair]) -> CheckedPair:
    """What a thread found, or that kerasdiff failed in it."""
    error = future.exception()
    return future.result() if error is None else unusable(gate, trouble_of(error))


def _checked(pair: Ready, today: date, compared: Compare) -> CheckedPair:
    started = time.monotonic()
    first, second = pair.targets
    try:
        checked = judged(pair.gate, compared(first, second, options_on(pair.gate, today)), today)
    except KerasdiffError as error:
        checked = unusable(pair.gate, trouble_of(error))
    return replace(checked, seconds=time.monotonic() - started)
