"""Answers which changes a model can be given, and whether one changes what it does, by Keras alone."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import numpy as np

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Port
from kerasdiff.side.mutations import Mutation
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.faults import reason
from kerasdiff.worker.loading.load import Session, load
from kerasdiff.worker.mutating.blueprint import Blueprint
from kerasdiff.worker.mutating.changes import changes
from kerasdiff.worker.mutating.independent import ROWS, in_float64, parting
from kerasdiff.worker.mutating.rebuilding import FORMS, SETTINGS, drawn, full_key, taken_apart

MOST_WORDS = 20
"""An index where nothing says how many there are."""


def mutations(session: Session, count: int, seed: int) -> tuple[Mutation, ...]:
    """Up to ``count`` changes, of as many kinds as there are.

    Raises:
        EvaluateError: If Keras cannot take the model apart.
    """
    found = itertools.islice(drawn(_blueprint(session), random.Random(seed)), count)
    return tuple(Mutation(key=full_key(change), operator=change.operator) for change, _ in found)


def parted(session: Session, key: str) -> str:
    """In what the model and the changed one differ, as Keras itself computes them in float64; empty where in nothing.

    Raises:
        EvaluateError: If they cannot be run so.
    """
    with in_float64():
        blueprint = _blueprint(session)
        change = next(change for change in changes(blueprint) if full_key(change) == key)
        form = FORMS[change.form]
        try:
            fact = parting(_inputs(session), form(blueprint), form(change.apply(blueprint)))
        except Exception as error:  # the user's layers may raise anything
            raise EvaluateError(f"Keras cannot run it in float64: {reason(error)}.") from None
    return " ".join(map(str, fact or ())) or ("settings" if change.operator in SETTINGS else "")


def _blueprint(session: Session) -> Blueprint:
    loaded = load(replace(session.target, change=None), session.inputs)
    return taken_apart(loaded.model, loaded.ports, loaded.pack)


def _inputs(session: Session) -> list[Live]:
    return [_values(number, port) for number, port in enumerate(session.described().ports)]


def _values(number: int, port: Port) -> Live:
    draw = np.random.default_rng(number)
    shape = (ROWS, *(dim or 1 for dim in (port.spec.shape or ())[1:]))
    if "int" not in port.spec.dtype:
        return draw.normal(size=shape)
    low = int(port.low or 0)
    return draw.integers(low, max(low, int(MOST_WORDS if port.high is None else port.high)) + 1, shape).astype("int32")
