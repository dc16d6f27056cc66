"""The steps of one trial on another backend: as on TensorFlow, one optimizer step after the other, and the test.

A step is a function of all that it moves: variables of the model, of its generators and of its optimizer. The backend
compiles it where it compiles; between two calls the values stand in the variables, where a trial is begun and taken up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from kerasdiff.errors import FitError, KerasdiffError
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph.values import Array
from kerasdiff.side.training import FitPlan, Progress, Trial, TrialOptions
from kerasdiff.worker.backends.engine import called, engine
from kerasdiff.worker.backends.rows import Rows
from kerasdiff.worker.importing.faults import at_line, reason
from kerasdiff.worker.keras_internals import (
    Live,
    keras,
    optimizer_variables,
    scaled_loss,
    to_numpy,
)
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.tracing.trace import call_model
from kerasdiff.worker.training.begun import Begun
from kerasdiff.worker.training.data import DataSet, load_data
from kerasdiff.worker.training.fit import named, trained
from kerasdiff.worker.training.prepared import DATA_SEED
from kerasdiff.worker.training.tasks import Task
from kerasdiff.worker.training.tested import Tested, Tests

Values = Sequence[Live]

T = TypeVar("T")


class BackendTrainer(Begun):
    """A model with its optimizer, ready to train and to test.

    Attributes:
        not_stored: Why a trial is not.
    """

    def __init__(self, loaded: Loaded, task: Task, rows: Rows, options: TrialOptions) -> None:
        super().__init__(loaded, task, options)
        self._rows = rows
        own = {id(one) for one in self._variables}
        held = {id(one): one for one in engine().carried(loaded.model)}
        self._others = [one for at, one in held.items() if at not in own]
        self._moments = optimizer_variables(self.optimizer)
        self._own_draws = options.draws != "own"
        self.not_stored = Finding(fact=Fact.NOT_STORED_ELSEWHERE, names=(called(),))
        self._step = engine().fast(self._taken)
        self._tests: dict[int, Callable[..., Live]] = {}

    def _drawn(self) -> tuple[tuple[str, ...], bool]:
        return (), self._own_draws

    def state(self) -> list[Live] | None:
        """Nothing is stored of a trial here: no graph tells two of them apart as one of TensorFlow does."""
        return None

    def key(self, state: Sequence[Live], plan: Mapping[str, str | int]) -> NoReturn:
        """A trial has none."""
        raise NotImplementedError

    def train(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Runs one optimizer step per row of ``rows``; a loss that is not finite ends the run.

        Args:
            rows: Row numbers of the training data, shape ``(steps, size)``.

        Returns:
            Loss and accuracy of every step that ran; no accuracy for regression.
        """
        return self._guarded("The training step fails", lambda: self._run(rows))

    def _run(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        groups = self._variables, self._others, self._moments
        held: tuple[Values, ...] = tuple([one.value for one in group] for group in groups)
        losses: list[float] = []
        accuracies: list[float] = []
        for some in rows:
            inputs, targets = self._rows.train(some)
            loss, outputs, held = self._step(*held, inputs, targets)
            losses.append(float(to_numpy(loss)))
            accuracies.append(_rate(self._answers(outputs, targets)))
            if not math.isfinite(losses[-1]):
                break
        for group, values in zip(groups, held, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return np.array(losses), np.array(accuracies) if self._task.has_accuracy else None

    def _taken(
        self, trained: Values, others: Values, moments: Values, inputs: Values, targets: Values
    ) -> tuple[Live, Live, tuple[Values, Values, Values]]:
        """One step: its loss, the outputs that is of, and all values after it."""
        (_, (loss, outputs, after)), gradients = engine().pulled(self._scaled)(
            list(trained), others, moments, inputs, targets
        )
        moved = engine().updated(self.optimizer, self._variables, trained, gradients, moments)
        return loss, outputs, (moved[0], after, moved[1])

    def _scaled(
        self, trained: Values, others: Values, moments: Values, inputs: Values, targets: Values
    ) -> tuple[Live, tuple[Live, Values, Values]]:
        """The loss as a gradient is taken of it; with it as it is, the outputs, and what was not trained afterwards."""
        loss, outputs, after = self._called(trained, others, inputs, targets, training=True)
        with keras.StatelessScope(state_mapping=list(zip(self._moments, moments, strict=True))):
            scaled = scaled_loss(self.optimizer, loss)
        return scaled, (loss, outputs, after)

    def _called(
        self,
        trained: Values,
        others: Values,
        inputs: Values,
        targets: Values,
        *,
        training: bool,
        rows: int | None = None,
    ) -> tuple[Live, Values, Values]:
        """The loss of the first ``rows`` rows, their outputs, and what is not trained as the call leaves it."""
        variables = [*self._variables, *self._others]
        held = list(zip(variables, [*trained, *others], strict=True))
        with keras.StatelessScope(state_mapping=held, collect_losses=True) as scope:
            args, kwargs = self._loaded.pack(list(inputs))
            result = call_model(self._loaded.model, args, kwargs, training=training, fitted=True)
            result = keras.tree.map_structure(lambda one: one[:rows] if keras.ops.is_tensor(one) else one, result)
            loss = self._task.loss(result, [one[:rows] for one in targets], training=training)
            after = [keras.ops.stop_gradient(scope.get_current_value(one)) for one in self._others]
        return loss, tensors_of(result), after

    def test(self, total: int, *, outputs: bool) -> Tested:
        """Loss and accuracy over the first ``total`` test rows.

        Args:
            total: Number of rows.
            outputs: Whether the outputs are wanted as well.
        """
        return self._guarded("The test fails", lambda: self._tested(total, outputs=outputs))

    def _tested(self, total: int, *, outputs: bool) -> Tested:
        tests = Tests(outputs=outputs, accuracy=self._task.has_accuracy)
        trained, others = ([one.value for one in group] for group in (self._variables, self._others))
        for begin in range(0, total, self.size):
            count = min(self.size, total - begin)
            inputs, targets = self._rows.test(np.minimum(np.arange(begin, begin + self.size), total - 1))
            loss, results = self._testing(count)(trained, others, inputs, targets)
            answered = self._answers(results, [one[:count] for one in targets])
            tests.add(count, float(to_numpy(loss)), _rate(answered), results, answered)
        return tests.tested(total)

    def _testing(self, count: int) -> Callable[..., Live]:
        """The test of a batch of which so many rows count."""
        if count not in self._tests:

            def run(trained: Values, others: Values, inputs: Values, targets: Values) -> tuple[Live, Values]:
                loss, outputs, _ = self._called(trained, others, inputs, targets, training=False, rows=count)
                return loss, outputs

            self._tests[count] = engine().fast(run, still=True)
        return self._tests[count]

    def _answers(self, outputs: Values, targets: Values) -> list[tuple[Array, Array]]:
        return self._task.answers(list(map(to_numpy, outputs)), list(map(to_numpy, targets)))

    def _guarded(self, what: str, run: Callable[[], T]) -> T:
        try:
            return run()
        except KerasdiffError:
            raise
        except BaseException as error:  # the user's own call, loss or optimizer
            raise FitError(f"{what}: {reason(error)}{at_line(error, self._loaded.root)}") from None


def _rate(answered: Sequence[tuple[Array, Array]]) -> float:
    """Fraction of right answers, the mean over the outputs that have them; NaN where none has."""
    rates = [float(np.mean(answer == label)) for answer, label in answered]
    return sum(rates) / len(rates) if rates else math.nan


@dataclass(frozen=True)
class Prepared:
    """A trial that was made ready, but for its start."""

    loaded: Loaded
    data: DataSet
    trainer: BackendTrainer


def fit(session: Session, plan: FitPlan, progress: Progress | None = None) -> Trial:
    """Trains a fresh copy of the session's model.

    Raises:
        FitError: If there is no usable data, loss or gradient, or the start does not fit the model.
    """
    return trained(session, plan, progress, prepare)


def trial_key_of(session: Session, plan: FitPlan) -> str | None:
    """Makes the trial of a plan ready; what it would be called in the trial store, which holds none of a backend."""
    return named(session, plan, prepare)


def prepare(session: Session, plan: FitPlan) -> Prepared:
    """Makes a trial ready, but for its start: the model holds what a fresh one of that seed does.

    Raises:
        FitError: If there is no usable data, loss or gradient.
    """
    loaded = session.reload("float32", plan.seed)
    task = Task(loaded, plan.options.loss)
    wanted = plan.data, tuple(loaded.ports), task.heads
    if session.kept is None or session.kept[0] != wanted:
        session.kept = wanted, load_data(*wanted, DATA_SEED)
    data = session.kept[1]
    trainer = BackendTrainer(loaded, task, Rows(data), plan.options)
    # Construction and probing drew a number of times that depends on how the model is written.
    keras.utils.set_random_seed(plan.seed)
    return Prepared(loaded, data, trainer)
