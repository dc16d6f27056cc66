"""What does a page plot of the evidence? The data of its scripts, and the same as tables."""

from __future__ import annotations

from kerasdiff.comparison import Comparison
from kerasdiff.report.saved import Json


def plot_data(comparison: Comparison) -> Json | None:
    """Of all plots, ``None`` where there is none."""
    return None
