"""Speed, measured as a ratio against the floor in the same run: ``pytest -m benchmark -s tests/benchmarks``.

Wall clock decides, as a user pays it. Processor time is printed beside it: on a machine with other work it is the
steadier figure, and it cannot gain from the two workers running at once.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

FORUM = Path(__file__).parents[2] / "examples" / "forum"
APPLICATIONS = Path(__file__).parents[1] / "tools" / "applications"
KERASDIFF = str(Path(sys.executable).parent / "kerasdiff")
PAIR = ("a.py:ConvModel_1", "b.py:ConvModel_2")
ENVIRONMENT = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "NO_COLOR": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
RUNS = 3
NO_FIT_RATIO = 2.5
"""``compare --no-fit`` of the forum pair, which climbs every rung and attributes three edits, against the floor.

DESIGN §12 says 1.6, from before the rungs of DESIGN §7 were all there; issue 4 gives them this much.
"""
EDITED_RATIO = 4.0
"""The same for EfficientNetV2B0 with one setting changed, by issue 4; measured 3.6."""
LARGE_RATIO = 2.5
"""DESIGN §12: the same for networks of 500 layers that are proved equal."""
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
LARGE_PAIR = ("targets.py:itself(name='EfficientNetV2S')", "targets.py:wrapped(name='EfficientNetV2S')")
LARGE_FLOOR = """
import tensorflow as tf
from targets import itself, wrapped
reference, candidate = itself("EfficientNetV2S"), wrapped("EfficientNetV2S")
for model in (reference, candidate):
    model(tf.zeros((2, *reference.input_shape[1:])))
"""


EDITED_PAIR = ("targets.py:itself(name='EfficientNetV2B0')", "targets.py:loosened(name='EfficientNetV2B0')")
EDITED_FLOOR = """
import tensorflow as tf
from targets import itself, loosened
reference, candidate = itself("EfficientNetV2B0"), loosened("EfficientNetV2B0")
for model in (reference, candidate):
    model(tf.zeros((2, *reference.input_shape[1:])))
"""


@dataclass(frozen=True)
class Spent:
    """What one command took: seconds on the clock, and of the processor with all processes it started."""

    clock: float
    processor: float


def run(*command: str, exit_code: int = 0, cwd: Path = FORUM) -> Spent:
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    clock, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == exit_code, done.stderr[-2000:]
    return Spent(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def seconds(*command: str, exit_code: int = 0) -> float:
    return run(*command, exit_code=exit_code).clock


@pytest.mark.parametrize(
    ("pair", "floor", "cwd", "exit_code", "limit"),
    [
        pytest.param(PAIR, FLOOR, FORUM, 1, NO_FIT_RATIO, id="forum"),
        pytest.param(EDITED_PAIR, EDITED_FLOOR, APPLICATIONS, 1, EDITED_RATIO, id="EfficientNetV2B0-edited"),
        pytest.param(LARGE_PAIR, LARGE_FLOOR, APPLICATIONS, 0, LARGE_RATIO, id="EfficientNetV2S-wrapped"),
    ],
)
def test_compare_without_fit_stays_near_the_floor(
    pair: tuple[str, str], floor: str, cwd: Path, exit_code: int, limit: float
) -> None:
    """Both are run in turn, so that what else the machine does meets both alike; a first round warms the disk cache."""
    floors, spent = [], []
    for number in range(RUNS + 1):
        bare = run(sys.executable, "-B", "-c", floor, cwd=cwd)
        compare = run(KERASDIFF, "compare", "--no-fit", *pair, cwd=cwd, exit_code=exit_code)
        if number:
            floors.append(bare)
            spent.append(compare)
    clock, processor = (
        [statistics.median(getattr(item, kind) for item in items) for items in (floors, spent)]
        for kind in ("clock", "processor")
    )
    print(f"\nfloor {clock[0]:.2f} s, compare --no-fit {clock[1]:.2f} s: {clock[1] / clock[0]:.2f} x (limit {limit} x)")
    print(f"processor: {processor[0]:.2f} s and {processor[1]:.2f} s: {processor[1] / processor[0]:.2f} x")
    assert clock[1] <= limit * clock[0]


def test_compare_with_the_default_fit() -> None:
    spent = seconds(KERASDIFF, "compare", *PAIR, exit_code=1)
    print(f"\ncompare {spent:.1f} s: {spent / FIT_S:.2f} x of {FIT_S:.0f} s")
    assert spent < FIT_S


def test_help_is_instant() -> None:
    spent = statistics.median(seconds(KERASDIFF, "--help") for _ in range(RUNS))
    print(f"\n--help {spent:.3f} s: {spent / HELP_S:.2f} x of {HELP_S} s")
    assert spent < HELP_S
