"""What is said of a file of gates: how each pair stands, why, and what would let it pass."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from kerasdiff.comparison import Comparison
from kerasdiff.findings import SIDES, Fact
from kerasdiff.gates.judging import hidden_by
from kerasdiff.gates.records import Checked, CheckedPair, Ignore, Standing, Why
from kerasdiff.options import Ignored, Options
from kerasdiff.report.wording.names import count, listed
from kerasdiff.report.wording.verdict.advice import advice
from kerasdiff.report.wording.verdict.answer import summary as verdict

GRACE = timedelta(days=90)
"""How long an `ignore` line holds that is proposed."""

MOST_EDITS = 4
"""Edits that are proposed to be written down; more are a page that nobody reviews."""

STANDINGS: Mapping[Standing, tuple[str, str]] = {
    Standing.PASSED: ("passes", "pass"),
    Standing.FAILED: ("fails", "fail"),
    Standing.INCONCLUSIVE: ("is inconclusive", "are inconclusive"),
    Standing.UNUSABLE: ("could not be compared", "could not be compared"),
    Standing.UNCHANGED: ("was left out, as none of its files changed", "were left out, as none of their files changed"),
    Standing.NOT_RUN: ("was not run", "were not run"),
}

STANDS: Mapping[Standing, str] = {
    Standing.PASSED: "passed",
    Standing.FAILED: "failed",
    Standing.INCONCLUSIVE: "inconclusive",
    Standing.UNUSABLE: "error",
    Standing.UNCHANGED: "left out",
    Standing.NOT_RUN: "not run",
}
"""The same in a word."""


def summary(checked: Checked) -> str:
    """How all pairs stand, in a sentence."""
    counts = Counter(pair.standing for pair in checked.pairs)
    said = [f"{number:,} {STANDINGS[of][number > 1]}" for of in STANDINGS if (number := counts[of])]
    since = f" (changed since {checked.base})" if checked.base else ""
    cut = "Interrupted: " if checked.interrupted else ""
    return f"{cut}{count(len(checked.pairs), 'pair')} of {checked.path}{since}: {listed(said) or 'none'}."


def found(pair: CheckedPair) -> str:
    """What the comparison said, in a word or two."""
    if pair.trouble is not None:
        return "not compared"
    if pair.comparison is None:
        return {Standing.UNCHANGED: "unchanged", Standing.NOT_RUN: "not run"}[pair.standing]
    outcome, basis = pair.comparison.verdict.outcome, pair.comparison.verdict.basis
    return f"{outcome}, {basis}" if outcome == "equivalent" else outcome


def assumed(pair: CheckedPair) -> str:
    """That the models say no input and the default was taken, which may be none that they are meant for."""
    held = () if pair.comparison is None else pair.comparison.terms.inferred
    guesses = any(finding.fact is Fact.INPUT_FROM_DEFAULT for side in held for finding in side)
    return "input guessed as 32,32,3; say `inputs`" if guesses else ""


def reason(pair: CheckedPair) -> str:
    """Why it does not pass, or what it passed with; empty where there is nothing to say."""
    if pair.trouble is not None:
        return pair.trouble.message
    if pair.comparison is None or (pair.why is None and pair.comparison.verdict.outcome == "equivalent"):
        return ""
    said = "" if pair.comparison.verdict.outcome == "equivalent" else verdict(pair.comparison)
    return " ".join(text for text in (lead(pair), said) if text)


def lead(pair: CheckedPair) -> str:
    """Why a pair does not pass, or was not run, beside what its verdict says."""
    if pair.standing in (Standing.UNCHANGED, Standing.NOT_RUN):
        return f"{STANDINGS[pair.standing][0]}."
    return _LEADS[pair.why](pair) if pair.why is not None and pair.why in _LEADS else ""


def _open(pair: CheckedPair) -> str:
    return f"Not looked at, but asked for by `rungs`: {listed(pair.rungs)}." if pair.rungs else ""


def _edits(pair: CheckedPair) -> str:
    parts = [f"not there: {', '.join(pair.missing)}" if pair.missing else ""]
    parts.append(f"not known: {', '.join(pair.unknown)}" if pair.unknown else "")
    return f"It differs as it is to, but by other edits than those listed; {'; '.join(filter(None, parts))}."


def _expired(pair: CheckedPair) -> str:
    return " ".join(
        f'`ignore` of "{item.what}" ended on {item.until.isoformat()} ({item.reason}).' for item in pair.expired
    )


_LEADS: Mapping[Why, Callable[[CheckedPair], str]] = {
    Why.RUNGS: lambda pair: f"Asked for by `rungs`, and different: {listed(pair.rungs)}.",
    Why.OPEN: _open,
    Why.EQUIVALENT: lambda pair: "It is to differ, and is equivalent.",
    Why.EDITS: _edits,
    Why.EXPIRED: _expired,
}


# What would let it pass --------------------------------------------------------------------------------------


def to_pass(pair: CheckedPair, checked: Checked) -> tuple[str, ...]:
    """Ways to make the pair pass, each a sentence: what to change, or what to write into the file, in lines below."""
    if pair.comparison is None or pair.why is None:
        return ()
    return tuple(_ways(pair, pair.comparison, checked))


def _ways(pair: CheckedPair, comparison: Comparison, checked: Checked) -> Iterator[str]:
    where = f"{checked.path}:{pair.gate.line}"
    if pair.why is Why.EQUIVALENT:
        keys = ("`expect`", "`edits`")[: len(pair.gate.known_lines)]
        lines = listed([str(line) for line in pair.gate.known_lines])
        yield f"Delete {listed(keys)} ({checked.path}:{lines})."
        return
    if pair.why is Why.EXPIRED and not pair.needed:
        yield f"Delete {listed([_line(item, checked) for item in pair.expired])}: nothing differs without."
        return
    if said := advice(comparison):
        yield said
    if pair.why is Why.EXPIRED:
        yield f"If it is still meant, extend {listed([_line(item, checked) for item in pair.expired])}."
    elif hidden := hidden_by(comparison):
        yield f"If it is meant for now, add at {where}:\n{ignore_line(hidden, checked.today + GRACE)}"
    elif comparison.verdict.outcome == "different" and pair.gate.reference.endswith(".kerasdiff"):
        words = ["kerasdiff", "lock", "--update", pair.gate.reference, pair.gate.candidate]
        yield f"If it is meant, store what it does now:\n{_there(words, checked)}"
    elif comparison.verdict.outcome == "different":
        known = 'expect = "different"\n' if pair.gate.expect == "equivalent" else ""
        yield f"If it is meant, write at {where}:\n{known}{_known_edits(comparison)}".rstrip("\n:")
    yield f"To see more:\n{_there(command(pair), checked)}"


def _line(item: Ignore, checked: Checked) -> str:
    return f"`ignore` of {item.what} ({checked.path}:{item.line})"


def ignore_line(names: tuple[Ignored, ...], until: date) -> str:
    """The line that leaves these out until a day."""
    entries = (f'{{ what = "{name}", reason = "...", until = {until.isoformat()} }}' for name in names)
    return f"ignore = [{', '.join(entries)}]"


def _known_edits(comparison: Comparison) -> str:
    edits = [f'"{edit.kind} {edit.op}"' for edit in comparison.edits]
    return f"edits = [{', '.join(edits)}]" if len(edits) <= MOST_EDITS else ""


def command(pair: CheckedPair) -> list[str]:
    """The command that compares the pair alone, and asks the same."""
    assert pair.comparison is not None
    options = pair.gate.options
    first, second = pair.comparison.reference.target, pair.comparison.candidate.target
    words = ["kerasdiff", "upgrade", second] if pair.gate.to else ["kerasdiff", "compare", first, second]
    words += [word for asked in pair.gate.to for word in ("--to", asked)]
    words += _loading(pair)
    words += [] if options.fit else ["--no-fit"]
    ignored = pair.comparison.terms.hidden  # without what expired
    words += ["--ignore", ",".join(ignored)] if ignored else []
    words += ["--require-checkpoint"] if options.require_checkpoint else []
    usual = Options()
    for name in ("fit_steps", "data", "seed", "timeout", "search", "require", "device"):
        if (value := getattr(options, name)) != getattr(usual, name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def _loading(pair: CheckedPair) -> list[str]:
    """The options that say how both models are loaded."""
    words = [word for given in pair.gate.given for word in ("--input", given)]
    words += ["--unsafe"] if pair.gate.unsafe else []
    for side, file in pair.gate.objects:
        words += ["--custom-objects", f"{side}={file}" if side else file]
    for side, setting in zip(SIDES, pair.gate.settings, strict=True):
        words += [f"--{side}-python", setting.python] if setting.python else []
        words += [word for name, value in setting.variables for word in (f"--{side}-env", f"{name}={value}")]
        words += [f"--{side}-backend", setting.backend] if setting.backend else []
    return words


def _there(words: list[str], checked: Checked) -> str:
    """A command as it is given from here: targets are relative to the file of gates."""
    folder = os.path.dirname(checked.path)
    return f"cd {shlex.quote(folder)} && {shlex.join(words)}" if folder else shlex.join(words)
