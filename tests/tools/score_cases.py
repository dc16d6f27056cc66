"""Runs every case of a directory through the command and prints how many it gets right.

    python tests/tools/score_cases.py CASES_DIR [ID ...]

The directory holds an ``index.json`` and one folder a case with ``a.py`` and ``b.py``; nothing is
written there. Cases run one at a time. Exits 1 if an outcome is wrong or a word is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORUM = Path(__file__).parents[2] / "examples" / "forum"
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How the command did on one case.

    Attributes:
        outcome: What it answered; ``exit 2`` and the like where it gave no verdict.
        missing: Words the report should hold and does not.
        error: Last lines of stderr where there is no verdict.
    """

    id: str
    truth: str
    outcome: str
    basis: str
    missing: tuple[str, ...]
    seconds: float
    error: str = ""

    @property
    def right(self) -> bool:
        """Whether the outcome is the truth and no word is missing."""
        return self.outcome == self.truth and not self.missing


def load_index(directory: Path) -> list[dict[str, Any]]:
    """The cases of a directory, in its order."""
    return json.loads((directory / "index.json").read_text())


def render_target(case: dict[str, Any], side: str) -> str:
    """The target of side ``a`` or ``b`` with its constructor arguments as literals."""
    target = case["reference" if side == "a" else "candidate"]
    arguments = case["constructor"].get(side, {})
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    return target + (f"({', '.join(f'{name}={value!r}' for name, value in values.items())})" if values else "")


def score_case(directory: Path, case: dict[str, Any]) -> Score:
    """Runs one case; cases without models of their own stand in ``examples/forum``."""
    place = directory / case["id"]
    if not (place / "a.py").exists():
        place = FORUM
    inputs = [part for text in case["inputs"] for part in ("--input", text)]
    targets = [render_target(case, "a"), render_target(case, "b")]
    started = time.monotonic()
    done = subprocess.run(
        [str(Path(sys.executable).parent / "kerasdiff"), "compare", "--no-fit", "--format", "json", *inputs, *targets],
        cwd=place,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    seconds = time.monotonic() - started
    common = {"id": case["id"], "truth": case["truth"], "seconds": seconds}
    if done.returncode not in (0, 1, 3):
        error = done.stderr.strip()[-400:]
        return Score(**common, outcome=f"exit {done.returncode}", basis="", missing=(), error=error)
    report = json.loads(done.stdout)
    parts = {key: report[key] for key in ("verdict", "edits", "rungs", "not_checked")}
    text = json.dumps(parts, ensure_ascii=False).lower()
    missing = tuple(word for word in case["report_must_mention"] if word.lower() not in text)
    verdict = report["verdict"]
    return Score(**common, outcome=verdict["outcome"], basis=verdict["basis"] or "", missing=missing)


def main(arguments: list[str]) -> int:
    """Prints the table and the totals."""
    if not arguments:
        print(__doc__)
        return 2
    directory = Path(arguments[0]).resolve()
    wanted = set(arguments[1:])
    cases = [case for case in load_index(directory) if not wanted or case["id"] in wanted]
    print(f"{'case':36} {'truth':11} {'outcome':13} {'basis':9} {'s':>5}  missing")
    scores = []
    for case in cases:
        score = score_case(directory, case)
        scores.append(score)
        mark = " " if score.right else "!"
        print(
            f"{score.id:36}{mark}{score.truth:11} {score.outcome:13} {score.basis:9} {score.seconds:5.1f}  "
            f"{', '.join(score.missing)}{score.error}",
            flush=True,
        )
    outcomes = sum(score.outcome == score.truth for score in scores)
    spoken = sum(score.outcome == score.truth and not score.missing for score in scores)
    print(
        f"{outcomes} of {len(scores)} outcomes right, {spoken} with every word; {sum(s.seconds for s in scores):.0f} s"
    )
    return 0 if spoken == len(scores) and scores else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
