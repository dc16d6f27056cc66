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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
import tensorflow as tf
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import Literal

from kerasdiff.graph import Attribute
from kerasdiff.worker.backends.on_jax.spelling import spelled
from kerasdiff.worker.backends.program import Builder, Frame, Program, Spec, Value
from kerasdiff.worker.keras_internals import Live

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


@dataclass(eq=False)
class Step:
    """What became of one equation, in the order in which they are walked.

    Attributes:
        names: Of the values that its op gives; none where it is opened.
        mark: Its number, where it is a mark.
        inner: How many steps stand inside.
        custom: Whether it has a derivative of its own.
        opened: The jaxpr inside.
    """

    names: tuple[str, ...] = ()
    mark: int | None = None
    inner: int = 0
    custom: bool = False
    opened: Live = None


class Marks:
    """Marks of one call: names that JAX keeps for values, under a number each.

    Attributes:
        own: Marks whose value is one of its own: an op that hands its operand on.
        written: By mark, the variable that is given the value.
    """

    def __init__(self) -> None:
        self._prefix = f"kerasdiff:{next(_CALLS)}:"
        self._count = 0
        self.own: set[int] = set()
        self.written: dict[int, Live] = {}

    def is_traced(self, value: Live) -> bool:
        """Whether a value is one of the call that is traced."""
        return isinstance(value, jax.core.Tracer)

    def leave(self, value: Live = None) -> int:
        """Marks a value, or the place in the call."""
        return self._left(value)[0]

    def _left(self, value: Live) -> tuple[int, Live]:
        self._count += 1
        value = np.float32(0) if value is None else value
        return self._count, checkpoint_name(value, f"{self._prefix}{self._count}")

    def anew(self, value: Live) -> Live:
        """The same value as one of its own."""
        number, made = self._left(value)
        self.own.add(number)
        return made

    def write(self, variable: Live, value: Live) -> None:
        """Marks a value that a variable is given."""
        self.written[self.leave(value)] = variable

    def number(self, equation: Live) -> int | None:
        """The number of the mark that an equation is; ``None`` where it is none of this call."""
        name = str(equation.params.get("name", "")) if equation.primitive.name == "name" else ""
        return int(name.removeprefix(self._prefix)) if name.startswith(self._prefix) else None


_CALLS = itertools.count()


def traced(
    body: Callable[[Marks, Sequence[Live], Sequence[Live]], Sequence[Live]],
    variables: Sequence[Live],
    inputs: Sequence[tuple[Sequence[int], Live]],
) -> Program:
    """The program of a call.

    Args:
        body: Calls the model, and gives what comes out; of the marks it leaves, and the values of variables and inputs.
        variables: Of Keras.
        inputs: Shapes and dtypes of the inputs.
    """
    marks = Marks()
    values = [jax.ShapeDtypeStruct(one.shape, one.value.dtype) for one in variables]
    given = [jax.ShapeDtypeStruct(shape, jax.dtypes.canonicalize_dtype(dtype)) for shape, dtype in inputs]
    closed = jax.make_jaxpr(partial(body, marks))(values, given)
    return _program(closed, variables, marks)


def _program(closed: Live, variables: Sequence[Live], marks: Marks) -> Program:
    """The ops of a jaxpr whose arguments are the values of these variables, then the inputs."""
    builder = _Builder(marks)
    read = [builder.read(one, _spec(value)) for one, value in zip(variables, closed.in_avals, strict=False)]
    given = [builder.op("Placeholder", [], [_spec(value)]).outputs[0] for value in closed.in_avals[len(variables) :]]
    outputs = builder.run(closed.jaxpr, closed.consts, [*(value for _, value in read), *given], ())
    return Program(
        operations=[op for op in builder.operations if op.type != "Handle"],
        captures=[(variable, handle) for variable, (handle, _) in zip(variables, read, strict=True)],
        inputs=given,
        outputs=outputs,
        at=builder.at,
        marked=builder.marked,
        written=marks.written,
        own=(closed, builder.steps),
        hidden=builder.hidden,
    )


