"""What does a call on PyTorch do? The ops of its kernels (``aten``), as they run.

PyTorch makes no graph: the call runs, on values that mean nothing, and each op is noted on its way to the kernel
(``TorchDispatchMode``). What an op changes in place counts as a new value of the same tensor. Checked with PyTorch
2.14.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from kerasdiff.graph import Attribute
from kerasdiff.worker.backends.on_torch.spelling import spelled
from kerasdiff.worker.backends.program import Builder, Frame, Program, Spec, Value
from kerasdiff.worker.keras_internals import Live, to_numpy

_WITHIN = tuple(
    os.path.join(*path.split("/"))
    for path in ("torch/_ops.py", "torch/utils/_python_dispatch.py", "torch/_tensor.py", "torch/utils/_contextlib.py",
        "backends/on_torch/aten.py")
)  # fmt: skip
"""Files between a user's line and the function called there, which say nothing."""

_has_kernel = torch._C._dispatch_has_kernel_for_dispatch_key

_DECIDED = ("aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal")
"""Ops that give a value to Python, which may do something else for another."""

_SAME = ("aten::lift_fresh", "aten::alias")
"""Ops that hand their operand on."""

_OF_SEEDS = "torch_seed_generator"
"""The function of Keras that asks for the value of a seed (``keras.src.backend.torch.random``, Keras 3.11 to 3.15)."""

_ANY_DRAW = "RandomUniformInt"
"""What draws in a way that no other backend does; its numbers stand for none of theirs."""

_UNTOLD = frozenset({"device", "layout", "pin_memory", "memory_format", "non_blocking", "generator"})


@dataclass(eq=False)
class Step:
    """One op as it ran: what it is called with, tensors by the name of their values.

    Attributes:
        changed: The arguments that it changes in place.
        names: Of the values that it gives.
        state: Of its generator before it ran.
    """

    function: Live
    args: tuple[Live, ...]
    kwargs: Mapping[str, Live]
    changed: tuple[int, ...]
    names: tuple[str, ...]
    state: Live = None


@dataclass(frozen=True)
class Named:
    """A tensor in the arguments of a step."""

    name: str


