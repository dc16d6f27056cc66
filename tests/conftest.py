"""What every test stands on."""

from __future__ import annotations

import os
import signal

import pytest

MOST_PROCESSES = 4
"""Each may hold TensorFlow, a process to fork workers from and two workers: about 2 GB."""

# A shell starts a job in the background with Ctrl-C ignored, and what such a job starts would ignore it, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process a core; a benchmark has the machine to itself, and a few tests named one by one wait for no other."""
    if "benchmark" in config.option.markexpr.replace("not benchmark", "") or any("::" in name for name in config.args):
        config.option.dist = "no"
        return 0
    # Each process takes half of the tests as they stand, so that neighbours share what a module makes, and then steals.
    config.option.dist = "worksteal"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_PROCESSES)
