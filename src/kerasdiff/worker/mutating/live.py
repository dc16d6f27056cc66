"""Changes of a model that cannot be taken apart: other settings for its layers, as its author would write them.

For models whose ``call`` is more than layers and ``keras.ops``. A setting is changed before the first call, so that
weights are made by it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kerasdiff.errors import EvaluateError
from kerasdiff.worker.keras_internals import Live, is_keras_own, keras
from kerasdiff.worker.mutating.settings import ACTIVATIONS, ALTERNATIVES
from kerasdiff.worker.tracing.names import Names

_AT_CALL = frozenset(
    {"dilation_rate", "epsilon", "filters", "kernel_size", "momentum", "negative_slope", "padding", "pool_size", "rate",
     "stddev", "strides", "threshold", "units", "use_bias", "alpha", "max_value"}
)  # fmt: skip
"""Settings that a layer of Keras keeps under their own name and reads when it is built or called."""


@dataclass(frozen=True, slots=True)
class LiveChange:
    """Another value for one attribute of one layer."""

    operator: str
    key: str
    layer: str
    attribute: str
    value: Live


def live_changes(model: Live) -> list[LiveChange]:
    """Every change of the layers of Keras that a model holds."""
    return [
        change
        for name, layer in Names(model).layers
        if is_keras_own(type(layer))
        for family in (_activations, _settings, _learning)
        for change in family(name, layer)
    ]


def altered(model: Live, key: str) -> None:
    """Makes the change of a key.

    Raises:
        EvaluateError: If the model has no such change.
    """
    if not key:
        return
    change = next((change for change in live_changes(model) if change.key == key), None)
    if change is None:
        raise EvaluateError(f"the model has no change called {key!r}.")
    setattr(dict(Names(model).layers)[change.layer], change.attribute, change.value)


def _activations(name: str, layer: Live) -> Iterator[LiveChange]:
    used = getattr(getattr(layer, "activation", None), "__name__", "")
    for other in ("linear", *ACTIVATIONS) if used else ():
        if other != used:
            kind = "drop-activation" if other == "linear" else "swap-activation"
            made = keras.activations.get(other)
            yield LiveChange(kind, f"{name}.activation {used} -> {other}", name, "activation", made)


def _settings(name: str, layer: Live) -> Iterator[LiveChange]:
    for setting in sorted(_AT_CALL):
        value = getattr(layer, setting, None)
        if value is None or callable(value):
            continue
        for other in ALTERNATIVES[setting](value):
            new = tuple(other) if isinstance(value, tuple) else other
            if new != value:
                yield LiveChange(f"set-{setting}", f"{name}.{setting} {value} -> {new}", name, setting, new)


def _learning(name: str, layer: Live) -> Iterator[LiveChange]:
    for role in ("kernel", "bias"):
        used = getattr(layer, f"{role}_initializer", None)
        if used is not None and getattr(layer, f"use_{role}", True):
            made = keras.initializers.HeNormal() if role == "kernel" else keras.initializers.Ones()
            attribute, kind = f"{role}_initializer", type(made).__name__
            if type(used) is not type(made):
                yield LiveChange("initializer", f"{name}.{attribute} -> {kind}", name, attribute, made)
            attribute, penalty = f"{role}_regularizer", keras.regularizers.L2(0.02)
            yield LiveChange("set_regularizer", f"{name}.{attribute} -> L2", name, attribute, penalty)
    if hasattr(layer, "kernel_initializer"):
        yield LiveChange("freeze", f"{name}.trainable = {not layer.trainable}", name, "trainable", not layer.trainable)


def drawn_live(model: Live, fits: Callable[[str], bool], draw: random.Random) -> Iterator[LiveChange]:
    """Changes with which the model can be called, each kind as likely as any other."""
    pool: dict[str, list[LiveChange]] = {}
    for change in live_changes(model):
        pool.setdefault(change.operator, []).append(change)
    for listed in pool.values():
        draw.shuffle(listed)
    while pool:
        for operator in draw.sample(sorted(pool), len(pool)):
            change = pool[operator].pop()
            if not pool[operator]:
                del pool[operator]
            if fits(change.key):
                yield change
