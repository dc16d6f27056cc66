"""What did a process print last, for a person to read? No terminal escapes, and of a progress bar its last state."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_LINES = 30
LONGEST = 2000
"""Characters of a line; one that is longer loses its middle."""

_CHATTER = ("WARNING: All log messages before absl", "E0000", "W0000", "I0000", "Extension modules:")
"""What TensorFlow's libraries say at start-up whatever the log level; it never explains a failure."""

_OUR_FRAME = re.compile(r'  File "(?:<frozen [\w.]+>|.*[\\/]kerasdiff[\\/](?:worker|side)[\\/].*)", line \d+ in ')
"""A line of the stack that is left by a crash in native code, where it is not the model's."""

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and other strings: titles, links
    r"|[ -/]*[0-~])"
)
"""ECMA-48, 5.4 and 5.6, and xterm's BEL as an end of string."""

_BAR = re.compile(r"\d+ ?/ ?\d+.*[━─=>█▉-▏╸╺#.]{4}|\d{1,3}%\s*\|")
"""A progress bar of Keras or of tqdm."""


def last_words(data: bytes) -> str:
    r"""The last lines of what a process wrote to a terminal that was none.

    >>> last_words(b"start\n 1/9 \x1b[32m----\x1b[0m\r 9/9 \x1b[32m----\x1b[0m\nE0000 noise\nbroken\n")
    'start\n 9/9 ----\nbroken'
    """
    text = _ESCAPE.sub("", data.decode(errors="replace"))
    lines = [line for line in _settled(text) if not line.startswith(_CHATTER) and not _OUR_FRAME.match(line)]
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines[-MOST_LINES:]).strip("\n")


def _settled(text: str) -> Iterator[str]:
    """The lines a terminal would show; of bars that follow each other the last."""
    bar = ""
    for line in text.split("\n"):
        seen = _overwritten(line.rstrip("\r"))
        if _BAR.search(seen):
            bar = seen
            continue
        if bar and not seen.strip():
            continue
        if bar:
            yield bar
            bar = ""
        yield seen if len(seen) <= LONGEST else f"{seen[: LONGEST // 2]} … {seen[-LONGEST // 2 :]}"
    if bar:
        yield bar


def _overwritten(line: str) -> str:
    """What is left of a line after carriage returns and backspaces: what was written last."""
    parts = [part for part in re.split(r"\r|\x08+", line) if part.strip("\0 ")]
    return re.sub(r"[\0-\x08\x0b-\x1f\x7f]", "", parts[-1]).rstrip() if parts else ""
