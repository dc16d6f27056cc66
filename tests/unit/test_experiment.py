"""The experiment around the trials: which ones run, what they decide, and what becomes of trouble on the way."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kerasdiff.errors import FitError, WorkerEndedError
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.budget import Pace, afford
from kerasdiff.fitting.experiment import Experiment, Interrupted
from kerasdiff.fitting.local import Local
from kerasdiff.fitting.trainers import Fitter, Starts, Told
from kerasdiff.fitting.trajectories import FEWEST_STEPS, curves, may_be_rounding, parted
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.fitting.verdict import judge_fit
from kerasdiff.graph import Weight
from kerasdiff.options import FitOptions, Silent
from kerasdiff.report.json import _fit
from kerasdiff.report.wording.fits.told import told, verdict_sentence
from kerasdiff.report.wording.fits.trials import pairs_told, remarks
from kerasdiff.rungs.fit import fit_rung
from kerasdiff.side.training import (
    Answers,
    DataSource,
    Epoch,
    FitPlan,
    History,
    Progress,
    Tick,
    Trial,
    TrialOptions,
    TrialSettings,
)

PER_EPOCH = 10
Curve = Callable[[FitPlan, int], float]
SETTINGS = TrialSettings(
    optimizer="Adam",
    learning_rate=3e-4,
    loss=("SparseCategoricalCrossentropy",),
    targets=("sparse",),
    from_compile=False,
    batch_size=64,
    without_gradient=(),
    custom_train_step_ignored=False,
    steps=0,
    epochs=0,
    steps_per_epoch=PER_EPOCH,
    test_rows=1_000,
)


def trial(plan: FitPlan, loss: Curve, accuracy: Curve, test: Curve | None = None) -> Trial:
    """A trial whose losses and accuracies are what two functions of plan and step say."""
    epochs = plan.options.epochs or math.ceil((plan.options.steps or 0) / PER_EPOCH)
    steps = min(epochs * PER_EPOCH, plan.options.steps or epochs * PER_EPOCH)
    losses = [loss(plan, step) for step in range(steps)]
    if not all(map(math.isfinite, losses)):
        losses = losses[: [math.isfinite(value) for value in losses].index(False) + 1]
    found = []
    for number in range(1, math.ceil(len(losses) / PER_EPOCH) + 1):
        end = min(number * PER_EPOCH, len(losses))
        alive = math.isfinite(losses[end - 1])
        found.append(
            Epoch(
                number=number,
                steps=end,
                train_loss=losses[end - 1],
                train_accuracy=accuracy(plan, end),
                test_loss=(test or loss)(plan, end) if alive else None,
                test_accuracy=accuracy(plan, end) if alive else None,
                seconds=1.0,
            )
        )
    labels = np.arange(100) % 10
    right = np.arange(100) < round(100 * accuracy(plan, steps))
    return Trial(
        side=plan.side,
        seed=plan.seed,
        steps=steps,
        history=History(
            losses=tuple(losses),
            accuracies=tuple(accuracy(plan, step) for step in range(len(losses))),
            epochs=tuple(found),
        ),
        data=DataSource(kind="arrays", name="data.npz", train=640, test=1_000),
        settings=dataclasses.replace(SETTINGS, steps=steps, epochs=epochs),
        answers=Answers(
            predictions=np.zeros(1),
            digest=str((test or loss)(plan, steps)),
            classes=(np.where(right, labels, (labels + 1) % 10),),
            labels=(labels,),
        ),
        samples_per_second=640.0,
    )


@dataclasses.dataclass
class Fake:
    """A side that answers at once and remembers what it was asked."""

    loss: Curve
    accuracy: Curve = lambda plan, step: 0.5
    test: Curve | None = None
    error: Callable[[FitPlan], BaseException | None] = lambda plan: None
    asked: list[FitPlan] = dataclasses.field(default_factory=list)

    def start(self, seed: int) -> Mapping[str, NDArray[Any]]:
        return {"w": np.full((2, 3), float(seed))}

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
        self.asked.append(plan)
        error = self.error(plan)
        if error is not None:
            raise error
        done = trial(plan, self.loss, self.accuracy, self.test)
        for epoch in done.epochs:
            if progress is not None:
                progress(Tick(step=epoch.steps, steps=len(done.losses), loss=epoch.train_loss, epoch=epoch))
        return done

    def renew(self) -> None: ...


WEIGHTS = {"w": Weight(id="v", path="v", name="kernel", shape=(3, 2), dtype="float32", trainable=True)}


def reach(plan: FitPlan) -> tuple[int | None, int | None]:
    """How far a trial goes: epochs, steps."""
    return plan.options.epochs, plan.options.steps


def falling(plan: FitPlan, step: int) -> float:
    return 3.0 * math.exp(-step / 40) + 0.1 * plan.seed


def run(reference: Fake, candidate: Fake, control: Fake | None = None, **changes: Any) -> tuple[FitEvidence, Fake]:
    other = control or dataclasses.replace(reference, asked=[])

    @contextlib.contextmanager
    def control_side() -> Iterator[Fitter]:
        yield other

    expected = changes.pop("expected", "open")
    names = {field.name for field in dataclasses.fields(TrialOptions)}
    each = {"epochs": 3, **{name: changes.pop(name) for name in names & set(changes)}}
    options = FitOptions(**{"seeds": (0, 1, 2), "trial": TrialOptions(**each), **changes})
    notes: list[Finding] = []
    starts = Starts() if options.own_init else Starts(weights=WEIGHTS)
    trainers = Local((reference, candidate), control_side, starts, notes)
    return Experiment(trainers, "auto", options, Silent(), notes, expected=expected).run(), other


def test_identical_trials_decide_after_one_pair_without_a_control() -> None:
    one, two = Fake(falling), Fake(falling)
    found, control = run(one, two, expected="alike")
    assert (len(found.pairs), found.identical, found.control_distance) == (1, True, None)
    assert control.asked == []
    verdict = judge_fit(found, complete=True)
    assert (verdict.outcome, verdict.basis) == ("equivalent", "statistical")
    assert "30 steps" in verdict_sentence(verdict.finding)
    assert fit_rung(found, complete=True).outcome == "equal"


def test_both_sides_share_seed_length_and_start() -> None:
    one, two = Fake(falling), Fake(lambda plan, step: falling(plan, step) + 0.5)
    run(one, two, seeds=(4, 7), batch_size=32, optimizer="sgd")
    assert [plan.seed for plan in one.asked] == [plan.seed for plan in two.asked] == [4, 7]
    for first, second in zip(one.asked, two.asked, strict=True):
        np.testing.assert_array_equal(first.start["w"].reshape(3, 2), second.start["v"])
        assert dataclasses.replace(first, start={}) == dataclasses.replace(second, start={}, side="reference")
    run(one, two, own_init=True)
    assert two.asked[-1].start == {}
    assert one.asked[-1].start != {}


def test_trajectories_apart_are_different_and_all_seeds_measure_who_leads() -> None:
    def ahead(plan: FitPlan, step: int) -> float:
        return 0.55 + 0.001 * plan.seed

    one = Fake(falling)
    found, control = run(one, Fake(lambda plan, step: falling(plan, step) + 0.2, ahead))
    assert [plan.options.epochs for plan in control.asked] == [1]
    assert control.asked[0].perturbation is None
    assert found.control_distance == 0.0
    assert found.control_steps == PER_EPOCH
    assert found.parted is not None
    assert (found.parted.step, found.parted.metric, found.parted.floor) == (0, "step loss", 0.0)
    assert found.parted.distance == pytest.approx(0.2)
    lead = found.leads[0]
    assert lead.metric == "test accuracy"
    assert lead.mean == pytest.approx(0.051)
    assert lead.interval is not None
    assert lead.interval[0] < lead.mean < lead.interval[1]
    verdict = judge_fit(found, complete=True)
    assert (verdict.outcome, verdict.basis) == ("different", "witness")
    assert "the candidate is ahead in test accuracy by 5.10 points (95 % interval" in verdict_sentence(verdict.finding)


def test_what_the_way_has_to_tell_is_told_in_the_report() -> None:
    found, _ = run(Fake(falling), Fake(falling))
    apart = Finding(fact=Fact.OWN_START, parts=(Finding(fact=Fact.WORKER_LOST, cause="no weight corresponds"),))

    told = [remark.text for remark in remarks(dataclasses.replace(found, findings=(apart,)))]

    assert told[-1] == "Note: no weight corresponds: these start from the candidate's own draw."


@dataclasses.dataclass
class Drawing(Fake):
    """A side that draws random numbers."""

    draws: tuple[str, ...] = ()
    own_draws: bool = False

    def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
        done = super().fit(plan, progress)
        settings = dataclasses.replace(done.settings, draws=self.draws, own_draws=self.own_draws)
        return dataclasses.replace(done, settings=settings)


@pytest.mark.parametrize(
    ("draws", "reference", "candidate", "witness"),
    [
        ("own", Drawing(falling), Drawing(falling), True),
        ("common", Drawing(falling, draws=("a", "b")), Drawing(falling, draws=("a", "b")), True),
        ("common", Drawing(falling, draws=("a", "b")), Drawing(falling, draws=("b", "a")), False),
        ("common", Drawing(falling, draws=("a",)), Drawing(falling, draws=("a",), own_draws=True), False),
        ("apart", Drawing(falling, draws=("a",)), Drawing(falling, draws=("a",)), False),
    ],
)
def test_trials_part_for_a_reason_only_where_both_draw_the_same(
    draws: str, reference: Drawing, candidate: Drawing, witness: bool
) -> None:
    candidate.loss = lambda plan, step: falling(plan, step) + 0.2
    candidate.accuracy = lambda plan, step: 0.5 + 0.02 * (plan.seed % 3)
    found, control = run(reference, candidate, draws=draws)

    assert (found.parted is not None) == witness == (not found.draws_apart)
    assert pairs_told(found).endswith("same random numbers") == (witness and draws == "common")
    verdict, rung = judge_fit(found, complete=True), fit_rung(found, complete=True)
    if witness:
        assert (verdict.outcome, rung.outcome) == ("different", "different")
        return
    assert (verdict.outcome, rung.outcome) == ("inconclusive", "advisory")
    assert "random numbers of its own" in verdict_sentence(verdict.finding)
    assert rung.findings[0].fact is Fact.TRIALS_DRAWS_APART
    if draws == "apart":
        assert control.asked == []


def chaos(size: float) -> Curve:
    """Losses that a change of the start of ``size`` moves ever farther off, as training does."""

    def loss(plan: FitPlan, step: int) -> float:
        moved = size * (plan.perturbation is None) + 2e-7 * (plan.perturbation is not None)
        return falling(plan, step) + min(0.05, moved * math.exp(0.6 * step)) * math.sin(step + 1)

    return loss


def test_rounding_that_training_amplifies_is_no_difference() -> None:
    exact = Fake(chaos(0.0))
    found, control = run(exact, Fake(chaos(4e-7)), Fake(chaos(0.0)), seeds=tuple(range(5)))
    assert [(plan.perturbation, *reach(plan)) for plan in control.asked] == [
        (None, 1, None),
        (0, 3, 2 * PER_EPOCH),
        (None, 3, 2 * PER_EPOCH),
    ]
    assert found.distance > 1e-3
    assert found.rounding_distance is not None
    assert found.rounding_distance > 1e-3
    assert found.parted is None
    assert found.decision is not None
    assert (found.decision.outcome, judge_fit(found, complete=True).outcome) == ("equivalent", "equivalent")


def test_a_small_difference_that_rounding_does_not_explain_is_one() -> None:
    def slow(plan: FitPlan, step: int) -> float:
        return falling(plan, step) + 1e-4 * step

    found, control = run(Fake(chaos(0.0)), Fake(slow), Fake(chaos(0.0)))
    assert [(plan.perturbation, *reach(plan)) for plan in control.asked] == [(None, 1, None), (0, 3, FEWEST_STEPS)]
    assert found.parted is not None
    assert 0 < found.parted.step < 10
    assert judge_fit(found, complete=True).outcome == "different"


def test_a_difference_that_shows_in_tests_alone_is_found() -> None:
    found, _ = run(Fake(falling), Fake(falling, test=lambda plan, step: falling(plan, step) + 0.1))
    assert (found.first_parting, found.distance, found.identical) == (None, 0.0, False)
    assert found.parted is not None
    assert (found.parted.metric, found.parted.step) == ("test loss", PER_EPOCH - 1)


def test_a_late_difference_is_held_against_a_control_that_reaches_it() -> None:
    def late(plan: FitPlan, step: int) -> float:
        return falling(plan, step) + 0.3 * (step >= 15)

    found, control = run(Fake(falling), Fake(late), expected="alike")
    assert [reach(plan) for plan in control.asked] == [(3, 2 * PER_EPOCH)]
    assert found.parted is not None
    assert found.parted.step == 15


def test_short_controls_do_for_a_pair_that_is_known_to_be_apart() -> None:
    found, control = run(
        Fake(falling), Fake(lambda plan, step: falling(plan, step) + 1e-3), expected="apart", seeds=(0,)
    )
    assert sorted((plan.perturbation is None, *reach(plan)) for plan in control.asked) == [
        (False, 3, FEWEST_STEPS),
        (True, 3, FEWEST_STEPS),
    ]
    assert found.parted is not None
    assert (found.parted.step, found.control_steps) == (0, FEWEST_STEPS)


def test_short_controls_that_show_as_much_as_the_pair_are_made_longer() -> None:
    def noisy(plan: FitPlan, step: int) -> float:
        return falling(plan, step) + 1e-3 * (step < 5)

    def late(plan: FitPlan, step: int) -> float:
        return falling(plan, step) + (1e-3 if step < 9 else 0.5)

    found, control = run(Fake(falling), Fake(late), Fake(noisy), expected="apart", seeds=(0,))
    assert {reach(plan) for plan in control.asked} == {(3, FEWEST_STEPS), (3, PER_EPOCH), (3, 2 * PER_EPOCH)}
    assert found.parted is not None
    assert found.parted.step == 9


def test_the_control_from_a_perturbed_start_runs_beside_the_first_pair() -> None:
    begun = threading.Event()

    class Waits(Fake):
        def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
            assert begun.wait(20)
            return super().fit(plan, progress)

    class Tells(Fake):
        def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
            if plan.perturbation is not None:
                begun.set()
            return super().fit(plan, progress)

    waiting, apart = Waits(falling), Waits(lambda plan, step: falling(plan, step) + 1e-3)
    found, control = run(waiting, apart, Tells(falling), expected="apart", seeds=(0,))
    assert [plan.options.cut for plan in (*waiting.asked, *control.asked)] == [False, True, True]
    assert found.rounding_distance == 0.0


def test_a_control_from_a_perturbed_start_that_nobody_needs_is_left_out() -> None:
    found, _ = run(Fake(falling), Fake(lambda plan, step: falling(plan, step) + 0.5), expected="apart", seeds=(0,))
    assert [run.side for run in found.trials] == ["reference", "candidate", "control"]
    assert found.rounding_distance is None


def test_a_machine_that_does_not_repeat_itself_has_a_higher_floor() -> None:
    def shaken(by: float) -> Curve:
        return lambda plan, step: falling(plan, step) + by * math.sin(7 * step)

    found, _ = run(Fake(falling), Fake(shaken(0.02)), Fake(shaken(0.01)), seeds=tuple(range(8)))
    assert found.control_distance == pytest.approx(0.01, rel=0.1)
    assert found.parted is None
    assert judge_fit(found, complete=True).outcome == "equivalent"


def test_a_fit_without_a_decision_says_how_many_seeds_would_decide() -> None:
    def scattered(plan: FitPlan, step: int) -> float:
        return 0.5 + (0.012, -0.008, 0.006)[plan.seed % 3]

    found, _ = run(Fake(chaos(0.0)), Fake(chaos(4e-7), scattered), Fake(chaos(0.0)))
    verdict = judge_fit(found, complete=True)
    assert (verdict.outcome, verdict.basis) == ("inconclusive", None)
    assert found.decision is not None
    assert found.decision.seeds_needed is not None
    assert str(found.decision.seeds_needed) in verdict_sentence(verdict.finding)


@pytest.mark.parametrize("at", [0, 1])
def test_trials_that_never_learn_are_no_evidence(at: int) -> None:
    def lost(plan: FitPlan, step: int) -> float:
        return math.nan if step >= at else 1.1

    found, _ = run(Fake(lost), Fake(lost), expected="alike")
    assert (found.identical, found.never_finite) == (True, True)
    verdict = judge_fit(found, complete=True)
    assert (verdict.outcome, verdict.basis) == ("inconclusive", None)
    assert "NaN or infinite" in verdict_sentence(verdict.finding)
    assert fit_rung(found, complete=True).outcome == "failed"
    assert "decides nothing" in remarks(found)[0].text


def test_trials_on_data_without_numbers_are_no_evidence() -> None:
    class Blank(Fake):
        def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
            done = super().fit(plan, progress)
            return dataclasses.replace(done, data=dataclasses.replace(done.data, blank=True))

    found, _ = run(Blank(falling), Blank(falling), expected="alike")
    verdict = judge_fit(found, complete=True)
    assert verdict.outcome == "inconclusive"
    assert "an input of the training data is NaN" in verdict_sentence(verdict.finding)


def test_a_trial_that_diverges_is_evidence() -> None:
    def diverging(plan: FitPlan, step: int) -> float:
        return math.nan if step == 7 else falling(plan, step)

    found, _ = run(Fake(falling), Fake(diverging), seeds=(0,))
    assert found.distance == math.inf
    assert found.parted is not None
    assert found.parted.step == 7
    assert judge_fit(found, complete=True).outcome == "different"
    candidate = next(run for run in found.trials if run.side == "candidate")
    assert (candidate.test_accuracy, len(candidate.losses)) == (None, 8)
    both, _ = run(Fake(diverging), Fake(diverging))
    assert both.identical
    json.dumps(_fit(found))


def test_curves_that_cross_close_or_part() -> None:
    def pair(*gaps: float) -> list[tuple[Trial, Trial]]:
        plan = FitPlan(data="d", seed=0, options=TrialOptions(epochs=len(gaps)))
        first = trial(plan, falling, lambda plan, step: 0.5)
        second = trial(plan, falling, lambda plan, step: 0.5 + gaps[max(0, math.ceil(step / PER_EPOCH) - 1)])
        return [(first, second)]

    assert curves(pair(0.1)) == "short"
    assert curves(pair(-0.1, -0.05, 0.02)) == "cross"
    assert curves(pair(0.1, 0.12, 0.05)) == "close"
    assert curves(pair(0.1, 0.12, 0.15)) == "apart"


def test_rounding_is_what_the_first_parting_says() -> None:
    plan = FitPlan(data="d", seed=0, options=TrialOptions(epochs=1))
    exact = trial(plan, falling, lambda plan, step: 0.5)
    near = trial(plan, lambda plan, step: falling(plan, step) * (1 + 1e-7), lambda plan, step: 0.5)
    far = trial(plan, lambda plan, step: falling(plan, step) * 1.01, lambda plan, step: 0.5)
    assert may_be_rounding((exact, near))
    assert not may_be_rounding((exact, far))
    assert parted((exact, near), [(exact, exact)]) is None
    assert parted((exact, far), [(exact, exact)]) is not None


def test_a_worker_lost_twice_leaves_what_is_known() -> None:
    def lost(plan: FitPlan) -> BaseException | None:
        return WorkerEndedError("candidate: the worker process was ended by SIGKILL.") if plan.seed == 1 else None

    found, _ = run(Fake(falling), Fake(lambda plan, step: falling(plan, step) + 0.2, error=lost))
    assert len(found.pairs) == 1
    assert found.stopped is not None
    assert "SIGKILL" in found.stopped.cause
    assert judge_fit(found, complete=True).outcome == "different"
    with pytest.raises(WorkerEndedError):
        run(Fake(falling), Fake(falling, error=lambda plan: WorkerEndedError("gone")))
    with pytest.raises(FitError, match="no data"):
        run(Fake(falling), Fake(falling, error=lambda plan: FitError("no data")))


def test_ctrl_c_gives_what_is_known() -> None:
    class Slow(Fake):
        def fit(self, plan: FitPlan, progress: Progress | None = None) -> Trial:
            done = super().fit(plan, progress)
            if plan.seed == 1:
                raise KeyboardInterrupt  # as the main thread hears it while it waits
            return done

    with pytest.raises(Interrupted) as caught:
        run(Fake(falling), Slow(lambda plan, step: falling(plan, step) + 0.2))
    known = caught.value.known
    assert known is not None
    assert len(known.pairs) == 1
    cut = [run for run in known.trials if run.seed == 1]
    assert [(run.side, len(run.epochs)) for run in cut] == [("reference", 3), ("candidate", 3)]
    assert known.parted is not None


class Backwards:
    """Trainers with many slots, of which the one that was asked last answers first."""

    in_turn = False

    def __init__(self, reference: Fake, candidate: Fake, slots: int) -> None:
        self._sides, self.slots = {"reference": reference, "candidate": candidate, "control": reference}, slots
        self.waiting: list[tuple[Future[Trial], FitPlan]] = []
        self.asked: list[tuple[int, int]] = []
        self.closed = False
        self._ready = threading.Condition()
        threading.Thread(target=self._answer, daemon=True).start()

    def start(self, seed: int) -> Mapping[str, NDArray[Any]]:
        return {}

    def submit(self, plans: Sequence[FitPlan], told: Told | None = None) -> tuple[Future[Trial], ...]:
        futures = [(Future[Trial](), plan) for plan in plans]
        with self._ready:
            self.waiting += futures
            self.asked.append((plans[0].seed, len(self.waiting)))
            self._ready.notify()
        return tuple(future for future, _ in futures)

    def close(self) -> None:
        self.closed = True

    def _answer(self) -> None:
        while not self.closed:
            with self._ready:
                self._ready.wait_for(lambda: bool(self.waiting), timeout=0.05)
            time.sleep(0.002)
            with self._ready:
                if self.waiting:
                    future, plan = self.waiting.pop()
                    future.set_result(self._sides.get(plan.side, self._sides["reference"]).fit(plan))


@pytest.mark.parametrize("slots", [1, 3, 40])
def test_pairs_that_run_ahead_are_looked_at_in_the_order_of_the_seeds(slots: int) -> None:
    def scattered(plan: FitPlan, step: int) -> float:
        return 0.5 + 0.004 * math.sin(9 * plan.seed)

    one, two = Fake(chaos(0.0)), Fake(chaos(4e-7), scattered)
    options = FitOptions(seeds=tuple(range(30)), trial=TrialOptions(epochs=3))
    alone, _ = run(one, two, Fake(chaos(0.0)), seeds=options.seeds)
    trainers = Backwards(one, two, slots)
    evidence = Experiment(trainers, "auto", options, Silent(), []).run()
    assert trainers.closed
    assert [pair.seed for pair in evidence.pairs] == list(range(len(alone.pairs)))
    assert 1 < len(evidence.pairs) < 30
    assert evidence.decision == alone.decision
    assert [trial.history for trial in evidence.trials] == [trial.history for trial in alone.trials]
    most = max(waiting for _, waiting in trainers.asked)
    assert 2 * min(slots, 29) <= most <= 2 * slots + 1  # two sides each, and the control of the first


def test_nothing_runs_ahead_of_a_pair_that_is_to_decide_alone() -> None:
    trainers = Backwards(Fake(falling), Fake(falling), 8)
    options = FitOptions(seeds=tuple(range(8)), trial=TrialOptions(epochs=2))
    assert Experiment(trainers, "auto", options, Silent(), [], expected="alike").run().identical
    assert trainers.asked == [(0, 2)]


def test_a_budget_cuts_seeds_then_epochs_then_steps() -> None:
    pace = Pace(start=1.0, step=0.1, per_epoch=10)  # a pair of 3 epochs takes 1 + 1.3 * 3 = 4.9 s
    options = FitOptions(seeds=tuple(range(8)), trial=TrialOptions(epochs=3), budget=1.0)

    def afforded(seconds: float) -> tuple[int, int | None]:
        found, planned = afford(options, pace, seconds)
        assert f"{len(found.seeds)} seed" in told(planned)
        assert found.trial.epochs is None
        return len(found.seeds), found.trial.steps

    assert afforded(60.0) == (8, 30)
    assert afforded(26.0) == (5, 30)
    assert afforded(12.0) == (3, 20)
    assert afforded(6.0) == (3, 10)
    assert afforded(0.0) == (3, 10)
    assert afford(dataclasses.replace(options, seeds=(0,)), pace, 60.0)[0].seeds == (0,)
    pace = dataclasses.replace(pace, at_once=4)
    assert afforded(12.0) == (8, 30)
    assert afforded(4.0) == (3, 20)


def test_a_budget_is_said_and_a_second_run_keeps_to_the_first_plan(tmp_path: Path) -> None:
    def slower(speed: float) -> Fake:
        made = Fake(lambda plan, step: falling(plan, step) + 0.2)
        fit = made.fit
        made.fit = lambda *arguments: dataclasses.replace(fit(*arguments), samples_per_second=speed)  # type: ignore[method-assign]
        return made

    wanted = {"budget": 600.0, "store": str(tmp_path)}
    found, _ = run(Fake(falling), slower(640.0), **wanted)
    assert "a budget of 600 s affords 3 seeds of 3 epochs" in told(found.findings[0])
    assert len(found.pairs) == 3
    again, _ = run(Fake(falling), slower(0.64), **wanted)
    assert "as measured in an earlier run" in told(again.findings[0])
    assert again.trials[0].steps == found.trials[0].steps
    fresh, _ = run(Fake(falling), slower(0.64), fresh=True, **wanted)
    assert fresh.trials[0].steps < found.trials[0].steps
