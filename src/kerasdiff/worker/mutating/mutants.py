"""Answers which changes a model can be given, and whether one changes what it does, by Keras alone."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Port
from kerasdiff.side.mutations import Mutation
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.loading.generations import by_its_generation
from kerasdiff.worker.loading.load import load
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.mutating.blueprint import Blueprint
from kerasdiff.worker.mutating.changes import changes
from kerasdiff.worker.mutating.independent import ROWS, in_float64, parting
from kerasdiff.worker.mutating.live import altered, drawn_live, live_changes
from kerasdiff.worker.mutating.rebuilding import FORMS, SETTINGS, drawn, full_key, taken_apart
from kerasdiff.worker.tracing import sources

MOST_WORDS = 20
"""An index where nothing says how many there are."""


def mutations(session: Session, count: int, seed: int) -> tuple[Mutation, ...]:
    """Up to ``count`` changes, of as many kinds as there are.

    Raises:
        EvaluateError: If none is known.
    """
    draw = random.Random(seed)
    try:
        built = itertools.islice(drawn(_blueprint(session), draw), count)
        found = [(full_key(change), change.operator) for change, _ in built]
    except EvaluateError:
        live = drawn_live(_loaded(session).model, partial(_fits, session), draw)
        found = [(change.key, change.operator) for change in itertools.islice(live, count)]
    if not found:
        raise EvaluateError("the model holds no layer of Keras in which a change is known.")
    return tuple(Mutation(key=key, operator=operator) for key, operator in found)


def parted(session: Session, key: str) -> str:
    """In what the model and the changed one differ, as Keras itself computes them in float64; empty where in nothing.

    Raises:
        EvaluateError: If they cannot be run so.
    """
    inputs = _inputs(session)
    with in_float64(), sources.recording():  # Keras 2 tells nobody else the penalties of weights
        try:
            before, after, operator = _both(session, key)
            fact = parting(inputs, before, after)
        except Exception as error:  # the user's layers may raise anything
            raise EvaluateError(f"Keras cannot run it in float64: {reason(error)}.") from None
    return " ".join(map(str, fact or ())) or ("setting" if operator in SETTINGS else "")


def _both(session: Session, key: str) -> tuple[Live, Live, str]:
    """The model without and with a change, in the precision that is set, and what kind of change it is."""
    try:
        blueprint = _blueprint(session)
    except EvaluateError:
        before = _loaded(session).model
        operator = next(change.operator for change in live_changes(before) if change.key == key)
        return before, _loaded(session, partial(_alter, key)).model, operator
    change = next(change for change in changes(blueprint) if full_key(change) == key)
    form = FORMS[change.form]
    return form(blueprint), form(change.apply(blueprint)), change.operator


def _alter(key: str, model: Live) -> None:
    altered(model, key)


def _loaded(session: Session, alter: Callable[[Live], None] | None = None) -> Loaded:
    """The model as it is, or altered."""
    plain = replace(session.target, change=None)
    return by_its_generation(plain, lambda: load(plain, session.inputs, alter=alter))


def _fits(session: Session, key: str) -> bool:
    """Whether the model can be called with a change."""
    try:
        _loaded(session, partial(_alter, key))
    except KerasdiffError:
        return False
    return True


def _blueprint(session: Session) -> Blueprint:
    loaded = _loaded(session)
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
