"""Who runs trials? The workers of this machine, or a cluster's: an experiment hands them over and waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
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
    """What trains one side on this machine."""

    def start(self, seed: int) -> Mapping[str, Array]: ...

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial: ...

    def renew(self) -> None:
        """Gives back all memory, on the device too; what is asked next is answered as before."""


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
