"""What every test stands on."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

MOST_PROCESSES = 4
"""Each may hold TensorFlow, a launcher or two and two workers forked from one: about 2 GB."""

# Reports are 100 wide and plain wherever the tests run; pytest-xdist sets a width of its own.
for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(name, None)

# TensorFlow turns oneDNN on or off by the kind of processor: without it convolutions of channels first cannot run, and
# a sum may round otherwise in another layout. What tests run in their own process is the same on every machine.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# A shell starts a job in the background with Ctrl-C ignored, and what such a job starts would ignore it, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Keras home of the test's own: what the machine holds must not decide a test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Imports make a million objects that stay; looking for garbage among them meanwhile takes long and finds none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """What is here before the first test is no garbage: no collection need look for any in TensorFlow again.

    Traces make as many, so that it is looked for as seldom as in a worker: a tenth of the time goes into it by default.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


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
