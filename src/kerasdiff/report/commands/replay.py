"""A replayed witness as a report shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerasdiff.findings import SIDES
from kerasdiff.report import wording
from kerasdiff.report.json import dump_sealed, rung_json
from kerasdiff.report.saved import RECORD, kept, read_record
from kerasdiff.report.terminal.style import Look, emit, hang
from kerasdiff.side.interpreters.settings import OPEN, Setting

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.graph import Attribute
    from kerasdiff.probing.witness import SavedWitness
    from kerasdiff.rungs.records import Rung

SCHEMA = "kerasdiff.replay/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A witness that was run once more.

    Attributes:
        targets: The models that were run.
        rung: What they do on it now.
        settings: In what they ran.
    """

    saved: SavedWitness
    targets: tuple[str, str]
    rung: Rung
    settings: tuple[Setting, Setting] = (OPEN, OPEN)

    @property
    def exit_code(self) -> int:
        """What a command that reports it exits with."""
        return {"equal": 0, "different": 1}.get(self.rung.outcome, 3)


def render_replay(replayed: Replayed, console: Console) -> None:
    """Prints what the models do on the saved input now, beside what they did then."""
    from rich.text import Text

    look, rung = Look.of(console), replayed.rung
    for label, target, setting in zip(SIDES, replayed.targets, replayed.settings, strict=True):
        told = Text.assemble((look.text(target), "bold"), look.text(wording.ran_in(setting)))
        hang(console, Text(f"  {label}  ", style="dim"), told)
    hang(
        console,
        Text("  witness    ", style="dim"),
        Text(look.text(wording.witness(replayed.saved, replayed.saved.how))),
    )
    hang(console, Text("  now        ", style="dim"), Text(look.text(wording.detail(rung))))
    emit(console)
    word, style = {"equal": ("AGREE", "green"), "different": ("DIFFER", "red")}.get(rung.outcome, ("OPEN", "yellow"))
    emit(console, Text(f"  {word}", style=f"bold {style}"))


def replay_json(replayed: Replayed) -> str:
    """The same as JSON, with what it is shown from again."""
    saved = replayed.saved
    return dump_sealed(
        {
            "schema": SCHEMA,
            "reference": replayed.targets[0],
            "candidate": replayed.targets[1],
            "settings": [
                {"python": one.python, "backend": one.backend, "variables": dict(one.variables)}
                for one in replayed.settings
            ],
            "witness": {
                "mode": saved.mode,
                "weight_scale": saved.weight_scale,
                "how": saved.how,
                "difference": saved.difference,
            },
            "rung": rung_json(replayed.rung),
            RECORD: kept("replayed", replayed),
        }
    )


def read_replay(report: Mapping[str, Attribute]) -> Replayed:
    """What a report of schema ``kerasdiff.replay/1`` was made of.

    Raises:
        SavedError: If it cannot be shown again.
    """
    from kerasdiff import findings
    from kerasdiff.align import edits
    from kerasdiff.graph import model, returned, table, values
    from kerasdiff.probing import witness
    from kerasdiff.report.commands import replay
    from kerasdiff.rungs import records
    from kerasdiff.side.interpreters import settings

    modules = (replay, findings, edits, model, returned, table, values, witness, records, settings)
    return read_record(report, "replayed", Replayed, modules, again="replay")
