"""What does a file find around it when it is run, and what of what it leaves is put back?

A file is run once for each copy of its model, and each time it finds what it found first: the directory, the
environment, the arguments, the module path. What it leaves stays, for the model may rely on it, but for switches of the
interpreter that would reach what Keras and kerasdiff do afterwards.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator


class World:
    """The process before any file of the target is run."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):  # it was removed
            self._directory: str | None = None
            self._directory = os.getcwd()
        self._environment = dict(os.environ)
        self._arguments = list(sys.argv)
        self._path = list(sys.path)
        self._hooks = list(sys.path_hooks)
        self._filters = list(warnings.filters)
        self._recursion = sys.getrecursionlimit()

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Within, a file may be run."""
        self._restore()
        try:
            yield
        finally:
            self._keep_working()

    def _restore(self) -> None:
        if self._directory is not None:
            with contextlib.suppress(OSError):
                os.chdir(self._directory)
        if dict(os.environ) != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        sys.argv[:] = self._arguments
        sys.path[:] = self._path

    def _keep_working(self) -> None:
        warnings.filters[:] = self._filters  # type: ignore[index]  # it is a list, whatever typeshed promises
        warnings._filters_mutated()  # type: ignore[attr-defined]  # as `warnings.catch_warnings` does, 3.10 to 3.13
        sys.setrecursionlimit(max(sys.getrecursionlimit(), self._recursion))
        sys.settrace(None)
        sys.setprofile(None)
        sys.path += [entry for entry in self._path if entry not in sys.path]
        sys.path_hooks += [hook for hook in self._hooks if hook not in sys.path_hooks]
