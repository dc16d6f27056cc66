"""What do the plots of a page say? Titles, the one thing to notice of each, and how it is to be read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasdiff.align.edits import Edit
from kerasdiff.drawing import Depth, WeightDistance
from kerasdiff.explain.records import FROM_ZERO, Attribution, Measure, Sizes
from kerasdiff.findings import Site
from kerasdiff.fitting.decisions import Decision
from kerasdiff.fitting.trajectories import CLEARLY, REPEATABLE
from kerasdiff.fitting.trials import FitEvidence, Metric
from kerasdiff.fitting.verdict import decided
from kerasdiff.report.wording.explain import NAMED, explained, inseparable, numbered, share
from kerasdiff.report.wording.fit import outlook, told
from kerasdiff.report.wording.names import call_of, count, listed, number
from kerasdiff.report.wording.trials import (
    WARNINGS,
    apart_the_most,
    beyond_controls,
    controls,
    lead_told,
    signed,
)
from kerasdiff.report.wording.trials import (
    distances as distance_remarks,
)
from kerasdiff.side.training import Trial

DEPTH = "Where the values part"
GRADIENTS = "Gradients of the weights"
EFFECTS = "What each edit changes"
EPOCHS = "Learning curves"
STEPS = "Training loss, step by step"
DISTANCES = "How far the trials of a pair are apart"
DECISION = "Paired differences and the margin"
AGREEMENT = "Agreement of the predictions"
CLASSES = "Accuracy by class"

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
    return (
        f"All {count(len(sizes), 'aligned value')} agree: {number(most, 2)} of scale at most, limit {number(limit, 2)}."
    )


def _most(sizes: Sequence[float]) -> str:
    """``up to 0.94 of scale``; of sizes that are not all finite how many are not."""
    finite = [size for size in sizes if math.isfinite(size)]
    text = f"up to {number(max(finite), 2)} of scale" if finite else ""
    lost = len(sizes) - len(finite)
    return listed([part for part in (text, f"{lost:,} without a finite distance" if lost else "") if part])


def _local(held: Depth, sites: Sequence[Site]) -> str:
    """Which nodes differ though they are fed the reference's values; empty where none was."""
    told_of = [item.local for item in held.nodes if item.local is not None]
    if not told_of:
        return ""
    apart = [at for at, item in enumerate(held.nodes) if item.local is not None and not item.local <= held.limit]
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
    how = "each model run on its own" + (
        "; local: the candidate's node fed the reference's values"
        if any(item.local is not None for item in held.nodes)
        else ""
    )
    return (
        f"Overall: {how}.",
        f"{held.mode.capitalize()} mode, probe {held.probe}, {held.precision}; the scale is the largest value of the "
        "reference's tensor.",
        *(("Dotted lines with numbers: where the edits stand.",) if marked else ()),
    )


def gradients(weights: Sequence[WeightDistance]) -> str:
    """How many are beyond their limit, the largest, and those that one side alone has."""
    beyond = [item for item in weights if not item.relative <= item.limit]
    if not beyond:
        most = max(item.relative for item in weights)
        size = f"{number(most, 2)} of scale at most" if most else "equal to the last bit"
        return f"The gradients of all {count(len(weights), 'weight')} agree: {size}."
    text = f"The gradients of {len(beyond):,} of {count(len(weights), 'weight')} are beyond the limit."
    finite = [item for item in beyond if math.isfinite(item.relative)]
    if finite:
        worst = max(finite, key=lambda item: item.relative)
        text += f" The largest difference is {number(worst.relative, 2)} of scale, of {worst.weights[0]}."
    lone = [item.weights[0] for item in beyond if not math.isfinite(item.relative)]
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
        *(("Weights have the reference's names.",) if renamed else ()),
    )


def edits_short(numbers: tuple[int, ...]) -> str:
    """Edits by their numbers alone, ``1, 2`` or ``1–12``: room for three letters."""
    runs = numbered(numbers).split(" ", 1)[1]
    return runs.replace(" and ", ", ").replace(" to ", "–")


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
    lead = f"{edit[0].upper()}{edit[1:]} {change} {NAMED[measure]} {'the most' if len(sizes) > len(group) else 'alone'}"
    size = sizes[worst]
    if not math.isfinite(size):
        return f"{lead}: to what is not finite."
    if measure is Measure.LOSS or measure in FROM_ZERO.values():
        return f"{lead}: by {number(size, 2)}."
    return f"{lead}: by {share(size, 'their norm' if measure is Measure.GRADIENT else 'the largest value')}."


