"""The reports that browsers are shown: real ones of small models, made by the command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from command import EXAMPLES, PAIRS
from warm import run_warm

FORUM = (str(EXAMPLES / "forum" / "a.py:ConvModel_1"), str(EXAMPLES / "forum" / "b.py:ConvModel_2"))
REFACTOR = tuple(str(EXAMPLES / "refactor" / name) for name in ("sequential.py:model", "subclassed.py:Net"))

REPORTS: Mapping[str, tuple[str, ...]] = {
    "forum": ("compare", "--no-fit", *FORUM),
    "equal": ("compare", "--no-fit", *REFACTOR),
    "fit": ("fit", "--seeds", "3", "--steps", "40", "--batch-size", "16", *REFACTOR),
    "model": ("inspect", FORUM[1]),
}
"""The command line of each, without its formats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One report in two forms."""

    json: Path
    html: Path


def make(name: str, folder: Path) -> Shown:
    """Makes a report in a folder, in a worker forked from a process with TensorFlow imported."""
    shown = Shown(json=folder / f"{name}.json", html=folder / f"{name}.html")
    forms = ("--format", f"json={shown.json}", "--format", f"html={shown.html}")
    answer = run_warm(*REPORTS[name], *forms, cwd=PAIRS)
    assert answer.exit_code in (0, 1, 3), answer.stderr
    return shown
