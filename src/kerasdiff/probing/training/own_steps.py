"""Does the same `train_step` do the same under two generations of Keras? Both take some steps by it, from one start."""

from __future__ import annotations

import itertools
from dataclasses import replace

from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Compared, Fact, Finding, Subject
from kerasdiff.graph.values import Precision
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.numbers.rounding import wide_of
from kerasdiff.probing.prober import both, rank
from kerasdiff.probing.training.asked import Learning, element, least_of
from kerasdiff.side.observations import parted

_IN_TURN: tuple[Precision, ...] = ("float64", "float32")
"""User's code may say float32, which float64 is refused by."""


def compare_own_steps(asked: Learning, told: Finding) -> Finding:
    """What steps say of a ``train_step`` that both models bring, as ``told``: alike, apart, or why none is known."""
    cause = ""
    for precision, real in itertools.product(_IN_TURN, (False, True)):
        try:
            compared = _compared(asked, precision, real=real)
        except EvaluateError as error:
            cause = cause or error.message
            continue
        apart = [item for item in compared if not item.closeness.equal]
        if not apart:
            return replace(told, fact=Fact.OWN_STEPS_AGREE, count=len(compared))
        return replace(told, fact=Fact.OWN_STEPS_APART, compared=max(apart, key=rank))
    return replace(told, fact=Fact.OWN_STEPS_REFUSED, cause=cause)


def _compared(asked: Learning, precision: Precision, *, real: bool) -> list[Compared]:
    """How far apart the updates of each pair of weights are, with targets that the loss calls for, or real numbers.

    Raises:
        EvaluateError: If a side cannot take the steps.
    """
    prober = asked.prober
    requests = asked.steps(prober.training_names[0], precision)
    done = both(lambda side: prober.sides[side].own_steps(requests[side], real))
    first, second = (parted(one.updates, recipes) for one, recipes in zip(done, prober.recipes, strict=True))
    wide = wide_of(precision_tolerance(precision))
    least = least_of(first, wide)
    compared = []
    for one, two in asked.pair.transfer.drawn_alike.items():
        if one not in first or two not in second:
            continue
        update = second[two].T if two in asked.pair.transfer.transposed else second[two]
        subject = Subject(quantity="optimizer step", weight=one)
        compared.append(Compared(subject=subject, closeness=element(first[one], update, wide, least)))
    if not compared:
        raise EvaluateError("no weight is trained on both sides")
    return compared
