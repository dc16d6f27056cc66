"""What does a page draw of the graphs? The data of its scripts."""

from __future__ import annotations

from kerasdiff.comparison import Comparison
from kerasdiff.report.saved import Json


def graph_data(comparison: Comparison) -> Json | None:
    """Of both models, ``None`` where there is nothing to draw."""
    return None
