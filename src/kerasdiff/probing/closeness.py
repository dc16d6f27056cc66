"""Are two values the same up to rounding?

numpy alone: arrays come from the workers, the judgement is made here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array, Precision

FLOAT64_LIMIT = 1e-9
"""Rounding of whole networks is about 1e-15 of scale in float64 and bugs start at 1e-3 (DESIGN §7); the limit stands
six orders of magnitude from either."""

FLOAT32_FLOOR = 1e-5
"""Smallest float32 limit: eps is 1.2e-7, and reordered sums of the forum pair's 3,200 terms reach 1e-6 of scale."""

CALIBRATION_FACTOR = 10.0
"""A candidate may be this many times as far away as the reference's own float32 is from its float64: two
implementations each carry such an error, and the largest of a tensor varies by a small factor."""

TINY = float(np.finfo(np.float32).tiny)
"""Least scale, 1.2e-38: below it float32 has no normal numbers, and kernels may flush what is left to zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """The limit a difference is held to, as a fraction of the tensor's scale.

    Values agree where ``|r - c| <= limit * max(scale, TINY)`` with ``scale = max |r|`` over the finite values of
    the whole reference tensor: an element that cancels to near zero carries the rounding of its large neighbours.

    Attributes:
        limit: Relative to scale, at least 0.
        provenance: Where the limit comes from, as a report shows it.
    """

    limit: float
    provenance: str

    @staticmethod
    def float64() -> Tolerance:
        """The fixed limit for values computed in float64."""
        return Tolerance(
            limit=FLOAT64_LIMIT, provenance=f"{FLOAT64_LIMIT:g} of scale (float64: rounding 1e-15, bugs 1e-3 and up)"
        )

    @staticmethod
    def calibrated(own_distance: float) -> Tolerance:
        """The float32 limit ``max(FLOAT32_FLOOR, CALIBRATION_FACTOR * own_distance)``.

        Args:
            own_distance: ``max_relative`` between the reference in float32 and in float64; not finite counts as 0.
        """
        own = own_distance if math.isfinite(own_distance) else 0.0
        limit = max(FLOAT32_FLOOR, CALIBRATION_FACTOR * own)
        return Tolerance(
            limit=limit,
            provenance=(
                f"{limit:.2g} of scale (float32: {CALIBRATION_FACTOR:g} x the reference's own distance "
                f"to float64, {own:.2g}; at least {FLOAT32_FLOOR:g})"
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """How far a candidate's tensor is from the reference's.

    Attributes:
        equal: Whether nothing is beyond the limit.
        max_absolute: Largest ``|r - c|``; infinite where one side alone is NaN or infinite.
        max_relative: ``max_absolute / max(scale, TINY)``.
        place: Index of the largest difference, the first in row-major order; ``None`` where shapes differ.
        beyond, count: Elements beyond the limit, of how many.
        limit: As asked for, relative to scale; 0 for integers, bools and strings, which have no rounding.
        smallest_passing: Least limit that would have passed; infinite where none would.
        scale: ``max |r|`` over the finite values.
        nonfinite: Elements that are NaN or the same infinity on both sides, which count as equal.
        informative: False where both sides are zero (or nowhere finite): agreement then says nothing.
        argmax_agreement: Fraction of rows with the same argmax over the last axis, ``None`` where that axis has
            fewer than two entries.
        reason: Why the tensors cannot agree at all (shape, dtype, NaN on one side), else empty.
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
    informative: bool = True
    argmax_agreement: float | None = None
    reason: str = ""

    def describe(self) -> str:
        """One phrase with every number beside its limit, place and count."""
        if self.place is None:
            return self.reason
        size = f"{self.max_relative:.1e} of scale {self.scale:.3g}"
        if self.scale < TINY:
            size = f"{self.max_absolute:.1e} where the reference is all zero,"
        text = (
            f"largest difference {size} at {self.place}, limit {self.limit:.0e}, "
            f"{self.beyond:,} of {self.count:,} values beyond it"
        )
        if self.max_absolute == 0.0:
            text = f"the same in all {self.count:,} values"
        if self.reason:
            text += f"; {self.reason}"
        if self.nonfinite:
            text += f"; {self.nonfinite:,} not finite on both sides"
        if not self.informative:
            text += "; all zero, which says nothing" if self.nonfinite == 0 else "; nothing finite to compare"
        return text


