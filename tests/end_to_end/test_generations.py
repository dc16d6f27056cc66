"""Layers of Keras 2 and Keras 3: kerasdiff says what plain Keras says. A sample of tools/generations."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from command import TESTS
from warm import run_warm

SWEEP = TESTS / "tools" / "generations" / "sweep.py"

SAMPLE = {
    "Dense/0": True,  # a proof
    "LeakyReLU/1": True,  # a setting that was renamed
    "Activation/3": False,  # another function by the same name
    "BatchNormalization/4": False,  # another update of a state
    "Concatenate/2": False,  # another mask
    "IntegerLookup/1": False,  # another dtype
    "CenterCrop/2": True,  # a cast to float32 that one side alone makes
    "Resizing/2": True,
    "RandomContrast/1": False,  # one draw for the batch, or for each row
    "RandomFlip/1": True,  # a mask from the other end, in another shape
    "RandomRotation/0": True,  # a number for a range
    "TimeDistributed/3": True,  # at once, or step by step
}
"""Whether plain Keras says that a row is equal, as ``tools/generations/truth.py`` measured it (``tf_keras`` 2.21, Keras
3.15.1): to measure it here would take 25 s, longer than to ask kerasdiff."""

pytestmark = pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is not installed")


def ask(arguments: Sequence[str]) -> tuple[str, str]:
    answer = run_warm(*arguments)
    return answer.stdout, answer.stderr


def test_kerasdiff_says_of_layers_of_both_generations_what_plain_keras_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(SWEEP.parent)
    spec = importlib.util.spec_from_file_location("sweep_of_generations", SWEEP)
    sweep = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, sweep)
    spec.loader.exec_module(sweep)
    (tmp_path / "truth.json").write_text(json.dumps({row: ("", equal) for row, equal in SAMPLE.items()}))
    code = sweep.main([*SAMPLE, "--truth", str(tmp_path / "truth.json")], ask)

    shown = capsys.readouterr().out
    assert code == 0, shown
    lines = {tuple(cell.strip() for cell in line.split("|")[1:6]) for line in shown.splitlines() if "`" in line}
    told = {settings: (outcome, sentence) for _, settings, _, outcome, sentence in lines}
    assert len(told) == len(SAMPLE)
    assert "slope 0.2 in the reference, with slope 1/6" in told["`L.Activation('hard_sigmoid')(h)`"][1]
    assert "once for the whole batch in the reference" in told["`L.RandomContrast((0.1, 0.6))(x)`"][1]
    assert sum(outcome.startswith("equivalent") for outcome, _ in told.values()) == 7
