"""What is told of each edit beside its code? Its sentence, its settings, what it does, and how much of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kerasdiff.align.edits import Edit, EditKind
from kerasdiff.comparison import Comparison
from kerasdiff.findings import SIDES
from kerasdiff.report import wording
from kerasdiff.report.html.code import Hunk, hunks
from kerasdiff.report.rows import EDITED, MARKS
from kerasdiff.report.wording.verdict.causes import groups
from kerasdiff.rungs.records import RowState

MOST_SHOWN = 3
"""Edits told in full below the code of a hunk, and hunks told in full, before the rest fold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One edit.

    Attributes:
        aside: The rung and the mode, where they are not the usual ones.
        standing: Where it stands, by side.
    """

    number: int
    kind: EditKind
    op: str
    state: RowState
    mark: str
    aside: str
    message: str
    standing: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A hunk with what is told of its edits."""

    hunk: Hunk
    edits: tuple[Told, ...]


def places(comparison: Comparison) -> tuple[Place, ...]:
    """All edits, those that matter most first, by where they stand in the code."""
    order = [position for group in groups(comparison) for position in group.positions]
    return tuple(
        Place(hunk=hunk, edits=tuple(_told(comparison, position) for position in hunk.edits))
        for hunk in hunks(comparison, order)
    )


def _told(comparison: Comparison, position: int) -> Told:
    edit = comparison.edits[position]
    state = EDITED[edit.kind]
    return Told(
        number=position + 1,
        kind=edit.kind,
        op=edit.op,
        state=state,
        mark=MARKS[state].fancy,
        aside=", ".join(_asides(edit)),
        message=wording.message(edit),
        standing=tuple((name, wording.standing(edit, side)) for side, name in enumerate(SIDES))
        if any(edit.sites)
        else (),
        settings=wording.settings(edit),
        effect=wording.effect_told(comparison, position),
    )


def _asides(edit: Edit) -> Iterator[str]:
    if edit.rung != "architecture":
        yield edit.rung
    if len(edit.modes) == 1:
        yield f"in {edit.modes[0]} mode alone"