def effect_notes(attribution: Attribution, many: int, most: int) -> tuple[str, ...]:
    """How bars are to be read, and which edits have none."""
    probes = f"probe{'s' if len(attribution.probes) > 1 else ''} {listed(attribution.probes)}"
    return (
        "Each edit is applied to the reference alone. The axes are logarithmic, and bars begin at the limit: what lies "
        "to its left is rounding.",
        f"Measured on {probes}, {attribution.precision}.",
        *map(inseparable, attribution.together),
        *((f"Of {many:,} edits, the {most} that change the most.",) if many > most else ()),
    )


# Trials ------------------------------------------------------------------------------------------------------


def epochs(fit: FitEvidence) -> str:
    """Who is ahead after the last epoch, and whether that may turn."""
    if fit.identical:
        return "Both sides learn alike: every figure agrees to the last bit."
    parts = [*map(lead_told, fit.leads[:1]), *([WARNINGS[fit.curves]] if fit.leads else [])]
    return " ".join([*parts, *_lost(fit)]) or "No trial pair has finished."


def steps(fit: FitEvidence) -> str:
    """How far apart the losses are, and from where on."""
    return " ".join([*(remark.text for remark in distance_remarks(fit)), *_lost(fit)])


PARTING = "the first pair parts"
BEYOND = "beyond the limit"


def _lost(fit: FitEvidence) -> list[str]:
    """Which trials end in losses that are not finite."""
    seeds: dict[str, list[int]] = {}
    for trial in fit.trials:
        if trial.losses and not math.isfinite(trial.losses[-1]):
            seeds.setdefault(trial.side, []).append(trial.seed)
    return [
        f"Of the {side}, {count(len(found), 'trial')} end{'s' if len(found) == 1 else ''} in NaN or infinity (seed"
        f"{'s' if len(found) > 1 else ''} {_first_few(found)})."
        for side, found in seeds.items()
    ]


def _first_few(seeds: Sequence[int]) -> str:
    more = [f"{len(seeds) - 8} more"] if len(seeds) > 8 else []
    return listed([*map(str, seeds[:8]), *more])


def course_notes(fit: FitEvidence, seeds: tuple[int, int], places: tuple[int, int], unit: str) -> tuple[str, ...]:
    """What lines and bands are, and which are left out.

    Args:
        fit: The trials.
        seeds: How many a side has, and how many are drawn.
        places: Figures of the longest trial, and how many neighbours two drawn points stand for.
        unit: What is counted from left to right.
    """
    finished = sum(isinstance(trial, Trial) and trial.side == "reference" for trial in fit.trials)
    controlled = any(trial.side in ("control", "rounding") for trial in fit.trials)
    cut = sum(not isinstance(trial, Trial) for trial in fit.trials)
    return (
        *(
            (f"Thin lines are seeds, thick ones their mean; bands are one standard deviation over {finished:,} seeds.",)
            if finished > 1
            else ("One seed, which shows no spread.",)
        ),
        *(
            ("Control: the reference again in another process; rounding: from weights one unit in the last place off.",)
            if controlled
            else ()
        ),
        *((f"Cut off before the end: {count(cut, 'trial')}.",) if cut else ()),
        *seeds_left_out(*seeds),
        *_thinned(*places, unit),
    )


def _thinned(many: int, run: int, unit: str) -> tuple[str, ...]:
    return (f"Of each {run:,} {unit}s, the lowest and the highest are drawn.",) if run > 1 and many else ()


def distances(fit: FitEvidence) -> str:
    """From where on the first pair is beyond its controls, else what these show."""
    if fit.parted is not None:
        return beyond_controls(fit.parted).replace("Beyond that from", "Beyond the controls from")
    remarks = [remark.text for remark in controls(fit)]
    none = ["No control ran, so that nothing says what is noise."] if fit.control_distance is None else []
    within = ["As far as the controls reach, the pair stays within the limit."] if remarks else []
    return " ".join([*within, *remarks, *none])


