"""The cases of the directory that ``KERASDIFF_CASES`` names, through the real command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from score_cases import load_index, render_target, score_case

DIRECTORY = os.environ.get("KERASDIFF_CASES")


def test_target_renders_constructor_arguments_as_literals():
    case = {"reference": "a.py:Net", "candidate": "b.py:net", "constructor": {"a": {"shape": [9, 9], "name": "x"}}}

    assert render_target(case, "a") == "a.py:Net(shape=(9, 9), name='x')"
    assert render_target(case, "b") == "b.py:net"


@pytest.mark.skipif(DIRECTORY is None, reason="KERASDIFF_CASES names no directory of cases")
@pytest.mark.parametrize("case", load_index(Path(DIRECTORY)) if DIRECTORY else [], ids=lambda case: case["id"])
def test_case(case: dict[str, Any]):
    score = score_case(Path(DIRECTORY).resolve(), case)

    assert score.outcome == score.truth, score
    assert score.missing == (), score
