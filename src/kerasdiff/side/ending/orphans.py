"""Which processes did a process start? All of them end with it, also those that have left its group."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time

_SUBREAPER = 36
"""``PR_SET_CHILD_SUBREAPER`` of ``linux/prctl.h``, since Linux 3.4."""


def adopt() -> None:
    """Makes this process the parent of what its children leave behind, on Linux; elsewhere nothing does."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def below(root: int) -> list[int]:
    """The processes below one, as far as ``/proc`` tells: none where there is none, or they have lost their parent."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    with open(f"/proc/{entry}/stat", "rb") as stat:
                        state, parent = stat.read().rpartition(b")")[2].split()[:2]
                    if state != b"Z":
                        children.setdefault(int(parent), []).append(int(entry))
    reached, waiting = [], [root]
    while waiting:
        found = children.get(waiting.pop(), [])
        reached += found
        waiting += found
    return reached


def end_all(patience: float) -> None:
    """Kills every process below this one and waits for its end.

    Args:
        patience: Seconds until it gives up: a process may be in a place where it cannot be killed.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and _has_children() and (rest := below(os.getpid())):
        for pid in rest:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for pid in rest:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.002)


def _has_children() -> bool:
    """Whether this process has a child that was not waited for, told at once."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
