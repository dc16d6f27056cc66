"""Whose line failed? An error of the user's code as one sentence and a short traceback."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import kerasdiff
from kerasdiff.graph import Source
from kerasdiff.side.reading.said import user_frames
from kerasdiff.worker.importing.hints import hint
from kerasdiff.worker.keras_internals import bare_message
from kerasdiff.worker.tracing.sources import relative
from kerasdiff.worker.user_code.libraries import is_user_file

_LIMIT = 300
_explained: dict[str, str] = {}
"""Why names of the target's module are missing."""


def explain(names: Mapping[str, str]) -> None:
    """Says from here on why these names are missing, where an error is that they are."""
    _explained.clear()
    _explained.update(names)


_OWN = Path(kerasdiff.__file__).parent


def reason(error: BaseException) -> str:
    """The error as ``Type: message`` on one line, without what Keras and TensorFlow wrap around it."""
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    text = bare_message(error)
    if isinstance(error, KeyError):
        text = f"key {text}"  # the message of a KeyError is the bare key
    known = hint(text)
    if len(text) > _LIMIT:
        text = text[: _LIMIT - 1].rstrip() + "…"
    name = type(error).__name__
    if isinstance(error, NameError) and error.name in _explained:
        text += f": {_explained[error.name]}"
    if known:
        text += f" ({known})"
    return f"{name}: {text}" if text else name


def first_sentence(error: BaseException) -> str:
    """The error as ``Type: message`` up to the end of the first sentence."""
    return reason(error).partition(". ")[0]


def raised_at(error: BaseException, root: str) -> Source | None:
    """The innermost line of the user's code the error passed, ``None`` where there is none."""
    frames = _user_frames(error.__traceback__, root)
    return Source(file=frames[-1].filename, line=frames[-1].lineno or 0) if frames else None


def raised_by_user(error: BaseException) -> Source | None:
    """The line of the model's code that raised an error by itself; ``None`` where kerasdiff's own raised it."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if is_user_file(frame.filename):
            return Source(file=Path(frame.filename).name, line=frame.lineno or 0)
        if Path(frame.filename).is_relative_to(_OWN):
            return None
    return None


def at_line(error: BaseException, root: str) -> str:
    """The same as `` (a.py:12)`` for a message; empty where there is none."""
    source = raised_at(error, root)
    return "" if source is None else f" ({source})"


def user_traceback(error: BaseException, root: str) -> str:
    """The traceback of the user's own frames, without the error, which the message tells."""
    return user_frames(_user_frames(error.__traceback__, root))


def _user_frames(trace: TracebackType | None, root: str) -> list[traceback.FrameSummary]:
    frames = []
    for frame in traceback.extract_tb(trace):
        if is_user_file(frame.filename) and frame.lineno is not None:
            shown = relative(Source(file=frame.filename, line=frame.lineno), root)
            assert shown is not None
            frames.append(traceback.FrameSummary(shown.file, frame.lineno, frame.name, line=frame.line))
    return frames
