"""What is one wrong input, and what must become of it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

NET = """\
import keras


def net():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


def other():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="relu")])
"""
"""What lies beside every wrong input as ``net.py``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One command, and what must become of it.

    Attributes:
        name: What is wrong, in a few words.
        run: The command after ``kerasdiff``, as a shell reads it.
        says: What the sentence on stderr must hold.
        files: What lies in the working directory, by name.
        make: Makes there what is no text file.
        code: The exit code.
        before: What the shell does first.
        after: What the shell adds: where standard output goes. With it, or with an ``environment`` of the process
            itself, the command runs in a process of its own.
        environment: What differs in it; ``None`` takes a name away.
        worker: Whether a worker is started, which takes TensorFlow.
        slow: Whether it waits, or computes for more than a second: run by the tool alone, and not in CI.
        own: Whether the command must be a process of its own.
        leaves: Files it may leave in the working directory.
        silent: Whether nothing need be said.
        like: Another row whose standard output is the same to the byte.
        shown: What standard output must hold.
    """

    name: str
    run: str
    says: tuple[str, ...] = ()
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    make: Callable[[Path], object] | None = None
    code: int = 2
    before: str = ""
    after: str = ""
    environment: Mapping[str, str | None] = field(default_factory=dict)
    worker: bool = False
    slow: bool = False
    own: bool = False
    leaves: tuple[str, ...] = ()
    silent: bool = False
    shown: tuple[str, ...] = ()
    like: Row | None = None


def script(name: str, body: str, *says: str, **more: object) -> Row:
    """A row of a file that is wrong once it is run."""
    settings: dict[str, object] = {"worker": True, "run": "compare --no-fit bad.py:net net.py:net", **more}
    return Row(name=name, files={"bad.py": body}, says=says, **settings)  # type: ignore[arg-type]
