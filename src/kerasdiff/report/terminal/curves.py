"""Learning curves as text: two runs in one small plot that reads without colour."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.text import Text

from kerasdiff.report.terminal.style import Look

HEIGHT = 7
"""Rows of the plot: enough to see curves part and cross, little enough for a log."""


def plot(reference: Sequence[float], candidate: Sequence[float], look: Look, unit: str = "step") -> list[Text]:
    """Draws two curves over one another; a cell both pass through has a mark of its own.

    Args:
        reference: A figure per step (or epoch); those that are not finite are left out.
        candidate: The same of the other side.
        look: Where it is shown.
        unit: What is counted from left to right.

    Returns:
        The lines, or none where fewer than two steps have finite figures.
    """
    finite = [loss for loss in (*reference, *candidate) if math.isfinite(loss)]
    steps = max(len(reference), len(candidate))
    if steps < 2 or not finite:
        return []
    low, high = min(finite), max(finite)
    labels = [f"{high - (high - low) * row / (HEIGHT - 1):.4g}" for row in range(HEIGHT)]
    margin = max(len(label) for label in labels)
    room = min(look.width, 100) - margin - 6
    # Short fits get two or more columns a step, so that the plot is not a stamp.
    columns = min(room, steps * max(1, min(8 if steps < 12 else 3, room // steps)))
    grids = [_grid(losses, steps, columns, low, high) for losses in (reference, candidate)]
    ticks, corner = look.pick("┤", "|"), look.pick("└", "+")
    lines = []
    for row in range(HEIGHT):
        text = Text(f"  {labels[row] if row in (0, HEIGHT // 2, HEIGHT - 1) else '':>{margin}} {ticks}", style="dim")
        for column in range(columns):
            text.append_text(_mark((row, column) in grids[0], (row, column) in grids[1], look))
        lines.append(text)
    axis = look.pick("─", "-") * columns
    lines.append(Text(f"  {'':>{margin}} {corner}{axis}", style="dim"))
    lines.append(Text(f"  {'':>{margin}}  {unit} 1{f'{steps}':>{max(1, columns - len(unit) - 2)}}", style="dim"))
    return lines


def legend(look: Look) -> Text:
    """Which mark stands for which side."""
    parts = []
    for inside, name in (((True, False), "reference"), ((False, True), "candidate"), ((True, True), "both")):
        parts.append(Text.assemble(_mark(*inside, look), (f" {name}", "dim")))
    return Text("   ").join(parts)


def _mark(reference: bool, candidate: bool, look: Look) -> Text:
    if reference and candidate:
        return Text(look.pick("◉", "*"), style="bold")
    if reference:
        return Text(look.pick("○", "o"), style="bold blue")
    if candidate:
        return Text(look.pick("●", "x"), style="bold yellow")
    return Text(" ")


def _grid(losses: Sequence[float], steps: int, columns: int, low: float, high: float) -> set[tuple[int, int]]:
    """Cells ``(row, column)`` a curve passes; several steps in one column stand as their mean."""
    at: dict[int, list[float]] = {}
    for step, loss in enumerate(losses):
        if math.isfinite(loss):
            at.setdefault(round(step * (columns - 1) / (steps - 1)), []).append(loss)
    span = high - low or 1.0
    return {(round((high - sum(values) / len(values)) / span * (HEIGHT - 1)), column) for column, values in at.items()}
