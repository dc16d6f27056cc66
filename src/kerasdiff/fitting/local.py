"""How do trials run on this machine? As many at once as its devices hold, and fewer where memory turns out short."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from kerasdiff.errors import OutOfMemoryError
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.trainers import Fitter, Starts, Told
from kerasdiff.graph.values import Array
from kerasdiff.side.training import FitPlan, Trial

Pair = tuple[Fitter, Fitter]

TRIALS = 4
"""Of a group at once: both sides and two controls."""


@dataclass(eq=False)
class _Member:
    """A worker that trains; it answers one question at a time."""

    fitter: Fitter
    asked: threading.Lock = field(default_factory=threading.Lock)


class _Lane:
    """Workers of both sides, for the trials of one seed after another."""

    def __init__(self, pair: Pair) -> None:
        self.members = tuple(_Member(fitter) for fitter in pair)
        self.trials: list[Future[Trial]] = []
        self._starts: dict[int, Mapping[str, Array]] = {}
        self._known = threading.Lock()

    def busy(self) -> bool:
        return not all(trial.done() for trial in self.trials)

    def start(self, seed: int, *, first: int) -> Mapping[str, Array]:
        """The reference's start, asked for once; that of the ``first`` seed is kept for the controls."""
        with self._known:
            if seed not in self._starts:
                member = self.members[0]
                with member.asked:
                    value = member.fitter.start(seed)
                self._starts = {seed: value, **{at: own for at, own in self._starts.items() if at == first}}
            return self._starts[seed]


class _Room:
    """Lets trials on the devices of this machine: side by side, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Beside others, but for one that wants to be alone."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside >= 0 and not self._waiting)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """After all others, and with none beside it."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._inside == 0)
            self._waiting -= 1
            self._inside = -1
        try:
            yield
        finally:
            with self._changed:
                self._inside = 0
                self._changed.notify_all()


class Local:
    """The workers of this machine: the trials of ``slots`` seeds at once, both sides and the control beside each other.

    A trial that finds no memory is run again alone, all other workers started anew, for TensorFlow gives back what it
    holds only when its process ends. After the first such trial the seeds take turns, after the second the trials do;
    only one that was alone and finds too little is an error. Its bits are the same wherever it runs.

    Args:
        sides: Reference and candidate.
        control: Starts the reference in another process, where a control is asked for.
        starts: What the candidate starts from.
        findings: Gets one where memory was short; grows while trials run.
        more: Starts another pair of workers, for the trials of another seed.
        slots: Seeds at once; 1 without ``more``.
    """

    def __init__(
        self,
        sides: Pair,
        control: Callable[[], AbstractContextManager[Fitter]],
        starts: Starts,
        findings: list[Finding],
        *,
        more: Callable[[], AbstractContextManager[Pair]] | None = None,
        slots: int = 1,
    ) -> None:
        self._start_control, self._starts, self._more = control, starts, more
        self._findings = findings
        self.slots = slots if more is not None else 1
        self.in_turn = False
        self._lanes = [_Lane(sides)]
        self._control: _Member | None = None
        self._first: int | None = None
        self._starting = threading.Lock()
        self._room = _Room()
        self._stack = ExitStack()
        self._pool = ThreadPoolExecutor(TRIALS * self.slots)

    def start(self, seed: int) -> Mapping[str, Array]:
        """The reference's start."""
        return self._lanes[0].start(seed, first=self._first_seed(seed))

    def submit(self, plans: Sequence[FitPlan], told: Told | None = None) -> tuple[Future[Trial], ...]:
        """Hands each plan to a worker of its side, all to those of one lane."""
        lane = self._lane()
        self._first_seed(plans[0].seed)
        lane.trials = [self._pool.submit(self._trained, lane, plan, told) for plan in plans]
        return tuple(lane.trials)

    def close(self) -> None:
        """Ends the workers that were started here; a trial still running ends with its worker."""
        self._stack.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _first_seed(self, seed: int) -> int:
        if self._first is None:
            self._first = seed
        return self._first

    def _lane(self) -> _Lane:
        """One whose workers are idle, a new one where there may be another, else the first."""
        free = [lane for lane in self._lanes[: self.slots] if not lane.busy()]
        if not free and len(self._lanes) < self.slots and self._more is not None:
            free = [_Lane(self._stack.enter_context(self._more()))]
            self._lanes += free
        return free[0] if free else self._lanes[0]

    def _trained(self, lane: _Lane, plan: FitPlan, told: Told | None) -> Trial:
        with self._room.shared():
            own = lane.start(plan.seed, first=self._first_seed(plan.seed))
        given = self._starts.given(plan, own)
        progress = None if told is None else partial(told, plan)
        member = self._member(lane, plan)
        with member.asked:
            alone = self.in_turn
            try:
                with self._room.alone() if alone else self._room.shared():
                    if alone:
                        self._renew()
                    return member.fitter.fit(given, progress)
            except OutOfMemoryError:
                if alone:
                    raise
            with self._room.alone():
                self._fewer()
                self._renew()
                again = replace(given, options=replace(given.options, fresh=False))
                return member.fitter.fit(again, progress)

    def _fewer(self) -> None:
        if self.slots > 1:
            self.slots = 1
        elif not self.in_turn:
            self.in_turn = True
            self._findings.append(Finding(fact=Fact.TRIALS_IN_TURN))

    def _renew(self) -> None:
        """Starts every worker anew; none is at work."""
        members = [member for lane in self._lanes for member in lane.members]
        for member in (*members, *([] if self._control is None else [self._control])):
            member.fitter.renew()

    def _member(self, lane: _Lane, plan: FitPlan) -> _Member:
        if plan.side in ("reference", "candidate"):
            return lane.members[plan.side == "candidate"]
        with self._starting:
            if self._control is None:
                self._control = _Member(self._stack.enter_context(self._start_control()))
            return self._control
