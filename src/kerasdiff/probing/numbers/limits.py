"""What are numbers held to, and which probes go by a name? What a report says of them, which needs no numpy."""

from __future__ import annotations

import math

from kerasdiff.graph.values import Precision, Tolerance

PROBE_BATCH = 4
"""Rows of a probe: enough for batch statistics and mixed-up axes to show, few enough to cost nothing."""

OTHER_SIZE = "other-size"
"""Probe with another length: a slice, a reshape or a padding that takes the length for granted shows here alone."""

ONE_ROW, MANY_ROWS = "one-row", "many-rows"
"""Probes of another batch size: a squeeze or a reshape that takes the batch for granted shows here alone."""

FLOAT64_LIMIT = 1e-9
"""Rounding of whole networks is about 1e-15 of scale in float64 and bugs start at 1e-3 (DESIGN §7); the limit stands
six orders of magnitude from either."""

FLOAT32_FLOOR = 1e-5
"""Smallest float32 limit: eps is 1.2e-7, and reordered sums of the forum pair's 3,200 terms reach 1e-6 of scale."""

GRADIENT_FACTOR = 100.0
"""A gradient or penalty sums over positions and layers, so its rounding is held to 100 times the limit of an output."""

CALIBRATION_FACTOR = 10.0
"""A candidate may be this many times as far away as the reference's own float32 is from its float64: two
implementations each carry such an error, and the largest of a tensor varies by a small factor."""

FAR_FROM_ROUNDING = 100.0
"""A difference is no rounding if it is so many times the reaction to inputs that are moved by two units in the last
place of float32: each layer adds a unit or so to what comes in, and a hundred layers ten."""

FIGURE_LIMIT = 1e-5
"""How far losses and metrics of compile settings may lie apart, as a fraction of the largest value of a sample."""

TINY = 2.0**-126
"""Least scale, 1.2e-38: below it float32 has no normal numbers, and kernels may flush what is left to zero."""


def precision_tolerance(precision: Precision, own_distance: float = 0.0) -> Tolerance:
    """The limit for values computed in a precision: fixed in float64, in float32 calibrated on the reference itself.

    The float32 limit is ``max(FLOAT32_FLOOR, CALIBRATION_FACTOR * own_distance)``.

    Args:
        precision: Of the values.
        own_distance: ``max_relative`` between the reference in float32 and in float64; not finite counts as 0.
    """
    if precision == "float64":
        return Tolerance(limit=FLOAT64_LIMIT, grounds="float64")
    own = own_distance if math.isfinite(own_distance) else 0.0
    return Tolerance(limit=max(FLOAT32_FLOOR, CALIBRATION_FACTOR * own), grounds="float32", own_distance=own)
