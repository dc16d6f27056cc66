"""The same penalties? What both models add to their loss, one by one or in sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasdiff.findings import Compared, Subject
from kerasdiff.graph.values import Closeness, Tolerance
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.prober import Run


def scalars(one: float, two: float, tolerance: Tolerance) -> Closeness:
    """Compares two losses on the scale of the larger one: a term that one side lacks is off by all of it."""
    larger, smaller = (one, two) if abs(one) >= abs(two) else (two, one)
    return compare_values(np.array([larger]), np.array([smaller]), tolerance)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """One added loss on both sides; 0 where a side has none."""

    subject: Subject
    one: float
    two: float

    def compared(self, tolerance: Tolerance) -> Compared:
        return Compared(subject=self.subject, closeness=scalars(self.one, self.two, tolerance))


def penalties(run: Run, pairs: Mapping[str, str], tolerance: Tolerance) -> list[Compared]:
    """Added losses one by one, on the first probe; what does not correspond so is compared in sum.

    A model may add the same penalty in other parts, or by hand in place of a regularizer: its loss is the sum, and the
    gradients tell the rest. On the further probes the sums alone are compared, where the first shows no difference.
    """
    comparisons = _on_the_first(_terms(run, pairs), tolerance)
    if not comparisons or any(not item.closeness.equal for item in comparisons):
        return comparisons
    rest = zip(run.names[1:], *(side.added[1:] for side in run.sides), strict=False)
    sums = (_Term(subject=Subject(quantity="added losses", probe=name), one=one, two=two) for name, one, two in rest)
    return [*comparisons, *(term.compared(tolerance) for term in sums)]


def _on_the_first(terms: list[_Term], tolerance: Tolerance) -> list[Compared]:
    """The terms one by one, or those that do not agree so in sum, where that does and says something."""
    comparisons = [term.compared(tolerance) for term in terms]
    unmatched = [term for term, item in zip(terms, comparisons, strict=True) if not item.closeness.equal]
    if len(unmatched) < 2:
        return comparisons
    subject = Subject(quantity="unmatched losses", of=len(unmatched))
    total = _Term(subject=subject, one=sum(t.one for t in unmatched), two=sum(t.two for t in unmatched))
    whole = total.compared(tolerance)
    if not (whole.closeness.equal and whole.closeness.informative):
        return comparisons
    return [whole, *(item for item in comparisons if item.closeness.equal)]


def _terms(run: Run, pairs: Mapping[str, str]) -> list[_Term]:
    """Regularizers by weight; what layers add in the call by size, or in sum where the numbers of terms differ."""
    calls = [sorted(side.losses.calls) for side in run.sides]
    if len(calls[0]) != len(calls[1]):
        calls = [[sum(one)] for one in calls]
    added = [
        _Term(subject=Subject(quantity="call loss", number=number, of=len(calls[0])), one=one, two=two)
        for number, (one, two) in enumerate(zip(*calls, strict=True), start=1)
    ]
    first, second = (side.losses.regularizers for side in run.sides)
    backward = {two: one for one, two in pairs.items()}
    names = dict.fromkeys([*first, *(backward.get(name, name) for name in second)])
    return added + [
        _Term(
            subject=Subject(quantity="regularizer loss", weight=name),
            one=first.get(name, 0.0),
            two=second.get(pairs.get(name, name), 0.0),
        )
        for name in names
    ]
