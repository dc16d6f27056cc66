"""What does Keras call a layer or variable in a fresh process? The name that ``summary()`` shows there.

Names that Keras makes up (``conv2d_17``) count what the process has made before. A worker makes a model several times,
so what each load makes is counted anew, in the order in which it is made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kerasdiff.worker.keras_internals import Live, short_name


def snake(name: str) -> str:
    """Keras's own spelling of a class name as an operation: ``Conv2DTranspose`` → ``conv2d_transpose``."""
    partial = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", partial).lower()


@dataclass(eq=False)
class _Load:
    """What one load has made so far.

    Attributes:
        counts: By class, in Keras's spelling, how many were named by Keras.
        fresh: By the names that Keras made up, those of a fresh process.
    """

    counts: Counter[str] = field(default_factory=Counter)
    fresh: dict[str, str] = field(default_factory=dict)


_load = _Load()
_names: dict[int, tuple[Live, str, str]] = {}
_imported: dict[str, Counter[str]] = {}


@contextmanager
def counting() -> Iterator[None]:
    """Counts anew what is made inside the block."""
    global _load
    before, _load = _load, _Load()
    try:
        yield
    finally:
        _load = before


def imported(target: str) -> None:
    """Notes that a target's module has been run: a module that it imports may make layers the first time alone."""
    first = _imported.setdefault(target, Counter(_load.counts))
    _load.counts |= first


def note_name(made: Live, *, automatic: bool) -> None:
    """Notes the name of a layer, functional operation or variable that has just been made.

    Args:
        made: The object.
        automatic: Whether Keras made its name up; one that was given may have been copied from such a one.
    """
    if automatic:
        count_name(made)
    name = short_name(made)
    _names[id(made)] = (made, name, _load.fresh.get(name, name))


def count_name(made: Live) -> None:
    """Counts an object whose name Keras made up."""
    kind = snake(type(made).__name__)
    count = _load.counts[kind]
    _load.counts[kind] += 1
    _load.fresh[short_name(made)] = f"{kind}_{count}" if count else kind


def fresh_name(made: Live) -> str | None:
    """The name in a fresh process; ``None`` where it was not noted, or has been changed since."""
    known = _names.get(id(made))
    return known[2] if known is not None and known[1] == short_name(made) else None
