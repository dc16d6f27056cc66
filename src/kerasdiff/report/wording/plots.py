"""What do the plots of two models say? Titles, the one thing to notice of each, and how it is to be read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.align.edits import Edit
from kerasdiff.drawing import WeightDistance
from kerasdiff.explain.records import FROM_ZERO, Attribution, Depth, Measure, Sizes
from kerasdiff.findings import Site
from kerasdiff.report.wording.explain import NAMED, explained, far, inseparable, numbered
from kerasdiff.report.wording.names import call_of, capital, count, listed, number
from kerasdiff.report.wording.numbers import LARGEST, share

DEPTH = "Where the values part"
GRADIENTS = "Gradients of the weights"
EFFECTS = "What each edit changes"

MOST_NAMED = 3
"""Nodes or weights that a caption names."""


# Along the model ---------------------------------------------------------------------------------------------


def depth(held: Depth, sites: Sequence[Site]) -> str:
    """Where values part first, and what differs by itself.

    Args:
        held: The distances.
        sites: The node that is named for each.
    """
    beyond = [at for at, item in enumerate(held.nodes) if not item.overall <= held.limit]
    if not beyond:
        return _all_within([item.overall for item in held.nodes], held.limit) + _only_local(held, sites)
    first = beyond[0]
    most = _most([held.nodes[at].overall for at in beyond])
    text = f"{_before(first)} {call_of(sites[first])}. Of {count(len(held.nodes), 'aligned value')}, {len(beyond):,} "
    text += f"differ{'s' if len(beyond) == 1 else ''} by more than the limit of {number(held.limit, 2)}: {most}."
    return f"{text}{_local(held, sites)}"


def _before(first: int) -> str:
    if not first:
        return "The values part at the very first:"
    agree = "The first value agrees" if first == 1 else f"The first {first:,} values agree"
    return f"{agree}; they part at"


def _all_within(sizes: Sequence[float], limit: float) -> str:
    most = max(sizes)
    if not most:
        return f"All {count(len(sizes), 'aligned value')} are equal to the last bit."
    return f"All {count(len(sizes), 'aligned value')} agree: {share(most)} at most, limit {number(limit, 2)}."


def _most(sizes: Sequence[float]) -> str:
    """``up to 94 % of scale``; of sizes that are not all finite how many are not."""
    finite = [size for size in sizes if math.isfinite(size)]
    text = f"up to {share(max(finite))}" if finite else ""
    lost = len(sizes) - len(finite)
    return listed([part for part in (text, f"{lost:,} without a finite distance" if lost else "") if part])


def _local(held: Depth, sites: Sequence[Site]) -> str:
    """Which nodes differ though they are fed the reference's values."""
    apart = [at for at, item in enumerate(held.nodes) if not item.local <= held.limit]
    if not apart:
        return " Fed the reference's values, none differs by itself."
    named = [call_of(sites[at]) for at in apart[:MOST_NAMED]]
    more = len(apart) - len(named)
    names = listed([*named, f"{more:,} more"] if more else named)
    return f" Fed the reference's values, {len(apart):,} still differ{'s' if len(apart) == 1 else ''}: {names}."


def _only_local(held: Depth, sites: Sequence[Site]) -> str:
    """The same of values that agree overall, where it is news."""
    text = _local(held, sites)
    return "" if text.endswith("by itself.") else text


def depth_notes(held: Depth, *, marked: bool) -> tuple[str, ...]:
    """How it was measured, and what the marks are."""
    largest = "the largest " if len(held.probes) > 1 else ""
    return (
        "Overall: each model run on its own; local: the candidate's node fed the reference's values.",
        f"{held.mode.capitalize()} mode, {held.precision}, {largest}on {_probes(held.probes)}; the scale is the "
        "largest value of the reference's tensor.",
        *(("Dotted lines with numbers: where the edits stand.",) if marked else ()),
    )


def gradients(weights: Sequence[WeightDistance]) -> str:
    """How many are beyond their limit, the largest, and those that one side alone has."""
    beyond = [item for item in weights if not item.relative <= item.limit]
    if not beyond:
        most = max(item.relative for item in weights)
        size = f"{share(most)} at most" if most else "equal to the last bit"
        return f"The gradients of all {count(len(weights), 'weight')} agree: {size}."
    text = f"The gradients of {len(beyond):,} of {count(len(weights), 'weight')} are beyond the limit."
    finite = [item for item in beyond if math.isfinite(item.relative)]
    if finite:
        worst = max(finite, key=lambda item: item.relative)
        text += f" The largest difference is {share(worst.relative)}, of {worst.weights[1]}."
    lone = [item.weights[1] for item in beyond if not math.isfinite(item.relative)]
    if lone:
        more = [f"{len(lone) - MOST_NAMED:,} more"] if len(lone) > MOST_NAMED else []
        text += (
            f" Without a finite distance, or with a gradient on one side alone: {listed([*lone[:MOST_NAMED], *more])}."
        )
    return text


