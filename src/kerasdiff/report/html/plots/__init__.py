"""What does a page plot of the evidence? Figures: their words, the data of the scripts, and the same as tables.

`kerasdiff.report.html.page` alone imports it. A figure without data is absent.
"""

from __future__ import annotations

from collections.abc import Sequence

from kerasdiff.comparison import Comparison
from kerasdiff.report.html.plots.along import depth_figure, gradient_figure
from kerasdiff.report.html.plots.apart import distance_figure
from kerasdiff.report.html.plots.effects import effect_figure
from kerasdiff.report.html.plots.learning import epoch_figure, step_figure
from kerasdiff.report.html.plots.outcome import agreement_figure, class_figure, decision_figure
from kerasdiff.report.html.plots.records import Figure, Plotted
from kerasdiff.report.saved import Json

_OF_THE_MODELS = (depth_figure, gradient_figure, effect_figure)
_OF_THE_FIT = (epoch_figure, step_figure, distance_figure, decision_figure, agreement_figure, class_figure)


def figures(comparison: Comparison) -> tuple[Figure, ...]:
    """All figures of a comparison, in reading order."""
    found = [make(comparison) for make in _OF_THE_MODELS]
    if comparison.fit is not None:
        found += [make(comparison.fit) for make in _OF_THE_FIT]
    return tuple(item for item in found if item is not None)


def plot_data(shown: Sequence[Figure]) -> Json | None:
    """The data of the scripts by the names of the figures; ``None`` where there are none."""
    return {item.name: item.data for item in shown} or None


__all__ = ["Figure", "Plotted", "figures", "plot_data"]
