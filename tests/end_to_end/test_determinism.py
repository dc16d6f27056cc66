"""The same question gets the same answer, byte for byte, whatever the hash seed and however often it is asked."""

from __future__ import annotations

import json

import pytest
from command import PAIRS, run_command
from warm import run_fresh, run_warm

from kerasdiff.side import launching

HASH_SEEDS = {"json": ("0", "1", "random"), "terminal": ("0", "random")}
QUESTIONS = {
    "branches-in-another-order": ("branches.py:branched", "branches.py:branched(turned=True, kernels=(1, 3, 5))"),
    "branches-without-activation": (
        "branches.py:branched",
        "branches.py:branched(activation=None, norm=False, merge='add')",
    ),
}


def ask(form: str, pair: tuple[str, str], hash_seed: str, fit: str = "--no-fit") -> str:
    """One run through a pipe, with nothing remembered from another; with a random seed as a user starts it."""
    arguments = ("compare", fit, "--format", form, *pair)
    env = {"CUDA_VISIBLE_DEVICES": "", "COLUMNS": "100", "PYTHONHASHSEED": hash_seed}
    if hash_seed != "random":
        done = run_fresh(*arguments, cwd=PAIRS, **env)
    else:
        done = run_command.__wrapped__(*arguments, **env)
    assert done.exit_code == 1, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("form", HASH_SEEDS)
@pytest.mark.parametrize("pair", QUESTIONS.values(), ids=QUESTIONS)
def test_reports_are_the_same_to_the_byte(form: str, pair: tuple[str, str]):
    answers = {ask(form, pair, seed) for seed in HASH_SEEDS[form]}

    (answer,) = answers
    if form == "json":
        assert len(json.loads(answer)["edits"]) >= 10


def test_a_report_with_a_fit_holds_no_timing():
    pair = QUESTIONS["branches-without-activation"]
    first, second = (ask("json", pair, seed, "--fit-steps=3") for seed in ("0", "random"))

    assert json.loads(first)["fit"]["trials"]
    assert first == second


def test_a_worker_of_its_own_answers_as_a_forked_one(monkeypatch: pytest.MonkeyPatch):
    question = "compare", "--fit-steps=3", "--format", "json", *QUESTIONS["branches-without-activation"]
    forked = run_warm(*question, cwd=PAIRS)
    monkeypatch.setattr(launching, "FORKS", False)

    assert run_warm(*question, cwd=PAIRS) == forked
