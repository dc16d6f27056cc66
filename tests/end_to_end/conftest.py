"""One way to compare two models of the table of pairs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from command import PAIRS, Answer, compare_arguments
from warm import nursery, run_warm


@pytest.fixture(scope="session")
def compare() -> Iterator[Callable[..., Answer]]:
    """Compares two targets of the table of pairs, in workers that are forked with TensorFlow imported."""
    with nursery(PAIRS):

        @cache
        def run(
            reference: str, candidate: str, inputs: tuple[str, ...] = (), options: tuple[str, ...] = ("--no-fit",)
        ) -> Answer:
            before = os.getcwd()
            os.chdir(PAIRS)
            try:
                return run_warm(*compare_arguments(reference, candidate, inputs, options))
            finally:
                os.chdir(before)

        yield run