def compare_values(reference: Array, candidate: Array, tolerance: Tolerance) -> Closeness:
    """Judges two tensors by ``|r - c| <= limit * max(scale, TINY)``.

    NaN at the same place, or the same infinity, is equal; on one side alone it is beyond every limit. Integers,
    bools and strings must be the same.

    Raises:
        EvaluateError: If the tensors are empty: nothing compared is an error, never a pass.
    """
    reference, candidate = np.asarray(reference), np.asarray(candidate)
    count = int(reference.size)
    if reference.shape != candidate.shape:
        return _unlike(f"shape {reference.shape} against {candidate.shape}", count, tolerance)
    if reference.dtype != candidate.dtype:
        return _unlike(f"dtype {reference.dtype} against {candidate.dtype}", count, tolerance)
    if count == 0:
        raise EvaluateError(f"Nothing to compare: both tensors are empty, shape {reference.shape}.")
    family = reference.dtype.kind
    if family in "OSU":
        return _exact(reference != candidate)
    exact = family in "biu"
    if exact and family != "b" and reference.dtype.itemsize == 8 and not np.array_equal(reference, candidate):
        # float64 would round 64-bit ids together.
        differing = reference != candidate
        if not np.any(reference.astype(np.float64)[differing] != candidate.astype(np.float64)[differing]):
            return _exact(differing)
    wide = np.complex128 if family == "c" else np.float64
    return _measure(reference.astype(wide), candidate.astype(wide), 0.0 if exact else tolerance.limit)


def _measure(reference: Array, candidate: Array, limit: float) -> Closeness:
    finite = np.isfinite(reference) & np.isfinite(candidate)
    same = (np.isnan(reference) & np.isnan(candidate)) | (reference == candidate)
    with np.errstate(invalid="ignore", over="ignore"):
        distance: NDArray[np.float64] = np.where(same, 0.0, np.where(finite, np.abs(reference - candidate), np.inf))
    known = np.abs(reference[np.isfinite(reference)])
    scale = float(known.max()) if known.size else 0.0
    floor = max(scale, TINY)
    beyond = int(np.count_nonzero(~(distance <= limit * floor)))
    flat = int(np.argmax(distance))
    largest = float(distance.reshape(-1)[flat])
    relative = largest / floor
    lone = int(np.count_nonzero(~finite & ~same))
    return Closeness(
        equal=beyond == 0,
        max_absolute=largest,
        max_relative=relative,
        place=tuple(int(index) for index in np.unravel_index(flat, distance.shape)),
        beyond=beyond,
        count=int(distance.size),
        limit=limit,
        smallest_passing=_passing(largest, floor),
        scale=scale,
        nonfinite=int(np.count_nonzero(~finite & same)),
        informative=bool(np.any(finite & ((reference != 0) | (candidate != 0)))) or lone > 0,
        argmax_agreement=_argmax_agreement(reference, candidate),
        reason=f"{lone:,} NaN or infinite on one side alone" if lone else "",
    )


def _passing(largest: float, floor: float) -> float:
    """Least limit whose product with ``floor`` reaches ``largest`` after rounding."""
    limit = largest / floor
    while limit * floor < largest:
        limit = float(np.nextafter(limit, np.inf))
    return limit


def _argmax_agreement(reference: Array, candidate: Array) -> float | None:
    if reference.ndim == 0 or reference.shape[-1] < 2 or np.iscomplexobj(reference):
        return None
    return float(np.mean(np.argmax(reference, axis=-1) == np.argmax(candidate, axis=-1)))


def _unlike(reason: str, count: int, tolerance: Tolerance) -> Closeness:
    return Closeness(
        equal=False,
        max_absolute=math.inf,
        max_relative=math.inf,
        place=None,
        beyond=count,
        count=count,
        limit=tolerance.limit,
        smallest_passing=math.inf,
        scale=math.nan,
        reason=reason,
    )


def _exact(differing: Array) -> Closeness:
    """Closeness of values that are the same or not, without a distance between them."""
    beyond = int(np.count_nonzero(differing))
    flat = int(np.argmax(differing))
    far = math.inf if beyond else 0.0
    return Closeness(
        equal=beyond == 0,
        max_absolute=far,
        max_relative=far,
        place=tuple(int(index) for index in np.unravel_index(flat, differing.shape)),
        beyond=beyond,
        count=int(differing.size),
        limit=0.0,
        smallest_passing=far,
        scale=math.nan,
        reason="values without a distance differ" if beyond else "",
    )


def precision_tolerance(precision: Precision, own_distance: float = 0.0) -> Tolerance:
    """The tolerance for a precision; ``own_distance`` as in `Tolerance.calibrated`."""
    return Tolerance.float64() if precision == "float64" else Tolerance.calibrated(own_distance)
