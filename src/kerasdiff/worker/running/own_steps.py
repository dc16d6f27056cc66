"""Answers ``own_steps``: steps that a model takes by a ``train_step`` of its own, as ``fit`` has it take them."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import OwnSteps, StepRequest
from kerasdiff.worker.keras_internals import Live, array, is_compiled, keras, to_numpy
from kerasdiff.worker.loading.load import SEED
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.scoring import target_of, targets_for
from kerasdiff.worker.running.step import stepping
from kerasdiff.worker.running.values import assign, drawn
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.training.tasks import Task, as_tensor, fresh_optimizer

STEPS = 2
"""Steps that are taken: what an optimizer or a layer keeps of the first shows in the second."""


def own_steps(session: Session, request: StepRequest, real: bool) -> OwnSteps:
    """Takes steps on one batch, by a fresh copy of the model: its code may leave anything in it.

    Args:
        session: Holds the model.
        request: From what it starts.
        real: Whether targets are real numbers in the shape of the outputs, whatever the loss; a step may look at none.

    Raises:
        EvaluateError: If the step fails, or takes other data than a batch of inputs and targets.
    """
    loaded = session.reload(request.precision)
    return stepping(loaded, request.precision, lambda: _taken(loaded, request, real=real))


def _taken(loaded: Loaded, request: StepRequest, *, real: bool) -> OwnSteps:
    model = loaded.model
    task = Task(loaded, compiled=request.compiled, encodings=request.encodings)
    if not is_compiled(model):
        model.compile(optimizer=fresh_optimizer(model, own=False), loss=list(task.losses), run_eagerly=True)
    variables = weight_table(model)
    assign(drawn(variables, request.recipes))
    before = _values(variables)
    batch = _batch(loaded, request, task, real=real)
    keras.utils.set_random_seed(SEED)
    for _ in range(STEPS):
        model.train_step(batch)
    after = _values(variables)
    return OwnSteps(updates={name: after[name] - value for name, value in before.items()})


def _batch(loaded: Loaded, request: StepRequest, task: Task, *, real: bool) -> tuple[Live, Live]:
    """Inputs and targets as ``fit`` hands them on."""
    inputs = [as_tensor(batch, port) for batch, port in zip(request.probe, loaded.ports, strict=True)]
    args, kwargs = loaded.pack(inputs)
    if kwargs or len(args) != 1:
        raise EvaluateError("its call takes several arguments, which are no batch of train_step")
    targets = targets_for(task, task.structure)
    if real:
        heads = (replace(head, encoding="real") for head in task.heads)
        targets = [target_of(head, len(inputs[0]), number) for number, head in enumerate(heads)]
    cast = [array(one, keras.config.floatx()) if one.dtype.is_floating else one for one in targets]
    return args[0], keras.tree.pack_sequence_as(task.structure, cast)


def _values(variables: dict[str, Live]) -> dict[str, Array]:
    """What the weights that are real numbers hold."""
    held = {name: to_numpy(variable) for name, variable in variables.items()}
    return {name: value for name, value in held.items() if value.dtype.kind == "f"}
