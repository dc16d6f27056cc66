"""What does a call on JAX do? Its primitives as ops of a graph, in the form in which TensorFlow's ops are read.

JAX traces a call to a jaxpr, whose equations know the Python stack they were made in, as TensorFlow's ops do. Functions
that JAX compiles by themselves (``jit``) and those with a derivative of their own are opened, so that what is left are
primitives; loops and branches stay one op each, with a digest of what is inside. Marks left while the call ran
(:class:`Marks`) say which primitives a layer made, and are no ops.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import Literal

from kerasdiff.graph import Attribute
from kerasdiff.worker.backends.spelling import spelled
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.tracing.lower import constant_attributes

_OPENED = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""Settings of a primitive that hold the function it calls."""

_CLOSED = ("scan", "while", "cond", "shard_map", "pallas_call", "custom_linear_solve")
"""Primitives that run a function any number of times, or none."""

_DRAWN = {
    "_uniform": "StatelessRandomUniformV2",
    "_normal_real": "StatelessRandomNormalV2",
    "_truncated_normal": "StatelessTruncatedNormalV2",
    "random_bits": "StatelessRandomUniformFullIntV2",
}
"""What of ``jax.random`` draws, by the name of TensorFlow's op for the same distribution."""

_WITHIN = tuple(
    os.path.join("jax", "_src", *path.split("/"))
    for path in ("core.py", "pjit.py", "api.py", "traceback_util.py", "source_info_util.py", "profiler.py",
        "interpreters/partial_eval.py", "custom_derivatives.py", "numpy/array_methods.py", "numpy/ufunc_api.py",
        "ad_checkpoint.py")
)  # fmt: skip
"""Files of JAX between a user's line and the function called there, which say nothing (JAX 0.10)."""

