"""Runs comparisons several at once: while one is judged, the models of the next are loading."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from kerasdiff.side.memory import available_bytes
from kerasdiff.side.process import stop_all

T = TypeVar("T")

MOST_AT_ONCE = 8
"""Comparisons at once, where nobody says: past that this process, which judges all of them, is what they wait for."""

_LET_GO_S = 0.1
"""How often workers are stopped until the last thread has noticed: one may have been about to start another."""


PAIR_BYTES = 1 << 30
"""What a comparison of small models takes: two workers of some 500 MB, part of which they share with the launcher."""


def at_once() -> int:
    """How many comparisons run at once: as many as there are cores, for in each one side waits for the other.

    Fewer where memory is short; what large models take is not known before they are loaded.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = available_bytes()
    room = cores if free is None else free // (2 * PAIR_BYTES)
    return max(1, min(MOST_AT_ONCE, cores, room))


def run_all(
    tasks: Sequence[Callable[[], T]], jobs: int, told: Callable[[int], None], stop: Callable[[], None] = stop_all
) -> tuple[list[Future[T] | None], bool]:
    """Runs tasks in threads, which wait for their workers most of the time.

    Args:
        tasks: What one raises stays its own.
        jobs: How many run at once; 0 for :func:`at_once`.
        told: Hears how many are done.
        stop: Ends what the tasks wait for.

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
        while not all(future.done() for future in futures):
            stop()
            time.sleep(_LET_GO_S)
        return [future if future in done else None for future in futures], True
    pool.shutdown()
    return list(futures), False
