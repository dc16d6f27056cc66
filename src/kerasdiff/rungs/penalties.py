"""The same penalties? What both models add to their loss, one by one or in sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasdiff.probing.closeness import Closeness, Tolerance, compare_values
from kerasdiff.probing.prober import Compared, Run

IN_CALL = "call "
"""Begins the name of a loss that layers add while they run; the others are regularizers, named by their weight."""


def scalars(one: float, two: float, tolerance: Tolerance) -> Closeness:
    """Compares two losses on the scale of the larger one: a term that one side lacks is off by all of it."""
    larger, smaller = (one, two) if abs(one) >= abs(two) else (two, one)
    return compare_values(np.array([larger]), np.array([smaller]), tolerance)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """One added loss on both sides; 0 where a side has none."""

    label: str
    one: float
    two: float


def penalties(run: Run, pairs: Mapping[str, str], tolerance: Tolerance) -> list[Compared]:
    """Added losses one by one, on the first probe; what does not correspond so is compared in sum.

    A model may add the same penalty in other parts, or by hand in place of a regularizer: its loss is the sum, and the
    gradients tell the rest. On the further probes the sums alone are compared, where the first shows no difference.
    """
    terms = _terms(run, pairs)
    found = [(term.label, scalars(term.one, term.two, tolerance)) for term in terms]
    loose = [term for term, (_, close) in zip(terms, found, strict=True) if not close.equal]
    if len(loose) > 1:
        label = f"sum of {len(loose)} added losses that do not correspond one by one"
        whole = scalars(sum(term.one for term in loose), sum(term.two for term in loose), tolerance)
        if whole.equal and whole.informative:
            found = [(label, whole), *(item for item in found if item[1].equal)]
    if terms and all(close.equal for _, close in found):
        rest = zip(run.names[1:], *(side.added[1:] for side in run.sides), strict=False)
        found += [(f"sum of added losses, probe {name}", scalars(one, two, tolerance)) for name, one, two in rest]
    return found


def _terms(run: Run, pairs: Mapping[str, str]) -> list[_Term]:
    """Regularizers by weight; what layers add in the call by size, or in sum where the numbers of terms differ."""
    first, second = run.sides[0].losses, run.sides[1].losses
    backward = {two: one for one, two in pairs.items()}
    calls = [sorted(value for name, value in side.items() if name.startswith(IN_CALL)) for side in (first, second)]
    if len(calls[0]) != len(calls[1]):
        calls = [[sum(one)] for one in calls]
    count = len(calls[0])
    labels = [f"loss {n + 1} of {count} that layers add" if count > 1 else "loss that layers add" for n in range(count)]
    found = [_Term(label=label, one=one, two=two) for label, one, two in zip(labels, *calls, strict=True)]
    names = [name for name in first if not name.startswith(IN_CALL)]
    names += [backward.get(name, name) for name in second if not name.startswith(IN_CALL)]
    return found + [
        _Term(label=f"regularizer loss of {name}", one=first.get(name, 0.0), two=second.get(pairs.get(name, name), 0.0))
        for name in dict.fromkeys(names)
    ]
