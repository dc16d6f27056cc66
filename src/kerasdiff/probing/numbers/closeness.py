"""Are two values the same up to rounding?

numpy alone: arrays come from the workers, the judgement is made here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Array, Closeness, Mismatch, Tolerance
from kerasdiff.probing.numbers.limits import TINY

NOISE = 1e-6
"""Fraction of the usual scale below which values may be rounding alone (float64: 1e-15 of the usual)."""

FLOAT32_NOISE = 1e-3
"""The same for float32: sums of 1e4 terms that cancel leave 1e-4 of the largest."""

WIDE_FLOAT64 = 1e-7
"""The widest limit in float64; a larger one means float32."""


def noise(tolerance: Tolerance) -> float:
    """Fraction of the usual scale below which values held to a tolerance may be rounding alone."""
    return NOISE if tolerance.limit <= WIDE_FLOAT64 else FLOAT32_NOISE


def scale_of(values: Array) -> float:
    """The largest finite size of floating values; 0 for all others."""
    if values.dtype.kind != "f":
        return 0.0
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def compare_values(reference: Array, candidate: Array, tolerance: Tolerance, *, least: float = 0.0) -> Closeness:
    """Judges two tensors by ``|r - c| <= limit * max(scale, least, TINY)``.

    NaN at the same place, or the same infinity, is equal; on one side alone it is beyond every limit. Integers,
    bools and strings must be the same.

    Args:
        reference: One tensor.
        candidate: The other.
        tolerance: Holds the limit.
        least: Scale that floating values are held to where their own is smaller, for what rounding leaves there.

    Raises:
        EvaluateError: If the tensors are empty: nothing compared is an error, never a pass.
    """
    reference, candidate = np.asarray(reference), np.asarray(candidate)
    count = int(reference.size)
    if reference.shape != candidate.shape:
        return _unlike("shape", (str(reference.shape), str(candidate.shape)), count, tolerance)
    if reference.dtype != candidate.dtype:
        return _unlike("dtype", (str(reference.dtype), str(candidate.dtype)), count, tolerance)
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
    limit, least = (0.0, 0.0) if exact else (tolerance.limit, least)
    return _measure(reference.astype(wide), candidate.astype(wide), limit, least)


def _measure(reference: Array, candidate: Array, limit: float, least: float) -> Closeness:
    finite = np.isfinite(reference) & np.isfinite(candidate)
    same = (np.isnan(reference) & np.isnan(candidate)) | (reference == candidate)
    with np.errstate(invalid="ignore", over="ignore"):
        distance: NDArray[np.float64] = np.where(same, 0.0, np.where(finite, np.abs(reference - candidate), np.inf))
    known = np.abs(reference[np.isfinite(reference)])
    scale = float(known.max()) if known.size else 0.0
    floor = max(scale, least, TINY)
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
        lone=lone,
        floored=floor > scale,
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


def _unlike(mismatch: Mismatch, unlike: tuple[str, str], count: int, tolerance: Tolerance) -> Closeness:
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
        mismatch=mismatch,
        unlike=unlike,
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
        mismatch="values" if beyond else "",
    )
