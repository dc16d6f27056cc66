"""A data set whose batches are handed to a backend one by one."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.probes import family_of
from kerasdiff.worker.backends.engine import engine
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.training.data import DataSet


class Rows:
    """The rows of a :class:`DataSet`."""

    def __init__(self, data: DataSet) -> None:
        self._data = data

    def train(self, rows: NDArray[np.int64]) -> tuple[list[Live], list[Live]]:
        """Inputs and targets of these training rows, ready for the model."""
        return self._batch(self._data.x_train, self._data.y_train, rows)

    def test(self, rows: NDArray[np.int64]) -> tuple[list[Live], list[Live]]:
        """Inputs and targets of these test rows, ready for the model."""
        return self._batch(self._data.x_test, self._data.y_test, rows)

    def _batch(
        self, inputs: tuple[Array, ...], targets: tuple[Array, ...], rows: NDArray[np.int64]
    ) -> tuple[list[Live], list[Live]]:
        ready = [_as_input(x[rows], port) for x, port in zip(inputs, self._data.inputs, strict=True)]
        return list(map(engine().array_of, ready)), [engine().array_of(y[rows]) for y in targets]


def _as_input(values: Array, port: Port) -> Array:
    """A batch in an input's dtype; uint8 images become float32 in [0, 1]."""
    if family_of(port) == "float" and values.dtype == np.uint8:
        values = values.astype(np.float32) / np.float32(255)
    return values.astype(tf.as_dtype(port.spec.dtype).as_numpy_dtype)
