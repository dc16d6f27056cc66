"""What the end-to-end tests share: one way to run the command, one answer a question."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PAIRS = HERE / "pairs"
TIMEOUT_S = 300

# A shell starts a job in the background with Ctrl-C ignored, and what such a job starts would ignore it, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one run of the command gave."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report; stdout must hold nothing else."""
        return json.loads(self.stdout)


@cache
def run_command(*arguments: str, cwd: str = str(PAIRS)) -> Answer:
    """Runs ``kerasdiff`` as a user does, without an accelerator; the same question is asked once a session."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "kerasdiff"), *arguments],
        cwd=cwd,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "NO_COLOR": "1", "COLUMNS": "100"},
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


@pytest.fixture(scope="session")
def compare() -> Iterator[Callable[..., Answer]]:
    """Compares two targets below ``tests/pairs``, in workers that are forked with TensorFlow imported."""
    from warm import nursery, run_warm

    with nursery(PAIRS):

        @cache
        def run(
            reference: str, candidate: str, inputs: tuple[str, ...] = (), options: tuple[str, ...] = ("--no-fit",)
        ) -> Answer:
            before = os.getcwd()
            os.chdir(PAIRS)
            try:
                return run_warm(*compare_arguments(reference, candidate, inputs, options))
            finally:
                os.chdir(before)

        yield run
