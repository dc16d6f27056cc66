"""What is a figure before it is drawn? Words, plain data for the scripts, and the same as a table for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Plotted: TypeAlias = "bool | int | float | str | Sequence[Plotted] | Mapping[str, Plotted] | None"
"""JSON for the scripts: no number in it is infinite or NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The data of a figure as a table; the first column names the row, the others are figures.

    Attributes:
        title: What it lists.
        note: Which rows are left out, and by which rule; empty where none is.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        name: By which the scripts know it.
        title: What is seen.
        caption: The one thing to notice.
        notes: How it is to be read, sentence by sentence.
        data: What the scripts draw; ``kind`` says which of them.
    """

    name: str
    title: str
    caption: str
    notes: tuple[str, ...] = ()
    data: Mapping[str, Plotted]
    table: Table
