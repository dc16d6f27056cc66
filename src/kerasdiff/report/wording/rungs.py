"""How is a rung told? Its facts, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

from kerasdiff.findings import Fact
from kerasdiff.report.wording.edits import message
from kerasdiff.report.wording.findings import sentence
from kerasdiff.rungs.records import Rung

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
