"""Speed, measured as a ratio against the floor in the same run: ``pytest -m benchmark -s tests/benchmarks``."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

FORUM = Path(__file__).parents[2] / "examples" / "forum"
KERASDIFF = str(Path(sys.executable).parent / "kerasdiff")
PAIR = ("a.py:ConvModel_1", "b.py:ConvModel_2")
ENVIRONMENT = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "NO_COLOR": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
RUNS = 3
NO_FIT_RATIO = 1.6
"""DESIGN §12: ``compare --no-fit`` of the forum pair against the floor."""
FIT_S = 30.0
HELP_S = 0.25
FLOOR = """
import tensorflow as tf
from a import ConvModel_1
from b import ConvModel_2
for model in (ConvModel_1((32, 32, 3)), ConvModel_2((32, 32, 3))):
    model(tf.zeros((2, 32, 32, 3)))
"""
"""What any user pays: one process that imports TensorFlow, builds both models and calls each once."""


def seconds(*command: str, exit_code: int = 0) -> float:
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=FORUM, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    spent = time.perf_counter() - begin
    assert done.returncode == exit_code, done.stderr[-2000:]
    return spent


def test_compare_without_fit_stays_near_the_floor() -> None:
    """Both are run in turn, so that what else the machine does meets both alike; a first round warms the disk cache."""
    floors, spent = [], []
    for number in range(RUNS + 1):
        floor = seconds(sys.executable, "-B", "-c", FLOOR)
        compare = seconds(KERASDIFF, "compare", "--no-fit", *PAIR, exit_code=1)
        if number:
            floors.append(floor)
            spent.append(compare)
    floor, compare = statistics.median(floors), statistics.median(spent)
    print(f"\nfloor {floor:.2f} s, compare --no-fit {compare:.2f} s: {compare / floor:.2f} x (limit {NO_FIT_RATIO} x)")
    assert compare <= NO_FIT_RATIO * floor


def test_compare_with_the_default_fit() -> None:
    spent = seconds(KERASDIFF, "compare", *PAIR, exit_code=1)
    print(f"\ncompare {spent:.1f} s: {spent / FIT_S:.2f} x of {FIT_S:.0f} s")
    assert spent < FIT_S


def test_help_is_instant() -> None:
    spent = statistics.median(seconds(KERASDIFF, "--help") for _ in range(RUNS))
    print(f"\n--help {spent:.3f} s: {spent / HELP_S:.2f} x of {HELP_S} s")
    assert spent < HELP_S
