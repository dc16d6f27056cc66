"""Same outcome? Seeded trial pairs, until they decide, and the reference against itself."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Literal

from kerasdiff.errors import WorkerError
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.fitting.budget import Pace, Remembered, afford, shortened
from kerasdiff.fitting.evidence import TrialPair, decision, draws_apart, evidence
from kerasdiff.fitting.trainers import Trainers
from kerasdiff.fitting.trajectories import identical, may_be_rounding, parted, reaches, soon, within_rounding
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.options import FitOptions, Listener
from kerasdiff.side.training import FitPlan, History, Tick, Trial, TrialSide, TrialSoFar

PERTURBATION_SEED = 0
PROBE_STEPS = 8
"""Steps that the pace of a fit with a budget is measured on: half a second for the forum pair."""


Expected = Literal["alike", "apart", "open"]
"""What is known of a pair before it is trained."""


class Interrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C; ``known`` is what the fit had shown by then, if anything."""

    def __init__(self, known: FitEvidence | None) -> None:
        super().__init__()
        self.known = known


class Experiment:
    """The trial pairs of two models.

    Pairs are handed over ahead of the one that is waited for, as many as the trainers have slots, and are looked at in
    the order of the seeds: the stopping rule sees what it would see on one machine, and what it did not wait for is
    ended and left out of the report.

    Args:
        trainers: Run the trials; closed at the end.
        data: As :class:`FitPlan` takes it.
        options: Seeds, length, margin.
        listener: Told of everything.
        findings: What the report has to tell of the way; grows while trials run.
        expected: ``alike`` where the two should agree to the last bit: the control, and every pair after the first,
            waits until they do not. ``apart`` where their outputs differ by more than rounding: a short control is
            likely to do.
    """

    def __init__(
        self,
        trainers: Trainers,
        data: str,
        options: FitOptions,
        listener: Listener,
        findings: list[Finding],
        *,
        expected: Expected = "open",
    ) -> None:
        self._trainers, self._data, self._options, self._listener = trainers, data, options, listener
        self._expected = expected
        self._pairs: list[TrialPair] = []
        self._controls: dict[TrialSide, Trial] = {}
        self._ahead: dict[int, tuple[Future[Trial], ...]] = {}
        self._rounding: Future[Trial] | None = None
        self._ticks: dict[tuple[int, TrialSide], list[Tick]] = {}
        self._seed = options.seeds[0]
        self._findings = findings
        self._stopped: Finding | None = None
        self._began = time.monotonic()

    def run(self) -> FitEvidence:
        """Trains pair after pair until they decide, the seeds are used up, or the budget is spent.

        Raises:
            FitError: If a side cannot be trained on the data.
            WorkerError: If a worker ended twice before anything was known.
            Interrupted: On Ctrl-C.
        """
        try:
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
            self._trainers.close()

    def _run(self) -> FitEvidence:
        if self._options.budget is not None:
            self._plan_budget(self._options.budget)
        seeds = self._options.seeds
        for number, seed in enumerate(seeds):
            if seed not in self._ahead and self._late():
                figures = {"budget": self._options.budget or 0.0}
                self._stopped = Finding(fact=Fact.BUDGET_SPENT, figures=figures, count=number, of=len(seeds))
                break
            self._turn_to(seed)
            self._look_ahead()
            self._pair(seed)
            if number == 0:
                if identical(*self._pairs[0]):
                    break
                if not (self._options.own_init or draws_apart(self._pairs[0], self._options.trial)):
                    self._settle_floor()  # else trajectories part in any case
            known = decision(self._pairs, self._options)
            if known is not None and known.outcome != "inconclusive":
                break
        return self._evidence()

    def _slots(self) -> int:
        """How many pairs may be under way: one where the first is expected to decide."""
        return 1 if self._expected == "alike" and not self._pairs else self._trainers.slots

    def _look_ahead(self) -> None:
        """Hands over the pair that is waited for, and those of the next seeds while slots are free and time is left."""
        for seed in self._options.seeds[len(self._pairs) + len(self._ahead) :]:
            running = sum(not all(item.done() for item in pair) for pair in self._ahead.values())
            if self._ahead and (running >= self._slots() or self._late()):
                return
            plans = [self._plan(side, seed) for side in SIDES]
            if seed == self._options.seeds[0] and self._control_at_once():
                plans.append(self._control(soon(0)) if self._expected == "apart" else self._control(epochs=1))
            self._ahead[seed] = self._trainers.submit(plans, self._told)

    def _control_at_once(self) -> bool:
        """Whether the control runs beside the first pair: it will be called for, and there is room."""
        apart = self._options.own_init or self._options.trial.draws == "apart"
        return not (self._expected == "alike" or self._trainers.in_turn or apart)

    def _turn_to(self, seed: int) -> None:
        """Tells of the pair that is waited for from now on, which may be under way."""
        self._seed = seed
        self._listener.fit_started(seed, self._options.seeds.index(seed) + 1, len(self._options.seeds))
        for (at, side), ticks in list(self._ticks.items()):
            if at == seed:
                self._listener.fit_step(side, ticks[-1])

    def _told(self, plan: FitPlan, tick: Tick) -> None:
        self._ticks.setdefault((plan.seed, plan.side), []).append(tick)
        if plan.seed == self._seed:
            self._listener.fit_step(plan.side, tick)

    def _pair(self, seed: int) -> None:
        """Waits for the trials of a seed, which are under way."""
        trials = self._ahead[seed]
        one, two = self._results(trials[:2])
        del self._ahead[seed]
        self._pairs.append((one, two))
        for control in self._results(trials[2:]):
            self._controls["control"] = control
        for key in [key for key in list(self._ticks) if key[0] == seed]:
            del self._ticks[key]

    def _results(self, wanted: Sequence[Future[Trial]]) -> list[Trial]:
        """Waits for trials in their order; where others end meanwhile, more are handed over."""
        for item in wanted:
            while not item.done():
                self._use_idle_worker()
                running = [one for pair in self._ahead.values() for one in pair if not one.done()]
                wait([item, *running], return_when=FIRST_COMPLETED)
                if not item.done():
                    self._look_ahead()
            item.result()
        return [item.result() for item in wanted]

    def _use_idle_worker(self) -> None:
        """Begins the control from a perturbed start where the other one has ended and it is likely to be called for."""
        control = self._ahead.get(self._options.seeds[0], ())[len(SIDES) :]
        if self._expected != "apart" or self._rounding is not None or not control or not control[0].done():
            return
        begun = [ticks[0] for side in SIDES if (ticks := self._ticks.get((self._options.seeds[0], side)))]
        if len({tick.step for tick in begun}) == 1 and not within_rounding(begun[0].loss, begun[-1].loss):
            return
        (self._rounding,) = self._trainers.submit([self._control(soon(0), side="rounding")])

    def _plan_budget(self, budget: float) -> None:
        """Cuts the experiment down to what fits, by the pace of an earlier run or by the one that is measured now."""
        remembered = Remembered(self._options, self._data, self._trainers.start(self._seed))
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
        began = time.monotonic()
        two = self._trainers.submit([replace(self._plan(side, self._seed), options=options) for side in SIDES])
        trials = [item.result() for item in two]
        settings = trials[0].settings
        slowest = max(settings.batch_size / trial.samples_per_second for trial in trials if trial.samples_per_second)
        step = slowest * (2 if self._trainers.in_turn else 1)
        start = time.monotonic() - began - PROBE_STEPS * step
        at_once = self._trainers.slots
        return Pace(start=max(0.0, start), step=step, per_epoch=settings.steps_per_epoch, at_once=at_once)

    def _late(self) -> bool:
        """Whether another pair as long as those before would end after the budget."""
        if self._options.budget is None or not self._pairs:
            return False
        spent = time.monotonic() - self._began
        return spent + spent / math.ceil(len(self._pairs) / self._slots()) > self._options.budget

    def _plan(self, side: TrialSide, seed: int) -> FitPlan:
        return FitPlan(data=self._data, seed=seed, side=side, options=self._options.trial)

    def _settle_floor(self) -> None:
        """Runs the controls that the first pair calls for, as far as they are needed."""
        pair = self._pairs[0]
        for exact, perturbed in reaches(pair):
            self._cover("control", exact)
            if may_be_rounding(pair):
                self._cover("rounding", perturbed)
                self._cover("control", len(self._controls["rounding"].losses))
            if parted(pair, [(pair[0], control) for control in self._controls.values()]) is not None:
                return

    def _cover(self, side: TrialSide, steps: int) -> None:
        """Runs a control that reaches this step, unless one does, or has diverged before."""
        known = self._controls.get(side)
        if known is None or (len(known.losses) < steps and known.history.finite):
            begun = self._rounding if side == "rounding" and steps == soon(0) else None
            trial = self._trained(self._control(steps, side=side)) if begun is None else self._results([begun])[0]
            self._controls[side] = trial

    def _control(self, steps: int | None = None, *, epochs: int | None = None, side: TrialSide = "control") -> FitPlan:
        """The reference's first trial once more in another process, cut down to its first steps or epochs."""
        options = self._options.trial
        length = _least(options.steps, steps)
        epochs = _least(options.epochs, epochs)
        return replace(
            self._plan(side, self._options.seeds[0]),
            options=replace(options, steps=length, epochs=epochs, cut=length != options.steps, logdir=None),
            perturbation=PERTURBATION_SEED if side == "rounding" else None,
        )

    def _trained(self, plan: FitPlan) -> Trial:
        return self._results(self._trainers.submit([plan], self._told))[0]

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
        under_way = [(side, self._ticks.get((self._seed, side), [])) for side in SIDES if running]
        cut = [self._cut_off(side, ticks) for side, ticks in under_way if ticks]
        shown = tuple(trial for trial in cut if trial.epochs)
        if self._pairs:
            complete = self._evidence()
            return replace(complete, trials=(*complete.trials, *shown))
        return FitEvidence(trials=shown, findings=self._all_findings(), stopped=self._stopped) if shown else None

    def _cut_off(self, side: TrialSide, ticks: list[Tick]) -> TrialSoFar:
        """A trial that has not ended, as far as it told: its epochs."""
        epochs = tuple(tick.epoch for tick in ticks if tick.epoch is not None)
        return TrialSoFar(side=side, seed=self._seed, steps=ticks[-1].steps, history=History(epochs=epochs))


def _least(most: int | None, wanted: int | None) -> int | None:
    return most if wanted is None else wanted if most is None else min(most, wanted)
