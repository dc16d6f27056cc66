"""An equal pair in three lines: the verdict, what it rests on, what was not checked and how to see more."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.report import wording
from kerasdiff.report.terminal.style import Look, hang

SHORT = (Reason.PROOF, Reason.SPELLED, Reason.SAME_BY_OTHERS, Reason.NUMBERS)
"""Reasons of a verdict that rests on the graphs and on numbers alone."""


def is_short(verdict: Verdict) -> bool:
    """Whether three lines say all about it."""
    return verdict.outcome == "equivalent" and verdict.basis is not None and verdict.reason in SHORT


def render_equal(comparison: Comparison, console: Console) -> None:
    """Prints the three lines, and one for everything else that a reader has to know."""
    look = Look.of(console)
    lead = Text.assemble((look.pick("✓ ", "") + comparison.verdict.outcome.upper(), "bold green"), "  ")
    hang(console, lead, Text(look.text(f"{comparison.reference.target} and {comparison.candidate.target}")), indent=2)
    for label, text in wording.briefly(comparison):
        hang(console, Text(f"  {label}: ", style="dim"), Text(look.text(text)), indent=4)
