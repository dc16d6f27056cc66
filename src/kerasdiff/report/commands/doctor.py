"""What was found on a machine: a line each with what to do, and as JSON (schema ``kerasdiff.doctor/1``)."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from kerasdiff.report.json import dump
from kerasdiff.report.terminal.style import Look, emit, hang, pad
from kerasdiff.report.wording import doctor as wording
from kerasdiff.side.health import Check, Standing, Subject

SCHEMA = "kerasdiff.doctor/1"

MOST_DETAILS = 6
"""Lines of a traceback that are shown: its end says why."""

_MARKS: Mapping[Standing, tuple[str, str, str]] = {
    "ok": ("✓", "ok  ", "green"),
    "warn": ("!", "warn", "yellow"),
    "fail": ("✗", "FAIL", "bold red"),
}
"""A mark, a word in its place where only ASCII can be shown, and a style."""


def doctor_json(checks: tuple[Check, ...]) -> str:
    """Writes all that was found."""
    return dump(
        {
            "schema": SCHEMA,
            "summary": wording.summary(checks),
            "checks": [
                {
                    "subject": check.subject.name.lower(),
                    "standing": check.standing,
                    "found": dict(check.found),
                    "message": wording.found(check),
                    "advice": wording.advice(check) or None,
                }
                for check in checks
            ],
        }
    )


def render_doctor(checks: tuple[Check, ...], console: Console) -> None:
    """Prints a line for each thing, and what to do below it."""
    look = Look.of(console)
    width = max(len(subject.value) for subject in Subject)
    for check in checks:
        fancy, plain, style = _MARKS[check.standing]
        lead = Text.assemble((look.pick(fancy, plain) + " ", style), pad(check.subject.value, width), "  ")
        hang(console, lead, Text(look.text(wording.found(check))))
        indent = Text(" " * lead.cell_len)
        for line in str(check.found.get("details", "")).splitlines()[-MOST_DETAILS:]:
            hang(console, indent, Text(look.text(line), style="dim"))
        if advice := wording.advice(check):
            hang(console, indent, Text(look.text(advice), style="bold" if check.standing != "ok" else "dim"))
    emit(console)
    emit(console, look.text(wording.summary(checks)))
