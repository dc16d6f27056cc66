"""What the action runs: each comparison, its reports for the pull request, and the gravest outcome.

Inputs come by environment variables, so that no text of a workflow is read by a shell.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

OUTCOMES = {0: "equivalent", 3: "inconclusive", 1: "different", 2: "error"}
"""By exit code, the gravest last."""


def base() -> str:
    """The revision to compare with: what was asked for, or what a push began from."""
    wanted, before = os.environ["AGAINST"].strip() or "auto", os.environ.get("BEFORE", "")
    if wanted != "auto" or not before.strip("0"):
        return wanted
    known = subprocess.run(["git", "cat-file", "-e", f"{before}^{{commit}}"], capture_output=True, check=False)
    return wanted if known.returncode else before  # a push by force may have thrown it away


def commands() -> list[list[str]]:
    """Each comparison without its reports."""
    options = shlex.split(os.environ["ARGS"])
    lines = [shlex.split(line) for line in os.environ["TARGETS"].splitlines() if line.strip()]
    wanted = [word for line in os.environ["TO"].splitlines() if line.strip() for word in ("--to", line.strip())]
    if lines and wanted:
        return [["upgrade", *options, *wanted, *line] for line in lines]
    if lines:
        known = base() if any(len(line) == 1 for line in lines) else ""
        return [["compare", *options, *(["--against", known] if len(line) == 1 else []), *line] for line in lines]
    config = os.environ["CONFIG"].strip()
    return [["check", *options, *(["--config", config] if config else [])]]


def numbered(form: str, position: int, several: bool) -> str:
    """A report's ``NAME=FILE`` with the number of the comparison where there are several."""
    name, _, file = form.partition("=")
    path = Path(file)
    return f"{name}={path.with_name(f'{path.stem}-{position}{path.suffix}')}" if several else form


def artifact(folder: Path) -> str:
    """What the pages are called: as it was asked for, or as no other step or job of a matrix calls its own."""
    own = os.environ["ARTIFACT"].strip() or f"{folder.name}-{os.environ.get('GITHUB_JOB', '')}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", own).strip("-")


def page(folder: Path, position: int, command: list[str]) -> str:
    """Where the page of a comparison goes; of a file of gates it is a folder."""
    if command[0] == "check":
        return f"{folder}/html"
    (folder / "html").mkdir(exist_ok=True)
    return f"{folder}/html/{artifact(folder)}-{position}.html"


def kept(folder: Path) -> dict[str, str]:
    """What there is to keep: the page of one comparison as it is, or a folder that an archive is made of."""
    pages = list((folder / "html").iterdir()) if (folder / "html").is_dir() else []
    alone = len(pages) == 1 and pages[0].name != "index.html"
    place = str(pages[0] if alone else folder / "html") if pages else ""
    return {"html": place, "archive": "false" if alone else "true", "artifact": artifact(folder)}


def main() -> int:
    """Runs all of them; the exit code of the gravest."""
    folder = Path(tempfile.mkdtemp(prefix="kerasdiff-", dir=os.environ.get("RUNNER_TEMP")))
    (folder / "sarif").mkdir()
    asked = [line.strip() for line in os.environ["FORMATS"].splitlines() if line.strip()]
    worst, todo = 0, commands()
    for position, command in enumerate(todo, start=1):
        marks = folder / f"marks-{position}.txt"
        forms = ["terminal", f"github={marks}", f"sarif={folder}/sarif/{position}.sarif"]
        forms += [f"markdown={os.environ['GITHUB_STEP_SUMMARY']}"]
        forms += [numbered(form, position, len(todo) > 1) for form in asked]
        formats = [part for form in forms for part in ("--format", form)]
        formats += ["--html", page(folder, position, command)]
        print(f"::group::kerasdiff {shlex.join(command)}", flush=True)
        code = subprocess.run([os.environ["PYTHON"], "-m", "kerasdiff", *command, *formats], check=False).returncode
        print("::endgroup::")
        if marks.is_file():
            print(marks.read_text(encoding="utf-8"), end="", flush=True)
        elif code:
            print(f"::error title=kerasdiff::{shlex.join(command)} could not be judged; its log says why.", flush=True)
        code = code if code in OUTCOMES else 2
        worst = max(worst, code, key=list(OUTCOMES).index)
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as output:
        sarif = folder / "sarif" if any((folder / "sarif").iterdir()) else ""
        told = {"outcome": OUTCOMES[worst], "exit-code": worst, "sarif": sarif, **kept(folder)}
        output.writelines(f"{name}={value}\n" for name, value in told.items())
    return worst


if __name__ == "__main__":
    sys.exit(main())
