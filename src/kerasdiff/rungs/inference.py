"""Same function? Outputs with randomised weights, on every probe."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.align.pair import Pair
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.probing.observations import FunctionObservation, Observations, Searched, Unobserved
from kerasdiff.rungs.numbers import distribution, judged, noted, sampled, settled
from kerasdiff.rungs.records import NumberFigures, RandomFigures, Rung, RungOutcome


def inference(pair: Pair, observations: Observations) -> Rung:
    """Judges outputs on every probe, and on the input that a search found; of a proof, that numbers confirm it."""
    seen = observations.function
    if seen is None:
        return Rung(name="inference", outcome="equal", findings=(Finding(fact=Fact.PROOF_OF_FUNCTION),))
    if isinstance(seen, Unobserved):
        outcome: RungOutcome = "failed" if seen.failed else "skipped"
        return Rung(name="inference", outcome=outcome, findings=(seen.reason,))
    if pair.isomorphic:
        return _confirmed(seen)
    rung = _rung(seen)
    if rung.outcome == "equal" and observations.searched is not None:
        rung = _separated(rung, observations.searched)
    if rung.outcome == "equal" and seen.other_size.unfit is not None:
        return Rung(name="inference", outcome="different", findings=(seen.other_size.unfit,))
    return rung


def _confirmed(seen: FunctionObservation) -> Rung:
    if seen.comparisons is None:
        return Rung(name="inference", outcome="equal", findings=(Finding(fact=Fact.PROOF_OF_RANDOM_MODELS),))
    rung = judged("inference", seen.comparisons, "output")
    if rung.outcome != "equal":
        return rung
    return replace(rung, findings=(Finding(fact=Fact.PROOF_CONFIRMED), *rung.findings))


def _rung(seen: FunctionObservation) -> Rung:
    chance = seen.chance
    if chance is not None and chance.shared is not None:
        shared = settled("inference", chance, "output")
        if seen.comparisons is None or seen.comparisons.differ or shared.outcome != "equal":
            return shared
    elif seen.comparisons is None:
        return _random(seen)
    elif chance is not None:
        return sampled("inference", chance)
    rung = judged("inference", seen.comparisons, "output")
    beside = _beside(seen)
    if beside and rung.outcome == "equal":
        return replace(rung, outcome="different", findings=(Finding(fact=Fact.BESIDE_OUTPUTS, parts=beside),))
    if isinstance(rung.figures, NumberFigures):
        rung = replace(rung, figures=replace(rung.figures, untaken=seen.untaken))
    return noted(rung, *_reading(rung))


def _beside(seen: FunctionObservation) -> tuple[Finding, ...]:
    """What differs beside the outputs: updates, and losses that Keras's ``evaluate`` and ``val_loss`` hold."""
    if seen.added is None or seen.added.equal:
        return seen.updates
    return (*seen.updates, Finding(fact=Fact.ADDED_AT_INFERENCE, closeness=seen.added))


def _reading(rung: Rung) -> tuple[Finding, ...]:
    """What the figures mean to somebody who uses the outputs, where they differ."""
    figures = rung.figures
    if rung.outcome != "different" or not isinstance(figures, NumberFigures):
        return ()
    known = {}
    if figures.smallest_passing < 1.0:
        known["smallest_passing"] = figures.smallest_passing
    if figures.argmax_agreement is not None:
        known["argmax_agreement"] = figures.argmax_agreement
    return (Finding(fact=Fact.READING, figures=known),) if known else ()


def _separated(rung: Rung, searched: Searched) -> Rung:
    """The rung of outputs that agree on every probe, but not on an input that was searched for."""
    witness, close = searched.witness, searched.closeness
    if witness is None or close is None or not isinstance(rung.figures, NumberFigures):
        return rung
    figures = replace(
        rung.figures,
        weight_scale=witness.weight_scale,
        found_by=witness.how,
        max_relative=close.max_relative,
        tolerance=replace(rung.figures.tolerance, limit=close.limit, grounds="far"),
    )
    finding = Finding(fact=Fact.SEPARATED, parts=(witness.how,), closeness=close)
    return replace(rung, outcome="different", findings=(finding,), figures=figures)


def _random(seen: FunctionObservation) -> Rung:
    """The rung of models of which one gives other outputs for the same input, or both do."""
    chance = seen.chance
    samples = None if chance is None else chance.samples
    if samples is not None and not samples.differ:
        return distribution("inference", samples)
    if seen.repeated[0] != seen.repeated[1]:
        if chance is not None and samples is None and all(chance.drawing):
            return sampled("inference", chance)  # both may draw the same
        side = SIDES[seen.repeated.index(False)]
        finding = Finding(fact=Fact.RANDOM_ON_ONE_SIDE, side=side)
        return Rung(name="inference", outcome="different", findings=(finding,), figures=RandomFigures(random=side))
    if samples is not None:
        return distribution("inference", samples)
    return Rung(name="inference", outcome="failed", findings=(Finding(fact=Fact.RANDOM_ON_BOTH_SIDES),))
