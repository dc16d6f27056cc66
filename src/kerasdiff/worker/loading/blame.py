"""Whose line failed: an error of the user's code as one sentence, one place and a short traceback."""

from __future__ import annotations

import re
import traceback
from types import TracebackType

from kerasdiff.graph import Source
from kerasdiff.worker.tracing.sources import is_user_file, relative

_LIMIT = 300
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CALLING = re.compile(r"^Exception encountered when calling [^\n]*\n+", re.MULTILINE)
_GRAPH_NOISE = re.compile(r"\{\{[^}]*\}\}\s*|\s*\[Op:\w+\](\s*name:\s*\S*)?")
_VALUES = re.compile(r",? numpy=.*")  # the whole value of a variable, which nobody reads


def reason(error: BaseException) -> str:
    """The error as ``Type: message`` on one line, without what Keras and TensorFlow wrap around it."""
    text = _CALLING.sub("", _COLOUR.sub("", str(error)))
    text = text.split("Arguments received by", 1)[0]
    text = _VALUES.sub(" …", " ".join(_GRAPH_NOISE.sub("", text).split())).rstrip(". ")
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    if isinstance(error, KeyError):
        text = f"key {text}"  # the message of a KeyError is the bare key
    if len(text) > _LIMIT:
        text = text[: _LIMIT - 1].rstrip() + "…"
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def untraceable(error: BaseException) -> str:
    """Why a call cannot be traced, in the words of someone who wrote it."""
    text = reason(error)
    if "SymbolicTensor" in text or type(error).__name__ == "OperatorNotAllowedInGraphError":
        sentence = text.partition(". ")[0]
        return f"Python decides on the value of a tensor there, which no graph can hold ({sentence})"
    return text


def place(error: BaseException, root: str) -> str:
    """The innermost line of the user's code the error passed, as `` (a.py:12)``; empty where there is none."""
    frames = _user_frames(error.__traceback__, root)
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""


def user_traceback(error: BaseException, root: str) -> str:
    """The traceback of the user's own frames, the error in one line below it."""
    frames = _user_frames(error.__traceback__, root)
    if not frames:
        return ""
    return "".join(traceback.format_list(frames)) + reason(error)


def _user_frames(trace: TracebackType | None, root: str) -> list[traceback.FrameSummary]:
    found = []
    for frame in traceback.extract_tb(trace):
        if is_user_file(frame.filename) and frame.lineno is not None:
            shown = relative(Source(file=frame.filename, line=frame.lineno), root)
            assert shown is not None
            found.append(traceback.FrameSummary(shown.file, frame.lineno, frame.name, line=frame.line))
    return found
