"""Same outcome? What seeded trial pairs say, on the fit rung."""

from __future__ import annotations

from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.fitting.verdict import apart, decided, identical, not_finite
from kerasdiff.rungs.records import FitFigures, Rung, RungOutcome


def fit_rung(fit: FitEvidence, *, complete: bool) -> Rung:
    """What the trial pairs say: identical to the bit, apart, equivalent within the margin, or neither.

    Args:
        fit: The trials.
        complete: Whether each pair started from the same weights: else its trajectories part in any case.
    """
    outcome, finding = _judged(fit, complete=complete)
    figures = FitFigures(
        steps=len(fit.trials[0].losses),
        pairs=len(fit.pairs),
        distance=fit.distance,
        control_distance=fit.control_distance,
        rounding_distance=fit.rounding_distance,
        first_parting=fit.first_parting,
        identical=fit.identical,
    )
    return Rung(name="fit", outcome=outcome, findings=(finding,), figures=figures)


def _judged(fit: FitEvidence, *, complete: bool) -> tuple[RungOutcome, Finding]:
    if not fit.pairs:
        return "skipped", Finding(fact=Fact.NO_PAIR)
    if fit.never_finite:
        return "failed", not_finite(fit)
    if fit.identical:
        return "equal", identical(fit)
    if complete and fit.parted is not None:
        return "different", apart(fit)
    if fit.decision is not None and fit.decision.outcome != "inconclusive":
        return ("equal" if fit.decision.outcome == "equivalent" else "different"), decided(fit.decision)
    unlike = Fact.TRIALS_DRAWS_APART if fit.draws_apart else Fact.TRIALS_ROUNDING
    return "advisory", apart(fit, unlike if complete else Fact.TRIALS_START_APART)