def _spec(aval: Live) -> Spec:
    try:
        dtype = tf.as_dtype(aval.dtype)
    except TypeError:  # the key of a random generator
        dtype = tf.uint32
    return tuple(aval.shape), dtype


class _Builder(Builder):
    """Walks a jaxpr and those inside it."""

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks
        self._values: dict[Live, Value] = {}
        self.steps: list[Step] = []
        self.hidden = False
        self._numbers = itertools.count()

    def _read(self, atom: Live) -> Value:
        return self.constant(atom.val) if isinstance(atom, Literal) else self._values[atom]

    def run(self, jaxpr: Live, consts: Sequence[Live], inputs: Sequence[Value], stack: Sequence[Frame]) -> list[Value]:
        """Adds the ops of a jaxpr; those of an inner one count as made where it is called."""
        self._values.update(zip(jaxpr.constvars, map(self.constant, consts), strict=True))
        self._values.update(zip(jaxpr.invars, inputs, strict=True))
        for equation in jaxpr.eqns:
            outputs = self._equation(equation, [self._read(one) for one in equation.invars], stack)
            self._values.update(zip(equation.outvars, outputs, strict=True))
        return [self._read(one) for one in jaxpr.outvars]

    def _equation(self, equation: Live, inputs: list[Value], stack: Sequence[Frame]) -> list[Value]:
        mark = self._marks.number(equation)
        step = Step(mark=mark)
        self.steps.append(step)
        before = len(self.steps)
        outputs = [self._mark(mark, inputs[0])] if mark is not None else self._opened(step, equation, inputs, stack)
        step.inner = len(self.steps) - before
        if step.opened is None and (mark is None or mark in self._marks.own):
            step.names = tuple(one.name for one in outputs if one not in inputs)
        return outputs

    def _opened(self, step: Step, equation: Live, inputs: list[Value], stack: Sequence[Frame]) -> list[Value]:
        """The op of an equation, or those of the function that it calls."""
        kind = equation.primitive.name
        stack = (*stack, Frame("<jaxpr>", next(self._numbers), kind)) if stack else _stack(equation)
        drawn = _DRAWN.get(str(equation.params.get("name", kind)))
        specs = [_spec(one.aval) for one in equation.outvars]
        if drawn is not None:
            shape = self.constant(np.asarray(specs[0][0], np.int32))
            return self.op(drawn, [shape, *inputs], specs, {}, stack).outputs
        inner = None if kind in _CLOSED else next((equation.params[n] for n in _OPENED if n in equation.params), None)
        if inner is None:
            self.hidden |= kind in _CLOSED and "random_" in str(equation.params)
            return self._primitive(equation, inputs, specs, stack)
        step.opened, step.custom = inner, kind.startswith("custom_")
        called = Frame("<jaxpr>", next(self._numbers), str(equation.params.get("name", kind)))
        return self.run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), inputs, (*stack, called))

    def _primitive(
        self, equation: Live, inputs: list[Value], specs: Sequence[Spec], stack: Sequence[Frame]
    ) -> list[Value]:
        """A primitive, as the op of TensorFlow that it is where it is one."""
        kind, params = equation.primitive.name, equation.params
        shapes = [tuple(one.aval.shape) for one in equation.invars]
        known = [self.known.get(value.name) for value in inputs]
        other = spelled(kind, params, shapes, known)
        if other is None:
            return self.op(kind, inputs, specs, dict(_settings(params)), stack).outputs
        operands = [inputs[one] if isinstance(one, int) else self.constant(one) for one in other.operands]
        if not other.kind:
            return operands[:1]
        return self.op(other.kind, operands, specs, other.settings, stack).outputs

    def _mark(self, number: int, value: Value) -> Value:
        self.mark(number, value, self._marks.written.get(number))
        if number in self._marks.own:
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
