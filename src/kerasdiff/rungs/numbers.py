"""What follows from many comparisons of values? The worst decides, and nothing informative compared is a failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kerasdiff.findings import Compared, Fact, Finding, Quantity, RungName
from kerasdiff.probing.draws.apart import SMALLEST_P
from kerasdiff.probing.draws.samples import SECONDS, Samples
from kerasdiff.probing.observations import Chance, Comparisons
from kerasdiff.probing.prober import rank
from kerasdiff.rungs.records import NumberFigures, Rung, RungOutcome, SampleFigures

MOST_SUBJECTS = 100
"""Comparisons named in the figures of a rung: what they have in common shows by then."""


def judged(name: RungName, seen: Comparisons, what: Quantity) -> Rung:
    """One rung from many comparisons; ``what`` says what they are of.

    Weights that get a gradient on one side alone are a difference whatever the values are.
    """
    blank = seen.never_finite
    if blank and not seen.beyond:
        outputs = {item.subject.number for item in seen.compared if item.subject.quantity == blank[0].quantity}
        finding = Finding(fact=Fact.NEVER_FINITE, names=(what,), count=len(blank), of=len(outputs))
        rung = Rung(name=name, outcome="failed", findings=(finding,))
    elif not seen.compared or not seen.informative:
        rung = Rung(name=name, outcome="failed", findings=(Finding(fact=Fact.NOTHING_TO_COMPARE, names=(what,)),))
    else:
        worst = max(seen.compared, key=rank)
        rung = Rung(
            name=name,
            outcome="different" if seen.beyond else "failed" if seen.undecided else "equal",
            findings=(_lead(seen, worst, what), *_told_in_float32(seen, what)),
            figures=_figures(seen, worst),
        )
    if not seen.absent:
        return rung
    absent = Finding(fact=Fact.ABSENT_GRADIENTS, parts=seen.absent)
    return replace(rung, outcome="different", findings=(absent, *rung.findings))


def _lead(seen: Comparisons, worst: Compared, what: Quantity) -> Finding:
    """How many of the values differ, with the worst of them and those that could not be further apart."""
    fact = Fact.VALUES_DIFFER if seen.beyond else Fact.ROUNDING_DECIDES if seen.undecided else Fact.VALUES_AGREE
    return Finding(
        fact=fact,
        names=(what,),
        count=len(seen.beyond or seen.undecided),
        of=len(seen.compared),
        compared=worst,
        parts=() if seen.coarse is None else (Finding(fact=Fact.COARSE, parts=(seen.coarse,)),),
        subjects=tuple(
            item.subject
            for item in seen.beyond
            if item.closeness.max_relative == float("inf") and item.subject != worst.subject
        ),
    )


def _told_in_float32(seen: Comparisons, what: Quantity) -> tuple[Finding, ...]:
    """Which comparisons float64 decides nothing about, by the limit that took its place."""
    foreign = [item.closeness for item in seen.compared if item.closeness.foreign and item.closeness.equal]
    if not foreign:
        return ()
    limit = max(close.limit for close in foreign)
    figures = {"limit": limit}
    return (
        Finding(fact=Fact.TOLD_IN_FLOAT32, names=(what,), count=len(foreign), of=len(seen.compared), figures=figures),
    )


def _figures(seen: Comparisons, worst: Compared) -> NumberFigures:
    """How far apart the worst is, among how many, by which tolerance."""
    close = worst.closeness
    return NumberFigures(
        compared=len(seen.compared),
        beyond=len(seen.beyond),
        tolerance=seen.tolerance,
        precision=seen.precision,
        max_absolute=close.max_absolute,
        max_relative=close.max_relative,
        place=close.place,
        smallest_passing=close.smallest_passing,
        argmax_agreement=close.argmax_agreement,
        where=worst.subject,
        differing=tuple(item.subject for item in seen.beyond[:MOST_SUBJECTS]),
        ignored=seen.hidden,
        absent_gradients=len(seen.absent),
    )


def noted(rung: Rung, *notes: Finding) -> Rung:
    """The same rung with something more to say."""
    return replace(rung, findings=(*rung.findings, *notes))


def settled(name: RungName, chance: Chance, what: Quantity) -> Rung:
    """What shared random numbers say; where it had to be guessed which belong together, a difference needs more."""
    assert chance.shared is not None
    given = Finding(fact=Fact.DRAWS_GIVEN, count=chance.count)
    if chance.mirrored is not None:
        return noted(judged(name, chance.mirrored, what), replace(given, fact=Fact.DRAWS_MIRRORED))
    if chance.samples is not None:
        return distribution(name, chance.samples)
    return noted(judged(name, chance.shared, what), given)


def distribution(name: RungName, samples: Samples) -> Rung:
    """The rung of outputs compared as samples; agreement is advisory, never a proof."""
    figures = SampleFigures(
        smallest_p=samples.smallest_p,
        tests=samples.tests,
        draws=samples.rows * samples.copies,
        limit_p=SMALLEST_P,
    )
    spent = {"seconds": SECONDS} if samples.ended else {}
    fact = Fact.DISTRIBUTIONS_DIFFER if samples.differ else Fact.DISTRIBUTIONS_AGREE
    finding = Finding(
        fact=fact,
        count=samples.copies,
        of=samples.tests,
        figures={"smallest_p": samples.smallest_p, "limit_p": SMALLEST_P, **spent},
        parts=tuple(_told_by(samples)) if samples.differ else (),
    )
    outcome: RungOutcome = "different" if samples.differ else "advisory"
    return Rung(name=name, outcome=outcome, findings=(finding,), figures=figures)


def _told_by(samples: Samples) -> Iterator[Finding]:
    """What tells two samples apart where values do not: over which axes they vary together, or that inputs show it."""
    if samples.over and not samples.values:
        yield Finding(fact=Fact.VARY_TOGETHER_OTHERWISE, names=samples.over)
    if samples.of_inputs:
        yield Finding(fact=Fact.SHOWN_BY_INPUTS)


def sampled(name: RungName, chance: Chance) -> Rung:
    """The rung of models of which it is only known that they draw other numbers: their outputs as samples."""
    if chance.samples is None:
        return Rung(name=name, outcome="failed", findings=(Finding(fact=Fact.TOO_LARGE_TO_SAMPLE),))
    return distribution(name, chance.samples)
