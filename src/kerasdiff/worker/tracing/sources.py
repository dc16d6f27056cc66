"""Where in the user's code was an operation or a variable made, and from what?"""

from __future__ import annotations

import ast
import hashlib
import linecache
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

import numpy as np

from kerasdiff.graph import Source
from kerasdiff.graph.names import ALIASES
from kerasdiff.side.reading.source import parsed
from kerasdiff.worker.hooks import given, hooked
from kerasdiff.worker.keras_internals import Live, is_array, is_traced, keras, making, on_tensorflow, to_numpy
from kerasdiff.worker.tracing.naming import count_name, counting, note_name
from kerasdiff.worker.user_code.libraries import is_user_file

_created: dict[int, tuple[Live, Source]] = {}
_initializers: dict[int, tuple[Live, Live]] = {}
_made: dict[int, tuple[Live, Source]] = {}


@dataclass(frozen=True, slots=True)
class Assigned:
    """A value that a variable was given after it was made, as :func:`value_digest` shows it."""

    text: str


def user_frame(frame: FrameType | None, *, stop: CodeType | None = None, skip_self: Live = None) -> Source | None:
    """Finds the innermost user frame from ``frame`` outwards.

    Args:
        frame: Where to start.
        stop: A code object: frames at and beyond it are not looked at.
        skip_self: Frames of methods of this very object are passed over.
    """
    while frame is not None:
        if stop is not None and frame.f_code is stop:
            return None
        if is_user_file(frame.f_code.co_filename) and (
            skip_self is None or frame.f_locals.get("self") is not skip_self
        ):
            return Source(file=frame.f_code.co_filename, line=frame.f_lineno)
        frame = frame.f_back
    return None


def creation_site(operation: Live) -> Source | None:
    """The user line that created a layer or functional operation, if it was recorded."""
    known = _created.get(id(operation))
    return known[1] if known else None


def initializer_of(variable: Live) -> Live:
    """What a variable was created from, if it was recorded: Keras forgets it once the value is drawn.

    Returns:
        An initializer, its name, a function, the value itself, or :class:`Assigned` where one was assigned later;
        ``None`` where it is not known.
    """
    known = _initializers.get(id(variable))
    return known[1] if known else None


def made_at(variable: Live) -> Source | None:
    """The user line that made a variable, if it was recorded."""
    known = _made.get(id(variable))
    return known[1] if known else None


@contextmanager
def recording() -> Iterator[None]:
    """Notes the user line of every Keras operation and variable created inside the block, and its initializer.

    Where they pass, :func:`kerasdiff.worker.keras_internals.making` says.
    """
    with counting(), ExitStack() as hooks:
        for what, (owner, name) in making().items():
            hooks.enter_context(hooked(owner, name, _WATCHED[what]))
        yield


def _operation_made(original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
    original(*args, **kwargs)
    if not args:
        return
    operation = args[0]
    note_name(operation, automatic=given(original, "name", args, kwargs) is None)
    source = user_frame(sys._getframe(1), skip_self=operation)
    if source is not None:
        _created[id(operation)] = (operation, source)


def _symbol_made(original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
    """A copied model takes the names of its inputs from symbolic tensors."""
    original(*args, **kwargs)
    if args and given(original, "name", args, kwargs) is None:
        count_name(args[0])


def _variable_made(original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
    result = original(*args, **kwargs)
    if not args:
        return result
    variable = args[0] if result is None else result
    note_name(variable, automatic=given(original, "name", args, kwargs) is None)
    _initializers[id(variable)] = (variable, given(original, "initializer", args, kwargs))
    if result is not None:  # a layer made it, which alone knows of the penalty
        variable.regularizer = keras.regularizers.get(given(original, "regularizer", args, kwargs))
    source = user_frame(sys._getframe(1))
    if source is not None:
        _made[id(variable)] = (variable, source)
    return result


def _assigned(original: Callable[..., Live], args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
    result = original(*args, **kwargs)
    value = given(original, "value", args, kwargs)
    known = hasattr(value, "tobytes") or hasattr(value, "numpy") or isinstance(value, int | float | list)
    if args and known and not is_traced(value):
        # Not the value itself: it may be a large model's.
        _initializers[id(args[0])] = (args[0], Assigned(value_digest(value)))
    return result


_WATCHED = {
    "operation": _operation_made,
    "symbol": _symbol_made,
    "weight": _variable_made,
    "assign": _assigned,
}


def value_digest(value: Live) -> str:
    """``value 1f825aa2``: a given value as a report shows it, equal where the bytes are."""
    plain = value if on_tensorflow() or not is_array(value) else to_numpy(value)
    return f"value {hashlib.sha256(np.ascontiguousarray(plain).tobytes()).hexdigest()[:8]}"


def as_written(source: Source | None, function: str) -> str:
    """A function by the one of its names that stands on a line."""
    names = ALIASES.get(function, ())
    line = "" if source is None or not names else linecache.getline(source.file, source.line)
    return next((name for name in names if re.search(rf"\b{name}\b", line)), function)


_OPERATORS: Mapping[str, type[ast.operator]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "subtract": ast.Sub,
    "mul": ast.Mult,
    "multiply": ast.Mult,
    "truediv": ast.Div,
    "divide": ast.Div,
    "matmul": ast.MatMult,
    "pow": ast.Pow,
    "power": ast.Pow,
}
"""Operators by the function that they call."""

MOST_WRITTEN = 40
"""Characters of an expression that is quoted."""


def expression(source: Source, function: str) -> str | None:
    """The only use of an operator on a line, as it is written; ``None`` where there is none, or several."""
    kind = _OPERATORS.get(function)
    if kind is None:
        return None
    try:
        tree = parsed("".join(linecache.getlines(source.file)), source.file)
    except (SyntaxError, ValueError):
        return None
    uses = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and node.lineno == source.line and isinstance(node.op, kind)
    ]
    text = ast.unparse(uses[0]) if len(uses) == 1 else ""
    return text if 0 < len(text) <= MOST_WRITTEN else None


_laid_out: list[tuple[str, str]] = []


def shown_as(layout: str, worktrees: tuple[str, ...]) -> None:
    """Says that files below ``layout`` are shown as those of a work tree that they were in."""
    if worktrees:
        _laid_out.append((layout, worktrees[0]))


@cache
def relative(source: Source | None, root: str) -> Source | None:
    """The same line with its file relative to ``root`` where it lies below it."""
    if source is None:
        return None
    path = Path(source.file)
    try:
        return Source(file=str(path.resolve().relative_to(Path(root).resolve())), line=source.line)
    except ValueError:
        for layout, top in _laid_out:
            if source.file.startswith(f"{layout}/"):
                return Source(file=top + source.file.removeprefix(layout), line=source.line)
        return source
