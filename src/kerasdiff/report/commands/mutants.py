"""Changes that were tried on gates: as a table, and as JSON (schema ``kerasdiff.mutants/1``)."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from kerasdiff import __version__
from kerasdiff.gates.mutants import Fate, Proof, Proved, Tried
from kerasdiff.graph import Attribute
from kerasdiff.report.json import dump
from kerasdiff.report.terminal.style import Look, answer, emit, hang, heading, pad
from kerasdiff.report.wording import mutants as wording

SCHEMA = "kerasdiff.mutants/1"

MARKS: Mapping[Fate, tuple[str, str, str]] = {
    Fate.CAUGHT: ("✓", "=", "green"),
    Fate.STOPPED: ("?", "?", "yellow"),
    Fate.IGNORED: ("–", "-", "dim"),
    Fate.NOT_ASKED: ("–", "-", "dim"),
    Fate.HARMLESS: ("·", ".", "dim"),
    Fate.MISSED: ("✗", "x", "bold red"),
    Fate.UNUSABLE: ("!", "!", "red"),
}
"""A mark, the same in ASCII, and a style."""

MOST_KEY = 52
"""Columns of a change."""


def proof_json(proof: Proof) -> str:
    """Writes what became of every change."""
    return dump(
        {
            "schema": SCHEMA,
            "file": proof.path,
            "exit_code": proof.exit_code,
            "interrupted": proof.interrupted,
            "summary": wording.summary(proof),
            "gates": [_gate(proved) for proved in proof.gates],
        }
    )


def _gate(proved: Proved) -> dict[str, Attribute]:
    trouble = proved.trouble
    return {
        "name": proved.gate.name,
        "target": proved.gate.candidate,
        "control": proved.control,
        "error": None if trouble is None else {"message": trouble.message, "details": trouble.details},
        "seconds": round(proved.seconds, 3),
        "changes": [_tried(tried, proved) for tried in proved.tried],
    }


def _tried(tried: Tried, proved: Proved) -> dict[str, Attribute]:
    return {
        "change": tried.mutation.key,
        "kind": tried.mutation.operator,
        "fate": tried.fate.name.lower(),
        "detail": f"{wording.FATES[tried.fate]}{wording.fate(tried, proved)}",
        "rungs": list(tried.rungs),
        "ignored": list(tried.ignored),
        "seen_by_keras": tried.seen or None,
    }


def render_proof(proof: Proof, console: Console) -> None:
    """Prints a table for each gate, then the answer."""
    look = Look.of(console)
    emit(console, Text.assemble(("kerasdiff", "bold"), (f" {look.text(__version__)}  {look.text(proof.path)}", "dim")))
    for proved in proof.gates:
        heading(console, look.text(proved.gate.name), f"{proved.gate.candidate}, in {proved.seconds:.0f} s")
        if proved.trouble is not None:
            hang(console, Text("  "), Text(look.text(proved.trouble.message)))
        _table(proved, console, look)
    style = {0: "green", 1: "red"}.get(proof.exit_code, "yellow")
    answer(console, Text(look.text(wording.summary(proof))), style)


def _table(proved: Proved, console: Console, look: Look) -> None:
    ordered = sorted(proved.tried, key=lambda tried: list(MARKS).index(tried.fate))
    keys = [look.elide(look.text(tried.mutation.key), MOST_KEY) for tried in ordered]
    wide = max(map(cell_len, keys), default=0)
    for tried, key in zip(ordered, keys, strict=True):
        fancy, plain, style = MARKS[tried.fate]
        lead = Text.assemble("  ", (look.pick(fancy, plain), style), f" {pad(key, wide)}  ")
        body = Text.assemble((wording.FATES[tried.fate], style), look.text(wording.fate(tried, proved)))
        hang(console, lead, body)
