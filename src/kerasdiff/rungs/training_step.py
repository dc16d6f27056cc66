"""Same learning? Training outputs, added losses, the gradient of every weight, state updates, one optimizer step."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.probing.observations import LearningObservation, Observations, StepObservation, Unobserved
from kerasdiff.rungs.numbers import distribution, judged, noted, sampled, settled
from kerasdiff.rungs.records import Rung, RungOutcome


def training_step(observations: Observations) -> Rung:
    """Judges what one training step sees and does; a proof, for which nothing was observed, implies all of it."""
    seen = observations.learning
    if seen is None:
        return Rung(name="training step", outcome="equal", findings=(Finding(fact=Fact.PROOF_OF_LEARNING),))
    if isinstance(seen, Unobserved):
        outcome: RungOutcome = "failed" if seen.failed else "skipped"
        return Rung(name="training step", outcome=outcome, findings=(seen.reason,))
    if seen.masked_apart:
        finding = Finding(fact=Fact.MASKED_ON_ONE_SIDE)
        return Rung(name="training step", outcome="different", findings=(finding,))
    return _rung(seen)


def steps_alike(rung: Rung) -> bool:
    """Whether this rung says that an optimizer takes the same step on both sides: by a proof, or as it was taken."""
    facts = {finding.fact for finding in rung.findings}
    return rung.outcome == "equal" and bool(facts & {Fact.PROOF_OF_LEARNING, Fact.STEP_TAKEN})


def _rung(seen: LearningObservation) -> Rung:
    steady = None if seen.comparisons is None else judged("training step", seen.comparisons, "training output")
    chance = seen.chance
    if chance is None:
        assert steady is not None
        return steady if seen.step is None else _with_step(steady, seen.step)
    if chance.shared is not None:
        shared = settled("training step", chance, "training output")
        if shared.outcome == "equal" and seen.step is not None:
            shared = _with_step(shared, replace(seen.step, taken=None))
        if steady is None or steady.outcome == "equal" or shared.outcome != "different":
            return shared
    if steady is None:
        return _unseeded(seen)
    if chance.apart:
        return sampled("training step", chance)
    return steady


def _with_step(rung: Rung, step: StepObservation) -> Rung:
    """The rung with what is known of an optimizer step."""
    if step.rows:
        rows = Finding(fact=Fact.BY_ROWS, parts=step.rows)
        rung = replace(rung, outcome="different", findings=(rows, *rung.findings))
    if step.refused:
        return noted(rung, Finding(fact=Fact.NO_STEP, cause=step.refused))
    if step.not_finite:
        return noted(rung, Finding(fact=Fact.STEP_NOT_FINITE))
    if step.rounding:
        return noted(rung, Finding(fact=Fact.STEP_IS_ROUNDING))
    if step.taken is not None:
        return noted(rung, Finding(fact=Fact.STEP_TAKEN, values=step.taken))
    return rung


def _unseeded(seen: LearningObservation) -> Rung:
    """Random numbers that neither seeds nor their own ops make repeatable."""
    chance = seen.chance
    if chance is not None and chance.samples is not None:
        return distribution("training step", chance.samples)  # whoever controls it
    if seen.repeated[0] == seen.repeated[1]:
        finding = Finding(fact=Fact.UNSEEDED_ON_BOTH_SIDES)
        return Rung(name="training step", outcome="failed", findings=(finding,))
    if chance is not None and all(chance.drawing):  # both may draw the same, and who controls it is no difference
        return sampled("training step", chance)
    side = SIDES[seen.repeated.index(False)]
    finding = Finding(fact=Fact.UNSEEDED_ON_ONE_SIDE, side=side)
    return Rung(name="training step", outcome="different", findings=(finding,))
