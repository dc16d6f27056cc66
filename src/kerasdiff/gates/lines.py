"""In which line of a TOML text does something stand?

Why not a library that keeps lines? `tomllib` gives none, and `tomlkit` keeps positions to itself. But a statement of
TOML is a text of TOML: the fewest lines that `tomllib` reads are one, and what it makes of them says which key they
write. That knows all of TOML's spellings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str | int, ...]
"""Keys, and numbers within an array."""


class Lines:
    r"""Where the statements of a text begin.

    >>> Lines('a = 1\n[b]\nc = [\n  2,\n]').of(("b", "c"))
    3

    Args:
        text: It has to be TOML as a whole.
    """

    def __init__(self, text: str) -> None:
        self._known: dict[Path, int] = {}
        arrays: dict[Path, int] = {}
        table: Path = ()
        for line, first, said in _statements(text):
            if first.startswith("["):
                table = _opened(said, arrays)
                self._known.setdefault(table, line)
            for path in _paths(said) if not first.startswith("[") else ():
                self._known.setdefault((*table, *path), line)

    def of(self, path: Path) -> int:
        """The line on which the statement begins that writes what ``path`` leads to, or what holds it; from 1."""
        while path and path not in self._known:
            path = path[:-1]
        return self._known.get(path, 1)


def _statements(text: str) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    """Each with the line it begins on and its first line."""
    waiting: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        waiting.append(line)
        try:
            said = tomllib.loads("\n".join(waiting))
        except tomllib.TOMLDecodeError:
            continue  # in the midst of it
        if said:
            yield number - len(waiting) + 1, waiting[0].strip(), said
        waiting.clear()


def _opened(said: Mapping[str, object], arrays: dict[Path, int]) -> Path:
    """The table that a header opens: ``[a.b]``, or ``[[a.b]]`` for one more of an array."""
    path: Path = ()
    inside: object = said
    while isinstance(inside, dict) and inside:
        ((key, inside),) = inside.items()
        path = (*path, key)
        if isinstance(inside, list):
            arrays[path] = arrays.get(path, -1) + 1
        path = (*path, arrays[path]) if path in arrays else path
    return path


def _paths(value: object) -> Iterator[Path]:
    """Every path into a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (key,)
        yield from ((key, *path) for path in _paths(item))
