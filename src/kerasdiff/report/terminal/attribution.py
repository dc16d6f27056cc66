"""Where the two models part, and whether the edits explain all of it, as a report shows it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from kerasdiff.align.edits import Edit
from kerasdiff.explain.records import Attribution, LocalDifference
from kerasdiff.report import wording
from kerasdiff.report.terminal.style import Look, emit, hang, heading
from kerasdiff.report.wording.names import capital

MOST_LOCAL = 8
"""Local differences listed: past that the list is no longer read; JSON holds them all."""


def render_attribution(attribution: Attribution, edits: Sequence[Edit], console: Console) -> None:
    """Prints the first divergence, every local difference, and what remains."""
    look = Look.of(console)
    mode = "" if attribution.mode == "inference" else ", in training mode"
    heading(console, "Attribution", f"where the values part{mode}, and whether the edits explain it")
    if attribution.divergence is not None:
        text = f"{_nodes(attribution.divergence, look)}: {wording.local_difference(attribution.divergence)}"
        hang(console, Text("  first divergence  ", style="dim"), Text(look.text(text)))
    if local := wording.local_differences(attribution):
        hang(console, Text("  "), Text(local))
    for item in attribution.local[:MOST_LOCAL]:
        text = f"{_nodes(item, look)}: {wording.size(item)}"
        hang(console, Text("    "), Text(look.text(text)), indent=6)
    if len(attribution.local) > MOST_LOCAL:
        more = len(attribution.local) - MOST_LOCAL
        emit(console, look.text(f"    … {more:,} more; --format json holds them all"))
    for group in attribution.together:
        hang(console, Text("  "), Text(wording.inseparable(group)))
    for note in map(wording.sentence, attribution.notes):
        hang(console, Text("  "), Text(look.text(f"{capital(note)}."), style="dim"))
    if whole := wording.explained(attribution, edits):
        hang(console, Text("  "), Text(look.text(whole), style="green" if attribution.explained else "yellow"))


def _nodes(item: LocalDifference, look: Look) -> str:
    edits = f" ({wording.numbered(tuple(position + 1 for position in item.edits))})" if item.edits else ""
    return f"{item.nodes[0]} {look.pick('↔', '=')} {item.nodes[1]}{edits}"
