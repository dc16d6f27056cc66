"""Which comparisons were made meanwhile? Asked by a test runner, which shows them where a test failed.

Imports nothing, for it is imported before every test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasdiff.api.results import Result

_watchers: list[list[Result]] = []


@contextmanager
def watched() -> Iterator[list[Result]]:
    """A list that every comparison made inside the block is put into."""
    seen: list[Result] = []
    _watchers.append(seen)
    try:
        yield seen
    finally:
        # Not the first that equals it: of two that watch, one within the other, both may have seen the same.
        _watchers[:] = [other for other in _watchers if other is not seen]


def noted(result: Result) -> Result:
    """The same, shown to whoever watches."""
    for seen in _watchers:
        seen.append(result)
    return result
