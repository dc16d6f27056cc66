"""Who made an op: the user's line, and the library function called there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kerasdiff.graph import Source
from kerasdiff.worker.keras_internals import PLUMBING, Live, frames_of, public_name
from kerasdiff.worker.user_code.libraries import is_user_file


@dataclass(frozen=True)
class Site:
    """Who made an op: the user's line, the library function called there, and the stack below it."""

    source: Source | None
    function: str
    below: tuple[tuple[str, int], ...]


_HOOKS_FILE = str(Path(__file__).with_name("trace.py"))
_HOOKS = ("on_layer", "on_operation", "call")
"""The functions there that a layer call passes, each called by a hook."""


def op_site(op: Live) -> Site:
    """Reads an op's traceback, from the innermost layer call inwards."""
    frames = frames_of(op)
    begin = 0
    for index, (filename, _, name) in enumerate(frames):
        if filename == _HOOKS_FILE and name in _HOOKS:
            begin = index + 1
    inside = frames[begin:]
    last = max((i for i, (filename, _, _) in enumerate(inside) if is_user_file(filename)), default=-1)
    source = None if last < 0 else Source(file=inside[last][0], line=inside[last][1])
    rest = inside[last + 1 :]
    function = next((name for _, _, name in rest if name not in PLUMBING), "")
    return Site(
        source=source,
        function=public_name(function),
        below=tuple((f, n) for f, n, _ in rest),
    )
