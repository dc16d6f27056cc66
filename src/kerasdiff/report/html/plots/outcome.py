"""What came out of the trials? Agreement of predictions, differences of classes, and the decision with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kerasdiff.fitting.evidence import differences
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report.html.numbers import figure, plotted
from kerasdiff.report.html.plots import runs
from kerasdiff.report.html.plots.records import Figure, Plotted, Table
from kerasdiff.report.html.plots.thinning import MOST_ROWS, largest, spread
from kerasdiff.report.wording.fits import plots as wording
from kerasdiff.report.wording.fits.trials import signed
from kerasdiff.report.wording.names import number
from kerasdiff.report.wording.plots import rows_left_out

MOST_CLASSES = 24
"""Classes with bars of their own, those with the largest differences: what stands on a screen."""

MOST_SEEDS = 400
"""Seeds with marks of their own in a strip."""


def decision_figure(fit: FitEvidence) -> Figure | None:
    """The paired differences of the metric that counts with their mean, its interval and the margin."""
    decision = fit.decision
    if decision is None:
        return None
    found = list(zip(_seeds(fit), differences(runs.pairs(fit), fit.metric), strict=True))
    data: dict[str, Plotted] = {
        "kind": "interval",
        "x": wording.difference_axis(fit.metric),
        "ahead": wording.ahead(fit.metric),
        "margin": figure(100 * decision.margin),
        "rows": list(_intervals(fit)),
        "seeds": [[seed, figure(100 * value)] for seed, value in spread(found, MOST_SEEDS)],
    }
    return Figure(
        name="decision",
        title=wording.DECISION,
        caption=wording.decision(fit),
        notes=wording.decision_notes(decision, fit.metric),
        data=data,
        table=Table(
            title="Paired differences",
            head=("seed", wording.difference_axis(fit.metric)),
            rows=tuple((str(seed), _points(value)) for seed, value in largest(found, lambda row: abs(row[1]))),
            note=rows_left_out(len(found), MOST_ROWS),
        ),
    )


def _intervals(fit: FitEvidence) -> Iterator[Plotted]:
    """The one that decides, then those of the other metrics, which decide nothing."""
    decision = fit.decision
    assert decision is not None
    yield _interval(fit.metric, decision.mean, decision.interval, decision.level)
    for lead in fit.leads:
        if lead.metric != fit.metric:
            yield _interval(lead.metric, lead.mean, lead.interval, lead.level)


def _interval(name: str, mean: float, interval: tuple[float, float] | None, level: float) -> Plotted:
    return {
        "name": name,
        "mean": figure(100 * mean),
        "interval": None if interval is None else plotted([100 * bound for bound in interval]),
        "level": figure(level),
    }


def _seeds(fit: FitEvidence) -> list[int]:
    return [pair[0].seed for pair in runs.pairs(fit)]


def _points(value: float) -> str:
    return signed(value) if math.isfinite(value) else "not finite"


def agreement_figure(fit: FitEvidence) -> Figure | None:
    """The share of test rows to which both sides give the same class, by seed; absent where every bit agrees."""
    known = [(pair.seed, pair.agreement) for pair in fit.pairs if pair.agreement is not None]
    if fit.identical or not known:
        return None
    shown = spread(known, MOST_SEEDS)
    data: dict[str, Plotted] = {
        "kind": "strip",
        "x": "same class, % of the test rows",
        "seeds": [[seed, figure(100 * share)] for seed, share in shown],
        "mean": figure(100 * sum(share for _, share in known) / len(known)),
    }
    return Figure(
        name="agreement",
        title=wording.AGREEMENT,
        caption=wording.agreement(known),
        notes=wording.seeds_left_out(len(known), len(shown)),
        data=data,
        table=Table(
            title="Test rows that both give the same class",
            head=("seed", "agreement", "largest distance of step losses", "parts after"),
            rows=tuple(
                (
                    str(pair.seed),
                    "–" if pair.agreement is None else f"{100 * pair.agreement:.1f} %",
                    number(pair.distance),
                    wording.parts_after(pair.first_parting),
                )
                for pair in spread(fit.pairs, MOST_ROWS)
            ),
            note=wording.seeds_left_out_text(len(fit.pairs), MOST_ROWS),
        ),
    )


def class_figure(fit: FitEvidence) -> Figure | None:
    """The mean difference of each class's test accuracy; absent without classes or where every bit agrees."""
    if fit.identical or not fit.classes:
        return None
    names = dict(enumerate(fit.class_names))
    known = [(names.get(at, f"class {at}"), gap) for at, gap in enumerate(fit.classes)]
    shown = largest(known, _gap, MOST_CLASSES)
    data: dict[str, Plotted] = {
        "kind": "classes",
        "x": wording.difference_axis("test accuracy"),
        "ahead": wording.ahead("test accuracy"),
        "classes": [[name, figure(100 * gap)] for name, gap in shown],
    }
    return Figure(
        name="classes",
        title=wording.CLASSES,
        caption=wording.classes(fit),
        notes=wording.class_notes(fit, len(known), len(shown)),
        data=data,
        table=Table(
            title="Difference of each class",
            head=("class", wording.difference_axis("test accuracy")),
            rows=tuple(
                (name, "no test rows" if math.isnan(gap) else signed(gap)) for name, gap in largest(known, _gap)
            ),
            note=rows_left_out(len(known), MOST_ROWS),
        ),
    )


def _gap(row: tuple[str, float]) -> float:
    """How far apart both sides are in a class; no distance where it has no test rows."""
    return 0.0 if math.isnan(row[1]) else abs(row[1])
