"""How does a flat list of tensors become the arguments of a model's call?"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.tracing.trace import Pack

Arguments = tuple[tuple[Live, ...], dict[str, Live]]


@dataclass(frozen=True, slots=True)
class CallParameters:
    """The names of the inputs of a ``call``, and of those without default."""

    every: tuple[str, ...]
    required: tuple[str, ...]

    @classmethod
    def of(cls, model: Live) -> CallParameters:
        """Those of a model; ``training`` and ``mask`` are no inputs."""
        every, required = [], []
        for name, parameter in inspect.signature(model.call).parameters.items():
            if name in ("training", "mask") or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            every.append(name)
            if parameter.default is parameter.empty:
                required.append(name)
        return cls(tuple(every), tuple(required))


def as_one(flat: Sequence[Live]) -> Arguments:
    """The only tensor as the first argument."""
    return (flat[0],), {}


def as_list(flat: Sequence[Live]) -> Arguments:
    """All tensors as a list in the first argument."""
    return (list(flat),), {}


def as_dict(keys: Sequence[str]) -> Pack:
    """All tensors as a dict in the first argument."""

    def pack(flat: Sequence[Live]) -> Arguments:
        return (dict(zip(keys, flat, strict=True)),), {}

    return pack


def by_parameter(parameters: CallParameters, keys: Sequence[str]) -> Pack:
    """Each tensor as the argument of its name; Keras wants the first input of a call by position."""

    def pack(flat: Sequence[Live]) -> Arguments:
        values = dict(zip(keys, flat, strict=True))
        first = (values.pop(parameters.every[0]),) if parameters.every[0] in values else ()
        return first, values

    return pack
