"""What is said of an equal pair in a few lines, and of any pair beside its verdict?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kerasdiff.comparison import Comparison
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.report.wording.findings.locked import baselines
from kerasdiff.report.wording.findings.table import sentence
from kerasdiff.report.wording.models import commit, runs_with
from kerasdiff.report.wording.names import count, listed
from kerasdiff.report.wording.verdict.answer import BASES

CUT_OFF = "Interrupted: this is what was known until then."
"""What is said of a comparison that somebody cut off."""

MORE = "--verbose shows the layers and numbers"
"""How to see all of it."""


def briefly(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Labels and texts: what the verdict rests on, what has to be known, what was not checked and how to see more."""
    assert comparison.verdict.basis is not None
    basis, _, text = BASES[comparison.verdict.basis].partition(": ")
    yield basis, text
    yield from _known(comparison)
    left = [f"{item.rung} ({sentence(item.reason)})" for item in comparison.not_checked]
    yield ("not checked", f"{'; '.join(left)}. {MORE}.") if left else ("checked", f"every rung. {MORE}.")


def _known(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """What an equivalence takes for granted, and what it does not say: nothing for most pairs."""
    terms = comparison.terms
    for text in baselines(terms):
        yield "baseline", f"{text}."
    for side, info in zip(SIDES, (comparison.reference, comparison.candidate), strict=True):
        if info.commit is not None:
            yield side, f"{commit(info.commit)}."
        if runs := runs_with(info):
            yield side, f"with {runs}."
    assumed = [_assumed(finding) for side in terms.inferred for finding in side]
    if told := list(dict.fromkeys(text for text in assumed if text)):
        yield "assumed", f"{'; '.join(told)}."
    for name, hidden in terms.hidden.items():
        if any(hidden.values()):
            yield "ignored", f"{name}: hid {count(sum(hidden.values()), 'difference')} in {listed([*hidden])}."
    yield from _remarks(comparison)
    if unloaded := unloadable(comparison):
        yield "saved files", unloaded


def _remarks(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Settings that read differently, and what looks like a mistake in either model."""
    spelled = [f for rung in comparison.rungs for f in rung.findings if f.fact is Fact.SPELLED_OTHERWISE]
    if spelled:
        yield "settings", f"{'; '.join(map(sentence, spelled))}."
    sides = zip(SIDES, comparison.terms.notes, strict=True)
    notes = [f"{side}: {sentence(note)}" for side, of in sides for note in of]
    if notes:
        yield "note", f"{notes[0]}{f'; and {len(notes) - 1} more' if len(notes) > 1 else ''}."


_ASSUMED: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.ARGUMENT_FROM_DEFAULT: lambda f: f"{f.names[1]}={f.settings['value']}",
    Fact.ARGUMENT_FROM_INPUT: lambda f: "",
    Fact.ARGUMENT_FROM_DATACLASS: lambda f: f"{f.names[1]}={f.names[2]}()",
    Fact.TARGET_FOUND: lambda f: f"{f.names[1]} of {f.names[0]}",
    Fact.ITEM_TAKEN: lambda f: f.names[2],
    Fact.INPUT_FROM_ARGUMENT: lambda f: f"input {f.settings['shape']}",
    Fact.INPUT_FROM_ATTRIBUTE: lambda f: f"input {f.settings['shape']}",
    Fact.INPUT_FROM_DEFAULT: lambda f: f"input {f.settings['shape']}",
}
"""What was assumed to call a model, in short; empty where the user said it."""


def _assumed(finding: Finding) -> str:
    return _ASSUMED.get(finding.fact, sentence)(finding)


def unloadable(comparison: Comparison) -> str:
    """That a saved file of the reference does not give the candidate its weights; empty where it does."""
    rung = next((rung for rung in comparison.rungs if rung.name == "checkpoint"), None)
    if rung is None or rung.outcome != "advisory":
        return ""
    for finding in rung.findings:
        if finding.fact is Fact.LOAD_REFUSED:
            verb = "do" if len(finding.names) > 1 else "does"
            return f"The reference's {listed(finding.names)} {verb} not load into the candidate."
        astray = finding.parts and all(part.fact is not Fact.ALL_ARRIVED for part in finding.parts)
        if finding.fact is Fact.LOADS_OTHERWISE and astray:
            verb = "do" if len(finding.names) > 1 else "does"
            return f"The reference's {listed(finding.names)} {verb} not arrive whole in the candidate."
    return ""
