"""How several arrays are one: joined along an axis, whole or block by block, each of them transposed or not.

One array alone may hold another's values in another layout: the order of the axes, then the shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasdiff.graph.values import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """How an array holds the values of several others of one size.

    Attributes:
        axis: Along which they stand.
        shape: Of each where it stands; an axis of size 1 is one along which they are stacked.
        blocks: How many blocks each falls into along the axis, the blocks of all taking turns: 1 where they stand one
            after the other, the number of heads where query, key and value of each head stand together.
        transposed: Whether each is transposed before.
        order: Of one that stands alone, the order that its axes are brought into before; ``shape`` is what that gives.
    """

    axis: int
    shape: tuple[int, ...]
    blocks: int = 1
    transposed: bool = False
    order: tuple[int, ...] = ()

    def joined(self, parts: Sequence[Array]) -> Array:
        """The whole, of these parts in order."""
        return np.stack([self._blocked(part) for part in parts], axis=self.axis + 1).reshape(self._whole(len(parts)))

    def parted(self, whole: Array, count: int) -> tuple[Array, ...]:
        """The parts of a whole, in order."""
        a = self.axis
        width = self.shape[a] // self.blocks
        split = whole.reshape((*self.shape[:a], self.blocks, count, width, *self.shape[a + 1 :]))
        laid = (np.take(split, number, axis=a + 1).reshape(self.shape) for number in range(count))
        return tuple(self._turned_back(part) for part in laid)

    def _turned(self, part: Array) -> Array:
        if self.order:
            return part.transpose(self.order)
        return part.T if self.transposed else part

    def _turned_back(self, part: Array) -> Array:
        if self.order:
            return part.transpose(np.argsort(self.order))
        return part.T if self.transposed else part

    def _blocked(self, part: Array) -> Array:
        laid = self._turned(part).reshape(self.shape)
        a = self.axis
        return laid.reshape((*self.shape[:a], self.blocks, self.shape[a] // self.blocks, *self.shape[a + 1 :]))

    def _whole(self, count: int) -> tuple[int, ...]:
        return (*self.shape[: self.axis], count * self.shape[self.axis], *self.shape[self.axis + 1 :])
