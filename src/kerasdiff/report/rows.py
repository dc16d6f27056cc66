"""What does the side-by-side table of layers say, before anything draws it? Marks, rows in words, what folds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, Literal, Protocol, TypeVar

from kerasdiff.align.edits import EditKind
from kerasdiff.graph import Node, Source
from kerasdiff.report.wording.models import shapes
from kerasdiff.report.wording.names import count
from kerasdiff.rungs.records import Row, RowState, RungOutcome

FOLD_ABOVE = 24
"""Rows a table may have before runs of equal rows fold: what leaves room for the rest on a screen."""

CONTEXT = 2
"""Rows shown at either end of a run that folds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How a state or an outcome looks, with all characters and with those of ASCII."""

    fancy: str
    plain: str
    style: str


MARKS: Mapping[RowState, Mark] = {
    "kept": Mark(" ", " ", ""),
    "rewritten": Mark("≈", "=", "blue"),
    "inserted": Mark("+", "+", "green"),
    "deleted": Mark("-", "-", "red"),
    "updated": Mark("~", "~", "yellow"),
    "moved": Mark("→", ">", "cyan"),
    "rewired": Mark("⤳", "^", "magenta"),
}

RUNGS: Mapping[RungOutcome, Mark] = {
    "equal": Mark("✓", "=", "green"),
    "different": Mark("✗", "x", "red"),
    "advisory": Mark("!", "!", "yellow"),
    "skipped": Mark("–", "-", "dim"),
    "failed": Mark("?", "?", "bold red"),
}

EDITED: Mapping[EditKind, RowState] = {
    "insert": "inserted",
    "delete": "deleted",
    "update": "updated",
    "move": "moved",
    "rewire": "rewired",
}
"""The state of the rows that an edit is about, whose mark and colour it has."""

EQUAL: tuple[RowState, ...] = ("kept", "rewritten")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row as text, before it is fitted to a width."""

    state: RowState
    reference: str = ""
    candidate: str = ""
    reference_source: str = ""
    candidate_source: str = ""
    sources: tuple[Source | None, Source | None] = (None, None)
    op: str = ""
    shape: str = ""
    parameters: str = ""


Fold = Literal["long", "equal", "none"]
"""Which rows fold: of long tables long runs alike, every equal row, or none."""


def counts(rows: Sequence[Row]) -> str:
    """``14 equal, 3 inserted``."""
    equal = sum(row.state in EQUAL for row in rows)
    parts = [f"{equal:,} equal"]
    for state in MARKS:
        amount = sum(row.state == state for row in rows)
        if amount and state not in EQUAL:
            parts.append(f"{amount:,} {state}")
    return ", ".join(parts)


def line_of(row: Row, text: Callable[[object], str]) -> Line:
    """A row in words: what both sides share once, what tells them apart with an arrow.

    Args:
        row: Of the table.
        text: Makes text of models what can be shown.
    """
    sides = [node for node in (row.reference, row.candidate) if node is not None]
    parameters = [
        f"{amount:,}" if amount else "–"
        for node, amount in (
            (row.reference, row.reference_parameters),
            (row.candidate, row.candidate_parameters),
        )
        if node is not None
    ]
    return Line(
        state=row.state,
        reference=text(row.reference.id) if row.reference else "",
        candidate=text(row.candidate.id) if row.candidate else "",
        reference_source=_source(row.reference, text),
        candidate_source=_source(row.candidate, text),
        sources=(_source_of(row.reference), _source_of(row.candidate)),
        op=text(_both([node.op for node in sides])),
        shape=text(_both([shapes(node) for node in sides])),
        parameters=text(_both(parameters)),
    )


def _source(node: Node | None, text: Callable[[object], str]) -> str:
    source = _source_of(node)
    return "" if source is None else text(source)


def _source_of(node: Node | None) -> Source | None:
    return None if node is None else node.source


def _both(texts: list[str]) -> str:
    return texts[0] if len(set(texts)) < 2 else " → ".join(texts)


class Stated(Protocol):
    """What has the state of a row."""

    @property
    def state(self) -> RowState: ...


Told = TypeVar("Told", bound=Stated)


@dataclass(frozen=True, slots=True)
class Run(Generic[Told]):
    """Rows of a table that follow each other and are shown or folded together.

    Attributes:
        sentence: What stands for them where they are folded; empty for rows that are always shown.
    """

    rows: tuple[Told, ...]
    sentence: str = ""


def runs(rows: Sequence[Told], fold: Fold) -> Iterator[Run[Told]]:
    """The rows; runs of equal ones, or long ones of rows changed alike, get a sentence that may stand for them."""
    if fold == "none" or (fold == "long" and len(rows) <= FOLD_ABOVE):
        yield Run(tuple(rows))
        return
    for state, group in groupby(rows, key=lambda row: "kept" if row.state in EQUAL else row.state):
        run = tuple(group)
        if fold == "equal" and state == "kept":
            yield Run(run, f"… {count(len(run), 'equal layer')} …")
            continue
        # A fold that saves no more than its own line and one row is not worth the gap.
        if len(run) <= 2 * CONTEXT + 2:
            yield Run(run)
            continue
        yield Run(run[:CONTEXT])
        hidden = run[CONTEXT:-CONTEXT]
        rewritten = sum(row.state == "rewritten" for row in hidden)
        aside = f", {rewritten:,} of them after a rewrite" if rewritten else ""
        noun = "equal layer" if state == "kept" else f"{state} layer"
        yield Run(hidden, f"… {count(len(hidden), noun)}{aside} …")
        yield Run(run[-CONTEXT:])
