"""Answers ``fit``: one seeded training run, the same to the last bit wherever seed, start and batches are the same."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kerasdiff.errors import FitError
from kerasdiff.findings import Finding
from kerasdiff.graph.values import Array
from kerasdiff.side.training import Answers, Epoch, FitPlan, History, Progress, Tick, Trial, TrialOptions, TrialSettings
from kerasdiff.worker.hardware import place, rounds_to_tf32
from kerasdiff.worker.keras_internals import Live, sublayers
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.optimizing import as_written
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.training.data import DataSet
from kerasdiff.worker.training.logs import Logs
from kerasdiff.worker.training.prepared import prepare
from kerasdiff.worker.training.store import TrialStore
from kerasdiff.worker.training.tasks import to_array
from kerasdiff.worker.training.tested import Tested

FEWEST_TEST_ROWS = 512

CHUNK_S = 1.0
"""Seconds of training between two signs of life, about."""

MOST_STEPS = 1_000
"""Steps of one call of the compiled loop at most, however fast they are."""


class Steps(Protocol):
    """What trains and tests a model, on whatever backend."""

    size: int
    not_stored: Finding

    def settings(self, *, steps: int, epochs: int, steps_per_epoch: int, test_rows: int) -> TrialSettings: ...

    def state(self) -> list[Live] | None: ...

    def key(self, state: Sequence[Live], plan: Mapping[str, str | int]) -> str: ...

    def train(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]: ...

    def test(self, total: int, *, outputs: bool) -> Tested: ...


class Ready(Protocol):
    """A trial that was made ready, but for its start."""

    @property
    def loaded(self) -> Loaded: ...

    @property
    def data(self) -> DataSet: ...

    @property
    def trainer(self) -> Steps: ...


Prepare = Callable[[Session, FitPlan], Ready]


def fit(session: Session, plan: FitPlan, progress: Progress | None = None) -> Trial:
    """Trains a fresh copy of the session's model.

    A loss that is not finite ends the trial: it is the last of its losses, and there are no test figures. With a trial
    store, a finished trial is not run again, and one that was cut off goes on after its last finished epoch, to the
    same bits as if it had not been.

    Args:
        session: Gives the model anew.
        plan: Settings, seed and start.
        progress: Told every second or so, and after every epoch.

    Returns:
        The trial. The test figures are over the first ``max(512, rows trained on in an epoch)`` test rows, so that
        testing never takes longer than training, and with ``loss`` they include what the model adds to it, like
        ``evaluate``.

    Raises:
        FitError: If there is no usable data, loss or gradient, or the start does not fit the model.
    """
    return trained(session, plan, progress, prepare)


def trained(session: Session, plan: FitPlan, progress: Progress | None, prepared: Prepare) -> Trial:
    """The same with what makes a trial ready."""
    ready, session.ready = session.ready, None
    run = ready[1] if ready is not None and _same(ready[0], plan) else _prepared(session, plan, prepared)
    with as_written() if plan.options.as_written else nullcontext():
        return run.trial(progress)


def trial_key_of(session: Session, plan: FitPlan) -> str | None:
    """What the trial of a plan is called in the trial store, wherever that is; ``None`` where it cannot be stored.

    The trial is made ready for the `fit` that follows, which is to the same bits as if nobody had asked.
    """
    return named(session, plan, prepare)


def named(session: Session, plan: FitPlan, prepared: Prepare) -> str | None:
    """The same with what makes a trial ready."""
    run = _prepared(session, plan, prepared)
    session.ready = plan, run
    return run.key


def _same(one: FitPlan, two: FitPlan) -> bool:
    starts = one.start.keys() == two.start.keys() and all(np.array_equal(one.start[k], two.start[k]) for k in one.start)
    return starts and replace(one, start={}) == replace(two, start={})


def _prepared(session: Session, plan: FitPlan, prepared: Prepare) -> _Run:
    """Loads model and data, and traces the steps of a trial."""
    wanted = [count for count in (plan.options.steps, plan.options.epochs) if count is not None]
    if plan.options.batch_size < 1 or not wanted or min(wanted) < 1:
        raise FitError("A fit needs at least one epoch, one step and one row a batch.")
    tf.config.experimental.enable_op_determinism()
    ready = prepared(session, plan)
    _assign(weight_table(ready.loaded.model), plan.start)
    if plan.perturbation is not None:
        _perturb(ready.loaded.model, plan.perturbation)
    return _Run(ready.trainer, plan, ready.data)


def start(session: Session, seed: int) -> dict[str, Array]:
    """The values a fresh copy of the session's model starts from, by weight id."""
    return {name: to_array(value) for name, value in weight_table(session.reload("float32", seed).model).items()}


