"""Same outcome? Seeded trial pairs, until they decide, and the reference against itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Protocol

from kerasdiff.errors import WorkerError
from kerasdiff.fit.budget import Pace, Remembered, afford
from kerasdiff.fit.statistics import Decision
from kerasdiff.fit.trajectories import first_epoch_apart, identical, may_be_rounding
from kerasdiff.fit.trials import FitEvidence, Trajectory, TrialSide
from kerasdiff.graph import Weight
from kerasdiff.options import FitOptions, Listener
from kerasdiff.rungs.fit import evidence
from kerasdiff.side.records import Array, Epoch, FitPlan, Progress, Tick, Trial

NUDGE_SEED = 0
PROBE_STEPS = 8
"""Steps that the pace of a fit with a budget is measured on: half a second for the forum pair."""


class Fitter(Protocol):
    """What an experiment needs of a side."""

    def start(self, seed: int) -> Mapping[str, Array]: ...

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial: ...


class Interrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C; ``known`` is what the fit had shown by then, if anything."""

    def __init__(self, known: FitEvidence | None) -> None:
        super().__init__()
        self.known = known


class Experiment:
    """The trial pairs of two models.

    Args:
        sides: Reference and candidate.
        control: Opens the reference in another process.
        weights: Reference weight id to the candidate's weight that starts from the same values.
        data: As :class:`FitPlan` takes it.
        options: Seeds, length, margin.
        listener: Told of everything.
        notes: Sentences for the report; grows while trials run.
        transposed: The candidate's weights that hold the transposed matrix of their counterpart.
        alike: Whether the two are expected to agree to the last bit: then the control waits until they do not.
        serial: Whether one trial runs at a time (a GPU).
    """

    def __init__(
        self,
        sides: tuple[Fitter, Fitter],
        control: Callable[[], AbstractContextManager[Fitter]],
        weights: Mapping[str, Weight],
        data: str,
        options: FitOptions,
        listener: Listener,
        notes: list[str],
        *,
        transposed: Set[str] = frozenset(),
        alike: bool = False,
        serial: bool = False,
    ) -> None:
        self._sides, self._open, self._weights, self._transposed_weights = sides, control, weights, transposed
        self._data, self._options, self._listener = data, options, listener
        self._alike, self._serial = alike, serial
        self._pairs: list[tuple[Trial, Trial]] = []
        self._controls: dict[TrialSide, Trial] = {}
        self._running: dict[TrialSide, list[Tick]] = {}
        self._seed = options.seeds[0]
        self._notes = notes
        self._starts: dict[int, Mapping[str, Array]] = {}
        self._stopped = ""
        self._began = time.monotonic()
        self._stack = ExitStack()
        self._fitter: Fitter | None = None
        self._pool = ThreadPoolExecutor(1 if serial else 3)

    def run(self) -> FitEvidence:
        """Trains pair after pair until they decide, the seeds are used up, or the budget is spent.

        Raises:
            FitError: If a side cannot be trained on the data.
            WorkerError: If a worker ended twice before anything was known.
            Interrupted: On Ctrl-C.
        """
        try:
            with self._stack:
                return self._run()
        except KeyboardInterrupt:
            raise Interrupted(self._known()) from None
        except WorkerError as error:
            self._stopped = error.message
            known = self._known()
            if known is None or not self._pairs:
                raise
            return known
        finally:
            # Not waited for: a trial still running ends with its worker, which its owner closes.
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> FitEvidence:
        options = self._options
        if options.budget is not None:
            self._plan_budget(options.budget)
        seeds = self._options.seeds
        for number, seed in enumerate(seeds, start=1):
            if number > 1 and self._late():
                self._stopped = f"the budget of {options.budget:g} s is spent after {number - 1} of {len(seeds)} seeds"
                break
            self._listener.fit_started(seed, number, len(seeds))
            self._pair(seed, first=number == 1)
            if number == 1:
                if identical(*self._pairs[0]):
                    break
                if not self._options.own_init:  # from other weights trajectories part in any case
                    self._settle_floor()
            decision = self._evidence().decision
            if decision is not None and _final(decision):
                break
        return self._evidence()

    def _plan_budget(self, budget: float) -> None:
        """Measures the pace of both sides at once on a few steps, and cuts the experiment down to what fits."""
        remembered = Remembered(self._options, self._data, self._start(self._seed))
        known = remembered.recall()
        if known is not None:
            self._options, told = known
            self._notes.append(f"{told}, as measured in an earlier run")
            return
        self._listener.phase("measuring the pace")
        probe = replace(self._plan("reference", self._seed), epochs=None, steps=PROBE_STEPS, keep=None, logdir=None)
        began = time.monotonic()
        two = [self._pool.submit(side.fit, probe) for side in self._sides]
        trials = [item.result() for item in two]
        speeds = [trial.samples_per_second for trial in trials]
        per_epoch = int(trials[0].settings["steps_per_epoch"])
        step = max(int(trials[0].settings["batch_size"]) / speed for speed in speeds if speed) * (
            2 if self._serial else 1
        )
        start = time.monotonic() - began - PROBE_STEPS * step
        pace = Pace(start=max(0.0, start), step=step, per_epoch=per_epoch)
        self._options, told = afford(self._options, pace, budget - (time.monotonic() - self._began))
        self._notes.append(told)
        remembered.keep(self._options, told)

    def _late(self) -> bool:
        """Whether another pair as long as those before would end after the budget."""
        if self._options.budget is None:
            return False
        spent = time.monotonic() - self._began
        return spent + spent / len(self._pairs) > self._options.budget

    def _plan(self, side: TrialSide, seed: int) -> FitPlan:
        options = self._options
        return FitPlan(
            data=self._data,
            seed=seed,
            steps=options.steps,
            epochs=options.epochs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            optimizer=options.optimizer,
            loss=options.loss,
            keep=options.keep,
            fresh=options.fresh,
            logdir=options.logdir,
            name=f"{side}-seed-{seed}",
        )

    def _pair(self, seed: int, *, first: bool) -> None:
        self._seed, self._running = seed, {}
        own = self._start(seed)
        plan = replace(self._plan("reference", seed), start=own)
        start = {two.id: self._laid_out(own[one], two) for one, two in self._weights.items() if one in own}
        transfer = replace(self._plan("candidate", seed), start={} if self._options.own_init else start)
        waiting = [
            self._submit("reference", self._sides[0], plan),
            self._submit("candidate", self._sides[1], transfer),
        ]
        eager = first and not (self._alike or self._serial or self._options.own_init)
        control = self._submit("control", self._other(), self._short(seed, 1)) if eager else None
        one, two = (item.result() for item in waiting)
        self._pairs.append((one, two))
        if control is not None:
            self._controls["control"] = control.result()

    def _laid_out(self, value: Array, weight: Weight) -> Array:
        """A value of the reference as the candidate's weight holds it."""
        return (value.T if weight.id in self._transposed_weights else value).reshape(weight.shape)

    def _settle_floor(self) -> None:
        """Runs the controls that the first pair calls for, as far as the epoch in which it parts."""
        pair, seed = self._pairs[0], self._options.seeds[0]
        epoch = first_epoch_apart(pair)
        control = self._controls.get("control")
        if control is None or (len(control.epochs) < epoch and math.isfinite(control.losses[-1])):
            self._controls["control"] = self._submit("control", self._other(), self._short(seed, epoch)).result()
        if may_be_rounding(pair):
            # Rounding grows: one epoch more shows how far it gets.
            plan = replace(self._short(seed, epoch + 1), perturbation=NUDGE_SEED)
            self._controls["rounding"] = self._submit("rounding", self._other(), plan).result()
            if len(self._controls["control"].losses) < len(self._controls["rounding"].losses):
                self._controls["control"] = self._submit(
                    "control", self._other(), self._short(seed, epoch + 1)
                ).result()

    def _start(self, seed: int) -> Mapping[str, Array]:
        """The reference's start, asked for once: a side answers one question at a time."""
        if seed not in self._starts:
            self._starts = {seed: self._sides[0].start(seed)}
        return self._starts[seed]

    def _short(self, seed: int, epochs: int) -> FitPlan:
        """The reference's trial, cut down to its first epochs: what a control runs."""
        plan = replace(self._plan("control", seed), start=self._start(seed), logdir=None)
        return replace(plan, epochs=epochs if plan.epochs is None else min(epochs, plan.epochs))

    def _other(self) -> Fitter:
        if self._fitter is None:
            self._fitter = self._stack.enter_context(self._open())
        return self._fitter

    def _submit(self, name: TrialSide, side: Fitter, plan: FitPlan) -> Future[Trial]:
        ticks = self._running.setdefault(name, [])

        def told(tick: Tick) -> None:
            ticks.append(tick)
            self._listener.fit_step(name, tick)

        return self._pool.submit(side.fit, plan, told)

    def _all_notes(self) -> tuple[str, ...]:
        found = [*self._notes]
        for name, trials in (("reference", [a for a, _ in self._pairs]), ("candidate", [b for _, b in self._pairs])):
            found += [f"{name}: {note}" for trial in trials for note in trial.notes]
        return tuple(dict.fromkeys(found))

    def _evidence(self) -> FitEvidence:
        return evidence(self._pairs, self._controls, self._options, notes=self._all_notes(), stopped=self._stopped)

    def _known(self) -> FitEvidence | None:
        """What is known where the fit is cut off: the finished pairs, and the epochs of the one that was running."""
        cut = tuple(
            trajectory
            for side, ticks in self._running.items()
            if side in ("reference", "candidate") and len(self._pairs) < self._number()
            for trajectory in _cut_off(side, self._seed, ticks)
        )
        if not self._pairs:
            return None if not cut else _only(cut, self._all_notes(), self._stopped)
        found = self._evidence()
        return replace(found, trajectories=(*found.trajectories, *cut))

    def _number(self) -> int:
        return self._options.seeds.index(self._seed) + 1


def _final(decision: Decision) -> bool:
    return decision.outcome != "inconclusive"


def _cut_off(side: TrialSide, seed: int, ticks: list[Tick]) -> list[Trajectory]:
    """A trial that has not ended, as far as it told: its epochs."""
    epochs: tuple[Epoch, ...] = tuple(tick.epoch for tick in ticks if tick.epoch is not None)
    if not epochs:
        return []
    last = epochs[-1]
    return [
        Trajectory(
            side=side,
            seed=seed,
            losses=(),
            train_accuracy=last.train_accuracy,
            test_accuracy=last.test_accuracy,
            test_loss=last.test_loss,
            epochs=epochs,
            steps=ticks[-1].steps,
        )
    ]


def _only(cut: tuple[Trajectory, ...], notes: tuple[str, ...], stopped: str) -> FitEvidence:
    return FitEvidence(
        data="",
        plan={},
        trajectories=cut,
        distance=0.0,
        control_distance=None,
        first_parting=None,
        identical=False,
        notes=notes,
        stopped=stopped,
    )
