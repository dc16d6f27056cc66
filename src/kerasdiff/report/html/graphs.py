"""What does a page draw of the graphs? The data of its scripts."""

from __future__ import annotations

from kerasdiff.comparison import Comparison
from kerasdiff.graph import Mode
from kerasdiff.report.saved import Json
from kerasdiff.side.records import Description


def graph_data(comparison: Comparison) -> Json | None:
    """Of both models, ``None`` where there is nothing to draw."""
    return None


def inspected_data(description: Description, mode: Mode) -> Json | None:
    """Of one model in a mode."""
    return None
