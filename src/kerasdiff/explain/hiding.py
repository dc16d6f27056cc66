"""May probes never reach what an update changes? A bound, a threshold, a constant that no tried value meets.

Reports ask it too, and a saved one is shown at once: it imports no numpy.
"""

from __future__ import annotations

import math

from kerasdiff.align.differences import MASKING
from kerasdiff.align.edits import Aspect, Change, Part, Update
from kerasdiff.graph import Attribute
from kerasdiff.graph.ops import AFFINE

STRUCTURAL = frozenset(
    {"op", "wiring", "unroll", "use_cudnn", "implementation", "flash_attention", "activation", "axis", "axes",
     "keep_dims", "keepdims", "to", "target_shape", "perm", "dims", "pads", "padding", "strides", "dilations", "ksize",
     "data_format", "equation", "dtype", "adj_x", "adj_y", "transpose_a", "transpose_b", "return_sequences",
     "return_state", "zero_output_for_mask", "go_backwards", "units", "filters", "groups"}
)  # fmt: skip
"""Settings that move every value or none: random probes decide about them. Bounds and thresholds may hide."""

FACTOR = "by"
"""The setting of a scale or a shift."""

FLOAT32_DIGITS = 24
"""Binary digits of a number in float32."""


def may_hide(edit: Update) -> bool:
    """Whether an update changes a bound, a constant or the like, which probes may never reach; one side may lack it."""
    affine = all(site is None or site.op in AFFINE for site in edit.sites)
    return any(_hides(change) and not (affine and _same_factor(change)) for change in edit.changes)


def _same_factor(change: Change) -> bool:
    """Whether a factor or a summand is the same number, rounded to float32 on another way to it.

    ``x / sqrt(6)`` and ``x * 6 ** -0.5`` are computed from constants that may lie two units in the last place apart.
    """
    one, two = map(_number, change.values)
    if change.name != FACTOR or one is None or two is None:
        return False
    last = 2.0 ** (math.frexp(max(abs(one), abs(two)))[1] - FLOAT32_DIGITS)
    return abs(one - two) <= 2 * last


def _hides(change: Change) -> bool:
    if change.aspect is Aspect.COMPUTATION:
        return _constants_alone(change.parts) and not same_bounds(*map(_values, change.parts))
    one, two = change.values
    if change.aspect is Aspect.DRAWN:
        return False  # of another size they cannot be carried over, and no number agrees
    if change.aspect is Aspect.GENERATOR:
        return "fixed" in (one, two)  # the same numbers in every call: probes run one call
    if change.name.rpartition(".")[2] in STRUCTURAL or change.aspect in (Aspect.OP, Aspect.WIRING, Aspect.DTYPE):
        return False
    return (None not in (one, two) or _is_number(one) or _is_number(two)) and not same_bounds(
        _listed(one), _listed(two)
    )


def _constants_alone(parts: tuple[tuple[Part, ...], tuple[Part, ...]]) -> bool:
    return all(side and all(not part.op for part in side) for side in parts)


def _values(parts: tuple[Part, ...]) -> tuple[Attribute, ...]:
    return tuple(part.constant for part in parts)


def _listed(value: Attribute) -> tuple[Attribute, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def same_bounds(one: tuple[Attribute, ...], two: tuple[Attribute, ...]) -> bool:
    """Whether constants are the same numbers, as ids compared to 0 or to 0.0, or all stand for infinity.

    So do those of one sign that are as large as the mask of a softmax.
    """
    pairs = [(_number(a), _number(b)) for a, b in zip(one, two, strict=False)]
    return len(one) == len(two) and all(
        a is not None and b is not None and (a == b or (min(abs(a), abs(b)) >= MASKING and (a < 0) == (b < 0)))
        for a, b in pairs
    )


def _number(value: Attribute) -> float | None:
    """A number, or one that a rewrite wrote out to the last digit (the ``by`` of a Scale); else ``None``."""
    if not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _is_number(value: Attribute) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
