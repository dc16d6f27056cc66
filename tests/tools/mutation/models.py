"""The targets of the mutation test: ``mutation.models:mutant(of="resnet", change="drop re_lu_1")``."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from mutation.neutral import Wrapped, expressions, other_name
from mutation.random_nets import PREFIX, VOCABULARY, network
from mutation.zoo import ARCHITECTURES, UNDECLARED

from kerasdiff.worker.mutating.blueprint import Blueprint, Part, Ref, read, renamed
from kerasdiff.worker.mutating.change import Change
from kerasdiff.worker.mutating.changes import changes
from kerasdiff.worker.mutating.independent import ROWS
from kerasdiff.worker.mutating.rebuilding import FORMS as OWN_FORMS
from kerasdiff.worker.mutating.rebuilding import full_key


def in_order(blueprint: Blueprint) -> keras.Sequential:
    """A chain of layers as a ``Sequential``."""
    parts = blueprint.make_parts()
    return keras.Sequential([_start(blueprint), *(parts[call.part] for call in blueprint.calls.values())])


def _start(blueprint: Blueprint) -> keras.Input:
    config = blueprint.parts[blueprint.inputs[0]].config
    return keras.Input(batch_shape=config["batch_shape"], dtype=config.get("dtype"))


FORMS = {**OWN_FORMS, "wrapped": Wrapped, "sequential": in_order}


def forms(blueprint: Blueprint) -> list[str]:
    """The forms a network can have: a ``Sequential`` where each layer takes what the one before gives."""
    values = [Ref(name) for name in (*blueprint.inputs, *blueprint.calls)]
    steps = [call.args for call in blueprint.calls.values()]
    chain = steps == [[value] for value in values[:-1]] and blueprint.outputs == values[-1:]
    bare = all(part.kind != "function" for part in blueprint.parts.values())
    plain = not any(call.kwargs for call in blueprint.calls.values())
    once = len({call.part for call in blueprint.calls.values()}) == len(blueprint.calls)
    return sorted(FORMS if chain and bare and plain and once else FORMS.keys() - {"sequential"})


def reference(of: str) -> keras.Model:
    """The network as it was written."""
    return network(of) if of.startswith(PREFIX) else ARCHITECTURES[of]()


def original(of: str) -> Blueprint:
    """Its blueprint, built once so that all shapes are known; a subclassed model is called on a symbolic input."""
    model = reference(of)
    if of in UNDECLARED:
        shape, dtype = UNDECLARED[of]
        start = keras.Input(shape, dtype=dtype)
        model = keras.Model(start, model.call(start), name=of)
    blueprint = read(model)
    blueprint.build()
    return blueprint


def given(blueprint: Blueprint) -> list[Any]:
    """Inputs of a network, the same every time."""
    return [_input(number, blueprint.parts[name]) for number, name in enumerate(blueprint.inputs)]


def _input(number: int, part: Part) -> Any:
    draw = np.random.default_rng(number)
    shape = (ROWS, *part.config["batch_shape"][1:])
    words = "int" in str(part.config.get("dtype"))
    return draw.integers(0, VOCABULARY, shape).astype("int32") if words else draw.normal(size=shape)


def find(listed: list[Change], key: str) -> Change:
    """The change of a key; ``encoder: drop dense`` for one within the model ``encoder``."""
    return next(change for change in listed if full_key(change) == key)


def mutant(of: str, change: str, rename: bool = False) -> keras.Model:
    """The network with one change."""
    blueprint = original(of)
    found = find(changes(blueprint), change)
    changed = found.apply(blueprint)
    return FORMS[found.form](renamed(changed, other_name) if rename else changed)


def neutral(of: str, steps: tuple[str, ...], form: str = "functional") -> keras.Model:
    """The network written otherwise, step by step, in one of the ``FORMS``."""
    blueprint = original(of)
    for number, step in enumerate(steps):
        if number:
            blueprint.build()  # which finds out the shapes that the next step goes by
        blueprint = find(expressions(blueprint), step).apply(blueprint)
    blueprint.sort()
    return FORMS[form](blueprint)