def _assign(weights: dict[str, Live], start: Mapping[str, Array]) -> None:
    for name, value in start.items():
        if name not in weights:
            raise FitError(f"The start names weight {name}, which the model does not have.")
        if tuple(weights[name].shape) != tuple(value.shape):
            raise FitError(f"The start gives weight {name} shape {value.shape}; it has {tuple(weights[name].shape)}.")
        weights[name].assign(value)


def _perturb(model: Live, seed: int) -> None:
    """Moves every trainable value by one unit in the last place of the precision the model computes in, up or down.

    Rounding does no less to a model that computes the same thing in another order.
    """
    layers = [model, *sublayers(model, deep=True)]
    coarse = {"float16": 2.0**-10, "bfloat16": 2.0**-7}
    if rounds_to_tf32():
        coarse["float32"] = 2.0**-10
    step = max((coarse.get(str(layer.compute_dtype), 0.0) for layer in layers), default=0.0)
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        value = to_array(variable)
        up = rng.integers(0, 2, value.shape).astype(bool)
        if step:
            variable.assign(value * np.where(up, 1 + step, 1 - step).astype(value.dtype))
        elif value.dtype.kind == "f":
            variable.assign(np.nextafter(value, np.where(up, np.inf, -np.inf).astype(value.dtype)))


