"""How a test asks the command: one way to run it, one answer a question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas import validated

TESTS = Path(__file__).parents[1]
PAIRS = TESTS / "end_to_end" / "pairs"
APPLICATIONS = TESTS / "tools" / "applications"
EXAMPLES = TESTS.parent / "examples"
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one run of the command gave."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report; stdout must hold nothing else, and what it holds must be what the schema says."""
        return validated(json.loads(self.stdout))


@cache
def run_command(*arguments: str, cwd: str = str(PAIRS), **env: str) -> Answer:
    """Runs ``kerasdiff`` as a user does, without an accelerator; the same question is asked once a session."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "kerasdiff"), *arguments],
        cwd=cwd,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "NO_COLOR": "1", "COLUMNS": "100", **env},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Answer(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def compare_arguments(
    reference: str, candidate: str, inputs: tuple[str, ...] = (), options: tuple[str, ...] = ("--no-fit",)
) -> tuple[str, ...]:
    """Arguments of a comparison as JSON, without the fit if no other options are given."""
    given = [part for text in inputs for part in ("--input", text)]
    return ("compare", *options, "--format", "json", *given, reference, candidate)
