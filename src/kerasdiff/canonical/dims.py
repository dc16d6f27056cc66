"""Shapes with names for what is not known: the batch size and other dimensions fixed only at run time.

Why not the static shape alone? ``reshape(x, [-1, 64])`` of a ``(None, 16, 64)`` value and the way back
to ``(None, 16, 64)`` cancel, and ``reshape(x, [shape(x)[0], -1])`` is a Flatten. Both need to know that an unknown
dimension here is the same number as an unknown dimension there. So a dimension is a :class:`Dim`: a number times
unknown dimensions, each named by the value and the axis where it comes from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

REST, GIVEN = -1, -2
"""In a ``Reshape``'s ``to``: the one dimension that follows from the others, and one that a ``Dim`` operand gives."""


@dataclass(frozen=True, slots=True)
class Dim:
    """A non-negative integer known up to named unknowns: ``number`` times all of ``names``."""

    number: int
    names: tuple[tuple[str, int, int], ...] = ()

    @property
    def known(self) -> bool:
        """Whether it is a plain number."""
        return not self.names or self.number == 0


def product(dims: tuple[Dim, ...]) -> Dim:
    """All multiplied."""
    number = int(np.prod([dim.number for dim in dims], dtype=np.int64)) if dims else 1
    return Dim(number, tuple(sorted(name for dim in dims for name in dim.names)))


def quotient(whole: Dim, part: Dim) -> Dim | None:
    """``whole / part`` where that is an integer whatever the unknowns are."""
    names = Counter(whole.names)
    names.subtract(part.names)
    if part.number == 0 or whole.number % part.number or any(count < 0 for count in names.values()):
        return None
    return Dim(whole.number // part.number, tuple(sorted(names.elements())))


def static(dims: tuple[Dim, ...]) -> tuple[int | None, ...]:
    """The shape as a ``TensorSpec`` has it."""
    return tuple(dim.number if dim.known else None for dim in dims)


def unit_axes(before: tuple[Dim, ...], after: tuple[Dim, ...]) -> tuple[int | None, ...] | None:
    """Which axis of ``before`` each axis of ``after`` is, ``None`` for one of size 1 that was put in.

    ``None`` as a whole where anything else happened to the axes.
    """
    origins: list[int | None] = []
    axis = 0
    for dim in after:
        if axis < len(before) and dim == before[axis]:
            origins.append(axis)
            axis += 1
        elif dim == Dim(1):
            origins.append(None)
        else:
            return None
    return tuple(origins) if axis == len(before) else None