def batch_rows(rows: int, size: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Row numbers of every batch of an epoch, shape ``(steps, size)``: a permutation of its own.

    The rows that fill no batch are left out, others in every epoch; fewer rows than a batch are repeated. Known from
    the epoch's number alone, so a trial goes on from any epoch.

    >>> batch_rows(5, 2, seed=0, epoch=1).shape
    (2, 2)
    """
    rng = np.random.default_rng([seed, epoch])
    needed = max(1, rows // size) * size
    order = np.concatenate([rng.permutation(rows) for _ in range(math.ceil(needed / rows))])
    return order[:needed].reshape(-1, size)


@dataclass(frozen=True, slots=True)
class Length:
    """How long a trial is: ``steps`` in all, ``per_epoch`` in each of ``epochs`` but perhaps the last."""

    steps: int
    per_epoch: int

    @property
    def epochs(self) -> int:
        return math.ceil(self.steps / self.per_epoch)

    @classmethod
    def of(cls, options: TrialOptions, rows: int, size: int) -> Length:
        """The length of a trial on so many rows of training data."""
        per_epoch = max(1, rows // size)
        limits = [] if options.steps is None else [options.steps]
        limits += [] if options.epochs is None else [options.epochs * per_epoch]
        return cls(min(limits), per_epoch)


class _Run:
    """One trial on its way: trains, tests, stores and tells."""

    def __init__(self, trainer: Steps, plan: FitPlan, data: DataSet) -> None:
        self._trainer, self._plan, self._data = trainer, plan, data
        self._progress: Progress | None = None
        self._train_rows = len(data.x_train[0])
        self._length = Length.of(plan.options, self._train_rows, trainer.size)
        trained = min(self._length.steps, self._length.per_epoch) * trainer.size
        self._test_rows = min(len(data.x_test[0]), max(FEWEST_TEST_ROWS, trained))
        self._history = History()
        self._logs = Logs(plan.options.logdir, plan.name)
        # The first step of a process compiles, and is left out of the speed.
        self._seconds, self._timed = 0.0, 0
        self._pace: float | None = None
        self._variables = None if plan.options.store is None else trainer.state()
        self.key = None if self._variables is None else self._named(self._variables)

    def trial(self, progress: Progress | None) -> Trial:
        """Runs what the store does not hold."""
        self._progress = progress
        data = self._data
        store, variables = self._store()
        if self._plan.options.fresh:
            store.forget()
        done = store.finished()
        if done is not None:
            self._history, answers = done
            reused = len(self._history.epochs)
            self._replay()
        else:
            reused = self._resume(store, variables)
            answers = self._train(store, variables)
            store.finish(self._history, answers)
        return Trial(
            side=self._plan.side,
            seed=self._plan.seed,
            steps=self._length.steps,
            history=self._history,
            data=data.source,
            settings=self._trainer.settings(
                steps=self._length.steps,
                epochs=self._length.epochs,
                steps_per_epoch=self._length.per_epoch,
                test_rows=self._test_rows,
            ),
            answers=answers,
            class_names=data.class_names,
            samples_per_second=self._timed * self._trainer.size / self._seconds if self._seconds else 0.0,
            reused=reused,
            place=place(),
            findings=tuple(store.findings),
        )

    def _store(self) -> tuple[TrialStore, list[Live]]:
        """The files of this trial, and the variables whose values are its state."""
        if self._plan.options.store is None:
            return TrialStore(None), []
        if self._variables is None or self.key is None:
            store = TrialStore(None)
            store.findings.append(self._trainer.not_stored)
            return store, []
        return TrialStore(self._plan.options.store, self.key), self._variables

    def _named(self, variables: Sequence[Live]) -> str:
        # By name as well: a candidate or a control that took up the reference's trial would prove nothing.
        length: dict[str, str | int] = {
            "name": self._plan.name,
            "seed": self._plan.seed,
            "steps": self._length.steps,
            "as_written": int(self._plan.options.as_written),
            "test_rows": 0 if self._breaks_off(self._length.epochs) else self._test_rows,
        }
        return self._trainer.key(variables, length)

    def _resume(self, store: TrialStore, variables: Sequence[Live]) -> int:
        """Takes up the last finished epoch; how many epochs that saves."""
        known = store.unfinished()
        if known is None:
            return 0
        self._history, values = known
        for variable, data in zip(variables, values, strict=True):
            like = to_array(variable)
            variable.assign(np.frombuffer(data, like.dtype).reshape(like.shape))
        self._replay()
        return len(self._history.epochs)

    def _replay(self) -> None:
        for count in range(1, len(self._history.epochs) + 1):
            epochs = self._history.epochs[:count]
            self._logs.write(History(epochs=epochs))
            steps = epochs[-1].steps
            self._tell(self._history.losses[:steps], self._history.accuracies[:steps], epochs[-1])

    def _train(self, store: TrialStore, variables: Sequence[Live]) -> Answers:
        """Runs the epochs that are missing, and gives the answers of the last test."""
        tested: Tested | None = None
        for number in range(len(self._history.epochs) + 1, self._length.epochs + 1):
            if not self._history.finite:
                break
            tested = self._epoch(number, last=number == self._length.epochs)
            if self._plan.options.store is not None:
                store.save(self._history, [to_array(variable).tobytes() for variable in variables])
            self._logs.write(self._history)
        if not self._history.finite:
            rows = min(self._trainer.size, self._test_rows)
            return replace(self._trainer.test(rows, outputs=True).answers, classes=(), labels=())
        if self._breaks_off(self._length.epochs):
            return Answers(predictions=np.empty(0, np.float32), digest="")
        if tested is None:  # cut off between its last epoch and its result
            tested = self._trainer.test(self._test_rows, outputs=True)
        return tested.answers

    def _epoch(self, number: int, *, last: bool) -> Tested | None:
        begin = (number - 1) * self._length.per_epoch
        rows = batch_rows(self._train_rows, self._trainer.size, self._plan.seed, number)
        rows = rows[: self._length.steps - begin]
        losses, accuracies, seconds = self._steps(rows)
        self._history = replace(
            self._history,
            losses=(*self._history.losses, *losses),
            accuracies=(*self._history.accuracies, *accuracies),
        )
        tests = self._history.finite and not self._breaks_off(number)
        tested = self._trainer.test(self._test_rows, outputs=last) if tests else None
        epoch = Epoch(
            number=number,
            steps=begin + len(losses),
            train_loss=float(np.mean(losses)),
            train_accuracy=float(np.mean(accuracies)) if accuracies else None,
            test_loss=None if tested is None or math.isnan(tested.loss) else tested.loss,
            test_accuracy=None if tested is None else tested.accuracy,
            seconds=seconds,
        )
        self._history = replace(self._history, epochs=(*self._history.epochs, epoch))
        self._tell(self._history.losses, self._history.accuracies, epoch)
        return tested

    def _breaks_off(self, number: int) -> bool:
        """Whether the trial is the beginning of another one, and ends within this epoch of that."""
        return self._plan.options.cut and self._length.steps < number * self._length.per_epoch

    def _steps(self, rows: NDArray[np.int64]) -> tuple[list[float], list[float], float]:
        """Trains on these batches, about a second a call; losses, accuracies and seconds."""
        losses: list[float] = []
        accuracies: list[float] = []
        spent = 0.0
        while len(losses) < len(rows):
            count = 1 if self._pace is None else max(1, min(MOST_STEPS, int(CHUNK_S / self._pace)))
            began = time.perf_counter()
            more, rates = self._trainer.train(rows[len(losses) : len(losses) + count])
            took = time.perf_counter() - began
            losses += more.tolist()
            accuracies += [] if rates is None else rates.tolist()
            spent += took
            if self._pace is None:
                self._pace = took  # with compilation: the second call is short, and tells the pace
            else:
                self._pace = took / len(more)
                self._seconds += took
                self._timed += len(more)
            if not math.isfinite(losses[-1]):
                break
            if len(losses) < len(rows):
                self._tell((*self._history.losses, *losses), (*self._history.accuracies, *accuracies), None)
        return losses, accuracies, spent

    def _tell(self, losses: Sequence[float], accuracies: Sequence[float], epoch: Epoch | None) -> None:
        if self._progress is None:
            return
        accuracy = accuracies[-1] if accuracies else None
        tick = Tick(step=len(losses), steps=self._length.steps, loss=losses[-1], accuracy=accuracy, epoch=epoch)
        self._progress(tick)
