"""What does a page plot of the evidence? Figures: their words, the data of the scripts, and the same as tables.

`kerasdiff.report.html.page` alone imports it. A figure without data is absent.
"""

from __future__ import annotations

from collections.abc import Sequence

from kerasdiff.comparison import Comparison
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report.html.plots.along import depth_figure, gradient_figure
from kerasdiff.report.html.plots.effects import effect_figure
from kerasdiff.report.html.plots.records import Figure
from kerasdiff.report.saved import Json


def of_models(comparison: Comparison) -> tuple[Figure, ...]:
    """The figures of both models as they are, in reading order."""
    made = (make(comparison) for make in (depth_figure, gradient_figure, effect_figure))
    return tuple(item for item in made if item is not None)


def of_fit(fit: FitEvidence | None) -> tuple[Figure, ...]:
    """Those of the trials."""
    if fit is None:
        return ()
    # With NumPy, which a comparison without trials does without.
    from kerasdiff.report.html.plots.apart import distance_figure
    from kerasdiff.report.html.plots.learning import epoch_figure, step_figure
    from kerasdiff.report.html.plots.outcome import agreement_figure, class_figure, decision_figure

    makers = (epoch_figure, step_figure, distance_figure, decision_figure, agreement_figure, class_figure)
    made = (make(fit) for make in makers)
    return tuple(item for item in made if item is not None)


def plot_data(shown: Sequence[Figure]) -> Json | None:
    """The data of the scripts by the names of the figures; ``None`` where there are none."""
    return {item.name: item.data for item in shown} or None
