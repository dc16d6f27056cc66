"""Where do two constant arrays differ?"""

from __future__ import annotations

from collections.abc import Iterator

from kerasdiff.align.edits import TableChange
from kerasdiff.graph import Attribute


def table_change(one: Attribute, two: Attribute) -> TableChange | None:
    """What differs of the constants of a call, where either side has one array of one shape."""
    if not (isinstance(one, tuple) and isinstance(two, tuple) and len(one) == len(two) == 1):
        return None
    shapes = shape_of(one[0]), shape_of(two[0])
    if not shapes[0] or shapes[0] != shapes[1]:
        return None
    pairs = [(at, a, b) for (at, a), (_, b) in zip(_entries(one[0]), _entries(two[0]), strict=True) if a != b]
    if not pairs:
        return None
    first, *values = pairs[0]
    return TableChange(shape=shapes[0], differing=len(pairs), first=first, values=(values[0], values[1]))


def shape_of(value: Attribute) -> tuple[int, ...]:
    """The shape of nested tuples; empty for a number."""
    if not isinstance(value, tuple):
        return ()
    return (len(value), *(shape_of(value[0]) if value else ()))


def _entries(value: Attribute, at: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Attribute]]:
    if not isinstance(value, tuple):
        yield at, value
        return
    for number, item in enumerate(value):
        yield from _entries(item, (*at, number))
