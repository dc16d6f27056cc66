"""What does the page of a comparison tell? All that the terminal tells, in the same words, and what can be drawn."""

from __future__ import annotations

from kerasdiff.comparison import Comparison
from kerasdiff.report import wording
from kerasdiff.report.html.edits import MOST_SHOWN, places
from kerasdiff.report.html.first import first
from kerasdiff.report.html.graphs import graph_data
from kerasdiff.report.html.plots import figures, plot_data
from kerasdiff.report.html.rendering import render
from kerasdiff.report.html.tables import layers, parting, rungs, trials
from kerasdiff.report.named import Named
from kerasdiff.report.wording.names import count
from kerasdiff.report.wording.numbers import WORDS
from kerasdiff.report.wording.rewrites import INEXACT, rewritten
from kerasdiff.rungs.records import NUMERIC

OF_MODELS = ("depth", "gradients", "effects")
"""Figures of both models as they are; the others are of trials."""


def to_html(item: Named) -> str:
    """The page of one comparison."""
    comparison = item.comparison
    if comparison is None:
        return render("failed.html.j2", item=item)
    shown = figures(comparison)
    return render(
        "comparison.html.j2",
        item=item,
        first=first(item, comparison),
        places=places(comparison),
        most_shown=MOST_SHOWN,
        steps=f"{count(len(comparison.edits), 'step')} from the reference to the candidate",
        graph_data=graph_data(comparison),
        figures_of_models=[figure for figure in shown if figure.name in OF_MODELS],
        figures_of_fit=[figure for figure in shown if figure.name not in OF_MODELS],
        plot_data=plot_data(shown),
        **_evidence(comparison),
        terms=_terms(comparison),
        version=comparison.environment.get("kerasdiff", ""),
    )


def _evidence(comparison: Comparison) -> dict[str, object]:
    attribution, fit = comparison.attribution, comparison.fit
    return {
        "layers": layers(comparison),
        "rungs": rungs(comparison),
        "words": WORDS if any(rung.name in NUMERIC for rung in comparison.rungs) else "",
        "parting": None if attribution is None else parting(attribution, comparison),
        "witness": None
        if comparison.witness is None
        else wording.witness(comparison.witness, wording.sentence(comparison.witness.how)),
        "trials": None if fit is None else trials(fit),
        "rewrites": rewritten(comparison.rewrites),
        "inexact": INEXACT,
        "left_out": [(item.rung, wording.sentence(item.reason)) for item in comparison.not_checked],
    }


def _terms(comparison: Comparison) -> list[tuple[str, str]]:
    environment = {name: text for name, text in comparison.environment.items() if name != "kerasdiff"}
    versions = ", ".join(f"{name} {text}" for name, text in wording.environment(environment))
    return [*([("environment", versions)] if versions else []), *wording.terms(comparison)]
