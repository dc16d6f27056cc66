"""A replayed witness as a report shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.report.json import dump
from kerasdiff.report.style import Look, emit, hang, number

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.comparison import Rung
    from kerasdiff.probing.witness import SavedWitness

SCHEMA = "kerasdiff.replay/1"


def render_replay(saved: SavedWitness, targets: tuple[str, str], rung: Rung, console: Console) -> None:
    """Prints what the models do on the saved input now, beside what they did then."""
    from rich.text import Text

    look = Look.of(console)
    found = saved.witness
    for label, target in zip(("reference", "candidate"), targets, strict=True):
        hang(console, Text(f"  {label}  ", style="dim"), Text(look.text(target), style="bold"))
    weight_scale = f", weights {found.weight_scale:g} times as large" if found.weight_scale != 1.0 else ""
    shapes = ", ".join(str(tuple(batch.shape)) for batch in found.inputs)
    then = (
        f"{found.how}, {found.mode} mode{weight_scale}, input {shapes}; then {number(found.difference)} of scale apart"
    )
    hang(console, Text("  witness    ", style="dim"), Text(look.text(then)))
    hang(console, Text("  now        ", style="dim"), Text(look.text(rung.detail)))
    emit(console)
    word, style = {"equal": ("AGREE", "green"), "different": ("DIFFER", "red")}.get(rung.outcome, ("OPEN", "yellow"))
    emit(console, Text(f"  {word}", style=f"bold {style}"))


def replay_json(saved: SavedWitness, targets: tuple[str, str], rung: Rung) -> str:
    """The same as JSON."""
    found = saved.witness
    return dump(
        {
            "schema": SCHEMA,
            "reference": targets[0],
            "candidate": targets[1],
            "witness": {
                "mode": found.mode,
                "weight_scale": found.weight_scale,
                "how": found.how,
                "difference": found.difference,
            },
            "rung": {"name": rung.name, "outcome": rung.outcome, "detail": rung.detail, "figures": rung.figures},
        }
    )
