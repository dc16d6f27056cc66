"""What is a batch of one step scored by? Its targets, the loss of given outputs, and the metrics, on any backend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasdiff.graph.values import Array
from kerasdiff.worker.keras_internals import Live, array, dtype_name, keras, metrics_of, to_numpy
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.training.heads import Head
from kerasdiff.worker.training.tasks import Task

TARGET_SEED = 11


def targets_for(task: Task, result: Live) -> list[Live]:
    """Targets of every output for what a model returned, the same on both sides of a comparison."""
    first = tensors_of(result)[0]
    rows = first.shape[0] if first.shape else 1
    return [target_of(head, rows, number) for number, head in enumerate(task.heads)]


def losses_of_outputs(task: Task, result: Live, outputs: Sequence[Sequence[Array]]) -> tuple[float, ...]:
    """The training loss of each of these sets of outputs, in the structure of what the model returned."""
    kinds = [dtype_name(tensor) for tensor in tensors_of(result)]
    losses = []
    for one in outputs:
        packed = keras.tree.pack_sequence_as(result, [array(*each) for each in zip(one, kinds, strict=False)])
        losses.append(float(task.loss(packed, targets_for(task, packed), training=True)))
    return tuple(losses)


def metrics_for(task: Task, model: Live, result: Live, targets: Sequence[Live]) -> dict[str, float]:
    """The metrics that the model was compiled with, of this batch alone; those that are one number."""
    if not task.compiled:
        return {}
    model.reset_metrics()
    metrics = metrics_of(model, keras.tree.pack_sequence_as(result, list(targets)), result)
    told = {str(name): to_numpy(value) for name, value in metrics.items()}
    model.reset_metrics()
    return {name: float(value) for name, value in told.items() if value.ndim == 0}


def target_of(head: Head, rows: int, number: int) -> Live:
    """Targets of one output."""
    return array(_values(head, rows, number))


def _values(head: Head, rows: int, number: int) -> Array:
    """The same as numbers; of classes int64."""
    rng = np.random.default_rng([TARGET_SEED, number])
    if head.encoding == "sparse":
        return np.asarray(rng.integers(0, head.classes, (rows, *head.shape[:-1])), np.int64)
    if head.encoding == "one-hot":
        return np.asarray(np.eye(head.classes)[rng.integers(0, head.classes, (rows, *head.shape[:-1]))])
    if head.encoding == "binary":
        return rng.integers(0, 2, (rows, *head.shape)).astype(np.float64)
    values = rng.random((rows, *head.shape)) if head.zero_one else rng.standard_normal((rows, *head.shape))
    return np.asarray(values)
