"""How is a finding put into words? One table of all kinds of facts, put together from those of each family."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.findings import Fact, Finding
from kerasdiff.report.wording.edits.sentences import message
from kerasdiff.report.wording.explain import SENTENCES as EXPLANATIONS
from kerasdiff.report.wording.findings.evidence import SENTENCES as EVIDENCE
from kerasdiff.report.wording.findings.locked import SENTENCES as BASELINES
from kerasdiff.report.wording.findings.notes import SENTENCES as NOTES
from kerasdiff.report.wording.findings.stored import SENTENCES as STORED
from kerasdiff.report.wording.findings.structure import SENTENCES as STRUCTURE
from kerasdiff.report.wording.fits.told import SENTENCES as TRIALS
from kerasdiff.report.wording.numbers import closeness
from kerasdiff.rungs.records import Rung


def sentence(finding: Finding) -> str:
    """The phrase of a finding, without a capital and without a full stop."""
    return SENTENCES[finding.fact](finding)


_INTERFACES_APART: Mapping[str, str] = {
    "input": "the interfaces differ, so no numbers are compared",
    "data": "the interfaces differ, so no data fit both",
}


def _separated(finding: Finding) -> str:
    numbers = "" if finding.closeness is None else closeness(finding.closeness)
    return f"no probe tells the outputs apart, but a search did ({sentence(finding.parts[0])}): {numbers}"


def _gate(finding: Finding) -> str:
    told = "; ".join(map(sentence, finding.parts)) or "did not run"
    return f"{finding.names[0]}: {told}"


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    **STRUCTURE,
    **EVIDENCE,
    **STORED,
    **BASELINES,
    **NOTES,
    **TRIALS,
    **EXPLANATIONS,
    Fact.OPTION: lambda f: f.names[0],
    Fact.OUTPUTS_ALONE: lambda f: "a conversion of weights needs outputs alone",
    Fact.INTERFACES_APART: lambda f: _INTERFACES_APART[f.names[0]],
    Fact.INTERFACES_UNKNOWN: lambda f: (
        "the interfaces are not known to be the same, so outputs cannot be compared after loading"
    ),
    Fact.LIVE_VALUES: lambda f: (
        f"values and initializers: {f.names[0]} is in memory, which keeps no initializers; values=True compares values"
    ),
    Fact.SAVED_VALUES: lambda f: (
        f"stored values: {f.names[0]} is a saved model, and what it holds is not compared with what code starts from"
    ),
    Fact.SEPARATED: _separated,
    Fact.GATE_CLOSED: _gate,
    Fact.TRAINS_ONLY: lambda f: "kerasdiff fit trains only; kerasdiff compare tells what differs",
    Fact.OWN_START: lambda f: f"{sentence(f.parts[0])}: these start from the candidate's own draw",
}


# Rungs -------------------------------------------------------------------------------------------------------

MOST_EDITS = 3
"""Edits that a rung tells."""

_BEFORE: Mapping[Fact, str] = {Fact.TRAINING_ALONE: " ", Fact.ASIDE: " "}
"""What stands before a fact, where it is no semicolon."""

_AFTER: Mapping[Fact, str] = {Fact.PROOF_CONFIRMED: " "}
"""What stands behind a fact, likewise."""


def detail(rung: Rung) -> str:
    """The facts of a rung in one line; of changed settings, the edits."""
    text, join = "", ""
    for finding in rung.findings:
        phrase = (
            "; ".join(message(edit) for edit in rung.edits[:MOST_EDITS])
            if finding.fact is Fact.SETTINGS_DIFFER
            else sentence(finding)
        )
        text += (_BEFORE.get(finding.fact, join) if text else "") + phrase
        join = _AFTER.get(finding.fact, "; ")
    return text
