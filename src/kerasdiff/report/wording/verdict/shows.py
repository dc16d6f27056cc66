"""Where does a difference show? On which inputs, where it is not on all: what a reader has to know beside the cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.comparison import Comparison
from kerasdiff.findings import Fact, Finding, Subject
from kerasdiff.probing.numbers.limits import MANY_ROWS, ONE_ROW, OTHER_SIZE
from kerasdiff.report.wording.names import capital, listed
from kerasdiff.rungs.records import NUMERIC, NumberFigures, Rung

MOST_NAMED = 3
"""Inputs or values named in a phrase."""

_ONLY: tuple[tuple[set[str], set[str], str], ...] = (
    ({OTHER_SIZE}, set(), "only for inputs of another size than usual, such as an odd one"),
    ({"zeros"}, set(), "only where all inputs are 0"),
    ({"constant"}, {"zeros"}, "only where all inputs are equal"),
    ({"tiny"}, {"zeros", "constant"}, "only for inputs near 0, or all equal"),
    ({"large"}, {"image"}, "only for large inputs"),
    ({"ids-without-0"}, set(), "only where no id is 0"),
    ({"ids"}, {"zeros", ONE_ROW, MANY_ROWS}, "only where an id is 0, as in padding"),
    ({ONE_ROW}, set(), "only for a batch of one row"),
    ({MANY_ROWS}, {ONE_ROW}, "only for batches of other sizes"),
)
"""What inputs have in common: names of probes that must be among those on which the models differ, that may be, and
what is then said. On all others, of which there always are some, the models agree."""


def where_it_shows(comparison: Comparison) -> str:
    """On which inputs alone the models differ, and what is not finite there; empty where they differ on most."""
    for name in NUMERIC:
        rung = next((rung for rung in comparison.rungs if rung.name == name), None)
        if rung is not None and rung.outcome == "different":
            where, lone = _searched(rung) or _on_some(rung), _not_finite(rung)
            text = f"{where}, where one side alone is NaN or infinite" if where and lone else where or lone
            return f"{capital(text)}." if text else ""
    return ""


def _searched(rung: Rung) -> str:
    """How an input that shows it had to be searched for."""
    how = rung.figures.found_by if isinstance(rung.figures, NumberFigures) else None
    if how is None:
        return ""
    return f"it shows {_FOUND[how.fact](how)}; on ordinary inputs the outputs agree" if how.fact in _FOUND else ""


def _into(finding: Finding) -> str:
    site = finding.sites[0]
    return f"`{site.node}`" + (f" ({site.source})" if site.source is not None else "")


_FOUND: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.LARGER_WEIGHTS: lambda f: f"only with weights {f.figures['factor']:g} times as large",
    Fact.SCALED_INPUTS: lambda f: f"only with inputs {f.figures['factor']:g} times as large",
    Fact.NEAR_CONSTANT: lambda f: f"only for inputs around {f.figures['constant']:g}",
    Fact.DRIVEN_UP: lambda f: f"only where very large values go into {_into(f)}",
    Fact.DRIVEN_DOWN: lambda f: f"only where very small or negative values go into {_into(f)}",
}
"""What each way to find an input says of it."""


def _on_some(rung: Rung) -> str:
    """The inputs on which the models differ, where they agree on others."""
    figures = rung.figures
    if not isinstance(figures, NumberFigures) or figures.beyond != len(figures.differing):
        return ""
    larger = {subject.weight_scale for subject in figures.differing}
    if larger and 1.0 not in larger:
        return f"it shows only with larger weights, such as {min(larger):g} times as large"
    if any(subject.quantity not in ("output", "training output") for subject in figures.differing):
        return ""
    probes = {subject.probe for subject in figures.differing}
    words = next((text for must, may, text in _ONLY if must <= probes <= must | may), None)
    return "" if words is None else f"it shows {words}"


def _not_finite(rung: Rung) -> str:
    """What is NaN or infinite on one side alone."""
    lead = next((finding for finding in rung.findings if finding.fact is Fact.VALUES_DIFFER), None)
    if lead is None or lead.compared is None:
        return ""
    worst = [lead.compared.subject] if lead.compared.closeness.lone else []
    lone = [*worst, *lead.subjects]
    if not lone:
        return ""
    names = list(dict.fromkeys(_plainly(subject) for subject in lone))
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return f"NaN or infinite on one side alone: {listed(names[:MOST_NAMED] + more)}"


def _plainly(subject: Subject) -> str:
    if subject.quantity in ("gradient", "state", "optimizer step"):
        return f"{subject.quantity} of `{subject.weight}`"
    return f"{subject.quantity} on input `{subject.probe}`" if subject.probe else subject.quantity
