"""How is a model taken apart, and built again with one change?"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Port
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live, keras
from kerasdiff.worker.mutating.blueprint import Blueprint, read
from kerasdiff.worker.mutating.change import Change
from kerasdiff.worker.mutating.changes import changes
from kerasdiff.worker.tracing.trace import Pack


def subclassed(blueprint: Blueprint) -> Live:
    """A blueprint run in ``call``: the same layers in a subclassed model, of the generation in effect."""

    class Subclassed(keras.Model):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__(name=blueprint.name)
            self.made = blueprint.make_parts()
            self.held = [part for part in self.made.values() if isinstance(part, keras.layers.Layer)]

        def call(self, inputs: Live, training: bool | None = None) -> Live:
            values = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            return blueprint.interpret(self.made, list(values))

    return Subclassed()


IDLE = {"ConvertToTensor"}
"""What Keras puts into a symbolic call by itself, and does nothing."""

SETTINGS = {"initializer", "set-unit_forget_bias"}
"""Kinds of change that show in no number, as weights are given: the change itself is the difference."""

FORMS = {"functional": Blueprint.build, "subclassed": subclassed}


def taken_apart(model: Live, ports: Sequence[Port], pack: Pack) -> Blueprint:
    """The blueprint of any model that Keras can call on symbolic values, built once so that all shapes are known.

    Raises:
        EvaluateError: If it cannot be called so, or a layer does not say what it was made with.
    """
    starts = symbols(ports)
    args, kwargs = pack(starts)
    try:
        whole = keras.Model(starts, keras.tree.flatten(model.call(*args, **kwargs)), name=model.name)
        blueprint = read(whole)
        for name, call in list(blueprint.calls.items()):
            if blueprint.parts[call.part].kind in IDLE:
                blueprint.bypass(name, call.refs()[0])
        blueprint.build()
    except Exception as error:  # the user's layers may raise anything
        raise EvaluateError(f"Keras cannot take the model apart and build it again: {reason(error)}.") from None
    return blueprint


def symbols(ports: Sequence[Port]) -> list[Live]:
    """Symbolic inputs."""
    return [keras.Input(batch_shape=port.spec.shape, dtype=port.spec.dtype) for port in ports]


def given_to(blueprint: Blueprint, flat: Sequence[Live]) -> tuple[tuple[Live, ...], dict[str, Live]]:
    """How a model that was built of a blueprint is called."""
    return (flat[0] if len(blueprint.inputs) == 1 else list(flat),), {}


def built_again(blueprint: Blueprint, key: str, ports: Sequence[Port]) -> Live:
    """The model with one change, or with none for an empty key.

    Raises:
        EvaluateError: If it has no such change.
    """
    if not key:
        return blueprint.build()
    change = next((change for change in changes(blueprint) if full_key(change) == key), None)
    if change is None:
        raise EvaluateError(f"the model has no change called {key!r}.")
    model = FORMS[change.form](change.apply(blueprint))
    args, kwargs = given_to(blueprint, symbols(ports))
    if not model.built:
        model(*args, **kwargs)
    return model


def full_key(change: Change) -> str:
    """The key of a change with the model it happens in."""
    return f"{change.inside}: {change.key}" if change.inside else change.key


# Which changes -----------------------------------------------------------------------------------------------


def built(change: Change, blueprint: Blueprint) -> Blueprint | None:
    """The changed blueprint, built; ``None`` where Keras refuses it or it cannot matter."""
    try:
        changed = change.apply(blueprint)
        changed.build()
    except Exception:  # shapes that do not fit make Keras raise anything
        return None
    return changed if change.has_effect(blueprint, changed) else None


def drawn(blueprint: Blueprint, draw: random.Random) -> Iterator[tuple[Change, Blueprint]]:
    """Distinct changes that can be built and can matter; each kind of change is as likely as any other."""
    pool: dict[str, list[Change]] = {}
    for change in changes(blueprint):
        pool.setdefault(change.operator, []).append(change)
    for listed in pool.values():
        draw.shuffle(listed)
    operators: list[str] = []
    while pool:
        operators = operators or draw.sample(sorted(pool), len(pool))
        operator = operators.pop()
        changed = None
        while changed is None and pool.get(operator):
            change = pool[operator].pop()
            changed = built(change, blueprint)
        if not pool.get(operator):
            pool.pop(operator, None)
        if changed is not None:
            yield change, changed
