"""Which targets does each output of a task take? By its loss, or else by its values, which choose a loss too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasdiff.errors import FitError
from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Encoding
from kerasdiff.worker.keras_internals import Live, keras
from kerasdiff.worker.training.heads import Head
from kerasdiff.worker.training.losses import encoding_of, name_of, no_loss

ROW_SUM_TOLERANCE = 1e-3
"""How far from 1 the sum of a row of probabilities may be: float16 softmax over 1,000 classes stays within it."""


def heads_of(
    ports: Sequence[Port],
    outputs: Sequence[Sequence[Array]],
    losses: Sequence[Live],
    encodings: Sequence[Encoding | None],
) -> tuple[tuple[Head, ...], list[Live]]:
    """Head and loss of every output: of the loss it was given, or else of what its values call for."""
    told = encodings if len(encodings) == len(ports) else [None] * len(ports)
    if any(map(_takes_gradients, outputs[0])):  # ids beside them say nothing of how the model learns
        left = zip(losses, outputs[0], strict=True)
        losses = [loss if loss is not None or _takes_gradients(one) else no_loss for loss, one in left]
    made = []
    for at, (port, given) in enumerate(zip(ports, losses, strict=True)):
        values = [batch[at] for batch in outputs]
        made.append(_chosen(port, values) if given is None else _given(port, values, given, told[at]))
    return tuple(head for head, _ in made), [loss for _, loss in made]


def _takes_gradients(value: Array) -> bool:
    return value.dtype.kind in "fV"


def _chosen(port: Port, values: Sequence[Array]) -> tuple[Head, Live]:
    """Head and loss of an output nobody compiled a loss for."""
    if not _takes_gradients(values[0]):
        raise FitError(f"Output {port.name} is {port.spec.dtype}: no gradient comes through it.")
    row = values[0].shape[1:]
    several = bool(row) and row[-1] >= 2
    within = bounded(values)
    encoding: Encoding
    loss: Live
    if several and within and _probabilities(values):
        encoding, loss = "sparse", keras.losses.SparseCategoricalCrossentropy(from_logits=False)
    elif several and len(row) == 1 and within:
        # Sigmoids over classes: each is its own yes or no.
        encoding, loss = "one-hot", keras.losses.BinaryCrossentropy()
    elif several and len(row) == 1:
        encoding, loss = "sparse", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    elif within:
        encoding, loss = "binary", keras.losses.BinaryCrossentropy()
    else:
        encoding, loss = "real", keras.losses.MeanSquaredError()
    return Head(port=port, encoding=encoding, shape=row, zero_one=within), loss


def _given(port: Port, values: Sequence[Array], loss: Live, told: Encoding | None = None) -> tuple[Head, Live]:
    """Head of an output with a loss of its own."""
    row = values[0].shape[1:]
    encoding: Encoding = encoding_of(loss) or told or "real"
    if encoding == "binary" and len(row) == 1 and row[0] >= 2:
        encoding = "one-hot"
    if encoding in ("sparse", "one-hot") and not (row and row[-1] >= 2):
        raise FitError(f"The loss {name_of(loss)} needs two classes or more, and output {port.name} has shape {row}.")
    return Head(port=port, encoding=encoding, shape=row, zero_one=bounded(values)), loss


def bounded(values: Sequence[Array]) -> bool:
    """Whether all finite values lie in [0, 1] and not all are 0 (a dead ReLU)."""
    finite = np.concatenate([value[np.isfinite(value)].astype(np.float64) for value in values])
    return bool(finite.size and finite.min() >= 0 and finite.max() <= 1 and finite.any())


def _probabilities(values: Sequence[Array]) -> bool:
    """Whether every finite row sums to 1: softmax outputs, where `bounded`."""
    sums = np.concatenate([value.astype(np.float64).sum(axis=-1).reshape(-1) for value in values])
    sums = sums[np.isfinite(sums)]
    return bool(sums.size and np.abs(sums - 1.0).max() <= ROW_SUM_TOLERANCE)
