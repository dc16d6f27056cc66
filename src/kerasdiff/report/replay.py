"""A replayed witness as a report shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.findings import SIDES
from kerasdiff.report import wording
from kerasdiff.report.json import dump, rung_json
from kerasdiff.report.style import Look, emit, hang

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.probing.witness import SavedWitness
    from kerasdiff.rungs.records import Rung

SCHEMA = "kerasdiff.replay/1"


def render_replay(saved: SavedWitness, targets: tuple[str, str], rung: Rung, console: Console) -> None:
    """Prints what the models do on the saved input now, beside what they did then."""
    from rich.text import Text

    look = Look.of(console)
    for label, target in zip(SIDES, targets, strict=True):
        hang(console, Text(f"  {label}  ", style="dim"), Text(look.text(target), style="bold"))
    hang(console, Text("  witness    ", style="dim"), Text(look.text(wording.witness(saved))))
    hang(console, Text("  now        ", style="dim"), Text(look.text(wording.detail(rung))))
    emit(console)
    word, style = {"equal": ("AGREE", "green"), "different": ("DIFFER", "red")}.get(rung.outcome, ("OPEN", "yellow"))
    emit(console, Text(f"  {word}", style=f"bold {style}"))


def replay_json(saved: SavedWitness, targets: tuple[str, str], rung: Rung) -> str:
    """The same as JSON."""
    return dump(
        {
            "schema": SCHEMA,
            "reference": targets[0],
            "candidate": targets[1],
            "witness": {
                "mode": saved.mode,
                "weight_scale": saved.weight_scale,
                "how": saved.how,
                "difference": saved.difference,
            },
            "rung": rung_json(rung),
        }
    )
