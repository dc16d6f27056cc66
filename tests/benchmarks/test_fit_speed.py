"""Samples a second of a trial pair against two ``model.fit`` calls: ``pytest -m benchmark -s tests/benchmarks``.

Both train the forum pair, batch 64, on the same rows, and both count compilation. ``model.fit`` runs in one process
with all cores and TensorFlow's default settings, one model after the other, as the forum did.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from serial_fits import SERIAL

pytestmark = pytest.mark.benchmark

FORUM = Path(__file__).parents[2] / "examples" / "forum"
KERASDIFF = str(Path(sys.executable).parent / "kerasdiff")
PAIR = ("fixed.py:ConvModel_1", "b.py:ConvModel_2")
"""Alike, so that no control takes a share of the processor."""
ROWS, EPOCHS, RUNS = 10_000, 2, 3
LIMIT = 1.5
"""What issue 5 asks for on two cores. Measured on an idle machine: 2.14 to 2.18, compilation included; beside other
work 0.9 to 2.1, for then both sides wait."""


def environment(cache: Path) -> dict[str, str]:
    quiet = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "KERASDIFF_CACHE": str(cache)}
    return {**os.environ, **quiet}


def serial(data: Path) -> float:
    words = (sys.executable, "-B", "-c", SERIAL, str(data), str(EPOCHS), "0")
    done = subprocess.run(words, cwd=FORUM, env=environment(data.parent), capture_output=True, text=True, check=True)
    return float(done.stdout)


def pair(data: Path) -> float:
    """Both sides' samples over the time of the slower one, compilation included, tests left out."""
    logs = Path(tempfile.mkdtemp(dir=data.parent))
    words = (KERASDIFF, "fit", "--seeds", "1", "--epochs", str(EPOCHS), "--data", str(data), "--format", "json")
    done = subprocess.run(
        [*words, "--fresh", "--logdir", str(logs), *PAIR],
        cwd=FORUM,
        env=environment(data.parent),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    trials = [trial for trial in json.loads(done.stdout)["fit"]["trials"] if trial["side"] != "control"]
    spent = 0.0
    for history in logs.rglob("*.csv"):
        with history.open() as file:
            spent = max(spent, sum(float(epoch["seconds"]) for epoch in csv.DictReader(file)))
    return sum(64 * len(trial["losses"]) for trial in trials) / spent


def test_a_pair_at_once_against_two_fits_in_turn(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (ROWS + 640, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, ROWS + 640)
    data = tmp_path / "rows.npz"
    np.savez(data, x_train=images[:ROWS], y_train=labels[:ROWS], x_test=images[ROWS:], y_test=labels[ROWS:])
    rates = [(serial(data), pair(data)) for _ in range(RUNS)]
    for one, two in rates:
        print(f"\nmodel.fit twice {one:,.0f} samples/s, kerasdiff {two:,.0f}: {two / one:.2f} x")
    # The best of each: what else the machine does only slows, and it slows one or the other.
    one, two = (max(rate[at] for rate in rates) for at in (0, 1))
    print(f"best {one:,.0f} and {two:,.0f}: {two / one:.2f} x (limit {LIMIT} x)")
    assert two / one >= LIMIT
