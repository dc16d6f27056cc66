"""Is a pair what the file says? From its comparison, and from the day it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

from kerasdiff.align.edits import Aspect, Update
from kerasdiff.comparison import Comparison, Reason
from kerasdiff.findings import RungName
from kerasdiff.gates.records import CheckedPair, Gate, Ignore, Standing, Why
from kerasdiff.options import IGNORABLE, Ignored, Options


def expired(gate: Gate, today: date) -> tuple[Ignore, ...]:
    """What a pair ignores no more."""
    return tuple(item for item in gate.ignores if item.until < today)


def options_on(gate: Gate, today: date) -> Options:
    """What the pair is compared with: without what expired, so that the report shows what that hid."""
    over = {item.what for item in expired(gate, today)}
    return replace(gate.options, ignore=tuple(what for what in gate.options.ignore if what not in over))


def judged(gate: Gate, comparison: Comparison, today: date) -> CheckedPair:
    """How the pair stands.

    What expired fails the gate also where nothing differs any more: the line has to go.
    """
    pair = _expected(gate, comparison)
    over = expired(gate, today)
    if not over:
        return pair
    needed = pair.standing is not Standing.PASSED
    return replace(pair, standing=Standing.FAILED, why=Why.EXPIRED, expired=over, needed=needed)


def _expected(gate: Gate, comparison: Comparison) -> CheckedPair:
    pair = CheckedPair(gate=gate, standing=Standing.PASSED, comparison=comparison)
    outcome = comparison.verdict.outcome
    if outcome == "inconclusive":
        return replace(pair, standing=Standing.INCONCLUSIVE, why=Why.OPEN)
    if gate.expect == "different":
        return _different(pair, gate, comparison)
    if gate.rungs:
        return _by_rungs(pair, gate, comparison)
    return pair if outcome == "equivalent" else replace(pair, standing=Standing.FAILED, why=Why.DIFFERENT)


def _different(pair: CheckedPair, gate: Gate, comparison: Comparison) -> CheckedPair:
    if comparison.verdict.outcome == "equivalent":
        return replace(pair, standing=Standing.FAILED, why=Why.EQUIVALENT)
    if gate.edits is None:
        return pair
    seen, known = Counter(f"{edit.kind} {edit.op}" for edit in comparison.edits), Counter(gate.edits)
    missing, unknown = tuple((known - seen).elements()), tuple((seen - known).elements())
    if not missing and not unknown:
        return pair
    return replace(pair, standing=Standing.FAILED, why=Why.EDITS, missing=missing, unknown=unknown)


def _by_rungs(pair: CheckedPair, gate: Gate, comparison: Comparison) -> CheckedPair:
    """Whether models differ where it counts.

    A rung that was not looked at settles nothing, unless the models are equivalent: that speaks of all but training.
    """
    outcomes = {rung.name: rung.outcome for rung in comparison.rungs}

    def those(*wanted: str | None) -> tuple[RungName, ...]:
        return tuple(name for name in gate.rungs if outcomes.get(name) in wanted)

    if apart := those("different"):
        return replace(pair, standing=Standing.FAILED, why=Why.RUNGS, rungs=apart)
    unseen = those(None, "skipped", "failed")
    if comparison.verdict.outcome == "equivalent":
        unseen = tuple(name for name in unseen if name == "fit")
    if unseen:
        return replace(pair, standing=Standing.INCONCLUSIVE, why=Why.OPEN, rungs=unseen)
    return pair


def hidden_by(comparison: Comparison) -> tuple[Ignored, ...]:
    """What would have to be ignored for a pair that differs to pass; nothing where more than settings differ."""
    names: set[str] = set()
    for edit in comparison.edits:
        for change in edit.changes if isinstance(edit, Update) else ():
            setting = {Aspect.WEIGHT: change.name, Aspect.COMPILE: "compile"}.get(change.aspect, "")
            names.add("initializer" if setting in ("fans", "start") else setting)
        if not isinstance(edit, Update):
            names.add("")
    settings_alone = comparison.verdict.reason in (Reason.SETTINGS, Reason.SETTINGS_ALONE)
    return tuple(name for name in IGNORABLE if name in names) if settings_alone and names <= set(IGNORABLE) else ()
