"""Answers ``step`` on another backend: one optimizer step on one probe, by the compile settings or the defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Stepped, StepRequest
from kerasdiff.worker.backends.engine import engine
from kerasdiff.worker.backends.numbers import inputs_of, start_of
from kerasdiff.worker.backends.session import BackendSession
from kerasdiff.worker.keras_internals import Live, apply_gradients, build_optimizer, keras, to_numpy
from kerasdiff.worker.running.scoring import losses_of_outputs, metrics_for, targets_for
from kerasdiff.worker.running.step import stepping
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.training.tasks import Task, fresh_optimizer, left_alone

T = TypeVar("T")


def step(session: BackendSession, request: StepRequest) -> Stepped:
    """Takes one step.

    Raises:
        EvaluateError: If the model has no loss that fits its outputs, or cannot be called.
    """
    return _answered(session, request, _Step.taken)


def losses_of(session: BackendSession, request: StepRequest, outputs: Sequence[Sequence[Array]]) -> tuple[float, ...]:
    """The training loss of each of these sets of outputs.

    Raises:
        EvaluateError: As :func:`step`.
    """
    return _answered(session, request, lambda one: one.losses(outputs))


def _answered(session: BackendSession, request: StepRequest, ask: Callable[[_Step], T]) -> T:
    loaded = session.drawn(request.precision)
    return stepping(loaded, request.precision, lambda: ask(_Step(session, request)))


class _Step:
    """One step's model, task and batch."""

    def __init__(self, session: BackendSession, request: StepRequest) -> None:
        loaded = session.loaded(request.precision)
        self._model = loaded.model
        key = request.precision, request.compiled, request.encodings
        if key not in session.tasks:
            session.tasks[key] = Task(loaded, compiled=request.compiled, encodings=request.encodings)
        self._task: Task = session.tasks[key]
        self._call = session.calling(request.precision, "training")
        self._values = start_of(self._call, request.recipes, perturbation=request.perturbation)
        self._inputs = inputs_of(loaded.ports, request.probe, request.perturbation)

    def taken(self) -> Stepped:
        """Forward, backward, and the optimizer's update."""
        if not self._call.trained:
            raise EvaluateError("the model has no trainable weights")
        trained = {name: self._values[name] for name in self._call.trained}
        (loss, outputs), gradients = engine().pulled(self._loss)(trained)
        result = keras.tree.pack_sequence_as(self._task.structure, list(outputs))
        return Stepped(
            loss=float(loss),
            updates=self._updates(trained, gradients),
            metrics=metrics_for(self._task, self._model, result, targets_for(self._task, result)),
            optimizer=type(fresh_optimizer(self._model, own=self._task.compiled)).__name__,
            objective=", ".join(self._task.words),
        )

    def _loss(self, trained: Mapping[str, Live]) -> tuple[Live, Live]:
        """The loss with these values, and the outputs it is of."""
        values = {**self._values, **trained}
        held = [(one, values[name]) for name, one in self._call.variables.items()]
        loss, outputs, remembered = self._loss_from(held)
        if remembered:  # what a layer keeps of a call shows in the next one
            loss, outputs, _ = self._loss_from([*held, *remembered])
        return loss, outputs

    def _loss_from(self, held: Sequence[tuple[Live, Live]]) -> tuple[Live, tuple[Live, ...], list[tuple[Live, Live]]]:
        """The loss where variables have these values, its outputs, and what else the call left in variables."""
        with (
            left_alone([one for one, _ in held]) as assigned,
            keras.StatelessScope(state_mapping=held, collect_losses=True) as scope,
        ):
            done = self._call.called(self._inputs)
            loss = self._task.loss(done, targets_for(self._task, done), training=True)
            # No gradient passes from one call to the next by a variable.
            kept = [(one, keras.ops.stop_gradient(scope.get_current_value(one))) for one, _ in assigned.values()]
        return loss, tuple(tensors_of(done)), kept

    def _updates(self, trained: Mapping[str, Live], gradients: Mapping[str, Live]) -> dict[str, Array]:
        """What a fresh optimizer adds to each weight, which has its value again afterwards."""
        variables = {name: self._call.variables[name] for name in trained}
        before = {name: to_numpy(one) for name, one in variables.items()}
        start = {name: to_numpy(one) for name, one in trained.items()}
        try:
            for name, variable in variables.items():
                variable.assign(start[name])
            optimizer = fresh_optimizer(self._model, own=self._task.compiled)
            build_optimizer(optimizer, list(variables.values()))
            with engine().updating():
                apply_gradients(optimizer, [gradients[name] for name in variables], list(variables.values()))
            return {name: to_numpy(one) - start[name] for name, one in variables.items()}
        finally:
            for name, variable in variables.items():
                variable.assign(before[name])

    def losses(self, outputs: Sequence[Sequence[Array]]) -> tuple[float, ...]:
        """The loss of given outputs; what the model adds by itself is that of its own call."""
        held = [(one, self._values[name]) for name, one in self._call.variables.items()]
        with keras.StatelessScope(state_mapping=held, collect_losses=True):
            self._call.called(self._inputs)
            return losses_of_outputs(self._task, self._task.structure, outputs)
