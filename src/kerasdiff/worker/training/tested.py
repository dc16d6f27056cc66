"""What does a test give, batch by batch added up?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasdiff.graph.values import Array
from kerasdiff.side.training import Answers
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.training.tasks import to_array


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a test gave: loss and accuracy, and the answers where they were wanted."""

    loss: float
    accuracy: float | None
    answers: Answers


class Tests:
    """Adds up the batches of a test.

    Args:
        outputs: Whether the outputs are wanted as well.
        accuracy: Whether there are right answers.
    """

    def __init__(self, *, outputs: bool, accuracy: bool) -> None:
        self._outputs, self._has_accuracy = outputs, accuracy
        self._loss = self._accuracy = 0.0
        self._first: Array = np.empty(0, np.float32)
        self._digest = hashlib.sha256()
        self._answers: list[list[Array]] = []

    def add(
        self, count: int, loss: float, accuracy: float, results: Sequence[Live], answered: Sequence[tuple[Live, Live]]
    ) -> None:
        """Adds a batch of so many rows: its means, its outputs, and the given and the right answers."""
        self._loss += loss * count
        self._accuracy += accuracy * count
        if not self._outputs:
            return
        arrays = [to_array(result) for result in results]
        for array in arrays:
            self._digest.update(np.ascontiguousarray(array).tobytes())
        if not self._answers:
            self._first = _joined(arrays)
        self._answers.append([to_array(one) for pair in answered for one in pair])

    def tested(self, total: int) -> Tested:
        """What so many rows gave in all."""
        columns = [np.concatenate(parts) for parts in zip(*self._answers, strict=True)]
        return Tested(
            loss=self._loss / total,
            accuracy=self._accuracy / total if self._has_accuracy else None,
            answers=Answers(
                predictions=self._first,
                digest=self._digest.hexdigest(),
                classes=tuple(columns[0::2]),
                labels=tuple(columns[1::2]),
            ),
        )


def _joined(outputs: list[Array]) -> Array:
    """One array of predictions: a single output as it is, several flattened side by side, row by row."""
    if len(outputs) == 1:
        return outputs[0]
    return np.concatenate([output.reshape(len(output), -1).astype(np.float64) for output in outputs], axis=1)
