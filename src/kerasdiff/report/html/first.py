"""What does a reader see first? The verdict and its cause, what to do, the size of the effect, and both targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kerasdiff.comparison import Comparison, ModelInfo, Outcome
from kerasdiff.findings import SIDES, SideName
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report import wording
from kerasdiff.report.named import Named
from kerasdiff.report.wording.fits.trials import Remark, controls, lead_told
from kerasdiff.report.wording.models import port
from kerasdiff.report.wording.sizes import Size, sizes
from kerasdiff.report.wording.verdict.answer import BASES
from kerasdiff.report.wording.verdict.brief import CUT_OFF

OUTCOMES: Mapping[Outcome, str] = {"equivalent": "=", "different": "≠", "inconclusive": "?"}
"""The mark of each, for those who do not see its colour."""

MOST_REMARKS = 3
"""Sentences about trials on the first screen; the section on the fit has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One model as the first screen names it."""

    name: SideName
    target: str
    commit: str
    model: str
    runs_with: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first screen.

    Attributes:
        notes: What stands above all: that it was cut off, whether a file of gates expected it.
        sizes: What changes, and by how much.
    """

    outcome: Outcome
    mark: str
    exit_code: int
    summary: str
    basis: tuple[str, str]
    advice: tuple[str, ...]
    notes: tuple[str, ...]
    sizes: tuple[Size, ...]
    remarks: tuple[str, ...]
    sides: tuple[Side, ...]


def first(item: Named, comparison: Comparison) -> First:
    """That of a comparison."""
    verdict = comparison.verdict
    kind, _, meaning = ("", "", "") if verdict.basis is None else BASES[verdict.basis].partition(": ")
    models = zip(SIDES, (comparison.reference, comparison.candidate), strict=True)
    return First(
        outcome=verdict.outcome,
        mark=OUTCOMES[verdict.outcome],
        exit_code=comparison.exit_code,
        summary=wording.summary(comparison),
        basis=(kind, meaning),
        advice=tuple(text for text in (wording.advice(comparison), wording.unloadable(comparison)) if text),
        notes=tuple(_notes(item, comparison)),
        sizes=tuple(sizes(comparison)),
        remarks=() if comparison.fit is None else _remarks(comparison.fit),
        sides=tuple(_side(name, model) for name, model in models),
    )


def _remarks(fit: FitEvidence) -> tuple[str, ...]:
    """How far the trials are apart, who leads in what counts, and how far to trust that; not what the controls did."""
    skipped = {*controls(fit), *(Remark(lead_told(lead)) for lead in fit.leads[1:])}
    said = [remark.text for remark in wording.remarks(fit) if remark not in skipped]
    return tuple(said[:MOST_REMARKS])


def _notes(item: Named, comparison: Comparison) -> Iterator[str]:
    if comparison.interrupted:
        yield CUT_OFF
    if item.reason:
        yield item.reason


def _side(name: SideName, model: ModelInfo) -> Side:
    return Side(
        name=name,
        target=model.target,
        commit="" if model.commit is None else wording.commit(model.commit),
        model=wording.model(model),
        runs_with=wording.runs_with(model),
        ports=tuple(map(port, model.interface)),
    )
