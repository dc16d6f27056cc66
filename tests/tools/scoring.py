"""What the command says about a pair of which the truth is known: what every table of scores is made from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from command import Answer, compare_arguments, run_command

VERDICTS = (0, 1, 3)
"""Exit codes that come with a report."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one comparison said.

    Attributes:
        outcome: What it answered; ``exit 2`` and the like where it gave no verdict.
        edits: Each in one line.
        error: Last words of stderr where there is no verdict.
    """

    outcome: str
    basis: str = ""
    summary: str = ""
    edits: tuple[str, ...] = ()
    error: str = ""


def cold(directory: Path) -> Callable[..., Answer]:
    """Runs the command as a user does, in a directory; every time anew."""
    return partial(run_command.__wrapped__, cwd=str(directory))


def ask(
    command: Callable[..., Answer], reference: str, candidate: str, inputs: Iterable[str]
) -> tuple[Said, dict[str, Any]]:
    """Compares two targets without a fit: what was said, and the report, which is empty where there is no verdict."""
    answer = command(*compare_arguments(reference, candidate, tuple(inputs)))
    if answer.exit_code not in VERDICTS:
        return Said(outcome=f"exit {answer.exit_code}", error=answer.stderr.strip()[-600:]), {}
    report = answer.report
    verdict = report["verdict"]
    said = Said(
        outcome=verdict["outcome"],
        basis=verdict["basis"] or "",
        summary=verdict["summary"],
        edits=tuple(f"{edit['kind']} [{edit['rung']}] {edit['message']}" for edit in report["edits"]),
    )
    return said, report


def spoken(report: dict[str, Any], *more: str) -> str:
    """What a report says about the two models, as lower-case text: verdict, edits, rungs, notes, and ``more`` parts."""
    parts = {key: report[key] for key in ("verdict", "edits", "rungs", "not_checked", *more)}
    return json.dumps(parts, ensure_ascii=False).lower()


def unsaid(text: str, words: Iterable[str]) -> tuple[str, ...]:
    """The words that a text holds in none of their spellings, which ``|`` stands between."""
    return tuple(word for word in words if not any(part.lower() in text for part in word.split("|")))
