"""Of what is a call made, whatever it computes in? Its ops and constants: what tells that it does something else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from kerasdiff.graph.values import Array
from kerasdiff.worker.keras_internals import Live

Contents = Counter[str]
"""How many there are of each op, and of each number in a small constant."""

_UNTOLD = frozenset({"Cast", "Identity", "Const", "NoOp"})
"""Ops that one precision needs and another does not, though both do the same; constants count by their values."""

_MOST = 16
"""Values of a constant that counts: of settings, not of a table."""

_INFINITE = 1e30
"""What stands for infinity, as the largest value of a precision does."""


def contents_of(graph: Live) -> Contents:
    """The ops of a graph and of the functions in it, and its small constants.

    Measured: 0.03 s for 8,037 ops (EfficientNetV2S), whose trace takes seconds. Of 60 models of all kinds of layers
    none differs in float64 under Keras 3, and under Keras 2 those alone that take another op there.
    """
    definition = graph.as_graph_def()
    functions = definition.library.function
    own = {function.signature.name for function in functions}  # with numbers that no two traces share
    nodes = [*definition.node, *(node for function in functions for node in function.node_def)]
    kinds = Counter(node.op for node in nodes if node.op not in _UNTOLD and node.op not in own)
    constants = (node.attr["value"].tensor for node in nodes if node.op == "Const")
    small = (proto for proto in constants if math.prod(dim.size for dim in proto.tensor_shape.dim) <= _MOST)
    return kinds + Counter(text for proto in small for text in _told(tf.make_ndarray(proto)))


def contents_listed(operations: Sequence[Live]) -> Contents:
    """The same of ops that hold their settings as plain data, as those of another backend do."""
    kinds = Counter(op.type for op in operations if op.type not in _UNTOLD)
    values = (op.settings.get("value") for op in operations if op.type == "Const")
    return kinds + Counter(text for value in values if value is not None for text in _told(np.asarray(value)))


def _told(array: Array) -> Iterator[str]:
    """Each number of a constant, in as many digits as every precision has."""
    if array.size <= _MOST and array.dtype.kind in "iuf":
        for value in array.ravel().tolist():
            yield "infinite" if abs(value) > _INFINITE else f"{value:.4g}"
