"""Would a gate catch a mistake? Changes the model in known ways, and checks each changed one as the file says.

Compared is the model taken apart and built again with a change, with the same built again without: so nothing but the
change differs. What passes is asked of Keras itself, in float64 and without the rest of kerasdiff: what changes nothing
is not missed.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from kerasdiff.checking.pool import run_all
from kerasdiff.checking.preparing import model_of, trouble_of
from kerasdiff.comparison import Comparison
from kerasdiff.errors import KerasdiffError
from kerasdiff.findings import RungName
from kerasdiff.gates.judging import judged, options_on
from kerasdiff.gates.mutants import Fate, Proof, Proved, Tried
from kerasdiff.gates.records import CheckedPair, Gate, Gates, Standing
from kerasdiff.options import Listener, Options
from kerasdiff.pipeline import compare
from kerasdiff.side.environment import for_numbers
from kerasdiff.side.mutations import Mutation
from kerasdiff.side.process import Worker
from kerasdiff.side.reading.early import check as check_target
from kerasdiff.side.reading.early import read_target
from kerasdiff.side.targets import Target

CHANGES = 30
"""How many changes are tried: about as many as there are kinds of them."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """A gate whose model is changed; ``target`` is the model as it is."""

    gate: Gate
    target: Target
    today: date

    def changed(self, key: str) -> Target:
        return replace(self.target, change=key)

    @property
    def options(self) -> Options:
        return options_on(self.gate, self.today)


def prove(gates: Gates, listener: Listener, *, today: date, jobs: int = 0, count: int = CHANGES) -> Proof:
    """Tries changes on the model of every pair: the candidate, which is the one that changes.

    Args:
        gates: The file, or those of its pairs that were asked for.
        listener: Told how many are done.
        today: What expired is not ignored any more.
        jobs: How many comparisons run at once.
        count: How many changes are tried on each model.
    """
    proved: list[Proved] = []
    for gate in gates.gates:
        one, cut_off = _proved(gate, gates.here, today, listener, jobs, count)
        proved.append(one)
        if cut_off:
            break
    return Proof(path=gates.path, gates=tuple(proved), interrupted=len(proved) < len(gates.gates) or cut_off)


def _proved(gate: Gate, here: str, today: date, listener: Listener, jobs: int, count: int) -> tuple[Proved, bool]:
    started = time.monotonic()
    listener.phase(f"{gate.name}: looking for changes")
    # What a pair is known for is no matter here: each change has to be told from no change.
    held = replace(gate, expect="equivalent", edits=None)
    try:
        target = model_of(gate, read_target(gate.candidate, here), "candidate", here)
        check_target(target, gate.options.inputs)
        subject = _Subject(held, target, today)
        mutations = _mutations(subject, count)
    except KerasdiffError as error:
        return Proved(gate=gate, trouble=trouble_of(error), seconds=time.monotonic() - started), False
    tasks = [partial(_tried, subject, mutation) for mutation in (_NO_CHANGE, *mutations)]
    outcomes, cut_off = run_all(tasks, jobs, lambda done: listener.phase(f"{gate.name}: {done} of {len(tasks)} tried"))
    changes = zip((_NO_CHANGE, *mutations), outcomes, strict=True)
    control, *tried = [None if outcome is None else _outcome(mutation, outcome) for mutation, outcome in changes]
    proved = Proved(
        gate=gate,
        tried=tuple(one for one in tried if one is not None),
        control=control is not None and control.fate is Fate.HARMLESS,
        seconds=time.monotonic() - started,
    )
    return proved, cut_off


def _outcome(mutation: Mutation, future: Future[Tried]) -> Tried:
    """What a thread found, or that kerasdiff failed in it."""
    error = future.exception()
    if error is None:
        return future.result()
    return Tried(mutation=mutation, fate=Fate.UNUSABLE, trouble=trouble_of(error))


_NO_CHANGE = Mutation(key="", operator="")


def _worker(subject: _Subject) -> Worker:
    options = subject.options
    return Worker(subject.target, options.inputs, options.timeout, "candidate", hardware=for_numbers(options.device))


def _mutations(subject: _Subject, count: int) -> tuple[Mutation, ...]:
    with _worker(subject) as worker:
        return worker.mutations(count, subject.options.seed)


def _tried(subject: _Subject, mutation: Mutation) -> Tried:
    started = time.monotonic()
    tried = Tried(mutation=mutation, fate=Fate.CAUGHT)
    try:
        # What takes longest tells no pair apart that is told apart without: fits, and what each edit does.
        comparison = _compared(subject, mutation, replace(subject.options, fit=False, explain=False))
        if comparison.verdict.outcome != "different":
            comparison = _compared(subject, mutation, subject.options)
        pair = judged(replace(subject.gate, ignores=()), comparison, subject.today)
        tried = replace(tried, rungs=_apart(comparison))
        if pair.standing is Standing.INCONCLUSIVE:
            tried = replace(tried, fate=Fate.STOPPED)
        elif pair.standing is Standing.PASSED:
            tried = _passed(subject, tried, pair, comparison)
    except KerasdiffError as error:
        tried = replace(tried, fate=Fate.UNUSABLE, trouble=trouble_of(error))
    return replace(tried, seconds=time.monotonic() - started)


def _compared(subject: _Subject, mutation: Mutation, options: Options) -> Comparison:
    return compare(subject.changed(""), subject.changed(mutation.key), options)


def _apart(comparison: Comparison) -> tuple[RungName, ...]:
    return tuple(rung.name for rung in comparison.rungs if rung.outcome == "different")


def _passed(subject: _Subject, tried: Tried, pair: CheckedPair, comparison: Comparison) -> Tried:
    """Why a change passes."""
    if comparison.verdict.outcome == "different":
        return replace(tried, fate=Fate.NOT_ASKED)
    hidden = tuple(name for name, counts in comparison.terms.hidden.items() if any(counts.values()))
    if subject.options.ignore:
        whole = _compared(subject, tried.mutation, replace(subject.options, ignore=()))
        if whole.verdict.outcome != "equivalent":
            return replace(tried, fate=Fate.IGNORED, ignored=hidden or subject.options.ignore, rungs=_apart(whole))
    if not tried.mutation.key:
        return replace(tried, fate=Fate.HARMLESS)
    with _worker(subject) as worker:
        seen = worker.parted(tried.mutation.key)
    if not seen:
        return replace(tried, fate=Fate.HARMLESS)
    return replace(tried, fate=Fate.MISSED, seen=seen)
