"""A data set as tensors in memory, from which a graph takes its batches without Python."""

from __future__ import annotations

from functools import partial

import tensorflow as tf

from kerasdiff.graph import Port
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.probes import family_of
from kerasdiff.worker.hardware import gpus
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.training.data import DataSet

NOT_GATHERED = frozenset(("uint8", "int8", "uint16", "int16", "uint32", "uint64"))
"""Types for which a GPU has no kernel of ``GatherV2``, as TensorFlow 2.21 registers them: a set of these would cross to
the processor at every step."""

MOST_CAST = 4 << 30
"""Bytes of an input, cast to what the model takes, up to which all of it is held on a GPU."""


class Batches:
    """The rows of a :class:`DataSet`, converted once.

    Images stay uint8 until a batch is taken: 50,000 CIFAR images are 150 MB as uint8 and 600 MB as float32. Not on a
    GPU, which gathers no integers of less than 32 bits: there they are cast once, where they take no more than
    `MOST_CAST`, and else they stay with the processor, batch by batch.
    """

    def __init__(self, data: DataSet) -> None:
        self._ports = data.inputs
        self._train = _rows(data.x_train, data.inputs), _tensors(data.y_train)
        self._test = _rows(data.x_test, data.inputs), _tensors(data.y_test)

    def train(self, rows: Live) -> tuple[list[Live], list[Live]]:
        """Inputs and targets of these training rows, ready for the model."""
        return self._batch(self._train, rows)

    def test(self, rows: Live) -> tuple[list[Live], list[Live]]:
        """Inputs and targets of these test rows, ready for the model."""
        return self._batch(self._test, rows)

    def _batch(self, part: tuple[list[Live], list[Live]], rows: Live) -> tuple[list[Live], list[Live]]:
        inputs = [as_input(_taken(x, rows), port) for x, port in zip(part[0], self._ports, strict=True)]
        return inputs, [tf.gather(y, rows) for y in part[1]]


def _rows(arrays: tuple[Array, ...], ports: tuple[Port, ...]) -> list[Live]:
    """The rows of every input where they are gathered from: in the memory of the GPU, if one trains and can."""
    if not gpus():
        return _tensors(arrays)
    rows = []
    for array, port in zip(arrays, ports, strict=True):
        held = array
        if array.dtype.name in NOT_GATHERED and array.size * tf.as_dtype(port.spec.dtype).size <= MOST_CAST:
            # In a graph, as a batch would be: a graph divides by 255 in another way, one unit in the last place off.
            held = tf.function(partial(as_input, port=port), autograph=False)(tf.convert_to_tensor(array))
        with tf.device("CPU:0" if held is array and array.dtype.name in NOT_GATHERED else None):
            rows.append(tf.convert_to_tensor(held))
    return rows


def _taken(values: Live, rows: Live) -> Live:
    """These rows, gathered where the values are."""
    with tf.device("CPU:0" if gpus() and values.dtype.name in NOT_GATHERED else None):
        return tf.gather(values, rows)


def _tensors(arrays: tuple[Array, ...]) -> list[Live]:
    return [tf.convert_to_tensor(array) for array in arrays]


def as_input(values: Live, port: Port) -> Live:
    """Casts a batch to an input's dtype; uint8 images become float32 in [0, 1]."""
    if family_of(port) == "float" and values.dtype == tf.uint8:
        values = tf.cast(values, tf.float32) / tf.constant(255.0, tf.float32)
    return tf.cast(values, port.spec.dtype)
