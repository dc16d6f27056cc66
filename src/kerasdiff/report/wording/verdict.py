"""What is the answer in a sentence or two? The reason of the verdict, in the words of edits and rungs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.align.edits import Aspect, Delete, Edit, Insert, Update, leaves
from kerasdiff.comparison import Basis, Comparison, Reason, Verdict
from kerasdiff.findings import Fact, RungName, other
from kerasdiff.judge import may_hide
from kerasdiff.report.wording.edits import begins_with_a_name, message
from kerasdiff.report.wording.explain import explained
from kerasdiff.report.wording.findings import detail, sentence
from kerasdiff.report.wording.fit import verdict_sentence
from kerasdiff.report.wording.names import listed
from kerasdiff.report.wording.notes import note
from kerasdiff.rungs.records import NUMERIC, Rung

MOST_TOLD = 3
"""Edits, or groups of them, in a summary."""

MOST_LISTED = 5
"""Nodes or lines of a group."""

Told = Callable[[Comparison], str]


def summary(comparison: Comparison) -> str:
    """What follows from the evidence, for somebody who reads nothing else."""
    verdict = comparison.verdict
    text = _REASONS[verdict.reason](comparison)
    if verdict.outcome != "different" or verdict.reason in (Reason.STORED, Reason.STORED_TOO, Reason.TRIALS):
        return text
    because = [
        f"{sentence(finding)}."
        for rung in comparison.rungs
        for finding in rung.findings
        if finding.fact is Fact.BY_ROWS
    ]
    if verdict.reason is not Reason.VALUES:
        because.append(_stored_values(comparison))
    explains = "" if comparison.attribution is None else explained(comparison.attribution)
    return " ".join(part for part in (_untold(comparison), text, *because, explains) if part)


def _untold(comparison: Comparison) -> str:
    """Why one side is fitted without a mode and the other one with, where an edit shows it; else nothing."""
    notes = [note for notes in comparison.terms.notes for note in notes if note.fact is Fact.FIT_IN_INFERENCE]
    if len(notes) != 1:
        return ""
    idle = {site.node for site in notes[0].sites}
    shown = any(_stands_at(edit, idle) and _told_apart(edit) for edit in comparison.edits)
    return f"{note(notes[0])}." if shown else ""


def _stands_at(edit: Edit, nodes: set[str]) -> bool:
    return any(site is not None and site.node in nodes for site in edit.sites)


def _told_apart(edit: Edit) -> bool:
    """Whether an edit is of what a layer is told of the mode, or of a layer that acts on one side alone."""
    changes = edit.changes if isinstance(edit, Update) else ()
    told = any(change.aspect is Aspect.CALL and change.name == "training" for change in changes)
    return told or isinstance(edit, Insert | Delete)


# Edits -------------------------------------------------------------------------------------------------------


def _edits(edits: tuple[Edit, ...]) -> str:
    """The edits in a sentence: insertions of one op together, the rest by their messages, three at most."""
    parts: list[str] = []
    for kind in (Insert, Delete):
        groups: dict[str, list[Edit]] = {}
        for edit in edits:
            if isinstance(edit, kind):
                groups.setdefault(edit.op, []).append(edit)
        parts += [_group(op, group) for op, group in groups.items()]
    parts += [message(edit) for edit in edits if not isinstance(edit, Insert | Delete)]
    more = f"; and {len(parts) - MOST_TOLD} more" if len(parts) > MOST_TOLD else ""
    return f"{'; '.join(parts[:MOST_TOLD])}{more}." if parts else ""


def _group(op: str, edits: list[Edit]) -> str:
    """``reference lacks relu after a, b and c, but candidate applies it at b.py:26, b.py:30 and b.py:34``."""
    if len(edits) == 1:
        return message(edits[0])
    side = 1 if isinstance(edits[0], Insert) else 0
    has = "candidate" if side else "reference"
    after = [edit.after[1 - side] or edit.after[side] for edit in edits]
    lines = [str(site.source) for edit in edits if (site := edit.sites[side]) is not None and site.source is not None]
    where = f" after {_some([name for name in after if name])}" if all(after) else ""
    at = f" at {_some(lines)}" if lines else ""
    return f"{other('candidate' if side else 'reference')} lacks {op}{where}, but {has} applies it{at}"


def _some(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = [f"{len(unique) - MOST_LISTED} more"] if len(unique) > MOST_LISTED else []
    return listed(unique[:MOST_LISTED] + more)


def _different(comparison: Comparison, lead: str, edits: tuple[Edit, ...] | None = None) -> str:
    """A lead, then the edits."""
    shown = comparison.edits if edits is None else edits
    told = _edits(shown)
    text = " ".join(part for part in (lead, told) if part) or "The models differ."
    named = not lead and bool(shown) and begins_with_a_name(_first_told(shown))
    return text if named else f"{text[0].upper()}{text[1:]}"


def _first_told(edits: tuple[Edit, ...]) -> Edit:
    """The edit that a sentence about all begins with."""
    ordered = sorted(edits, key=lambda edit: (not isinstance(edit, Insert), not isinstance(edit, Delete)))
    return ordered[0]


# Reasons -----------------------------------------------------------------------------------------------------


def _rung(comparison: Comparison, name: RungName) -> Rung:
    return next(rung for rung in comparison.rungs if rung.name == name)


def _interface(comparison: Comparison) -> str:
    lead = "".join(map(sentence, comparison.verdict.findings)) or "the interfaces differ"
    return _different(comparison, f"{lead}: {detail(_rung(comparison, 'interface'))}.")


def _stored_values(comparison: Comparison) -> str:
    """What two saved files hold, where that differs; else empty."""
    findings = (finding for rung in comparison.rungs for finding in rung.findings)
    told = [sentence(finding) for finding in findings if finding.fact is Fact.STORED_VALUES_DIFFER]
    return f"{told[0][0].upper()}{told[0][1:]}." if told else ""


def _values(comparison: Comparison) -> str:
    told = _stored_values(comparison)
    return _different(comparison, told) if comparison.edits else told


def _settings(comparison: Comparison) -> str:
    return _different(comparison, "" if comparison.edits else f"{detail(_rung(comparison, 'weights'))}.")


def _settings_alone(comparison: Comparison) -> str:
    own = tuple(edit for edit in comparison.edits if edit.rung == "weights") or comparison.edits
    lead = "Same function, but it starts or learns otherwise:"
    return _different(comparison, lead if own else f"{lead} {detail(_rung(comparison, 'weights'))}.", own)


def _numbers(name: RungName, what: str) -> Told:
    def told(comparison: Comparison) -> str:
        lead = "" if comparison.edits else f"The {what} differ: {detail(_rung(comparison, name))}."
        return _different(comparison, lead)

    return told


def _stored(lead: str) -> Told:
    return lambda comparison: f"{lead}: {detail(_rung(comparison, 'checkpoint'))}."


def _fit_apart(comparison: Comparison) -> str:
    return f"Every other rung agrees, but the trial pair parts: {detail(_rung(comparison, 'fit'))}."


def _bound(comparison: Comparison) -> str:
    reached = comparison.attribution.reached if comparison.attribution is not None else ()
    hidden = tuple(
        edit
        for edit in comparison.edits
        if any(isinstance(leaf, Update) and may_hide(leaf) and leaf not in reached for leaf in leaves(edit))
    )
    return f"No probe tells them apart, but settings differ: {_edits(hidden)}"


def _open(comparison: Comparison) -> str:
    """What is not known, and why: the rungs that did not answer, and what no weight stands for."""
    unanswered: dict[str, list[str]] = {}
    for rung in comparison.rungs:
        if rung.outcome in ("failed", "skipped") or (rung.name in NUMERIC and rung.outcome == "advisory"):
            unanswered.setdefault(detail(rung).rstrip("."), []).append(rung.name)
    reasons = [f"{_some(names)}: {why}" for why, names in unanswered.items()]
    if any(rung.name in NUMERIC and rung.outcome == "different" for rung in comparison.rungs):
        reasons.append("numbers differ, but which weights correspond had to be guessed")
    text = f"Neither proved nor refuted: {'; '.join(reasons)}." if reasons else "Neither proved nor refuted."
    told = _edits(comparison.edits)
    return f"{text} Unmatched: {told}" if told else text


def _spelled(comparison: Comparison) -> str:
    findings = (finding for finding in _rung(comparison, "weights").findings if finding.fact is Fact.SPELLED_OTHERWISE)
    told = "; ".join(map(sentence, findings))
    return f"{_EQUIVALENT[Reason.SPELLED]} {told[:1].upper()}{told[1:]}."


def _doubts(verdict: Verdict) -> str:
    return "; ".join(map(sentence, verdict.findings))


def _weaker(comparison: Comparison) -> str:
    instead = comparison.verdict.instead
    assert instead is not None
    required = comparison.terms.require
    told = _EQUIVALENT[instead.reason]
    return f"No difference found, but the evidence is {instead.basis} and {required} is required: {told}"


_EQUIVALENT: Mapping[Reason, str] = {
    Reason.PROOF: "The canonical graphs are the same, weight for weight, in inference and training.",
    Reason.SPELLED: "The canonical graphs are the same, weight for weight.",
    Reason.NUMBERS: (
        "Not proved by rewrites, but equal on every probe: outputs, training outputs, gradients and state updates."
    ),
}

_REASONS: Mapping[Reason, Told] = {
    Reason.INTERFACE: _interface,
    Reason.VALUES: _values,
    Reason.SETTINGS: _settings,
    Reason.SETTINGS_ALONE: _settings_alone,
    Reason.OUTPUTS: _numbers("inference", "outputs"),
    Reason.TRAINING: _numbers("training step", "training steps"),
    Reason.UNPAIRED: lambda comparison: _different(comparison, ""),
    Reason.STORED: _stored("Same function, other stored weights"),
    Reason.STORED_TOO: _stored("The stored weights differ"),
    Reason.CONTRADICTED: lambda comparison: (
        "The graphs were proved the same but their outputs differ; please report this as a bug in kerasdiff."
    ),
    Reason.FIT_APART: _fit_apart,
    Reason.BOUND: _bound,
    Reason.OPEN: _open,
    Reason.GATE: lambda comparison: (
        f"No difference found, but not all of it was compared: {_doubts(comparison.verdict)}."
    ),
    Reason.UNSEEN: lambda comparison: (
        f"No difference found, but not all of it was seen: {_doubts(comparison.verdict)}."
    ),
    Reason.WEAKER: _weaker,
    Reason.PROOF: lambda comparison: _EQUIVALENT[Reason.PROOF],
    Reason.SPELLED: _spelled,
    Reason.NUMBERS: lambda comparison: _EQUIVALENT[Reason.NUMBERS],
    Reason.TRIALS: lambda comparison: " ".join(map(verdict_sentence, comparison.verdict.findings)),
}

BASES: Mapping[Basis, str] = {
    "proof": "proof: the canonical graphs are the same, and so are their weights.",
    "numeric": "numeric: not proved, but equal in float64 on every rung that ran.",
    "statistical": "statistical: seeded trial pairs decide, against the stated equivalence margin.",
    "witness": "witness: an edit, an input or a training run on which the two part.",
}
