"""A data set as tensors in memory, from which a graph takes its batches without Python."""

from __future__ import annotations

import tensorflow as tf

from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.probes import family_of
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.training.data import DataSet


class Batches:
    """The rows of a :class:`DataSet`, converted once.

    Images stay uint8 until a batch is taken: 50,000 CIFAR images are 150 MB as uint8 and 600 MB as float32.
    """

    def __init__(self, data: DataSet) -> None:
        self._ports = data.inputs
        self._train = _tensors(data.x_train), _tensors(data.y_train)
        self._test = _tensors(data.x_test), _tensors(data.y_test)
        self.train_rows, self.test_rows = len(data.x_train[0]), len(data.x_test[0])

    def train(self, rows: Live) -> tuple[list[Live], list[Live]]:
        """Inputs and targets of these training rows, ready for the model."""
        return self._batch(self._train, rows)

    def test(self, rows: Live) -> tuple[list[Live], list[Live]]:
        """Inputs and targets of these test rows, ready for the model."""
        return self._batch(self._test, rows)

    def _batch(self, part: tuple[list[Live], list[Live]], rows: Live) -> tuple[list[Live], list[Live]]:
        inputs = [as_input(tf.gather(x, rows), port) for x, port in zip(part[0], self._ports, strict=True)]
        return inputs, [tf.gather(y, rows) for y in part[1]]


def _tensors(arrays: tuple[Array, ...]) -> list[Live]:
    return [tf.convert_to_tensor(array) for array in arrays]


def as_input(values: Live, port: Port) -> Live:
    """Casts a batch to an input's dtype; uint8 images become float32 in [0, 1]."""
    if family_of(port) == "float" and values.dtype == tf.uint8:
        values = tf.cast(values, tf.float32) / tf.constant(255.0, tf.float32)
    return tf.cast(values, port.spec.dtype)
