"""One way to compare two models of the table of pairs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from command import PAIRS, Answer, compare_arguments
from warm import run_warm
from wordless import judged_wordless


@pytest.fixture(scope="session")
def compare() -> Callable[..., Answer]:
    """Compares two targets of the table of pairs, or of ``cwd``, in workers forked with TensorFlow imported.

    The verdict is found while every sentence is the same: none can hang on words.
    """

    @cache
    def run(
        reference: str,
        candidate: str,
        inputs: tuple[str, ...] = (),
        options: tuple[str, ...] = ("--no-fit",),
        cwd: Path = PAIRS,
    ) -> Answer:
        with judged_wordless():
            return run_warm(*compare_arguments(reference, candidate, inputs, options), cwd=cwd)

    return run
