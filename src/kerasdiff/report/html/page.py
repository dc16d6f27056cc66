"""What does the page of a comparison tell? All that the terminal tells, in the same words, and what can be drawn."""

from __future__ import annotations

from kerasdiff.report import wording
from kerasdiff.report.html.graphs import graph_data
from kerasdiff.report.html.plots import plot_data
from kerasdiff.report.html.rendering import render
from kerasdiff.report.named import Named


def to_html(item: Named) -> str:
    """The page of one comparison."""
    comparison = item.comparison
    if comparison is None:
        return render("failed.html.j2", item=item)
    return render(
        "comparison.html.j2",
        item=item,
        comparison=comparison,
        summary=wording.summary(comparison),
        graph_data=graph_data(comparison),
        plot_data=plot_data(comparison),
    )
