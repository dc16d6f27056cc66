"""In what do two values of a setting differ? The key, the entry, the count: never both values in full."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.graph import Attribute
from kerasdiff.graph.table import Table
from kerasdiff.graph.values import Array
from kerasdiff.report.wording.names import shown, shown_setting

MOST_WHOLE = 8
"""Entries of a list of numbers that is told as a whole; of a longer one, what differs."""

MOST_KEYS = 2
"""Keys of one setting that are told."""

LAST_KEYS = ("name", "build_config")
"""Keys of a serialised object that differ as a consequence, or say least: told where no other does."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What differs: what it is called, and how it reads on either side."""

    what: str
    reference: str
    candidate: str

    def __str__(self) -> str:
        return f"{self.what} {self.reference} in the reference, {self.candidate} in the candidate"


def contrasts(name: str, one: Attribute, two: Attribute) -> tuple[Contrast, ...]:
    """What tells two values of a setting apart, at most :data:`MOST_KEYS` of its keys.

    >>> [str(item) for item in contrasts("cell", {"units": 4, "name": "a"}, {"units": 5, "name": "a"})]
    ['cell.units 4 in the reference, 5 in the candidate']
    """
    apart = [_contrast(path, a, b) for path, a, b in _leaves(name, one, two)]
    return tuple(apart[:MOST_KEYS])


def _leaves(path: str, one: Attribute, two: Attribute) -> Iterator[tuple[str, Attribute, Attribute]]:
    """The innermost values that differ, each with the path to it."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        keys = [key for key in dict.fromkeys((*one, *two)) if one.get(key) != two.get(key)]
        for key in [key for key in keys if key not in LAST_KEYS] or keys:
            inner = path if key == "config" else f"{path}.{key}"  # of a serialised object
            yield from _leaves(inner, one.get(key), two.get(key))
        return
    first, second = _entries(one), _entries(two)
    if not first or len(first) != len(second):
        yield path, one, two
        return
    for place, (a, b) in enumerate(zip(first, second, strict=True)):
        if a != b:
            yield from _leaves(path if len(first) == 1 else f"{path}[{place}]", a, b)


def _entries(value: Attribute) -> Sequence[Attribute]:
    """The entries of a list that holds more than numbers and words; none of all else."""
    if not isinstance(value, tuple | list) or _array(value) is not None:
        return ()
    return value if any(isinstance(item, Mapping | Table | tuple | list) for item in value) else ()


def _array(value: Attribute) -> Array | None:
    """Numbers as an array, where they are many; ``None`` for all else."""
    if not isinstance(value, Table | tuple | list) or _few(value):
        return None
    import numpy as np  # which the reports of most pairs do without

    if isinstance(value, Table):
        return np.frombuffer(value.data, value.dtype).reshape(value.shape) if value.data else None
    try:
        array = np.asarray(value)
    except ValueError:  # rows of unequal length
        return None
    return array if array.dtype.kind in "biuf" and array.size > MOST_WHOLE else None


def _few(value: Attribute) -> bool:
    """Whether it is a list of a few numbers, or of none."""
    return isinstance(value, tuple | list) and len(value) <= MOST_WHOLE and not any(map(_is_list, value))


def _is_list(value: Attribute) -> bool:
    return isinstance(value, tuple | list)


def _contrast(path: str, one: Attribute, two: Attribute) -> Contrast:
    first, second = _array(one), _array(two)
    if first is not None and second is not None and first.shape == second.shape:
        unlike = (first != second) & ~((first != first) & (second != second))
        if unlike.any():
            place = tuple(int(index[0]) for index in unlike.nonzero())
            at = place[0] if len(place) == 1 else place
            what = (
                f"{path} of shape {first.shape}: {int(unlike.sum()):,} of {first.size:,} values differ, "
                f"the first at {at}:"
            )
            return Contrast(what, *_told("", first[place].item(), second[place].item()))
    name = path.rpartition(".")[2]
    return Contrast(path, *_told(name, one, two))


def _told(name: str, one: Attribute, two: Attribute) -> tuple[str, str]:
    """Two values as a reader knows them; to the last digit, or with their quotes, where that alone tells them apart."""
    first, second = (_shown(name, value) for value in (one, two))
    plain = uncoded(first), uncoded(second)
    if plain[0] != plain[1]:
        return plain
    if first != second:
        return plain if plain == (first, second) else (plain[0], f"another {plain[1]}")
    if isinstance(one, Table):
        return first, f"another {second.removeprefix('a ')}"
    return repr(one), repr(two)


def uncoded(text: str) -> str:
    """A function by its name, without the digest that tells its code apart from another's: ``<lambda>``.

    >>> uncoded("<lambda> (code 79dd5d0c)")
    '<lambda>'
    """
    return _CODE.sub("", text)


_CODE = re.compile(r" \(code [0-9a-f]+\)")


def _shown(name: str, value: Attribute) -> str:
    if isinstance(value, Table):
        return f"a table of shape {value.shape}"
    array = _array(value)
    if array is not None:
        return f"{array.size} values of shape {array.shape}" if array.ndim > 1 else f"{array.size} values"
    if isinstance(value, Mapping) and "class_name" in value:
        return str(value["class_name"])
    return shown_setting(name, value) if name else shown(value)
