"""Layers of Keras 2 and Keras 3: kerasdiff says what plain Keras says. A sample of tools/generations."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest
from command import TESTS

SWEEP = TESTS / "tools" / "generations" / "sweep.py"

SAMPLE = (
    "Dense/0",  # a proof
    "LeakyReLU/1",  # a setting that was renamed
    "Activation/3",  # another function by the same name
    "BatchNormalization/4",  # another update of a state
    "Concatenate/2",  # another mask
    "IntegerLookup/1",  # another dtype
    "CenterCrop/2",  # a cast to float32 that one side alone makes
    "Resizing/2",
)

pytestmark = pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is not installed")


def test_kerasdiff_says_of_layers_of_both_generations_what_plain_keras_says() -> None:
    done = subprocess.run([sys.executable, SWEEP, *SAMPLE], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    lines = {tuple(cell.strip() for cell in line.split("|")[1:6]) for line in done.stdout.splitlines() if "`" in line}
    told = {settings: (outcome, sentence) for _, settings, _, outcome, sentence in lines}
    assert len(told) == len(SAMPLE)
    assert "slope 0.2 in the reference, with slope 1/6" in told["`L.Activation('hard_sigmoid')(h)`"][1]
    assert sum(outcome.startswith("equivalent") for outcome, _ in told.values()) == 4
