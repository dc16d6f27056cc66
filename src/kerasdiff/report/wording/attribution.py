"""What explains a difference, in words: what each edit does, where values part, and what remains."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kerasdiff.explain.records import Attribution, Effect, LocalDifference, Measure
from kerasdiff.report.wording.numbers import closeness
from kerasdiff.report.wording.plain import count, listed

MEASURED: Mapping[Measure, str] = {
    Measure.OUTPUT: "outputs by {:.2g} of scale",
    Measure.TRAINING_OUTPUT: "training outputs by {:.2g} of scale",
    Measure.GRADIENT: "gradients by {:.2g} of their norm",
    Measure.LOSS: "the training loss by {:+.2g}",
    Measure.STATE: "state updates by {:.2g} of scale",
}
"""What each size of an effect says."""


def effect(measured: Effect, together: tuple[int, ...] = ()) -> str:
    """What an edit does when it is applied alone, or with others that it stands too close to.

    Args:
        measured: Its sizes.
        together: Numbers from 1 of the edits it was applied with.
    """
    applied = f"applied together with {numbered(together)}" if together else "applied alone"
    if measured.harmless:
        return f"harmless: {applied} it changes no output, gradient, loss or state beyond rounding"
    told = [
        MEASURED[measure].format(size) if math.isfinite(size) else f"{measure.value}s by no finite amount"
        for measure, size in measured.sizes.items()
        if size
    ]
    return f"{applied} it changes {', '.join(told) or 'nothing that was measured'}"


def numbered(edits: tuple[int, ...]) -> str:
    """Edits by their numbers from 1: ``edit 2``, ``edits 1, 2 and 3``."""
    return f"edit{'s' if len(edits) > 1 else ''} {listed([str(number) for number in edits])}"


def explained(attribution: Attribution) -> str:
    """What follows for the edits as a whole; empty where they could not be applied together."""
    count = len(attribution.effects)
    if not count or not attribution.remaining:
        return ""
    lead = f"With {'this edit' if count == 1 else f'these {count} edits'} applied"
    if attribution.explained:
        most = max(abs(size) for size in attribution.remaining.values())
        agree = f"to {most:.0e} of scale" if most else "to the last bit"
        return f"{lead} the two models agree {agree}: nothing else differs."
    limits = {measure: attribution.limits.get(measure, 0.0) for measure in attribution.remaining}
    beyond = next((item for item in attribution.remaining.items() if item[1] > limits[item[0]]), None)
    if beyond is None:
        return f"{lead} no output, gradient or state update changes beyond rounding."
    measure, size = beyond
    return (
        f"{lead} they still differ ({measure.value} by {size:.1e}, limit {limits[measure]:.0e}): something differs "
        "that no edit names."
    )


def local_difference(difference: LocalDifference) -> str:
    """On which probe values differ, and by how much."""
    return f"probe {difference.probe}: {closeness(difference.closeness)}"


def size(difference: LocalDifference) -> str:
    """By how much values differ, in short."""
    return f"up to {difference.closeness.max_relative:.2g} of scale"


def local_differences(attribution: Attribution) -> str:
    """How many values differ though they are computed from the reference's; empty where none was compared."""
    compared = count(attribution.compared, "aligned value")
    if attribution.local:
        does = "differs on its" if len(attribution.local) == 1 else "differ on their"
        return f"{len(attribution.local):,} of {compared} {does} own account, computed from the reference's values:"
    return f"None of {compared} differs on its own account." if attribution.compared else ""


def inseparable(group: tuple[int, ...]) -> str:
    """That edits were applied as one; ``group`` holds their positions from 0."""
    edits = numbered(tuple(position + 1 for position in group)).capitalize()
    return f"{edits} stand too close to be told apart: they were applied as one."
