"""Which line of the user's does a worker hang at? Told by the stack that it writes on demand, whatever it runs.

Python's fault handler writes it from a signal handler in C, so that code which never comes back is told of as well.
"""

from __future__ import annotations

import linecache
import os
import re
import signal
from pathlib import Path

import kerasdiff
from kerasdiff.side.reading.source import is_library

ASKED_BY: int | None = getattr(signal, "SIGUSR1", None)
"""The signal that asks a worker for its stack; Windows has none."""

_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in ', re.MULTILINE)
_OWN = str(Path(kerasdiff.__file__).parent) + os.sep
_SERVING = f"{_OWN}worker{os.sep}server.py"
_MOST_TEXT = 60


def hung_at(stacks: str) -> str:
    """The innermost line of the user's code, as `` in a.py:12 (time.sleep(60))``; empty where none is on the stack.

    Args:
        stacks: Of all threads, as the fault handler writes them.
    """
    serving = next((stack for stack in re.split(r"\n\s*\n", stacks) if _SERVING in stack), "")
    for frame in _FRAME.finditer(serving):
        file, line = frame["file"], int(frame["line"])
        if not file.startswith(("<", _OWN)) and not is_library(file):
            return f" in {_shown(file)}:{line}{_text(file, line)}"
    return ""


def _shown(file: str) -> str:
    """A file as seen from the current directory, by its name where it lies elsewhere."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (OSError, ValueError):
        return Path(file).name


def _text(file: str, line: int) -> str:
    text = linecache.getline(file, line).strip()
    shown = text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT].rstrip()}…"
    return f" ({shown})" if shown else ""