_LIMIT = (
    f"The limit is {CLEARLY:g} times what the controls have reached, and no less than {CLEARLY * REPEATABLE:g} of the "
    "largest loss; it stands as far as they reach."
)


def distance_notes(fit: FitEvidence, seeds: tuple[int, int], places: tuple[int, int]) -> tuple[str, ...]:
    """What each line is."""
    return (
        "The absolute distance of the losses of a step.",
        *((_LIMIT,) if any(trial.side in ("control", "rounding") for trial in fit.trials) else ()),
        *seeds_left_out(*seeds),
        *_thinned(*places, "step"),
    )


def decision(fit: FitEvidence) -> str:
    """Where the interval of the mean difference lies, and what more pairs would bring."""
    held = fit.decision
    finding = decided(held)
    if held is None or held.interval is None:
        return told(finding)
    low, high = map(signed, held.interval)
    unit = "%" if fit.metric == "test loss" else "points"
    lies = {"equivalent": "lies within", "different": "lies beyond", "inconclusive": "reaches across"}[held.outcome]
    if held.next_look is not None:
        lies = f"is decided on only at {held.next_look} pairs against"
    return (
        f"The {100 * held.level:.3g} % interval of the mean difference in {fit.metric}, {low} to {high} {unit}, {lies} "
        f"the margin of ±{100 * held.margin:g}{outlook(finding)}"
    )


def decision_notes(held: Decision, metric: Metric) -> tuple[str, ...]:
    """Which interval it is that decides, and what the others are for."""
    if held.interval is None:
        return (f"Dots are seeds; shaded: what counts as equivalent in {metric}.",)
    return (
        f"Dots are seeds, the bar is the {100 * held.level:.3g} % interval of their mean; shaded: what counts as "
        f"equivalent in {metric}. Equivalent: the bar lies within (two one-sided tests). Different: it lies beyond.",
    )


def difference_axis(metric: Metric) -> str:
    """What a difference is counted in."""
    unit = "%" if metric == "test loss" else "points"
    return f"{metric}, candidate − reference ({unit})"


def agreement(known: Sequence[tuple[int, float]]) -> str:
    """On how many rows both give the same class, and how that differs from seed to seed."""
    mean = 100 * sum(found for _, found in known) / len(known)
    text = f"Both give the same class on {mean:.1f} % of the test rows"
    if len(known) < 2:
        return f"{text}."
    low, high = min(known, key=lambda row: row[1]), max(known, key=lambda row: row[1])
    span = f"{100 * low[1]:.1f} % (seed {low[0]}) to {100 * high[1]:.1f} % (seed {high[0]})"
    return f"{text}, by seed from {span}."


def classes(fit: FitEvidence) -> str:
    """The classes that are apart the most."""
    return apart_the_most(fit) or "No class is apart by two points or more."


def class_notes(fit: FitEvidence, many: int, shown: int) -> tuple[str, ...]:
    """Over what the means are, and which classes have no bar."""
    pairs = count(len(fit.pairs), "pair")
    return (
        f"Mean over {pairs}." if len(fit.pairs) > 1 else "From one pair, which shows no spread.",
        *((f"Of {many:,} classes, the {shown} that are apart the most.",) if many > shown else ()),
    )


def parts_after(step: int | None) -> str:
    """After how many updates losses first differ."""
    return "never" if step is None else count(step, "update")


# What is left out --------------------------------------------------------------------------------------------


def rows_left_out(many: int, most: int) -> str:
    """Which rows a table shows, where that is not all."""
    return f"The {most:,} largest of {many:,}." if many > most else ""


def places_left_out(many: int, shown: int, unit: str) -> str:
    """The same of steps and epochs."""
    return f"{shown:,} of {many:,} {unit}s, at even distances." if many > shown else ""


def seeds_left_out(many: int, shown: int) -> tuple[str, ...]:
    """Which seeds are drawn, where that is not all of them."""
    return (f"Of {many:,} seeds, {shown:,} are drawn, at even distances; means are of all.",) if many > shown else ()


def seeds_left_out_text(many: int, most: int) -> str:
    """The same of a table."""
    return f"{most:,} of {many:,} seeds, at even distances." if many > most else ""
