"""What does a command take? Seconds on the clock, of the processor, and memory, with every process it started.

Processes are started by a process that is killed before they are waited for, as a launcher's are: so this process takes
up orphans, and waits for all of them. A figure that left some out would call a slow command fast.
"""

from __future__ import annotations

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

KERASDIFF = str(Path(sys.executable).parent / "kerasdiff")
QUIET = {"CUDA_VISIBLE_DEVICES": "-1", "NO_COLOR": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
_TAKE_UP_ORPHANS = 36
"""``PR_SET_CHILD_SUBREAPER`` of ``prctl``, on Linux."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one command took.

    Attributes:
        clock, processor: In seconds; the processor's of all processes together.
        memory: Of the process that held most, in bytes.
    """

    clock: float
    processor: float
    memory: float


def spend(*command: str, cwd: Path, exit_code: int = 0, environment: Mapping[str, str] | None = None) -> Spent:
    """Runs a command to its end, and that of everything it started."""
    ctypes.CDLL(None).prctl(_TAKE_UP_ORPHANS, 1)
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **QUIET, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        clock, processor, memory = 0.0, 0.0, 0.0
        while True:
            try:
                pid, status, used = os.wait4(-1, 0)
            except ChildProcessError:
                break
            processor += used.ru_utime + used.ru_stime
            memory = max(memory, used.ru_maxrss * 1024)
            if pid == process.pid:
                clock = time.perf_counter() - began
                process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        assert process.returncode == exit_code, errors.read().decode(errors="replace")[-2000:]
    return Spent(clock=clock, processor=processor, memory=memory)


def in_turn(runs: int, *commands: Callable[[], Spent]) -> list[Spent]:
    """The medians of several commands, run in turn, so that what else the machine does meets all alike.

    A first round, which warms the disk's cache, does not count.
    """
    rounds = [[command() for command in commands] for _ in range(runs + 1)][1:]
    return [
        Spent(**{name: statistics.median(getattr(item, name) for item in items) for name in Spent.__dataclass_fields__})
        for items in zip(*rounds, strict=True)
    ]
