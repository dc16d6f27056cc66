"""Runs every case of a directory through the command and prints how many it gets right.

    python tests/tools/score_cases.py CASES_DIR [ID ...]

The directory holds an ``index.json`` and one folder a case with ``a.py`` and ``b.py``; nothing is
written there. Cases run one at a time. Exits 1 if an outcome is wrong or a word is missing.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command import EXAMPLES
from scoring import Said, ask, cold, spoken, unsaid

FORUM = EXAMPLES / "forum"


@dataclass(frozen=True, kw_only=True)
class Score(Said):
    """How the command did on one case.

    Attributes:
        missing: Words the report should hold and does not.
    """

    id: str
    truth: str
    missing: tuple[str, ...]
    seconds: float

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
    started = time.monotonic()
    said, report = ask(cold(place), render_target(case, "a"), render_target(case, "b"), case["inputs"])
    seconds = time.monotonic() - started
    missing = unsaid(spoken(report), case["report_must_mention"]) if report else ()
    return Score(**vars(said), id=case["id"], truth=case["truth"], missing=missing, seconds=seconds)


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
            f"{', '.join(score.missing)}{score.error[-400:]}",
            flush=True,
        )
    outcomes = sum(score.outcome == score.truth for score in scores)
    whole = sum(score.right for score in scores)
    print(
        f"{outcomes} of {len(scores)} outcomes right, {whole} with every word; {sum(s.seconds for s in scores):.0f} s"
    )
    return 0 if whole == len(scores) and scores else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
