"""A traced call of PyTorch once more, op by op, with other values put in the place of some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from kerasdiff.worker.backends.on_torch.aten import Named, Step, Tape
from kerasdiff.worker.backends.program import Kept, Program
from kerasdiff.worker.keras_internals import Live, keras

START = 0
"""What the generator of PyTorch starts from before each run."""


def walked(
    program: Program, arguments: Sequence[Live], given: Mapping[str, Live], wanted: frozenset[str]
) -> tuple[list[Live], Kept]:
    """What comes out for the values of variables and inputs, and the values that are wanted on the way.

    Raises:
        ValueError: If the call may do something else for other values.
    """
    tape: Tape = program.own
    if tape.decides:
        raise ValueError("the code asks for a value that the call computes, and may do something else for another")
    torch.manual_seed(START)
    kept = Kept()
    held = {name: one.clone() for name, one in tape.constants.items()}  # gradients pass no tensor of inference mode

    def settle(name: str, value: Live) -> None:
        if name in wanted:
            kept.values[name] = value
        if name in given:
            put = given[name] if isinstance(given[name], torch.Tensor) else keras.ops.convert_to_tensor(given[name])
            value = put.to(value.dtype)
        held[name] = value

    for name, value in zip([*tape.variables, *tape.inputs], arguments, strict=True):
        settle(name, value)
    for step in tape.steps:
        result = _run(step, held)
        results = [one for one in (result if isinstance(result, tuple | list) else [result]) if _is_tensor(one)]
        for name, one in zip(step.names, results, strict=True):
            settle(name, one)
    kept.written = {number: held[name] for number, name in tape.written.items()}
    return [held[name] for name in tape.outputs], kept


def _is_tensor(value: Live) -> bool:
    return isinstance(value, torch.Tensor)


def _run(step: Step, held: Mapping[str, Live]) -> Live:
    """What an op gives; what it changes is a copy."""
    args = [_filled(one, held) for one in step.args]
    kwargs = {name: _filled(one, held) for name, one in step.kwargs.items()}
    for at in step.changed:
        args[at] = args[at].clone()
    if step.state is not None:
        kwargs["generator"] = torch.Generator()
        kwargs["generator"].set_state(step.state)
    return step.function(*args, **kwargs)


def _filled(argument: Live, held: Mapping[str, Live]) -> Live:
    if isinstance(argument, Named):
        return held[argument.name]
    return [_filled(one, held) for one in argument] if isinstance(argument, list) else argument
