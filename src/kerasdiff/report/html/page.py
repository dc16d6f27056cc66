"""What does the page of a comparison tell? All that the terminal tells, in the same words, and what can be drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kerasdiff.comparison import Comparison
from kerasdiff.report import wording
from kerasdiff.report.html.edits import MOST_SHOWN, places
from kerasdiff.report.html.first import first
from kerasdiff.report.html.graphs import graph_data
from kerasdiff.report.html.plots import of_fit, of_models, plot_data
from kerasdiff.report.html.rendering import render
from kerasdiff.report.html.tables import Layers, Parting, RungLine, Trials, layers, parting, rungs, trials
from kerasdiff.report.named import Named
from kerasdiff.report.wording.names import count
from kerasdiff.report.wording.numbers import WORDS
from kerasdiff.report.wording.rewrites import INEXACT, Rule, rewritten
from kerasdiff.rungs.records import NUMERIC


def to_html(item: Named) -> str:
    """The page of one comparison."""
    comparison = item.comparison
    if comparison is None:
        return render("failed.html.j2", drawn=False, item=item)
    figures_of_models, figures_of_fit = of_models(comparison), of_fit(comparison.fit)
    return render(
        "comparison.html.j2",
        item=item,
        first=first(item, comparison),
        places=places(comparison),
        most_shown=MOST_SHOWN,
        steps=f"{count(len(comparison.edits), 'step')} from the reference to the candidate",
        graph_data=graph_data(comparison),
        figures_of_models=figures_of_models,
        figures_of_fit=figures_of_fit,
        plot_data=plot_data((*figures_of_models, *figures_of_fit)),
        evidence=_evidence(comparison),
        inexact=INEXACT,
        terms=_terms(comparison),
        version=comparison.environment.get("kerasdiff", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict rests on.

    Attributes:
        words: What the words of the lines about numbers mean; empty where there are none.
        witness: Where an input that shows the difference comes from.
        left_out: What was not checked, and why.
    """

    layers: Layers | None
    rungs: tuple[RungLine, ...]
    words: str
    parting: Parting | None
    witness: str
    trials: Trials | None
    rewrites: tuple[Rule, ...]
    left_out: tuple[tuple[str, str], ...]


def _evidence(comparison: Comparison) -> Evidence:
    attribution, fit, found = comparison.attribution, comparison.fit, comparison.witness
    if found is not None:  # as a saved report keeps it
        found = replace(found, inputs=())
    return Evidence(
        layers=layers(comparison),
        rungs=rungs(comparison),
        words=WORDS if any(rung.name in NUMERIC for rung in comparison.rungs) else "",
        parting=None if attribution is None else parting(attribution, comparison),
        witness="" if found is None else wording.witness(found, wording.sentence(found.how)),
        trials=None if fit is None else trials(fit),
        rewrites=tuple(rewritten(comparison.rewrites)),
        left_out=tuple((item.rung, wording.sentence(item.reason)) for item in comparison.not_checked),
    )


def _terms(comparison: Comparison) -> list[tuple[str, str]]:
    environment = {name: text for name, text in comparison.environment.items() if name != "kerasdiff"}
    versions = ", ".join(f"{name} {text}" for name, text in wording.environment(environment))
    return [*([("environment", versions)] if versions else []), *wording.terms(comparison)]
