"""What is a number, and how far is it from another? The records of values and of their comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:  # a report is shown again without numpy
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"
"""Values of one tensor, of any dtype."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is kept of an array in a report, in its place."""

    shape: tuple[int, ...]


Precision = Literal["float32", "float64"]

Grounds = Literal["float64", "float32", "far"]
"""What a limit rests on: rounding in float64; the reference's own rounding in float32; a distance that no rounding
reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """The limit a difference is held to, as a fraction of the tensor's scale.

    Values agree where ``|r - c| <= limit * max(scale, TINY)`` with ``scale = max |r|`` over the finite values of
    the whole reference tensor: an element that cancels to near zero carries the rounding of its large neighbours.

    Attributes:
        limit: Relative to scale, at least 0.
        grounds: What it rests on.
        own_distance: For ``float32``, the distance of the reference's float32 run from its float64 run.
    """

    limit: float
    grounds: Grounds
    own_distance: float = 0.0


Mismatch = Literal["", "shape", "dtype", "values"]
"""Why two tensors have no distance: other shapes, other dtypes, values without a distance that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """How far a candidate's tensor is from the reference's.

    Attributes:
        equal: Whether nothing is beyond the limit.
        max_absolute: Largest ``|r - c|``; infinite where one side alone is NaN or infinite.
        max_relative: ``max_absolute / max(scale, TINY)``, or by the least scale that was asked for.
        place: Index of the largest difference, the first in row-major order; ``None`` where shapes differ.
        beyond, count: Elements beyond the limit, of how many.
        limit: As asked for, relative to scale; 0 for integers, bools and strings, which have no rounding.
        smallest_passing: Least limit that would have passed; infinite where none would.
        scale: ``max |r|`` over the finite values.
        floored: Whether another scale took its place, for it is too small to hold a difference to.
        nonfinite: Elements that are NaN or the same infinity on both sides, which count as equal.
        lone: Elements that are NaN or infinite on one side alone.
        informative: False where both sides are zero (or nowhere finite): agreement then says nothing.
        argmax_agreement: Fraction of rows with the same argmax over the last axis, ``None`` where that axis has
            fewer than two entries.
        mismatch: Why the tensors cannot agree at all, else empty.
        unlike: The two shapes or dtypes of such a mismatch, as text.
        undecided: Whether it is beyond its limit, though rounding may account for it: no difference, and not equal.
        foreign: Whether it is told in float32, in which models run, as float64 is foreign to the reference: there it is
            as far from itself as both sides are from each other.
    """

    equal: bool
    max_absolute: float
    max_relative: float
    place: tuple[int, ...] | None
    beyond: int
    count: int
    limit: float
    smallest_passing: float
    scale: float
    nonfinite: int = 0
    lone: int = 0
    informative: bool = True
    argmax_agreement: float | None = None
    mismatch: Mismatch = ""
    unlike: tuple[str, str] = ("", "")
    undecided: bool = False
    foreign: bool = False
    floored: bool = False

    @property
    def from_zero(self) -> bool:
        """Whether the values differ by finite amounts from a reference that is all zero, which has no scale."""
        return self.scale == 0.0 and 0.0 < self.max_absolute < float("inf")

    @property
    def differs(self) -> bool:
        """Whether it is beyond its limit, and that says something."""
        return not self.equal and not self.undecided
