"""Which verdict follows from trials alone, and from which facts? An ordered table; sentences are made elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal

from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.decisions import Decision, Outcome
from kerasdiff.fitting.trials import FitEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class FitVerdict:
    """What trials alone say: the outcome, what it rests on, and why."""

    outcome: Outcome
    basis: Literal["statistical", "witness"] | None
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line of the table: it applies where ``holds`` of the evidence and of whether the pairs share their start."""

    holds: Callable[[FitEvidence, bool], bool]
    outcome: Callable[[FitEvidence], Outcome]
    basis: Literal["statistical", "witness"] | None
    finding: Callable[[FitEvidence], Finding]


def judge_fit(fit: FitEvidence, *, complete: bool) -> FitVerdict:
    """The verdict that rests on trials alone: the first line of the table that holds.

    Identical to the bit → equivalent after one pair. Trajectories beyond the controls' → different. Else the paired
    differences decide, and where they do not, how many seeds would.

    Args:
        fit: The trials.
        complete: Whether each pair started from the same weights: else its trajectories part in any case.
    """
    row = next(row for row in _TABLE if row.holds(fit, complete))
    return FitVerdict(outcome=row.outcome(fit), basis=row.basis, finding=row.finding(fit))


def judge_cut_off(fit: FitEvidence, *, complete: bool) -> FitVerdict:
    """What a fit that was cut off may claim: its finished pairs, not more."""
    if not fit.pairs:
        return FitVerdict(outcome="inconclusive", basis=None, finding=Finding(fact=Fact.CUT_OFF))
    judged = judge_fit(fit, complete=complete)
    finding = Finding(fact=Fact.CUT_OFF, parts=(judged.finding,))
    return FitVerdict(outcome=judged.outcome, basis=judged.basis, finding=finding)


def decided(decision: Decision | None) -> Finding:
    """What the paired differences say, with every figure that exists."""
    if decision is None:
        return Finding(fact=Fact.NO_PAIR)
    figures = {field.name: getattr(decision, field.name) for field in fields(decision)}
    low, high = decision.interval or (None, None)
    figures |= {"low": low, "high": high}
    return Finding(
        fact=Fact.DECIDED,
        names=(decision.outcome, decision.way),
        figures={name: value for name, value in figures.items() if isinstance(value, int | float)},
    )


def not_finite(fit: FitEvidence) -> Finding:
    """That nothing was learned from: two NaN are no sign of equality."""
    return Finding(fact=Fact.TRIALS_NOT_FINITE, names=("data",) if fit.blank else ())


def identical(fit: FitEvidence) -> Finding:
    """That every loss and every test output of every pair agrees to the last bit."""
    return Finding(fact=Fact.TRIALS_IDENTICAL, count=len(fit.trials[0].losses))


def apart(fit: FitEvidence, fact: Fact = Fact.TRIALS_APART) -> Finding:
    """How far apart the pairs are and the controls, as ``fact`` takes it, and who is ahead."""
    figures = {
        "first_parting": fit.first_parting,
        "distance": fit.distance,
        "control_distance": fit.control_distance,
        "rounding_distance": fit.rounding_distance,
    }
    known = {name: value for name, value in figures.items() if value is not None}
    return Finding(fact=fact, figures=known, parts=(leads(fit),) if fit.leads else ())


def leads(fit: FitEvidence) -> Finding:
    """Who is ahead in the metrics that count, for the epochs that were run."""
    parts = []
    for lead in fit.leads:
        figures = {"mean": lead.mean, "level": lead.level}
        if lead.interval is not None:
            figures |= {"low": lead.interval[0], "high": lead.interval[1]}
        parts.append(Finding(fact=Fact.LEAD, names=(lead.metric,), figures=figures))
    epochs = max(len(trial.epochs) for trial in fit.trials)
    return Finding(fact=Fact.LEADS, count=epochs, names=(fit.curves,), parts=tuple(parts))


def _undecided(fit: FitEvidence) -> Finding:
    parts = (decided(fit.decision),) if fit.stopped is None else (fit.stopped, decided(fit.decision))
    return Finding(fact=Fact.UNDECIDED, names=("draws",) if fit.draws_apart else (), parts=parts)


def _outcome(fit: FitEvidence) -> Outcome:
    return "inconclusive" if fit.decision is None else fit.decision.outcome


_TABLE = (
    _Row(
        holds=lambda fit, complete: fit.never_finite,
        outcome=lambda fit: "inconclusive",
        basis=None,
        finding=not_finite,
    ),
    _Row(
        holds=lambda fit, complete: fit.identical,
        outcome=lambda fit: "equivalent",
        basis="statistical",
        finding=identical,
    ),
    _Row(
        holds=lambda fit, complete: fit.parted is not None and complete,
        outcome=lambda fit: "different",
        basis="witness",
        finding=apart,
    ),
    _Row(
        holds=lambda fit, complete: _outcome(fit) != "inconclusive",
        outcome=_outcome,
        basis="statistical",
        finding=lambda fit: decided(fit.decision),
    ),
    _Row(
        holds=lambda fit, complete: True,
        outcome=lambda fit: "inconclusive",
        basis=None,
        finding=_undecided,
    ),
)
