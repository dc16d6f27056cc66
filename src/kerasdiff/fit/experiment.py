"""Same outcome? Seeded trial pairs, until they decide, and the reference against itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Protocol

from kerasdiff.errors import WorkerError
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.fit.budget import Pace, Remembered, afford, shortened
from kerasdiff.fit.evidence import TrialPair, evidence
from kerasdiff.fit.trajectories import first_epoch_apart, identical, may_be_rounding
from kerasdiff.fit.trials import FitEvidence
from kerasdiff.graph import Weight
from kerasdiff.graph.values import Array
from kerasdiff.options import FitOptions, Listener
from kerasdiff.side.training import FitPlan, History, Progress, Tick, Trial, TrialSide, TrialSoFar

PERTURBATION_SEED = 0
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
        control: Starts the reference in another process.
        weights: Reference weight id to the candidate's weight that starts from the same values.
        data: As :class:`FitPlan` takes it.
        options: Seeds, length, margin.
        listener: Told of everything.
        findings: What the report has to tell of the way; grows while trials run.
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
        findings: list[Finding],
        *,
        transposed: Set[str] = frozenset(),
        alike: bool = False,
        serial: bool = False,
    ) -> None:
        self._sides, self._start_control, self._weights, self._transposed = sides, control, weights, transposed
        self._data, self._options, self._listener = data, options, listener
        self._alike, self._serial = alike, serial
        self._pairs: list[TrialPair] = []
        self._controls: dict[TrialSide, Trial] = {}
        self._running: dict[TrialSide, list[Tick]] = {}
        self._seed = options.seeds[0]
        self._findings = findings
        self._starts: dict[int, Mapping[str, Array]] = {}
        self._stopped: Finding | None = None
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
            self._stopped = Finding(fact=Fact.WORKER_LOST, cause=error.message)
            known = self._known()
            if known is None or not self._pairs:
                raise
            return known
        finally:
            # Not waited for: a trial still running ends with its worker, which its owner closes.
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> FitEvidence:
        if self._options.budget is not None:
            self._plan_budget(self._options.budget)
        seeds = self._options.seeds
        for number, seed in enumerate(seeds):
            if number and self._late():
                figures = {"budget": self._options.budget or 0.0}
                self._stopped = Finding(fact=Fact.BUDGET_SPENT, figures=figures, count=number, of=len(seeds))
                break
            self._listener.fit_started(seed, number + 1, len(seeds))
            self._pair(seed, first=number == 0)
            if number == 0:
                if identical(*self._pairs[0]):
                    break
                if not self._options.own_init:  # from other weights trajectories part in any case
                    self._settle_floor()
            decision = self._evidence().decision
            if decision is not None and decision.outcome != "inconclusive":
                break
        return self._evidence()

    def _plan_budget(self, budget: float) -> None:
        """Cuts the experiment down to what fits, by the pace of an earlier run or by the one that is measured now."""
        remembered = Remembered(self._options, self._data, self._start(self._seed))
        planned = remembered.recall()
        if planned is None:
            pace = self._measured()
            _, planned = afford(self._options, pace, budget - (time.monotonic() - self._began))
            remembered.remember(planned)
        self._options = shortened(self._options, planned)
        self._findings.append(planned)

    def _measured(self) -> Pace:
        """The pace of both sides at once on a few steps."""
        self._listener.phase("measuring the pace")
        options = replace(self._options.trial, epochs=None, steps=PROBE_STEPS, store=None, logdir=None)
        probe = replace(self._plan("reference", self._seed), options=options)
        began = time.monotonic()
        two = [self._pool.submit(side.fit, probe) for side in self._sides]
        trials = [item.result() for item in two]
        settings = trials[0].settings
        slowest = max(settings.batch_size / trial.samples_per_second for trial in trials if trial.samples_per_second)
        step = slowest * (2 if self._serial else 1)
        start = time.monotonic() - began - PROBE_STEPS * step
        return Pace(start=max(0.0, start), step=step, per_epoch=settings.steps_per_epoch)

    def _late(self) -> bool:
        """Whether another pair as long as those before would end after the budget."""
        if self._options.budget is None:
            return False
        spent = time.monotonic() - self._began
        return spent + spent / len(self._pairs) > self._options.budget

    def _plan(self, side: TrialSide, seed: int) -> FitPlan:
        return FitPlan(data=self._data, seed=seed, side=side, options=self._options.trial)

    def _pair(self, seed: int, *, first: bool) -> None:
        self._seed, self._running = seed, {}
        own = self._start(seed)
        plan = replace(self._plan("reference", seed), start=own)
        start = {two.id: self._laid_out(own[one], two) for one, two in self._weights.items() if one in own}
        transfer = replace(self._plan("candidate", seed), start={} if self._options.own_init else start)
        waiting = [self._submit(self._sides[0], plan), self._submit(self._sides[1], transfer)]
        eager = first and not (self._alike or self._serial or self._options.own_init)
        control = self._control(1) if eager else None
        one, two = (item.result() for item in waiting)
        self._pairs.append((one, two))
        if control is not None:
            self._controls["control"] = control.result()

    def _laid_out(self, value: Array, weight: Weight) -> Array:
        """A value of the reference as the candidate's weight holds it."""
        return (value.T if weight.id in self._transposed else value).reshape(weight.shape)

    def _settle_floor(self) -> None:
        """Runs the controls that the first pair calls for, as far as the epoch in which it parts."""
        pair = self._pairs[0]
        epoch = first_epoch_apart(pair)
        control = self._controls.get("control")
        if control is None or (len(control.epochs) < epoch and control.history.finite):
            self._controls["control"] = self._control(epoch).result()
        if may_be_rounding(pair):
            # Rounding grows: one epoch more shows how far it gets.
            rounding = self._controls["rounding"] = self._control(epoch + 1, "rounding").result()
            if len(self._controls["control"].losses) < len(rounding.losses):
                self._controls["control"] = self._control(epoch + 1).result()

    def _control(self, epochs: int, side: TrialSide = "control") -> Future[Trial]:
        """The reference's first trial once more in another process, cut down to its first epochs."""
        seed = self._options.seeds[0]
        options = self._options.trial
        most = epochs if options.epochs is None else min(epochs, options.epochs)
        plan = replace(
            self._plan(side, seed),
            options=replace(options, epochs=most, logdir=None),
            start=self._start(seed),
            perturbation=PERTURBATION_SEED if side == "rounding" else None,
        )
        return self._submit(self._other(), plan)

    def _start(self, seed: int) -> Mapping[str, Array]:
        """The reference's start, asked for once: a side answers one question at a time."""
        if seed not in self._starts:
            self._starts = {seed: self._sides[0].start(seed)}
        return self._starts[seed]

    def _other(self) -> Fitter:
        if self._fitter is None:
            self._fitter = self._stack.enter_context(self._start_control())
        return self._fitter

    def _submit(self, side: Fitter, plan: FitPlan) -> Future[Trial]:
        ticks = self._running.setdefault(plan.side, [])

        def told(tick: Tick) -> None:
            ticks.append(tick)
            self._listener.fit_step(plan.side, tick)

        return self._pool.submit(side.fit, plan, told)

    def _all_findings(self) -> tuple[Finding, ...]:
        findings = list(self._findings)
        for number, side in enumerate(SIDES):
            findings += [replace(item, side=side) for pair in self._pairs for item in pair[number].findings]
        return tuple(item for at, item in enumerate(findings) if item not in findings[:at])

    def _evidence(self) -> FitEvidence:
        findings = self._all_findings()
        return evidence(self._pairs, self._controls, self._options, findings=findings, stopped=self._stopped)

    def _known(self) -> FitEvidence | None:
        """What is known where the fit is cut off: the finished pairs, and the epochs of the one that was running."""
        running = len(self._pairs) <= self._options.seeds.index(self._seed)
        cut = tuple(self._cut_off(side, self._running[side]) for side in SIDES if running and side in self._running)
        shown = tuple(trial for trial in cut if trial.epochs)
        if self._pairs:
            complete = self._evidence()
            return replace(complete, trials=(*complete.trials, *shown))
        return FitEvidence(trials=shown, findings=self._all_findings(), stopped=self._stopped) if shown else None

    def _cut_off(self, side: TrialSide, ticks: list[Tick]) -> TrialSoFar:
        """A trial that has not ended, as far as it told: its epochs."""
        epochs = tuple(tick.epoch for tick in ticks if tick.epoch is not None)
        steps = ticks[-1].steps if ticks else 0
        return TrialSoFar(side=side, seed=self._seed, steps=steps, history=History(epochs=epochs))
