"""How is a comparison of values told? What was compared, how close it came, and where its limit comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from kerasdiff.findings import Quantity, Subject
from kerasdiff.graph.values import Closeness, Tolerance
from kerasdiff.probing.numbers.limits import CALIBRATION_FACTOR, FLOAT32_FLOOR, TINY, precision_tolerance

WORDS = "A probe is an input that was tried; a scale is the largest value of the reference's tensor."
"""Words of the lines about numbers."""


def closeness(close: Closeness) -> str:
    """One phrase with every number beside its limit, index and count."""
    lacking = _mismatch(close)
    if close.place is None:
        return lacking
    if close.max_absolute == 0.0:
        text = f"the same in all {close.count:,} values"
    else:
        text = (
            f"largest difference {size(close)} at {close.place}, limit {close.limit:.0e}, "
            f"{close.beyond:,} of {close.count:,} values beyond it"
        )
    asides = [lacking] if lacking else []
    if close.nonfinite:
        asides.append(f"{close.nonfinite:,} not finite on both sides")
    if not close.informative:
        asides.append("nothing finite to compare" if close.nonfinite else "all zero, which says nothing")
    return "; ".join((text, *asides))


def size(close: Closeness) -> str:
    """The largest difference: as a fraction of scale, or as it is where there is none to speak of."""
    if close.floored or close.scale < TINY:
        most = f"at most {close.scale:.1e}" if close.scale else "all zero"
        return f"{close.max_absolute:.1e} where the reference is {most},"
    return f"{share(close.max_relative)} {close.scale:.3g}"


def share(distance: float, whole: str = "scale") -> str:
    """A distance as a part of something, told alike wherever there is one: ``49 % of scale``, ``12 times scale``.

    Below a thousandth, where limits are powers of ten: ``3.1e-06 of scale``.
    """
    part = abs(distance)
    if part >= 10 and math.isfinite(part):
        return f"{part:,.0f} times {whole}" if part < 1e6 else f"{part:.0e} times {whole}"
    if LEAST_PERCENT <= part < 10:
        return f"{100 * part:.0f} % of {whole}" if part >= 0.1 else f"{100 * part:.2g} % of {whole}"
    return f"{part:.1e} of {whole}".replace(".0e", "e") if part else f"0 of {whole}"


LARGEST = "the largest value"
"""A scale, in the words of somebody who does not know that one."""

LEAST_PERCENT = 1e-3
"""From which part on a distance is told in percent."""


def _mismatch(close: Closeness) -> str:
    """Why the values have no distance; empty where all of them have one."""
    if close.mismatch == "values":
        return "values without a distance differ"
    if close.mismatch:
        return f"{close.mismatch} {close.unlike[0]} against {close.unlike[1]}"
    return f"{close.lone:,} NaN or infinite on one side alone" if close.lone else ""


def subject(compared: Subject) -> str:
    """What was compared: ``probe normal, output 1``, ``gradient of dense/kernel, weights 64 times as large``."""
    text = _SUBJECTS[compared.quantity](compared)
    return text if compared.weight_scale == 1.0 else f"{text}, {scaled(compared.weight_scale)}"


def scaled(weight_scale: float) -> str:
    """That both sides ran on larger weights."""
    return f"weights {weight_scale:g} times as large"


def _output(compared: Subject) -> str:
    return f"probe {compared.probe}" + (f", output {compared.number}" if compared.of > 1 else "")


def _call_loss(compared: Subject) -> str:
    each = f" {compared.number} of {compared.of}" if compared.of > 1 else ""
    return f"loss{each} that layers add"


_SUBJECTS: Mapping[Quantity, Callable[[Subject], str]] = {
    "output": _output,
    "training output": lambda compared: f"training output of {_output(compared)}",
    "gradient": lambda compared: f"gradient of {compared.weight}",
    "state": lambda compared: f"state of {compared.weight}",
    "call loss": _call_loss,
    "call losses": lambda compared: "loss that layers add",
    "regularizer loss": lambda compared: f"regularizer loss of {compared.weight}",
    "unmatched losses": lambda compared: f"sum of {compared.of} added losses that do not correspond one by one",
    "added losses": lambda compared: f"sum of added losses, probe {compared.probe}",
    "loss": lambda compared: "loss",
    "optimizer step": lambda compared: f"optimizer step of {compared.weight}",
    "stored value": lambda compared: f"stored value of {compared.weight}",
    "metric": lambda compared: f"metric {compared.weight}",
}


def provenance(tolerance: Tolerance) -> str:
    """Where a limit comes from; of a widened one, where the limit of an output does."""
    if tolerance.grounds == "far":
        return "far beyond rounding, which grows on inputs like these"
    limit = precision_tolerance(tolerance.grounds, tolerance.own_distance).limit
    if tolerance.grounds == "float64":
        return f"{limit:g} of scale (float64: rounding 1e-15, bugs 1e-3 and up)"
    return (
        f"{limit:.2g} of scale (float32: {CALIBRATION_FACTOR:g} x the reference's own distance "
        f"to float64, {tolerance.own_distance:.2g}; at least {FLOAT32_FLOOR:g})"
    )
