"""Runs comparisons several at once: while one is judged, the models of the next are loading."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from kerasdiff.side.process import stop_all

T = TypeVar("T")

MOST_AT_ONCE = 8
"""Comparisons at once, where nobody says: each holds two models, in two processes of some 500 MB."""

_LET_GO_S = 0.1
"""How often workers are stopped until the last thread has noticed: one may have been about to start another."""


def at_once() -> int:
    """How many comparisons run at once: as many as there are cores, for in each one side waits for the other."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_AT_ONCE, cores))


def run_all(
    tasks: Sequence[Callable[[], T]], jobs: int, told: Callable[[int], None]
) -> tuple[list[Future[T] | None], bool]:
    """Runs tasks in threads, which wait for their workers most of the time.

    Args:
        tasks: What one raises stays its own.
        jobs: How many run at once; 0 for :func:`at_once`.
        told: Hears how many are done.

    Returns:
        What came of each, ``None`` where it was cut off; and whether somebody did so, with Ctrl-C.
    """
    pool = ThreadPoolExecutor(max_workers=jobs or at_once(), thread_name_prefix="pair")
    futures = [pool.submit(task) for task in tasks]
    waiting = set(futures)
    try:
        while waiting:
            told(len(futures) - len(waiting))
            waiting = wait(waiting, return_when=FIRST_COMPLETED).not_done
    except KeyboardInterrupt:
        done = {future for future in futures if future.done()}
        pool.shutdown(wait=False, cancel_futures=True)
        while wait(futures, timeout=_LET_GO_S).not_done:
            stop_all()
        return [future if future in done else None for future in futures], True
    pool.shutdown()
    return list(futures), False
