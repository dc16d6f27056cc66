"""Answers ``step``: one optimizer step on one probe, by the model's own compile settings or the defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, FitError, KerasdiffError
from kerasdiff.graph.values import Array, Precision
from kerasdiff.side.observations import Stepped, StepRequest
from kerasdiff.worker.importing.faults import at_line, reason
from kerasdiff.worker.keras_internals import Live, apply_gradients, build_optimizer, tensor_of
from kerasdiff.worker.loading.load import precision_scope
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.scoring import losses_of_outputs, metrics_for, targets_for
from kerasdiff.worker.running.values import assign, perturbed, start_of
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.trace import call_model
from kerasdiff.worker.training.tasks import Task, as_tensor, fresh_optimizer, left_alone

T = TypeVar("T")


def step(session: Session, request: StepRequest) -> Stepped:
    """Takes one step.

    Raises:
        EvaluateError: If the model has no loss that fits its outputs, or cannot be called.
    """
    return _answered(session, request, _Step.taken)


def losses_of(session: Session, request: StepRequest, outputs: Sequence[Sequence[Array]]) -> tuple[float, ...]:
    """The training loss of each of these sets of outputs.

    Raises:
        EvaluateError: As :func:`step`.
    """
    return _answered(session, request, lambda one: one.losses(outputs))


def _answered(session: Session, request: StepRequest, ask: Callable[[_Step], T]) -> T:
    loaded = session.drawn(request.precision)
    session.altered(request.precision)
    return stepping(loaded, request.precision, lambda: ask(_Step(session, loaded, request)))


def stepping(loaded: Loaded, precision: Precision, ask: Callable[[], T]) -> T:
    """What is asked of a step, in a precision.

    Raises:
        EvaluateError: In the place of whatever the user's own code raises.
    """
    with precision_scope(precision):
        try:
            return ask()
        except FitError as error:
            raise EvaluateError(error.message) from None
        except KerasdiffError:
            raise
        except BaseException as error:  # the user's own call, loss or optimizer
            raise EvaluateError(f"the step fails: {reason(error)}{at_line(error, loaded.root)}") from None


class _Step:
    """One step's model, task and batch."""

    def __init__(self, session: Session, loaded: Loaded, request: StepRequest) -> None:
        self._session, self._loaded, self._request = session, loaded, request
        key = request.precision, request.compiled, request.encodings
        if key not in session.tasks:
            session.tasks[key] = Task(loaded, compiled=request.compiled, encodings=request.encodings)
        self._task: Task = session.tasks[key]
        inputs = [(None, as_tensor(batch, port)) for batch, port in zip(request.probe, loaded.ports, strict=True)]
        self._inputs = [value for _, value in perturbed(inputs, request.perturbation)]
        self._variables = weight_table(loaded.model)

    def _call(self, inputs: Sequence[Live]) -> Live:
        asked = self._request
        assign(start_of(self._session, asked.precision, asked.recipes, 1.0, asked.perturbation))
        args, kwargs = self._loaded.pack(list(inputs))
        return call_model(self._loaded.model, args, kwargs, training=True, fitted=self._loaded.fitted)

    def taken(self) -> Stepped:
        """Forward, backward, and the optimizer's update."""
        trained = self._trained()
        if not trained:
            raise EvaluateError("the model has no trainable weights")
        with left_alone(self._variables.values()) as remembered:
            pulled = self._pulled(trained, self._inputs)
            if remembered:  # what a layer keeps of a call shows in the next one
                pulled = self._pulled(trained, self._inputs)
            return self._stepped(trained, *pulled)

    def _stepped(
        self,
        trained: Mapping[str, Live],
        result: Live,
        targets: Sequence[Live],
        loss: Live,
        gradients: dict[str, Live],
    ) -> Stepped:
        by_row = self._met_again(trained, gradients)
        return Stepped(
            loss=float(loss),
            updates=self._updates(trained, gradients),
            metrics=metrics_for(self._task, self._loaded.model, result, targets),
            optimizer=type(self._optimizer(trained)).__name__,
            objective=", ".join(self._task.words),
            summed=self._updates_by_row(trained, gradients, by_row, tf.convert_to_tensor),
            halved=self._updates_by_row(trained, gradients, by_row, _halved),
        )

    def _pulled(
        self, trained: Mapping[str, Live], inputs: Sequence[Live]
    ) -> tuple[Live, list[Live], Live, dict[str, Live]]:
        """What the model gives for a batch, the targets, the loss, and its gradient by the id of the weight."""
        with tf.GradientTape() as tape:
            result = self._call(inputs)
            targets = targets_for(self._task, result)
            loss = self._task.loss(result, targets, training=True)
        pulled = tape.gradient(loss, [tensor_of(variable) for variable in trained.values()])
        return result, targets, loss, dict(zip(trained, pulled, strict=True))

    def _met_again(self, trained: Mapping[str, Live], gradients: Mapping[str, Live]) -> frozenset[str]:
        """The weights that get the gradient of one row in parts: by ids that repeat, here or in alike inputs.

        Positions never repeat, whatever goes in.
        """
        by_row = {name: one for name, one in gradients.items() if isinstance(one, tf.IndexedSlices)}
        if not by_row or all(_repeats(one) for one in by_row.values()):
            return frozenset(by_row)
        alike = [tf.fill(tf.shape(value), tf.reshape(value, [-1])[0]) for value in self._inputs]
        _, _, _, again = self._pulled({name: trained[name] for name in by_row}, alike)
        return frozenset(name for name, one in by_row.items() if _repeats(one) or _repeats(again[name]))

    def _trained(self) -> dict[str, Live]:
        """The variables that a step changes, by the id of the weight."""
        names = {id(variable): name for name, variable in self._variables.items()}
        return {names[id(one)]: one for one in self._loaded.model.trainable_variables if id(one) in names}

    def _updates(self, trained: Mapping[str, Live], gradients: Mapping[str, Live]) -> dict[str, Array]:
        """What a fresh optimizer adds to each weight, which has its value again afterwards."""
        before = {name: variable.numpy() for name, variable in trained.items()}
        pairs = [(gradients[name], variable) for name, variable in trained.items() if gradients[name] is not None]
        if pairs:
            apply_gradients(self._optimizer(trained), [g for g, _ in pairs], [v for _, v in pairs])
        updates = {name: variable.numpy() - before[name] for name, variable in trained.items()}
        assign([(variable, before[name]) for name, variable in trained.items()])
        return updates

    def _updates_by_row(
        self,
        trained: Mapping[str, Live],
        gradients: Mapping[str, Live],
        by_row: frozenset[str],
        written: Callable[[Live], Live],
    ) -> dict[str, Array]:
        """The updates of the weights with a gradient for some rows alone, where that gradient is written otherwise."""
        again = {name: written(gradients[name]) for name in by_row}
        if not again:
            return {}
        updates = self._updates(trained, {**gradients, **again})
        return {name: updates[name] for name in again}

    def _optimizer(self, trained: Mapping[str, Live]) -> Live:
        made = fresh_optimizer(self._loaded.model, own=self._task.compiled)
        build_optimizer(made, list(trained.values()))
        return made

    def losses(self, outputs: Sequence[Sequence[Array]]) -> tuple[float, ...]:
        """The loss of given outputs; what the model adds by itself is that of its own call."""
        result = self._task.structure if self._adds_nothing() else self._call(self._inputs)
        return losses_of_outputs(self._task, result, outputs)

    def _adds_nothing(self) -> bool:
        """Whether the loss follows from outputs alone: none is added, and it is no code of the user's."""
        if self._task.compiled or self._loaded.model.losses:
            return False
        recording, _ = self._session.traced(self._request.precision, "training")
        return not recording.added.tensors


def _repeats(gradient: Live) -> bool:
    """Whether a row stands more than once in a gradient by rows."""
    if not isinstance(gradient, tf.IndexedSlices):
        return False
    ids = gradient.indices.numpy()
    return bool(len(np.unique(ids)) < ids.size)


def _halved(gradient: Live) -> Live:
    """The same gradient, each row of it in two halves: so it comes where an id stands in a batch twice."""
    values, indices = tf.concat([gradient.values / 2] * 2, 0), tf.concat([gradient.indices] * 2, 0)
    return tf.IndexedSlices(values, indices, gradient.dense_shape)
