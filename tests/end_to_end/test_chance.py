"""Random numbers from generators that do not correspond: what two draws share, and what a fit makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from warm import run_warm

PAIRS = Path(__file__).parent / "pairs"


@pytest.mark.parametrize(("keys", "exit_code"), [(0, 0), (1, 1)])
def test_masks_by_one_key_are_not_masks_by_two(keys: int, exit_code: int) -> None:
    done = run_warm("compare", "chance.py:masked", f"chance.py:masked(keys={keys})", "--no-fit", cwd=PAIRS)

    assert done.exit_code == exit_code, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("candidate", "exit_code", "told"),
    [
        pytest.param("DroppedByTensorflow", 0, "bit-identical", id="the same masks"),
        pytest.param("DroppedByHand(kept_below=0.6)", 3, "random numbers of its own", id="what the other drops"),
    ],
)
def test_trials_that_draw_from_other_generators(candidate: str, exit_code: int, told: str) -> None:
    asked = ("fit", "chance.py:dropped", f"chance.py:{candidate}", "--input", "6", "--seeds", "1", "--steps", "3")
    done = run_warm(*asked, "--fresh", cwd=PAIRS)

    assert told in " ".join(done.stdout.replace("│", " ").split()), done.stdout + done.stderr
    assert done.exit_code == exit_code