_UNTOLD = frozenset(
    {"sharding", "out_sharding", "precision", "preferred_element_type", "name", "inline", "keep_unused"}
)
"""Settings of primitives that place or name what is computed."""


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
    """

    operations: list[Op]
    captures: list[tuple[Live, Value]]
    inputs: list[Value]
    outputs: list[Value]
    at: Mapping[int, int]
    marked: Mapping[int, Value]
    variables: tuple[Live, ...] = ()

    @property
    def control_outputs(self) -> list[Op]:
        return [op for op in self.operations if op.type == "AssignVariableOp"]

    def get_operations(self) -> list[Op]:
        return self.operations


class Marks:
    """Marks of one call: names that JAX keeps for values, under a number each."""

    def __init__(self) -> None:
        self._prefix = f"kerasdiff:{next(_CALLS)}:"
        self._count = 0
        self.written: dict[int, Live] = {}

    def leave(self, value: Live = None) -> tuple[int, Live]:
        """Marks a value, or the place in the call: the number of the mark, and the value as one of its own."""
        self._count += 1
        value = np.float32(0) if value is None else value
        return self._count, checkpoint_name(value, f"{self._prefix}{self._count}")

    def write(self, variable: Live, value: Live) -> None:
        """Marks a value that a variable is given."""
        number, _ = self.leave(value)
        self.written[number] = variable

    def number(self, equation: Live) -> int | None:
        """The number of the mark that an equation is; ``None`` where it is none of this call."""
        name = str(equation.params.get("name", "")) if equation.primitive.name == "name" else ""
        return int(name.removeprefix(self._prefix)) if name.startswith(self._prefix) else None


_CALLS = itertools.count()


def program(closed: Live, variables: Sequence[Live], inputs: Sequence[Live], marks: Marks, own: set[int]) -> Program:
    """The ops of a jaxpr whose arguments are the values of these variables, then the inputs.

    Args:
        closed: What ``jax.make_jaxpr`` gave.
        variables: Of Keras.
        inputs: What was traced with; for shapes and dtypes.
        marks: That the call left.
        own: Marks whose value is one of its own: an op that hands its operand on.
    """
    builder = _Builder(marks, own)
    captures, reads = [], []
    for variable, value in zip(variables, closed.in_avals, strict=False):
        handle = builder.op("Handle", [], [((), tf.resource)]).outputs[0]
        captures.append((variable, handle))
        builder.handles[id(variable)] = handle
        reads.append(builder.op("ReadVariableOp", [handle], [_spec(value)]).outputs[0])
    given = [builder.op("Placeholder", [], [_spec(value)]).outputs[0] for value in closed.in_avals[len(variables) :]]
    assert len(given) == len(inputs)
    outputs = builder.run(closed.jaxpr, closed.consts, [*reads, *given], ())
    return Program(
        operations=[op for op in builder.operations if op.type != "Handle"],
        captures=captures,
        inputs=given,
        outputs=outputs,
        at=builder.at,
        marked=builder.marked,
    )


_Spec = tuple[tuple[int, ...], Live]


def _spec(aval: Live) -> _Spec:
    try:
        dtype = tf.as_dtype(aval.dtype)
    except TypeError:  # the key of a random generator
        dtype = tf.uint32
    return tuple(aval.shape), dtype


class _Builder:
    """Walks a jaxpr and those inside it."""

    def __init__(self, marks: Marks, own: set[int]) -> None:
        self._marks, self._own = marks, own
        self.operations: list[Op] = []
        self.handles: dict[int, Value] = {}
        self.at: dict[int, int] = {}
        self.marked: dict[int, Value] = {}
        self._values: dict[Live, Value] = {}
        self._kinds: dict[str, int] = {}
        self._silent = 0
        self._numbers = itertools.count()
        self._known: dict[str, Live] = {}

    def op(
        self,
        kind: str,
        inputs: list[Value],
        outputs: Sequence[_Spec],
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

    def _constant(self, value: Live) -> Value:
        array = np.asarray(value)
        made = self.op("Const", [], [_spec(array)], constant_attributes(array)).outputs[0]
        self._known[made.name] = array
        return made

    def _read(self, atom: Live) -> Value:
        return self._constant(atom.val) if isinstance(atom, Literal) else self._values[atom]

    def run(self, jaxpr: Live, consts: Sequence[Live], inputs: Sequence[Value], stack: Sequence[Frame]) -> list[Value]:
        """Adds the ops of a jaxpr; those of an inner one count as made where it is called."""
        self._values.update(zip(jaxpr.constvars, map(self._constant, consts), strict=True))
        self._values.update(zip(jaxpr.invars, inputs, strict=True))
        for equation in jaxpr.eqns:
            outputs = self._equation(equation, [self._read(one) for one in equation.invars], stack)
            self._values.update(zip(equation.outvars, outputs, strict=True))
        return [self._read(one) for one in jaxpr.outvars]

    def _equation(self, equation: Live, inputs: list[Value], stack: Sequence[Frame]) -> list[Value]:
        mark = self._marks.number(equation)
        if mark is not None:
            return [self._mark(mark, inputs[0])]
        kind = equation.primitive.name
        stack = (*stack, Frame("<jaxpr>", next(self._numbers), kind)) if stack else _stack(equation)
        drawn = _DRAWN.get(str(equation.params.get("name", kind)))
        specs = [_spec(one.aval) for one in equation.outvars]
        if drawn is not None:
            shape = self._constant(np.asarray(specs[0][0], np.int32))
            return self.op(drawn, [shape, *inputs], specs, {}, stack).outputs
        inner = None if kind in _CLOSED else next((equation.params[n] for n in _OPENED if n in equation.params), None)
        if inner is None:
            return self._primitive(equation, inputs, specs, stack)
        called = Frame("<jaxpr>", next(self._numbers), str(equation.params.get("name", kind)))
        return self.run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), inputs, (*stack, called))

    def _primitive(
        self, equation: Live, inputs: list[Value], specs: Sequence[_Spec], stack: Sequence[Frame]
    ) -> list[Value]:
        """A primitive, as the op of TensorFlow that it is where it is one."""
        kind, params = equation.primitive.name, equation.params
        shapes = [tuple(one.aval.shape) for one in equation.invars]
        known = [self._known.get(value.name) for value in inputs]
        other = spelled(kind, params, shapes, known)
        if other is None:
            return self.op(kind, inputs, specs, dict(_settings(params)), stack).outputs
        operands = [inputs[one] if isinstance(one, int) else self._constant(one) for one in other.operands]
        if not other.kind:
            return operands[:1]
        return self.op(other.kind, operands, specs, other.settings, stack).outputs

    def _mark(self, number: int, value: Value) -> Value:
        self.at[number], self.marked[number] = len(self.operations) - self._silent, value
        if number in self._marks.written:
            variable = self._marks.written[number]
            if id(variable) in self.handles:
                self.op("AssignVariableOp", [self.handles[id(variable)], value], [])
        if number in self._own:
            return self.op("Identity", [value], [(tuple(value.shape), value.dtype)]).outputs[0]
        return value


def _stack(equation: Live) -> list[Frame]:
    """Where an equation was made, the outermost call first."""
    traced = equation.source_info.traceback
    frames = () if traced is None else traced.frames
    told = (Frame(one.file_name, one.line_num, one.function_name.rpartition(".")[2]) for one in reversed(frames))
    return [one for one in told if not one.filename.endswith(_WITHIN)]


def _settings(params: Mapping[str, Live]) -> Iterator[tuple[str, Attribute]]:
    for name, value in sorted(params.items()):
        if name not in _UNTOLD:
            yield name, _plain(value)


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def _plain(value: Live) -> Attribute:
    """A setting as plain data; of a function inside, a digest."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.dtype | type):
        return np.dtype(value).name if isinstance(value, np.dtype) else value.__name__
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    text = _ADDRESS.sub("", str(value))
    return text if len(text) <= 80 else hashlib.sha256(text.encode()).hexdigest()[:16]
