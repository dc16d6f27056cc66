"""The same question gets the same answer, byte for byte, whatever the hash seed and however often it is asked."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from command import PAIRS, run_command
from warm import run_fresh, run_warm

from kerasdiff.side import launching

QUESTIONS = {
    "branches-in-another-order": ("branches.py:branched", "branches.py:branched(turned=True, kernels=(1, 3, 5))"),
    "branches-without-activation": (
        "branches.py:branched",
        "branches.py:branched(activation=None, norm=False, merge='add')",
    ),
}
TRAINED = ("branches.py:branched(small=True)", "branches.py:branched(activation=None, merge='add', small=True)")
FIT = "compare", "--fit-steps=3", "--format", "json", *TRAINED


def ask(arguments: tuple[str, ...], hash_seed: str, *, cold: bool = False) -> str:
    """One run through a pipe, with nothing remembered from another; ``cold`` as a user starts it."""
    env = {"CUDA_VISIBLE_DEVICES": "", "COLUMNS": "100", "PYTHONHASHSEED": hash_seed}
    done = run_command.__wrapped__(*arguments, **env) if cold else run_fresh(*arguments, cwd=PAIRS, **env)
    assert done.exit_code == 1, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(
    ("pair", "cold"), [(QUESTIONS[name], number == 0) for number, name in enumerate(QUESTIONS)], ids=QUESTIONS
)
def test_reports_are_the_same_to_the_byte(pair: tuple[str, str], cold: bool, tmp_path: Path):
    written = tmp_path / "report.json"
    arguments = ("compare", "--no-fit", "--format", "terminal", "--format", f"json={written}", *pair)
    answers = set()
    for seed in ("0", "1", "random") if cold else ("0", "random"):
        told = ask(arguments, seed, cold=cold and seed == "random")
        answers.add((told, written.read_text()))

    ((told, report),) = answers
    assert len(json.loads(report)["edits"]) >= 10
    assert "DIFFERENT" in told


@cache
def fitted() -> str:
    return ask(FIT, "0")


def test_a_report_with_a_fit_holds_no_timing():
    assert json.loads(fitted())["fit"]["trials"]
    assert fitted() == ask(FIT, "random", cold=True)


def test_a_worker_of_its_own_answers_as_a_forked_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launching, "FORKS", False)

    assert run_warm(*FIT, cwd=PAIRS).stdout == fitted()
