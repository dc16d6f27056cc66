"""Layers of Keras 2 and Keras 3: kerasdiff says what plain Keras says. A sample of tools/generations."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from command import TESTS

SWEEP = TESTS / "tools" / "generations" / "sweep.py"

KNOWN = {
    "BatchNormalization/4": ("gradient 5.3e-04, after a step 1.0e-03", False),  # another update of a state
    "Concatenate/2": ("inference 4.7e-01, training 4.7e-01", False),  # another mask
    "RandomContrast/1": ("correlation 66 deviations", False),  # one draw for the batch, or for each row
    "RandomFlip/1": ("same samples", True),  # a mask from the other end, in another shape
    "RandomRotation/0": ("same samples", True),  # a number for a range
    "TimeDistributed/3": ("same samples", True),  # at once, or step by step
}
"""What plain Keras says of more, by ``truth.py``, which takes long for these: hundreds of calls, or a loop."""

SAMPLE = (
    "Dense/0",  # a proof
    "LeakyReLU/1",  # a setting that was renamed
    "Activation/3",  # another function by the same name
    "IntegerLookup/1",  # another dtype
    "CenterCrop/2",  # a cast to float32 that one side alone makes
    "Resizing/2",
    *KNOWN,
)

pytestmark = pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is not installed")


def test_kerasdiff_says_of_layers_of_both_generations_what_plain_keras_says(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps(KNOWN))
    command = [sys.executable, SWEEP, *SAMPLE, "--truth", truth]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    lines = {tuple(cell.strip() for cell in line.split("|")[1:6]) for line in done.stdout.splitlines() if "`" in line}
    told = {settings: (outcome, sentence) for _, settings, _, outcome, sentence in lines}
    assert len(told) == len(SAMPLE)
    assert "slope 0.2 in the reference, with slope 1/6" in told["`L.Activation('hard_sigmoid')(h)`"][1]
    assert "once for the whole batch in the reference" in told["`L.RandomContrast((0.1, 0.6))(x)`"][1]
    assert sum(outcome.startswith("equivalent") for outcome, _ in told.values()) == 7
