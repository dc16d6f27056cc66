"""Where the two models part, and whether the edits explain all of it, as a report shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from kerasdiff.align.edits import Edit
from kerasdiff.comparison import Attribution, LocalDifference
from kerasdiff.report.style import Look, count, emit, hang, heading

MOST_OWN = 8
"""Nodes listed that differ on their own account: past that the list is no longer read; JSON holds them all."""

FIGURES: Mapping[str, str] = {
    "output": "outputs by {:.2g} of scale",
    "training output": "training outputs by {:.2g} of scale",
    "gradient": "gradients by {:.2g} of their norm",
    "loss": "the training loss by {:+.2g}",
    "state": "state updates by {:.2g} of scale",
}
"""What each figure of an effect says."""


def effect_of(edit: Edit, together: tuple[int, ...] = ()) -> str:
    """What an edit does when it is applied alone, or with others that it stands too close to, in words."""
    applied = f"applied together with {numbered(together)}" if together else "applied alone"
    if edit.harmless:
        return f"harmless: {applied} it changes no output, gradient, loss or state beyond rounding"
    told = [
        FIGURES.get(name, name + " {:.2g}").format(size) if math.isfinite(size) else f"{name}s by no finite amount"
        for name, size in edit.effect.items()
        if size
    ]
    return f"{applied} it changes {', '.join(told) or 'nothing that was measured'}"


def numbered(edits: tuple[int, ...]) -> str:
    """Edits by their numbers: ``edit 2``, ``edits 1, 2 and 3``."""
    *first, last = (str(number) for number in edits)
    return f"edits {', '.join(first)} and {last}" if first else f"edit {last}"


def render_attribution(found: Attribution, console: Console) -> None:
    """Prints the first divergence, every node that differs on its own account, and what remains."""
    look = Look.of(console)
    where = "" if found.mode == "inference" else ", in training mode"
    heading(console, "Attribution", f"where the values part{where}, and whether the edits explain it")
    if found.divergence is not None:
        text = f"{_nodes(found.divergence, look)}: {found.divergence.detail}"
        hang(console, Text("  first divergence  ", style="dim"), Text(look.text(text)))
    if found.own:
        share = f"{len(found.own):,} of {count(found.compared, 'aligned value')}"
        does = "differs on its" if len(found.own) == 1 else "differ on their"
        text = f"{share} {does} own account, computed from the reference's values:"
        hang(console, Text("  "), Text(text))
        for item in found.own[:MOST_OWN]:
            text = f"{_nodes(item, look)}: up to {item.difference:.2g} of scale"
            hang(console, Text("    "), Text(look.text(text)), indent=6)
        if len(found.own) > MOST_OWN:
            emit(console, look.text(f"    … {len(found.own) - MOST_OWN:,} more; --format json holds them all"))
    elif found.compared:
        text = f"None of {count(found.compared, 'aligned value')} differs on its own account."
        hang(console, Text("  "), Text(text))
    for group in found.together:
        edits = numbered(tuple(number + 1 for number in group)).capitalize()
        hang(console, Text("  "), Text(f"{edits} stand too close to be told apart: they were applied as one."))
    for note in found.notes:
        hang(console, Text("  "), Text(look.text(f"{note[0].upper()}{note[1:]}."), style="dim"))
    if found.sentence:
        style = "green" if found.explained else "yellow"
        hang(console, Text("  "), Text(look.text(found.sentence), style=style))


def _nodes(item: LocalDifference, look: Look) -> str:
    edits = f" ({numbered(tuple(number + 1 for number in item.edits))})" if item.edits else ""
    return f"{item.nodes[0]} {look.pick('↔', '=')} {item.nodes[1]}{edits}"
