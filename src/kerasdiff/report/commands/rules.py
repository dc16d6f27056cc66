"""The rules of the normal form: as text, and as JSON (schema ``kerasdiff.rules/1``)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from kerasdiff.canonical import Identity
from kerasdiff.graph import Attribute
from kerasdiff.report.json import dump
from kerasdiff.report.terminal.style import Look, emit, hang, heading
from kerasdiff.report.wording.names import count

SCHEMA = "kerasdiff.rules/1"


def rules_json(rules: Sequence[Identity]) -> str:
    """Writes name, family, modes, exactness and text of every rule."""
    listed: list[dict[str, Attribute]] = [
        {
            "name": rule.name,
            "family": rule.family,
            "modes": list(rule.modes),
            "exact": rule.exact,
            "summary": _sentences(rule.summary),
        }
        for rule in rules
    ]
    return dump({"schema": SCHEMA, "rules": listed})


def render_rules(rules: Sequence[Identity], console: Console) -> None:
    """Prints the rules, one family after the other."""
    look = Look.of(console)
    lead = (
        f"{count(len(rules), 'rule')} by which kerasdiff brings two models to one form before it compares them. "
        "A report names each one it used."
    )
    hang(console, Text(), Text(lead))
    families = list(dict.fromkeys(rule.family for rule in rules))
    for family in families:
        heading(console, family)
        for rule in (rule for rule in rules if rule.family == family):
            modes = "both modes" if len(rule.modes) > 1 else f"{rule.modes[0]} alone"
            kind = "to the last bit" if rule.exact else "in real arithmetic"
            emit(console, Text.assemble(f"  {rule.name}", (f"  {kind}, {modes}", "dim")))
            hang(console, Text("      "), Text(look.text(_sentences(rule.summary))))


def _sentences(summary: str) -> str:
    """A docstring as running text, without the marks of code."""
    return re.sub(r"\s+", " ", summary.replace("``", ""))
