"""Which tables does a page hold? Layers side by side, rungs, rewrites, trials: what the terminal prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.comparison import Comparison
from kerasdiff.explain.records import Attribution, LocalDifference
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report import wording
from kerasdiff.report.cleaning import clean
from kerasdiff.report.rows import EQUAL, MARKS, RUNGS, Line, Run, counts, line_of, runs
from kerasdiff.report.trials import columns_of
from kerasdiff.report.wording.fits.trials import Remark, pairs_told
from kerasdiff.report.wording.models import STATES
from kerasdiff.report.wording.names import capital
from kerasdiff.rungs.records import RowState, RungOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The table of layers: what it counts, its rows in runs, the mark of each state, and what those in it mean.

    Attributes:
        equal: The states in which nothing differs.
    """

    counts: str
    marks: Mapping[RowState, str]
    runs: tuple[Run[Line], ...]
    legend: tuple[tuple[RowState, str, str], ...]
    equal: tuple[RowState, ...] = EQUAL


def layers(comparison: Comparison) -> Layers | None:
    """That of a comparison; ``None`` where it has no rows."""
    if not comparison.rows:
        return None
    present = {row.state for row in comparison.rows}
    return Layers(
        counts=counts(comparison.rows),
        marks={state: mark.fancy for state, mark in MARKS.items()},
        runs=tuple(runs([line_of(row, clean) for row in comparison.rows], "long")),
        legend=tuple(
            (state, mark.fancy, STATES[state]) for state, mark in MARKS.items() if state in present and state != "kept"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RungLine:
    """A rung as a row."""

    name: str
    outcome: RungOutcome
    mark: str
    detail: str


def rungs(comparison: Comparison) -> tuple[RungLine, ...]:
    """In their order."""
    return tuple(
        RungLine(name=rung.name, outcome=rung.outcome, mark=RUNGS[rung.outcome].fancy, detail=wording.detail(rung))
        for rung in comparison.rungs
    )


# Attribution --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Where values part.

    Attributes:
        divergence: The first place, and what was measured there; empty where there is none.
        lead: How many values differ locally.
        rows: Each of them: its nodes, the edits before it, how far apart.
        sentences: What else is to be said.
        whole: Whether the edits explain the difference, in a sentence.
    """

    mode: str
    divergence: tuple[str, str] | None
    lead: str
    rows: tuple[tuple[str, str, str], ...]
    sentences: tuple[str, ...]
    whole: str
    explained: bool


def parting(attribution: Attribution, comparison: Comparison) -> Parting:
    """Those of an attribution."""
    notes = [f"{capital(note)}." for note in map(wording.sentence, attribution.notes)]
    first = attribution.divergence
    return Parting(
        mode="" if attribution.mode == "inference" else ", in training mode",
        divergence=None if first is None else (_nodes(first), wording.local_difference(first)),
        lead=wording.local_differences(attribution),
        rows=tuple((_nodes(item), _before(item), wording.size(item)) for item in attribution.local),
        sentences=(*map(wording.inseparable, attribution.together), *notes),
        whole=wording.explained(attribution, comparison.edits),
        explained=attribution.explained,
    )


def _nodes(item: LocalDifference) -> str:
    return f"{item.nodes[0]} ↔ {item.nodes[1]}"


def _before(item: LocalDifference) -> str:
    return wording.numbered(tuple(position + 1 for position in item.edits)) if item.edits else ""


# Fit ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """The trials of a fit.

    Attributes:
        aside: How many there are, and what they share.
        facts: The data and the plan, by label.
        titles, rows: Of the table; the first column says whose trial it was.
    """

    aside: str
    facts: tuple[tuple[str, str], ...]
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[Remark, ...]


def trials(fit: FitEvidence) -> Trials:
    """Those of a fit."""
    facts = [] if fit.data is None else [("data", wording.data_words(fit.data))]
    facts += [] if fit.settings is None else [("plan", wording.plan(fit.settings, fit.seeds))]
    columns: Sequence[Sequence[str]] = columns_of(fit.trials)
    titles, *rows = zip(*columns, strict=True)
    return Trials(
        aside=pairs_told(fit), facts=tuple(facts), titles=titles, rows=tuple(rows), remarks=tuple(wording.remarks(fit))
    )