@dataclass(eq=False)
class Tape:
    """What a program is run from.

    Attributes:
        constants: Tensors that were there before, by the name of their values.
        variables, inputs, outputs: Names of values.
        written: By mark, the name of the value that a variable is given.
        decides: Whether Python asked for a value that a call computed.
    """

    steps: list[Step]
    constants: Mapping[str, Live]
    variables: Sequence[str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    written: Mapping[int, str]
    decides: bool


class Marks:
    """Places and values of one call, under a number each."""

    def __init__(self, builder: _Builder) -> None:
        self._builder = builder
        self._count = 0
        self.written: dict[int, Live] = {}

    def is_traced(self, value: Live) -> bool:
        """Whether a value is one of the call that is traced."""
        return isinstance(value, torch.Tensor) and self._builder.knows(value)

    def leave(self, value: Live = None, written: Live = None) -> int:
        """Marks a value, or the place in the call."""
        self._count += 1
        self._builder.mark(self._count, None if value is None else self._builder.value(value), written)
        return self._count

    def anew(self, value: Live) -> Live:
        """The same value as one of its own."""
        return value.clone()

    def write(self, variable: Live, value: Live) -> None:
        """Marks a value that a variable is given."""
        self.written[self.leave(value, variable)] = variable


def traced(
    body: Callable[[Marks, Sequence[Live], Sequence[Live]], Sequence[Live]],
    variables: Sequence[Live],
    inputs: Sequence[tuple[Sequence[int], Live]],
) -> Program:
    """The program of a call; arguments as on JAX."""
    with torch.inference_mode():  # else a tensor would be another one after autograd has seen it
        builder = _Builder()
        held = [one.value.detach().clone() for one in variables]
        read = [builder.read(one, spec_of(value)) for one, value in zip(variables, held, strict=True)]
        rng = np.random.default_rng(5)
        tensors = [torch.from_numpy(_any(rng, tuple(shape), kind)) for shape, kind in inputs]
        given = [builder.op("Placeholder", [], [spec_of(one)]).outputs[0] for one in tensors]
        for tensor, value in zip([*held, *tensors], [*(value for _, value in read), *given], strict=True):
            builder.hold(tensor, value)
        marks = Marks(builder)
        torch.manual_seed(0)
        with _Noted(builder):
            outputs = body(marks, held, tensors)
        ends = [builder.value(one) for one in outputs]
    return Program(
        operations=[op for op in builder.operations if op.type != "Handle"],
        captures=[(variable, handle) for variable, (handle, _) in zip(variables, read, strict=True)],
        inputs=given,
        outputs=ends,
        at=builder.at,
        marked=builder.marked,
        written=marks.written,
        own=Tape(
            steps=builder.steps,
            constants=builder.constants,
            variables=[value.name for _, value in read],
            inputs=[one.name for one in given],
            outputs=[one.name for one in ends],
            written={number: builder.marked[number].name for number in marks.written},
            decides=builder.decides,
        ),
        hidden=False,
    )


def _any(rng: np.random.Generator, shape: tuple[int, ...], kind: Live) -> Live:
    if np.dtype(kind).kind == "f":
        return rng.standard_normal(shape).astype(kind)
    return np.ones(shape, kind) if np.dtype(kind).kind == "b" else np.zeros(shape, kind)


def spec_of(tensor: Live) -> Spec:
    """Shape and dtype of a tensor."""
    return tuple(tensor.shape), tf.as_dtype(str(tensor.dtype).removeprefix("torch."))


class _Builder(Builder):
    """Notes ops, by the tensors that they are called with and give.

    Attributes:
        key: The seed that Keras asked for the value of last: of the generator that is made next.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.constants: dict[str, Live] = {}
        self.decides = False
        self.key: Value | None = None
        self._values: dict[int, Value] = {}
        self._kept: list[Live] = []  # an id is that of one tensor alone as long as it lives

    def knows(self, tensor: Live) -> bool:
        return id(tensor) in self._values

    def hold(self, tensor: Live, value: Value) -> None:
        """Says which value a tensor has from now on."""
        self._values[id(tensor)] = value
        self._kept.append(tensor)

    def value(self, tensor: Live) -> Value:
        """The value of a tensor; of one that was there before the call, a constant."""
        if not self.knows(tensor):
            made = self.constant(to_numpy(tensor))
            self.constants[made.name] = tensor.clone()
            self.hold(tensor, made)
        return self._values[id(tensor)]

    def ran(self, function: Live, args: tuple[Live, ...], kwargs: Mapping[str, Live], state: Live, give: Live) -> None:
        """Notes an op that has run, and what it gave."""
        schema = function._schema
        if schema.name in _SAME:
            self.hold(give, self.value(args[0]))
            return
        if schema.name in _DECIDED:
            if _is_of_seeds():
                self.key = self.value(args[0])
                return
            self.decides = True
        inputs: list[Value] = []
        named = [_named(one, self.value, inputs) for one in args]
        options = {name: _named(one, self.value, inputs) for name, one in kwargs.items()}
        given = [one for one in (give if isinstance(give, tuple | list) else [give]) if isinstance(one, torch.Tensor)]
        made = self._op(function, args, kwargs, inputs, given)
        for tensor, value in zip(given, made, strict=True):
            self.hold(tensor, value)
        names = tuple(one.name for one in made)
        self.steps.append(Step(function, tuple(named), options, _changed(function), names, state))

    def _op(
        self,
        function: Live,
        args: tuple[Live, ...],
        kwargs: Mapping[str, Live],
        inputs: list[Value],
        given: Sequence[Live],
    ) -> list[Value]:
        """The op, as the one of TensorFlow that it is where it is one."""
        name = function._schema.name.removeprefix("aten::")
        specs = [spec_of(one) for one in given]
        other = spelled(name, args, kwargs, [tuple(one.shape) for one in given])
        if other is None:
            name = _ANY_DRAW if torch.Tag.nondeterministic_seeded in function.tags else name
            return self.op(name, inputs, specs, _settings(function, args, kwargs), _stack()).outputs
        operands = [inputs[one] if isinstance(one, int) else self.constant(one) for one in other.operands]
        if kwargs.get("generator") is not None and self.key is not None:
            operands.append(self.key)
        return self.op(other.kind, operands, specs, other.settings, _stack()).outputs

    def check(self, changed: Live) -> None:
        """Hears of a tensor that is to be changed in place, before it is.

        Raises:
            ValueError: If it was there before the call, or shares its numbers with another, which would change unseen.
        """
        if not self.knows(changed):
            raise ValueError("the call writes into a tensor that it has not made")
        place = changed.untyped_storage().data_ptr()
        for other in self._kept:
            if other is not changed and place and other.untyped_storage().data_ptr() == place:
                raise ValueError("the call writes into a tensor that another one is a part of")


class _Noted(TorchDispatchMode):  # type: ignore[misc]
    """Notes each op on its way to its kernel."""

    def __init__(self, builder: _Builder) -> None:
        super().__init__()
        self._builder = builder

    def __torch_dispatch__(
        self, function: Live, types: Live, args: tuple[Live, ...] = (), kwargs: Mapping[str, Live] | None = None
    ) -> Live:
        kwargs = kwargs or {}
        for at in _changed(function):
            self._builder.check(args[at] if at < len(args) else kwargs[function._schema.arguments[at].name])
        other = _DRAWN.get(str(function))
        if other is not None:
            return other(self, args, kwargs)
        if _has_kernel(function.name(), "CompositeImplicitAutograd"):  # it calls other ops
            with self:
                return function.decompose(*args, **kwargs)
        state = kwargs["generator"].get_state() if kwargs.get("generator") is not None else None
        given = function(*args, **kwargs)
        self._builder.ran(function, args, kwargs, state, given)
        return given

    def thrown(self, args: tuple[Live, ...], kwargs: Mapping[str, Live]) -> Live:
        """Ones where uniform numbers are below a probability, zeros elsewhere: so other backends draw a mask."""
        tensor, *rest = args
        kind = tensor.dtype if tensor.dtype.is_floating_point else torch.float32
        with self:
            uniform = torch.rand(tuple(tensor.shape), dtype=kind, generator=kwargs.get("generator"))
            return (uniform < (rest[0] if rest else tensor)).to(tensor.dtype)

    def dropped(self, args: tuple[Live, ...], kwargs: Mapping[str, Live]) -> Live:
        """Dropout in one kernel, step by step: it is called where no gradient is wanted."""
        tensor, rate, _ = args
        mask = self.thrown((tensor, 1 - rate), kwargs)
        with self:
            return tensor * (mask / (1 - rate)), mask.to(torch.bool)

    def thrown_there(self, args: tuple[Live, ...], kwargs: Mapping[str, Live]) -> Live:
        """The same in place of the numbers of a tensor."""
        made = self.thrown((args[0], args[1] if len(args) > 1 else 0.5), kwargs)
        self._builder.hold(args[0].copy_(made), self._builder.value(made))
        return args[0]

    def normal(self, args: tuple[Live, ...], kwargs: Mapping[str, Live]) -> Live:
        """Normal numbers of any mean and spread, made of those that other backends draw."""
        mean, spread, shape = args
        with self:
            return torch.randn(shape, generator=kwargs.get("generator"), dtype=kwargs.get("dtype")) * spread + mean


_DRAWN: Mapping[str, Callable[[_Noted, tuple[Live, ...], Mapping[str, Live]], Live]] = {
    "aten.bernoulli.default": _Noted.thrown,
    "aten.bernoulli_.float": _Noted.thrown_there,
    "aten.bernoulli_.Tensor": _Noted.thrown_there,
    "aten.native_dropout.default": _Noted.dropped,
    "aten.normal.float_float": _Noted.normal,
}
"""Ops that draw otherwise than TensorFlow's, by what is noted in their place."""


def _changed(function: Live) -> tuple[int, ...]:
    """Which of its arguments an op changes in place."""
    arguments = enumerate(function._schema.arguments)
    return tuple(at for at, one in arguments if one.alias_info is not None and one.alias_info.is_write)


def _named(argument: Live, value: Callable[[Live], Value], inputs: list[Value]) -> Live:
    """An argument with the names of its tensors, which are noted as operands."""
    if isinstance(argument, torch.Tensor):
        inputs.append(value(argument))
        return Named(inputs[-1].name)
    if isinstance(argument, tuple | list):
        return [_named(one, value, inputs) for one in argument]
    return argument


def _is_of_seeds() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == _OF_SEEDS:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _stack() -> list[Frame]:
    """Where an op is called, the outermost call first."""
    frames, frame = [], sys._getframe()
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.endswith(_WITHIN):
            frames.append(Frame(code.co_filename, frame.f_lineno, code.co_name))
        frame = frame.f_back  # type: ignore[assignment]
    return frames[::-1]


def _settings(function: Live, args: tuple[Live, ...], kwargs: Mapping[str, Live]) -> dict[str, Attribute]:
    """What an op is called with beside tensors, by name."""
    named = {one.name: value for one, value in zip(function._schema.arguments, args, strict=False)} | dict(kwargs)
    return {name: _plain(one) for name, one in sorted(named.items()) if name not in _UNTOLD and not _holds(one)}


def _holds(value: Live) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_holds, value))
    return isinstance(value, torch.Tensor)


def _plain(value: Live) -> Attribute:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else str(value)
