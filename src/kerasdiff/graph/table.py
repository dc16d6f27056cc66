"""What stands for a constant that is too large to travel as plain values? Its digest, shape, dtype and raw values."""

from __future__ import annotations

MOST_KEPT = 1 << 16
"""Values of a table that travel: 256 KB of float32. What differs in a larger one is not counted."""


class Table(str):
    """The digest of a large constant, equal and hashed as such, with what a reader wants to know of it.

    Attributes:
        shape, dtype: Of the array.
        data: Its values in row-major order, as bytes; empty where they are more than :data:`MOST_KEPT`.

    >>> Table("5f2e", (2, 3), "float32") == "5f2e"
    True
    """

    __slots__ = ("data", "dtype", "shape")

    shape: tuple[int, ...]
    dtype: str
    data: bytes

    def __new__(cls, digest: str, shape: tuple[int, ...] = (), dtype: str = "", data: bytes = b"") -> Table:
        """A digest with its table; pickle fills in the rest."""
        table = super().__new__(cls, digest)
        table.shape, table.dtype, table.data = shape, dtype, data
        return table
