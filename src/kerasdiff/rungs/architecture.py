"""Same canonical graph, in inference and in training mode?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from kerasdiff.align.pair import Pair, libraries
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.graph import MODES
from kerasdiff.rungs.records import ArchitectureFigures, Rung, RungOutcome
from kerasdiff.rungs.unseen import untraced


def architecture(pair: Pair, *, harmless: bool) -> Rung:
    """Says what the alignment found.

    Args:
        pair: With its edits.
        harmless: Whether every number agrees: then edits are advisory, though no rule proves them harmless.
    """
    findings, outcome = _findings(pair)
    if outcome == "different" and harmless:
        findings, outcome = (*findings, Finding(fact=Fact.NUMBERS_AGREE)), "advisory"
    figures = ArchitectureFigures(edits=len(pair.told), modes=tuple(sorted(pair.modes)), isomorphic=pair.same_graphs)
    return Rung(name="architecture", outcome=outcome, findings=findings, figures=figures)


def _findings(pair: Pair) -> tuple[tuple[Finding, ...], RungOutcome]:
    if not pair.modes:
        return (Finding(fact=Fact.NO_GRAPH, parts=untraced(pair)),), "failed"
    aside = _aside(pair)
    if pair.same_graphs:
        count = len(pair.modes["inference"].graphs[0])
        same = Finding(fact=Fact.ISOMORPHIC, count=count)
        if not pair.isomorphic:
            known = libraries(pair.descriptions)
            rows = len({*known}) == 1 and pair.crosses_generations
            same = replace(same, fact=Fact.SAME_BUT_ROWS if rows else Fact.SAME_BY_OTHERS, libraries=known)
        return (same, *aside), "equal"
    if pair.edits:
        kinds = Counter(edit.kind for edit in pair.told)
        training = {edit.modes for edit in pair.edits} == {("training",)}
        edits = Finding(fact=Fact.EDITS, count=len(pair.told), figures=dict(sorted(kinds.items())))
        lead = (edits, Finding(fact=Fact.TRAINING_ALONE)) if training else (edits,)
        return (*lead, *aside), "different"
    missing = tuple(mode for mode in MODES if mode not in pair.modes)
    lead_fact = Finding(fact=Fact.UNTRACED_MODES, names=missing) if missing else Finding(fact=Fact.UNEXPLAINED)
    return (lead_fact, *aside), "advisory"


def _aside(pair: Pair) -> tuple[Finding, ...]:
    """What else there is to know: notes of one side that the other has not, and how much was not expanded."""
    first, second = (side.notes for side in pair.descriptions)
    notes = [
        Finding(fact=Fact.NOTE, side=side, parts=(note,))
        for side, mine, theirs in zip(SIDES, (first, second), (second, first), strict=True)
        for note in mine
        if note not in theirs
    ]
    unexpanded = max((aligned.alignment.unexpanded for aligned in pair.modes.values()), default=0)
    if unexpanded:
        notes.append(Finding(fact=Fact.UNEXPANDED, count=unexpanded))
    return (Finding(fact=Fact.ASIDE, parts=tuple(notes)),) if notes else ()
