"""One change of a model in one place, and what every kind of change is made with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.mutating.blueprint import Blueprint, Call, Part
from kerasdiff.worker.mutating.settings import holder

Edit = Callable[[Blueprint], None]
Check = Callable[[Blueprint, Blueprint], bool]

WEIGHTED = {
    "Conv1D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D", "Dense", "LSTM", "GRU",
    "BatchNormalization", "LayerNormalization", "GroupNormalization", "TimeDistributed", "Bidirectional", "PReLU",
    "MultiHeadAttention",
}  # fmt: skip
"""Layers that hold weights."""


@dataclass(frozen=True)
class Change:
    """One change of one place.

    Attributes:
        key: Says what it does; unique in its architecture and part of the target string.
        nodes: Layers of the reference any of which names the place.
        added: Layers that only the mutant has.
        edit: Makes the change.
        check: Whether it can have an effect, given the blueprints before and after, both built.
        inside: The model within the model it happens in, if any.
        form: How the mutant is written; a functional model would ignore ``training=`` of a call.
    """

    operator: str
    key: str
    nodes: tuple[str, ...]
    edit: Edit
    added: tuple[str, ...] = ()
    check: Check = lambda before, after: True
    inside: str = ""
    form: str = "functional"

    def apply(self, blueprint: Blueprint) -> Blueprint:
        """The changed blueprint; the given one stays as it is."""
        changed = blueprint.copy()
        self.edit(self.at(changed))
        changed.prune()
        return changed

    def at(self, blueprint: Blueprint) -> Blueprint:
        """The blueprint, or that of the model within it, where the change happens."""
        inner = blueprint.parts[self.inside].inner if self.inside else blueprint
        assert inner is not None
        return inner

    def has_effect(self, before: Blueprint, after: Blueprint) -> bool:
        """Whether the change can matter; both must have been built."""
        return self.check(self.at(before), self.at(after))


def layer(kind: str, **config: Live) -> Part:
    """A new layer of Keras."""
    return Part(kind, data={"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None})


def set_to(part: str, dotted: str, value: Live) -> Edit:
    def edit(blueprint: Blueprint) -> None:
        holder(blueprint.parts[part], dotted)[dotted.rpartition(".")[2]] = copy.deepcopy(value)

    return edit


def bypass(name: str) -> Edit:
    return lambda blueprint: blueprint.bypass(name, blueprint.calls[name].refs()[0])


def layers_of(blueprint: Blueprint) -> Iterator[tuple[str, Part, str, Call]]:
    """Every layer with its first call."""
    for name, part in blueprint.parts.items():
        calls = blueprint.calls_of(name)
        if calls and part.data:
            yield name, part, calls[0], blueprint.calls[calls[0]]


def flag(call: str, name: str, value: bool) -> Edit:
    return lambda blueprint: blueprint.calls[call].kwargs.__setitem__(name, value)
