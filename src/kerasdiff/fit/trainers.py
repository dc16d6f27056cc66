"""Who runs trials? The workers of this machine, or a cluster's: an experiment hands them over and waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from kerasdiff.graph import Weight
from kerasdiff.graph.values import Array
from kerasdiff.side.training import FitPlan, Progress, Tick, Trial

Told = Callable[[FitPlan, Tick], None]
"""Hears how far the trial of a plan is; may be called from several threads."""


class Trainers(Protocol):
    """Those who run trials, however many at once.

    A plan handed to them says whose trial it is and its seed, and leaves the start open: that follows from both, by
    `Starts`, and is made where the trial runs.
    """

    @property
    def slots(self) -> int:
        """How many groups of trials are worth handing over before any of them has ended; at least 1."""

    @property
    def in_turn(self) -> bool:
        """Whether the trials of a group run one after the other."""

    def start(self, seed: int) -> Mapping[str, Array]:
        """The reference's starting weights, by id; asked for while no trial is under way."""

    def submit(self, plans: Sequence[FitPlan], told: Told | None = None) -> tuple[Future[Trial], ...]:
        """Hands over trials that share a seed and run on the same machine; returns at once, one future a plan."""

    def close(self) -> None:
        """Ends what is still under way, without waiting for it; harmless when repeated."""


class Fitter(Protocol):
    """What `Local` needs of a side."""

    def start(self, seed: int) -> Mapping[str, Array]: ...

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """From which weights the trials of a seed start, given the reference's.

    Attributes:
        weights: Reference weight id to the candidate's weight that starts from the same values; empty where each model
            draws its own.
        transposed: The candidate's weights that hold the transposed matrix of their counterpart.
    """

    weights: Mapping[str, Weight] = field(default_factory=dict)
    transposed: Set[str] = frozenset()

    def given(self, plan: FitPlan, own: Mapping[str, Array]) -> FitPlan:
        """The plan with its start; ``own`` is the reference's for that seed."""
        if plan.side != "candidate":
            return replace(plan, start=own)
        start = {two.id: self._laid_out(own[one], two) for one, two in self.weights.items() if one in own}
        return replace(plan, start=start)

    def _laid_out(self, value: Array, weight: Weight) -> Array:
        """A value of the reference as the candidate's weight holds it."""
        return (value.T if weight.id in self.transposed else value).reshape(weight.shape)


class Local:
    """The workers of this machine: one trial pair at a time, and the control beside it.

    Args:
        sides: Reference and candidate.
        control: Starts the reference in another process, where a control is asked for.
        starts: What the candidate starts from.
        in_turn: Whether one trial runs at a time (a GPU).
    """

    slots = 1

    def __init__(
        self,
        sides: tuple[Fitter, Fitter],
        control: Callable[[], AbstractContextManager[Fitter]],
        starts: Starts,
        *,
        in_turn: bool = False,
    ) -> None:
        self._sides, self._start_control, self._starts, self.in_turn = sides, control, starts, in_turn
        self._own: dict[int, Mapping[str, Array]] = {}
        self._control: Fitter | None = None
        self._stack = ExitStack()
        self._pool = ThreadPoolExecutor(1 if in_turn else 3)

    def start(self, seed: int) -> Mapping[str, Array]:
        """The reference's start, asked for once: a side answers one question at a time."""
        if seed not in self._own:
            self._own = {seed: self._sides[0].start(seed)}
        return self._own[seed]

    def submit(self, plans: Sequence[FitPlan], told: Told | None = None) -> tuple[Future[Trial], ...]:
        """Hands each plan to its side's worker."""
        own = self.start(plans[0].seed)
        ready = [(self._fitter(plan), self._starts.given(plan, own), plan) for plan in plans]
        return tuple(
            self._pool.submit(fitter.fit, given, None if told is None else partial(told, plan))
            for fitter, given, plan in ready
        )

    def close(self) -> None:
        """Ends the control; a trial still running ends with its worker, which its owner closes."""
        self._stack.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fitter(self, plan: FitPlan) -> Fitter:
        if plan.side in ("reference", "candidate"):
            return self._sides[plan.side == "candidate"]
        if self._control is None:
            self._control = self._stack.enter_context(self._start_control())
        return self._control