def gradient_notes(weights: Sequence[WeightDistance]) -> tuple[str, ...]:
    """What a weight is called, and what its difference is a fraction of."""
    renamed = any(len(set(item.weights)) > 1 for item in weights)
    return (
        "The largest difference of a gradient as a fraction of the largest value of the reference's gradient.",
        *(("Weights have the candidate's names.",) if renamed else ()),
    )


def edits_short(numbers: tuple[int, ...]) -> str:
    """Edits by their numbers alone, ``1, 2`` or ``1–12``: room for three letters."""
    runs = numbered(numbers).split(" ", 1)[1]
    return runs.replace(" and ", ", ").replace(" to ", "–")


def _probes(names: Sequence[str]) -> str:
    """A few by their names, many by their number."""
    return (
        f"{len(names)} probes" if len(names) > MOST_NAMED else f"probe{'s' if len(names) > 1 else ''} {listed(names)}"
    )


# Edits -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Measured:
    """How a measure is written over its bars, and what it is a fraction of."""

    title: str
    unit: str


MEASURES: Mapping[Measure, _Measured] = {
    Measure.OUTPUT: _Measured("outputs", "fraction of scale"),
    Measure.TRAINING_OUTPUT: _Measured("training outputs", "fraction of scale"),
    Measure.GRADIENT: _Measured("gradients", "fraction of their norm"),
    Measure.LOSS: _Measured("training loss", "absolute"),
    Measure.STATE: _Measured("state updates", "fraction of scale"),
    Measure.OUTPUT_FROM_ZERO: _Measured("outputs, from zero", "absolute"),
    Measure.TRAINING_OUTPUT_FROM_ZERO: _Measured("training outputs, from zero", "absolute"),
}

ALL_TOGETHER = "all edits together"
REMAINING = "left with all applied"


def edit_named(edits: Sequence[Edit], positions: tuple[int, ...]) -> str:
    """``2. insert relu (b.py:27)``; of several that were applied as one, their numbers and the first."""
    edit = edits[positions[0]]
    site = edit.candidate or edit.reference
    line = "" if site is None or site.source is None else f" ({site.source})"
    return f"{edits_short(tuple(at + 1 for at in positions))}. {edit.kind} {edit.op}{line}"


def amount(measure: Measure, sizes: Sizes) -> str:
    """A size with its sign where it has one; ``–`` where it was not measured."""
    size = sizes.get(measure)
    if size is None:
        return "–"
    if not math.isfinite(size):
        return "not finite"
    return f"{size:+.2g}".replace("-", "−", 1) if measure is Measure.LOSS and size else f"{size:.2g}"


def effects(attribution: Attribution, edits: Sequence[Edit]) -> str:
    """Which edit does most of what all of them do, and whether something else differs."""
    return " ".join(part for part in (_does_most(attribution), explained(attribution, edits)) if part)


def _does_most(attribution: Attribution) -> str:
    for measure in Measure:
        sizes = {at: abs(effect.sizes.get(measure, 0.0)) for at, effect in enumerate(attribution.effects)}
        beyond = {at: size for at, size in sizes.items() if not size <= attribution.limits.get(measure, 0.0)}
        if beyond:
            return _doer(attribution, measure, beyond)
    return "Applied alone, no edit changes anything beyond rounding."


def _doer(attribution: Attribution, measure: Measure, sizes: Mapping[int, float]) -> str:
    worst = max(sizes, key=lambda at: (math.inf if math.isnan(sizes[at]) else sizes[at], -at))
    group = next((group for group in attribution.together if worst in group), (worst,))
    edit = numbered(tuple(at + 1 for at in group))
    change = "changes" if len(group) == 1 else "change"
    lead = f"{capital(edit)} {change} {NAMED[measure]}"
    if len(sizes) > len(group):
        lead += " the most:"
    elif len(attribution.effects) > len(group):
        lead = f"Only {edit} {change} {NAMED[measure]}:"
    size = sizes[worst]
    if not math.isfinite(size):
        return f"{lead} to what is not finite."
    if measure is Measure.LOSS or measure in FROM_ZERO.values():
        return f"{lead} by {number(size, 2)}."
    return f"{lead} by {far(measure, size, LARGEST)}."


def effect_notes(attribution: Attribution, many: int, most: int) -> tuple[str, ...]:
    """How bars are to be read, and which edits have none."""
    return (
        "Each edit is applied to the reference alone. The axes are logarithmic, and bars begin at the limit: what lies "
        "to its left is rounding.",
        f"Measured on {_probes(attribution.probes)}, {attribution.precision}.",
        *map(inseparable, attribution.together),
        *((f"Of {many:,} edits, the {most} that change the most.",) if many > most else ()),
    )


# What is left out --------------------------------------------------------------------------------------------


def rows_left_out(many: int, most: int) -> str:
    """Which rows a table shows, where that is not all."""
    return f"The {most:,} largest of {many:,}." if many > most else ""
