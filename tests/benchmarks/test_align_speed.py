"""Alignment of large graphs, in processor seconds and bytes: ``pytest -m benchmark -s tests/benchmarks``."""

from __future__ import annotations

import gc
import math
import time
import tracemalloc

import pytest
from synthetic import CASES, FAMILIES, canonical_pair

from kerasdiff.align.alignment import align

pytestmark = pytest.mark.benchmark

SIZES = (1_000, 10_000, 30_000)
LIMIT_S = 2.0
"""DESIGN §12: two 10,000-node graphs, in seconds of processor time."""
NO_ORDER_S = 4.0
"""Beyond that aim: every op dealt anew, so that much is alike and nothing stands in order. No two versions of one
network are like that; it is the worst case found."""
LIMIT_BYTES = 300_000_000
EXPONENT = 1.25
"""Near-linear: time grows like ``size ** 1.25`` at most, from the smallest size to the largest."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_large_graphs_are_aligned_in_time_and_memory(family: str, case: str) -> None:
    seconds, told = [], []
    peak = 0
    for size in SIZES:
        first, second = canonical_pair(family, case, size)
        weights = first[1], second[1]
        gc.collect()
        begin = time.process_time()
        align(first[0], second[0], weights, "inference")
        seconds.append(time.process_time() - begin)
        if size == SIZES[1]:
            tracemalloc.start()
            align(first[0], second[0], weights, "inference")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        told.append(f"{size:,}: {seconds[-1]:.2f} s")
    exponent = math.log(seconds[-1] / seconds[0]) / math.log(SIZES[-1] / SIZES[0])
    print(f"\n{family}, {case}: {', '.join(told)}; {peak / 1e6:.0f} MB; grows like size ** {exponent:.2f}")
    assert seconds[1] <= (NO_ORDER_S if case == "shuffled" else LIMIT_S)
    assert peak <= LIMIT_BYTES
    assert exponent <= EXPONENT
