"""What is told of each edit beside its code? Its sentence, its settings, what it does, and how much of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.align.edits import Edit, EditKind
from kerasdiff.comparison import Comparison
from kerasdiff.explain.records import Attribution, Measure
from kerasdiff.findings import SIDES
from kerasdiff.report import wording
from kerasdiff.report.html.code import Hunk, hunks
from kerasdiff.report.rows import EDITED, MARKS
from kerasdiff.report.wording.causes import groups
from kerasdiff.report.wording.explain import NAMED
from kerasdiff.report.wording.sizes import sized
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


# Bars ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A size of an effect: its words, and its share of the largest of its measure."""

    text: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What each edit does, as a table: a column a measure, a row an edit, then all of them together."""

    measures: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Bar | None, ...]], ...]


def effects(attribution: Attribution, edits: Sequence[Edit]) -> Effects:
    """Those that were measured."""
    sizes = [effect.sizes for effect in attribution.effects]
    told = [measure for measure in Measure if any(measure in held for held in (*sizes, attribution.total))]
    most = {measure: max(map(_finite, _of(measure, [*sizes, attribution.total])), default=0.0) for measure in told}
    rows = [
        (f"{position + 1} {edit.kind} {edit.op}", held)
        for position, (edit, held) in enumerate(zip(edits, sizes, strict=False))
    ]
    rows += [("all together", attribution.total), ("left with all applied", attribution.remaining)]
    return Effects(
        measures=tuple(NAMED[measure] for measure in told),
        rows=tuple(
            (name, tuple(_bar(attribution, measure, held, most[measure]) for measure in told))
            for name, held in rows
            if held
        ),
    )


def _of(measure: Measure, sizes: Sequence[Mapping[Measure, float]]) -> list[float]:
    return [held[measure] for held in sizes if measure in held]


def _finite(size: float) -> float:
    return abs(size) if math.isfinite(size) else 0.0


def _bar(attribution: Attribution, measure: Measure, sizes: Mapping[Measure, float], most: float) -> Bar | None:
    if measure not in sizes:
        return None
    size = sizes[measure]
    share = 1.0 if not math.isfinite(size) else abs(size) / most if most else 0.0
    return Bar(text=sized(attribution, measure, size).amount, share=min(share, 1.0))
