"""Do both models take the same optimizer step? The loss, the update of every weight, and the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Compared, Subject
from kerasdiff.graph.values import Array, Tolerance
from kerasdiff.probing.numbers.rounding import AMPLIFIED, DECIDES, PERTURBATION, Again, doubtful, tempered
from kerasdiff.probing.observations import StepObservation
from kerasdiff.probing.prober import Run, both
from kerasdiff.probing.training.asked import Learning, element, least_of
from kerasdiff.probing.training.lookups import row_by_row
from kerasdiff.probing.training.penalties import scalars
from kerasdiff.side.observations import Stepped


def one_step(asked: Learning, run: Run) -> tuple[StepObservation, list[Compared]]:
    """One step of sides that agree so far."""
    requests = asked.steps(run.names[0], run.precision)
    try:
        one, two = both(lambda side: asked.prober.stepped(side, requests[side]))
    except EvaluateError as error:
        return StepObservation(refused=error.message), []
    rows = row_by_row(asked.pair, one, two)
    if not np.isfinite(one.loss) and np.array_equal(one.loss, two.loss, equal_nan=True):
        return StepObservation(rows=tuple(rows.values()), not_finite=True), []
    if not run.exact:
        return StepObservation(rows=tuple(rows.values()), rounding=True), []
    compared = _stepped(asked, (one, two), set(rows), run.wide)
    if doubtful(compared):
        compared = _without_noise(asked, run, (one, two), set(rows))
    taken = (one.optimizer, one.objective), (two.optimizer, two.objective)
    return StepObservation(rows=tuple(rows.values()), taken=taken), compared


def _without_noise(asked: Learning, run: Run, done: tuple[Stepped, Stepped], rows: set[str]) -> list[Compared]:
    """Steps of the entries that rounding does not decide, and of these with what rounding accounts for as equal.

    An adaptive optimizer divides by the size of a gradient: of one that is rounding alone, it makes a whole step, which
    says nothing. The gradient itself was compared.

    Raises:
        EvaluateError: If the reference cannot be run again.
    """
    one = done[0]
    request = asked.steps(run.names[0], run.precision)[0]
    again = asked.prober.stepped(0, replace(request, perturbation=PERTURBATION))
    noisy = {name: _noisy(value, again.updates[name]) for name, value in one.updates.items()}

    def moved(size: float) -> list[Compared]:
        stepped = again if size == PERTURBATION else asked.prober.stepped(0, replace(request, perturbation=size))
        return _stepped(asked.of_the_reference, (one, stepped), rows, run.wide, noisy)

    return tempered(_stepped(asked, done, rows, run.wide, noisy), Again(moved=moved, plain=np.inf))


def _noisy(update: Array, again: Array) -> Array:
    """The entries of a step that rounding moves by as much as decides nothing."""
    moved: Array = AMPLIFIED * np.abs(update - again)
    return np.asarray((moved >= DECIDES * np.max(np.abs(update), initial=0.0)) & (moved > 0.0))


def rows_alone(asked: Learning, run: Run) -> StepObservation:
    """Of sides that draw at random, steps are not compared, but how an optimizer takes gradients is."""
    requests = asked.steps(run.names[0], run.precision)
    try:
        done = both(lambda side: asked.prober.stepped(side, requests[side]))
    except EvaluateError as error:
        return StepObservation(refused=error.message)
    return StepObservation(rows=tuple(row_by_row(asked.pair, *done).values()))


def _stepped(
    asked: Learning,
    done: tuple[Stepped, Stepped],
    rows: set[str],
    wide: Tolerance,
    noisy: Mapping[str, Array] | None = None,
) -> list[Compared]:
    """The loss, the update of every weight, and the metrics; weights in ``rows`` with the gradients of a row summed.

    Entries that are ``noisy`` count as equal.
    """
    first, second = done
    least = least_of(first.updates, wide)
    comparisons = [Compared(subject=Subject(quantity="loss"), closeness=scalars(first.loss, second.loss, wide))]
    for one, two in asked.pair.transfer.drawn_alike.items():
        if one not in first.updates or two not in second.updates or _limited_apart(asked, one, two):
            continue
        own, update = first.updates[one], second.updates[two]
        if one in rows:  # repeated ids are told of already: is anything else different?
            own, update = first.summed.get(one, own), second.summed.get(two, update)
        update = update.T if two in asked.pair.transfer.transposed else update
        if "dtype" in asked.ignore and update.dtype != own.dtype:
            continue  # a step is the difference of stored values, whose rounding in float32 is as large
        if noisy is not None and update.size == own.size:
            update = np.where(noisy[one], own, update.reshape(own.shape))
        subject = Subject(quantity="optimizer step", weight=one)
        comparisons.append(Compared(subject=subject, closeness=element(own, update, wide, least)))
    return comparisons + [
        Compared(
            subject=Subject(quantity="metric", weight=name),
            closeness=scalars(first.metrics[name], second.metrics[name], wide),
        )
        for name in first.metrics
        if name in second.metrics
    ]


def _limited_apart(asked: Learning, one: str, two: str) -> bool:
    """Whether ignored constraints differ: an optimizer applies them after its step."""
    if "constraint" not in asked.ignore:
        return False
    first, second = asked.pair.weights
    return getattr(first.get(one), "constraint", None) != getattr(second.get(two), "constraint", None)
