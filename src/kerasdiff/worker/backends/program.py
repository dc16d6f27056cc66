"""What does a call on another backend do? Its ops, in the form in which TensorFlow's are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from kerasdiff.graph import Attribute
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.tracing.lower import constant_attributes

Spec = tuple[tuple[int, ...], Live]
"""Shape and dtype of what an op gives."""


class Frame(NamedTuple):
    """One call of the Python stack, as TensorFlow tells it."""

    filename: str
    lineno: int
    name: str


@dataclass(eq=False)
class Value:
    """What one op gives; unknown dimensions are ``None``."""

    name: str
    op: Op
    value_index: int
    dtype: Live
    shape: Live


@dataclass(eq=False)
class Op:
    """One primitive."""

    name: str
    type: str
    inputs: list[Value]
    outputs: list[Value] = field(default_factory=list)
    settings: Mapping[str, Attribute] = field(default_factory=dict)
    traceback: Sequence[Frame] = ()


@dataclass(eq=False)
class Program:
    """A call, by the names that a graph of TensorFlow has.

    Attributes:
        operations: In the order in which they were made.
        captures: Each variable with the handle that stands for it.
        inputs, outputs: What goes in, and what comes out.
        at: By mark, how many ops there were.
        marked: By mark, the value that was marked.
        written: By mark, the variable that is given the value.
        own: What the backend runs it from.
        hidden: Whether a loop or branch may draw random numbers, out of reach.
    """

    operations: list[Op]
    captures: list[tuple[Live, Value]]
    inputs: list[Value]
    outputs: list[Value]
    at: Mapping[int, int]
    marked: Mapping[int, Value]
    written: Mapping[int, Live]
    own: Live
    hidden: bool
    variables: tuple[Live, ...] = ()

    @property
    def control_outputs(self) -> list[Op]:
        return [op for op in self.operations if op.type == "AssignVariableOp"]

    def get_operations(self) -> list[Op]:
        return self.operations


@dataclass(frozen=True)
class Spelled:
    """The op of TensorFlow that one of a backend is.

    Attributes:
        kind: Its type; empty where it hands its first operand on.
        operands: Which of its operands it takes, in order, and constants.
    """

    kind: str
    operands: Sequence[int | Live] = ()
    settings: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(eq=False)
class Kept:
    """What one run of a program kept: by name of the value, and by mark what variables were given."""

    values: dict[str, Live] = field(default_factory=dict)
    written: dict[int, Live] = field(default_factory=dict)


class Builder:
    """Adds one op after the other.

    Attributes:
        handles: By id of the variable, what stands for it.
        at, marked: As of the program.
    """

    def __init__(self) -> None:
        self.operations: list[Op] = []
        self.handles: dict[int, Value] = {}
        self.at: dict[int, int] = {}
        self.marked: dict[int, Value] = {}
        self.known: dict[str, Live] = {}
        self._kinds: dict[str, int] = {}
        self._silent = 0

    def op(
        self,
        kind: str,
        inputs: list[Value],
        outputs: Sequence[Spec],
        settings: Mapping[str, Attribute] | None = None,
        stack: Sequence[Frame] = (),
    ) -> Op:
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        made = Op(f"{kind}_{self._kinds[kind]}", kind, inputs, settings=settings or {}, traceback=stack)
        made.outputs = [
            Value(f"{made.name}:{number}", made, number, dtype, tf.TensorShape(shape))
            for number, (shape, dtype) in enumerate(outputs)
        ]
        self.operations.append(made)
        if kind == "Handle":
            self._silent += 1
        return made

    def constant(self, value: Live) -> Value:
        array = np.asarray(value)
        made = self.op("Const", [], [(array.shape, tf.as_dtype(array.dtype))], constant_attributes(array)).outputs[0]
        self.known[made.name] = array
        return made

    def read(self, variable: Live, spec: Spec) -> tuple[Value, Value]:
        """A variable: the handle that stands for it, and its value."""
        handle = self.op("Handle", [], [((), tf.resource)]).outputs[0]
        self.handles[id(variable)] = handle
        return handle, self.op("ReadVariableOp", [handle], [spec]).outputs[0]

    def mark(self, number: int, value: Value | None, written: Live = None) -> None:
        """Notes a mark: how many ops there are, the value if there is one, and the variable that is given it."""
        self.at[number] = len(self.operations) - self._silent
        if value is None:
            return
        self.marked[number] = value
        if id(written) in self.handles:
            self.op("AssignVariableOp", [self.handles[id(written)], value], [])
