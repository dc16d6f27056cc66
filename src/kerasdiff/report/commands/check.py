"""A check of many pairs: as a table with what lets each pass, and as JSON (schema ``kerasdiff.check/1``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from kerasdiff import __version__
from kerasdiff.gates.records import Checked, CheckedPair, Standing
from kerasdiff.graph import Attribute
from kerasdiff.report.json import dump_sealed, to_json
from kerasdiff.report.named import Named
from kerasdiff.report.saved import RECORD, kept, read, read_record
from kerasdiff.report.terminal.style import Look, answer, emit, hang, heading, pad
from kerasdiff.report.wording import gates as wording
from kerasdiff.report.wording.names import count

SCHEMA = "kerasdiff.check/1"

MARKS: Mapping[Standing, tuple[str, str, str]] = {
    Standing.PASSED: ("✓", "=", "green"),
    Standing.FAILED: ("✗", "x", "red"),
    Standing.INCONCLUSIVE: ("?", "?", "yellow"),
    Standing.UNUSABLE: ("!", "!", "bold red"),
    Standing.UNCHANGED: ("–", "-", "dim"),
    Standing.NOT_RUN: ("–", "-", "dim"),
}
"""A mark, the same in ASCII, and a style."""

MOST_NAME = 40
"""Columns of the name of a pair."""


def named(checked: Checked) -> list[Named]:
    """The pairs as the formats for machines take them."""
    return [_named(pair, checked.file or checked.path) for pair in checked.pairs]


def _named(pair: CheckedPair, file: str) -> Named:
    gate, comparison = pair.gate, pair.comparison
    targets = (gate.reference or f"{gate.candidate} before", gate.candidate)
    return Named(
        name=gate.name,
        targets=targets if comparison is None else (comparison.reference.target, comparison.candidate.target),
        comparison=comparison,
        error="" if pair.trouble is None else pair.trouble.message,
        expected=gate.expect,
        passed=pair.why is None,
        reason=wording.lead(pair),
        skipped=pair.standing in (Standing.UNCHANGED, Standing.NOT_RUN),
        file=file,
        line=gate.line,
    )


def check_json(checked: Checked) -> str:
    """Writes a check, each pair with its whole comparison, and what it is shown from again."""
    bare = replace(checked, pairs=tuple(replace(pair, comparison=None) for pair in checked.pairs))
    report: dict[str, Attribute] = {
        "schema": SCHEMA,
        "file": checked.path,
        "since": checked.base or None,
        "date": checked.today.isoformat(),
        "exit_code": checked.exit_code,
        "interrupted": checked.interrupted,
        "summary": wording.summary(checked),
        "pairs": [_pair(pair, checked) for pair in checked.pairs],
        RECORD: kept("checked", bare),
    }
    return dump_sealed(report)


def read_check(report: Mapping[str, Attribute]) -> Checked:
    """The check that a report of schema ``kerasdiff.check/1`` was made of.

    Raises:
        SavedError: If it has none, was changed, or is of another version's making; the message begins with ``it``.
    """
    from kerasdiff import options
    from kerasdiff.gates import records
    from kerasdiff.side import targets

    bare = read_record(report, "checked", Checked, (records, options, targets), again="check")
    told = [cast("dict[str, Attribute]", pair)["comparison"] for pair in cast("list[Attribute]", report["pairs"])]
    comparisons = [None if one is None else read(cast("dict[str, Attribute]", one)) for one in told]
    pairs = zip(bare.pairs, comparisons, strict=True)
    return replace(bare, pairs=tuple(replace(pair, comparison=comparison) for pair, comparison in pairs))


def _pair(pair: CheckedPair, checked: Checked) -> dict[str, Attribute]:
    trouble, comparison = pair.trouble, pair.comparison
    return {
        "name": pair.gate.name,
        "line": pair.gate.line,
        "expect": pair.gate.expect,
        "standing": pair.standing.name.lower(),
        "why": None if pair.why is None else pair.why.name.lower(),
        "reason": wording.reason(pair),
        "to_pass": list(wording.to_pass(pair, checked)),
        "error": None if trouble is None else {"message": trouble.message, "details": trouble.details},
        "rungs": list(pair.rungs),
        "edits_missing": list(pair.missing),
        "edits_unknown": list(pair.unknown),
        "ignored": [
            {"what": item.what, "reason": item.reason, "until": item.until.isoformat(), "expired": item in pair.expired}
            for item in pair.gate.ignores
        ],
        "seconds": round(pair.seconds, 3),
        "comparison": None if comparison is None else cast("Attribute", json.loads(to_json(comparison))),
    }


def render_check(checked: Checked, console: Console) -> None:
    """Prints the table of all pairs, then those that do not pass, then the answer."""
    look = Look.of(console)
    head = f" {look.text(__version__)}  {look.text(checked.path)}, {count(len(checked.pairs), 'pair')}"
    emit(console, Text.assemble(("kerasdiff", "bold"), (head, "dim")))
    emit(console)
    _table(checked, console, look)
    open_ = [pair for pair in checked.pairs if pair.why is not None]
    if open_:
        heading(console, "To pass", "what keeps each pair from it, and what would let it")
    for pair in open_:
        _explained(pair, checked, console, look)
    title, style = TITLES.get(checked.exit_code, ("NOT CHECKED", "red"))
    answer(console, Text(look.text(wording.summary(checked))), style, title)


def _table(checked: Checked, console: Console, look: Look) -> None:
    names = [look.elide(look.text(pair.gate.name), MOST_NAME) for pair in checked.pairs]
    found = [wording.found(pair) for pair in checked.pairs]
    wide = max(map(cell_len, names), default=0), max(map(cell_len, found), default=0)
    for pair, name, said in zip(checked.pairs, names, found, strict=True):
        fancy, plain, style = MARKS[pair.standing]
        took = f"{pair.seconds:5.1f} s" if pair.seconds else ""
        expected = "as expected" if pair.gate.expect == "different" and pair.standing is Standing.PASSED else ""
        told = "  ".join(text for text in (took, expected, wording.assumed(pair)) if text)
        line = Text.assemble("  ", (look.pick(fancy, plain), style), f" {pad(name, wide[0])}  ")
        line.append(pad(said, wide[1]), style=style)
        line.append(f"  {told}", style="dim")
        emit(console, line)


def _explained(pair: CheckedPair, checked: Checked, console: Console, look: Look) -> None:
    where = f"{checked.path}:{pair.gate.line}"
    emit(console, Text.assemble("  ", (look.text(pair.gate.name), "bold"), (f"  {look.text(where)}", "dim")))
    if said := wording.reason(pair):
        hang(console, Text("    why      ", style="dim"), Text(look.text(said)))
    if pair.trouble is not None:
        for line in pair.trouble.details.splitlines():
            emit(console, Text(f"             {look.text(line)}", style="dim"))
    for number, way in enumerate(wording.to_pass(pair, checked)):
        said, *lines = way.splitlines()
        hang(console, Text(f"    {'to pass' if number == 0 else '':7}  ", style="dim"), Text(look.text(said)))
        for line in lines:  # to be copied, so never wrapped
            emit(console, Text(f"               {look.text(line)}"))


TITLES: Mapping[int, tuple[str, str]] = {
    0: ("PASSED", "green"),
    1: ("FAILED", "red"),
    3: ("INCONCLUSIVE", "yellow"),
    130: ("INTERRUPTED", "yellow"),
}
"""What a check comes to, by its exit code, and a style."""
