"""What is the answer in a sentence or two? The reason of the verdict, in the words of edits and rungs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.align.edits import (
    Aspect,
    Delete,
    Edit,
    Insert,
    Update,
    draws_otherwise,
    follows_otherwise,
    is_nameless,
    leaves,
)
from kerasdiff.comparison import Basis, Comparison, Reason, Verdict
from kerasdiff.explain.hiding import may_hide
from kerasdiff.findings import Fact, RungName
from kerasdiff.report.wording.explain import consequence, settings_beside, verified
from kerasdiff.report.wording.findings.notes import note
from kerasdiff.report.wording.findings.table import detail, sentence
from kerasdiff.report.wording.fits.told import verdict_sentence
from kerasdiff.report.wording.names import capital, listed
from kerasdiff.report.wording.verdict.causes import MOST_CHARACTERS, begins_with_id, by_rows, shortened, told
from kerasdiff.report.wording.verdict.shows import where_it_shows
from kerasdiff.rungs.records import NUMERIC, Rung

MOST_LISTED = 5
"""Rungs of a group."""

Told = Callable[[Comparison, int], str]
"""Says the cause in about as many characters."""


def summary(comparison: Comparison) -> str:
    """What follows from the evidence, for somebody who reads nothing else: the cause, and what it does.

    At most :data:`kerasdiff.report.wording.verdict.causes.MOST_CHARACTERS` characters, the verdict of trials apart.
    """
    reason = comparison.verdict.reason
    if reason is Reason.TRIALS:
        return _trials(comparison, MOST_CHARACTERS)
    ends = [" ".join(part for part in end if part) for end in _ends(comparison)]
    cause = f"{_untold(comparison)} {_REASONS[reason](comparison, MOST_CHARACTERS - len(ends[-1]) - 1)}".strip()
    end = next((text for text in ends if len(cause) + 1 + len(text) <= MOST_CHARACTERS), ends[-1])
    if by_rows(comparison) is not None and all(is_nameless(edit) for edit in comparison.edits):
        return end
    return f"{shortened(cause, MOST_CHARACTERS - len(end) - 1)} {end}".strip()


def _untold(comparison: Comparison) -> str:
    """Why one side is fitted without a mode and the other one with, where an edit shows it; else nothing."""
    if comparison.verdict.outcome != "different":
        return ""
    notes = [note for notes in comparison.terms.notes for note in notes if note.fact is Fact.FIT_IN_INFERENCE]
    if len(notes) != 1:
        return ""
    idle = {site.node for site in notes[0].sites}
    shown = any(_stands_at(edit, idle) and _of_the_mode(edit) for edit in comparison.edits)
    return f"{note(notes[0])}." if shown else ""


def _stands_at(edit: Edit, nodes: set[str]) -> bool:
    return any(site is not None and site.node in nodes for site in edit.sites)


def _of_the_mode(edit: Edit) -> bool:
    """Whether an edit is of what a layer is told of the mode, or of a layer that acts on one side alone."""
    changes = edit.changes if isinstance(edit, Update) else ()
    called = any(change.aspect is Aspect.CALL and change.name == "training" for change in changes)
    return called or isinstance(edit, Insert | Delete)


def _ends(comparison: Comparison) -> list[tuple[str, ...]]:
    """What a difference does, on which inputs it shows, and whether the edits are all of it: in full, then in less."""
    verdict, attribution = comparison.verdict, comparison.attribution
    if verdict.outcome != "different" or verdict.reason in (Reason.STORED, Reason.STORED_TOO):
        return [("",)]
    because = by_rows(comparison)
    if because is not None:
        return [(f"{sentence(because)}.",)]
    shows = where_it_shows(comparison)
    stored = _stored_values(comparison) if verdict.reason is not Reason.VALUES else ""
    if attribution is None or stored:
        return [(stored, shows), (stored or shows,)]
    does = "" if verdict.reason is Reason.SETTINGS_ALONE else consequence(attribution) or _losses(comparison)
    whole, brief = (verified(attribution, comparison.edits, brief=short) for short in (False, True))
    aside = attribution.spare or settings_beside(attribution, comparison.edits)
    unsaid = [(does, shows)] if does and attribution.explained and not aside else []
    return [(does, shows, whole), (does, shows, brief), *unsaid, (shows, whole), (shows, brief)]


def _losses(comparison: Comparison) -> str:
    """That it is the losses which layers add that differ, where the outputs agree."""
    parts = (part for rung in comparison.rungs for finding in rung.findings for part in finding.parts)
    added = any(part.fact is Fact.ADDED_AT_INFERENCE for part in parts)
    return "Outputs agree; the losses that layers add differ." if added else ""


# Reasons -----------------------------------------------------------------------------------------------------


def _different(
    comparison: Comparison, room: int, lead: str = "", edits: tuple[Edit, ...] | None = None, otherwise: str = ""
) -> str:
    """A lead, then the edits; or what else is known where there are none."""
    lead = f"{lead} " if lead else ""
    said = told(comparison, max(room - len(lead), 1), edits)
    text = f"{lead}{said or otherwise}".strip() or "The models differ."
    return text if not lead and said and begins_with_id(comparison, edits) else capital(text)


def _rung(comparison: Comparison, name: RungName) -> Rung:
    return next(rung for rung in comparison.rungs if rung.name == name)


def _interface(comparison: Comparison, room: int) -> str:
    lead = "".join(map(sentence, comparison.verdict.findings)) or "the interfaces differ"
    text = f"{capital(lead)}: {detail(_rung(comparison, 'interface'))}."
    if not comparison.edits:
        return text
    cause = _reshaping(comparison)
    said = _different(comparison, max(LEAST_EDITS, room - len(text) - 1), edits=cause or comparison.edits)
    text = f"{said} {shortened(text, max(room - len(said) - 1, LEAST_EDITS))}"
    rest = tuple(edit for edit in comparison.edits if cause and edit not in cause)
    more = _different(comparison, max(room - len(text) - 1, LEAST_EDITS), edits=rest) if rest else ""
    return f"{text} {more}" if more and len(text) + 1 + len(more) <= room else text


def _reshaping(comparison: Comparison) -> tuple[Edit, ...]:
    """The edits of the first call whose results have another shape or dtype, though what it takes has not."""
    other: set[str] = set()
    for row in comparison.rows:
        one, two = row.reference, row.candidate
        if one is None or two is None or one.outputs == two.outputs:
            continue
        other.add(one.id)
        if one.op == "input" or other & {edge.node for edge in one.operands}:
            continue  # inputs are told with the interface
        found = tuple(edit for edit in comparison.edits if edit.reference is not None and edit.reference.node == one.id)
        if found:
            return found
    return ()


def _stored_values(comparison: Comparison) -> str:
    """What two saved files hold, where that differs; else empty."""
    findings = (finding for rung in comparison.rungs for finding in rung.findings)
    text = next((sentence(finding) for finding in findings if finding.fact is Fact.STORED_VALUES_DIFFER), "")
    return f"{capital(text)}." if text else ""


def _values(comparison: Comparison, room: int) -> str:
    text = _stored_values(comparison)
    said = _different(comparison, MOST_CHARACTERS) if comparison.edits else ""
    return f"{text} {said}" if said and len(text) + 1 + len(said) <= room else text


def _settings(comparison: Comparison, room: int) -> str:
    return _different(comparison, room, otherwise=f"{detail(_rung(comparison, 'weights'))}.")


def _settings_alone(comparison: Comparison, room: int) -> str:
    own = tuple(edit for edit in comparison.edits if edit.rung == "weights") or comparison.edits
    compiles = bool(own) and all(map(_compiles, own))
    step = compiles and _rung(comparison, "training step").outcome == "equal"
    lead = (
        "Same function and the same training step, but other"
        if step
        else "Same function, but it starts or learns otherwise:"
    )
    return _different(comparison, room, lead, own, otherwise=f"{detail(_rung(comparison, 'weights'))}.")


def _compiles(edit: Edit) -> bool:
    return isinstance(edit, Update) and all(change.aspect is Aspect.COMPILE for change in edit.changes)


def _numbers(name: RungName, what: str) -> Told:
    def said(comparison: Comparison, room: int) -> str:
        return _different(comparison, room, otherwise=f"The {what} differ: {detail(_rung(comparison, name))}.")

    return said


def _stored(lead: str) -> Told:
    return lambda comparison, room: f"{lead}: {detail(_rung(comparison, 'checkpoint'))}."


def _fit_apart(comparison: Comparison, room: int) -> str:
    return f"Everything else agrees, but the trial pair parts: {detail(_rung(comparison, 'fit'))}."


def _bound(comparison: Comparison, room: int) -> str:
    reached = comparison.attribution.reached if comparison.attribution is not None else ()
    hidden = tuple(
        edit
        for edit in comparison.edits
        if follows_otherwise(edit)
        or any(isinstance(leaf, Update) and may_hide(leaf) and leaf not in reached for leaf in leaves(edit))
    )
    lead = "No input that was tried tells them apart, but settings differ:"
    return _different(comparison, room, lead, hidden)


_BRIEFLY: Mapping[Fact, str] = {
    Fact.DISTRIBUTIONS_AGREE: (
        "the outputs are equal in distribution only, as each side draws random numbers of its own"
    ),
}
"""What is said in short of facts whose figures stand in the report."""


def _open(comparison: Comparison, room: int) -> str:
    """What is not known, and why: the rungs that did not answer, and what no weight stands for."""
    unanswered: dict[str, list[str]] = {}
    for rung in comparison.rungs:
        if rung.outcome in ("failed", "skipped") or (rung.name in NUMERIC and rung.outcome == "advisory"):
            unanswered.setdefault(_reason(rung), []).append(rung.name)
    reasons = [f"{listed(names[:MOST_LISTED])}: {why}" for why, names in unanswered.items()]
    if any(rung.name in NUMERIC and rung.outcome == "different" for rung in comparison.rungs):
        reasons.append("numbers differ, but which weights correspond had to be guessed")
    text = f"Neither proved nor refuted: {'; '.join(reasons)}." if reasons else "Neither proved nor refuted."
    if not comparison.edits:
        return text
    edits = told(comparison, max(LEAST_EDITS, room - len(text) - 12))
    return f"{shortened(text, room - len(edits) - 12)} Unmatched: {edits}"


LEAST_EDITS = 100
"""Characters that edits get beside the reason why nothing is known."""


def _reason(rung: Rung) -> str:
    """Why a rung did not answer, without a full stop."""
    brief = [_BRIEFLY[finding.fact] for finding in rung.findings if finding.fact in _BRIEFLY]
    return "; ".join(brief) or detail(rung).rstrip(".")


def _spelled(comparison: Comparison, room: int) -> str:
    findings = (finding for finding in _rung(comparison, "weights").findings if finding.fact is Fact.SPELLED_OTHERWISE)
    return f"{_EQUIVALENT[Reason.SPELLED]} {capital('; '.join(map(sentence, findings)))}."


def _doubts(verdict: Verdict) -> str:
    return "; ".join(map(sentence, verdict.findings))


def _withheld(lead: str) -> Told:
    return lambda comparison, room: f"{lead}: {_doubts(comparison.verdict)}."


def _weaker(comparison: Comparison, room: int) -> str:
    instead = comparison.verdict.instead
    assert instead is not None
    required = comparison.terms.require
    because = _EQUIVALENT[instead.reason]
    return f"No difference found, but the evidence is {instead.basis} and {required} is required: {because}"


_EQUIVALENT: Mapping[Reason, str] = {
    Reason.PROOF: "Both do the same in inference and in training: brought to one form, the two graphs are identical.",
    Reason.SPELLED: "Both do the same: brought to one form, the two graphs are identical.",
    Reason.SAME_BY_OTHERS: (
        "Brought to one form the two graphs are identical, and what both sides compute by them is equal on every "
        "input tried: outputs, training outputs, gradients and state updates."
    ),
    Reason.NUMBERS: (
        "Not proved by rewrites, but equal on every input tried: outputs, training outputs, gradients and state "
        "updates."
    ),
}


def _trials(comparison: Comparison, room: int) -> str:
    said = " ".join(map(verdict_sentence, comparison.verdict.findings))
    apart = tuple(filter(draws_otherwise, comparison.edits))
    if comparison.verdict.outcome != "equivalent" or not apart:
        return said
    return f"{said} They are not the same, though: {told(comparison, edits=apart)}"


def _equal(reason: Reason) -> Told:
    return lambda comparison, room: _EQUIVALENT[reason]


_REASONS: Mapping[Reason, Told] = {
    Reason.INTERFACE: _interface,
    Reason.VALUES: _values,
    Reason.SETTINGS: _settings,
    Reason.SETTINGS_ALONE: _settings_alone,
    Reason.OUTPUTS: _numbers("inference", "outputs"),
    Reason.TRAINING: _numbers("training step", "training steps"),
    Reason.UNPAIRED: _different,
    Reason.STORED: _stored("Same function, other stored weights"),
    Reason.STORED_TOO: _stored("The stored weights differ"),
    Reason.CONTRADICTED: lambda comparison, room: (
        "The graphs were proved the same but their outputs differ; please report this as a bug in kerasdiff."
    ),
    Reason.FIT_APART: _fit_apart,
    Reason.BOUND: _bound,
    Reason.OPEN: _open,
    Reason.GATE: _withheld("No difference found, but not all of it was compared"),
    Reason.UNSEEN: _withheld("No difference found, but not all of it was seen"),
    Reason.WEAKER: _weaker,
    Reason.PROOF: _equal(Reason.PROOF),
    Reason.SPELLED: _spelled,
    Reason.SAME_BY_OTHERS: _equal(Reason.SAME_BY_OTHERS),
    Reason.NUMBERS: _equal(Reason.NUMBERS),
    Reason.TRIALS: _trials,
}
"""The cause, by the row of the judge's table."""

BASES: Mapping[Basis, str] = {
    "proof": "proof: in one form both graphs are the same, and so are the weights' settings.",
    "numeric": "numeric: not proved; every number tried agrees, in float64 where possible.",
    "statistical": "statistical: seeded trial pairs decide, against the stated equivalence margin.",
    "witness": "witness: an edit, an input or a training run shows the difference.",
}
