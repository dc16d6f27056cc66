"""What explains a difference, in words: what each edit does, where values part, what remains, what shows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from kerasdiff.align.edits import Aspect, Change, Edit, Update, draws_elsewhere
from kerasdiff.explain.records import Attribution, Effect, LocalDifference, Measure, Part
from kerasdiff.findings import Fact, Finding
from kerasdiff.probing.witness import Counterexample
from kerasdiff.report.wording.names import capital, count, listed
from kerasdiff.report.wording.numbers import LARGEST, closeness, scaled, share

# Attribution -------------------------------------------------------------------------------------------------

NAMED: Mapping[Measure, str] = {
    Measure.OUTPUT: "outputs",
    Measure.TRAINING_OUTPUT: "training outputs",
    Measure.GRADIENT: "gradients",
    Measure.LOSS: "the training loss",
    Measure.STATE: "state updates",
    Measure.OUTPUT_FROM_ZERO: "outputs",
    Measure.TRAINING_OUTPUT_FROM_ZERO: "training outputs",
}
"""What changes."""

FROM_ZERO = 1e30
"""Fraction of scale from which on there is no scale: a finite difference was divided by the smallest float32."""


def far(measure: Measure, size: float, whole: str = "scale") -> str:
    """By how much a measure changes: ``49 % of scale``, ``+0.072``; ``whole`` says scale in other words."""
    if not math.isfinite(size):
        return "no finite amount"
    if measure in (Measure.OUTPUT_FROM_ZERO, Measure.TRAINING_OUTPUT_FROM_ZERO):
        return f"{size:.2g} where the reference is all zero"
    return f"{size:+.2g}" if measure is Measure.LOSS else share(size, _NORM if measure is Measure.GRADIENT else whole)


_NORM = "their norm"
"""What a gradient is a part of."""


def effect(measured: Effect, together: tuple[int, ...] = ()) -> str:
    """What an edit does when it is applied alone, or with others that it stands too close to.

    Args:
        measured: Its sizes.
        together: Numbers from 1 of the edits it was applied with.
    """
    applied = f"applied together with {numbered(together)}" if together else "applied alone"
    if measured.harmless:
        return f"harmless: {applied} it changes no output, gradient, loss or state beyond rounding"
    told = [f"{NAMED[measure]} by {far(measure, size)}" for measure, size in measured.sizes.items() if size]
    return f"{applied} it changes {', '.join(told) or 'nothing that was measured'}"


def numbered(edits: tuple[int, ...]) -> str:
    """Edits by their numbers from 1: ``edit 2``, ``edits 1, 2 and 5``, ``edits 1 to 48``."""
    runs: list[list[int]] = []
    for edit in sorted(edits):
        if runs and edit == runs[-1][-1] + 1:
            runs[-1].append(edit)
        else:
            runs.append([edit])
    told = [text for run in runs for text in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run))]
    return f"edit{'s' if len(edits) > 1 else ''} {listed(told)}"


_CONSEQUENCES: Mapping[Measure, str] = {
    Measure.OUTPUT: "Outputs change by up to {}.",
    Measure.OUTPUT_FROM_ZERO: "Outputs change where those of the reference are all zero.",
    Measure.TRAINING_OUTPUT: "Outputs at inference agree; those in training change by up to {}.",
    Measure.TRAINING_OUTPUT_FROM_ZERO: "Outputs in training change where those of the reference are all zero.",
    Measure.GRADIENT: "Outputs agree; gradients change by {}.",
    Measure.LOSS: "Outputs and gradients agree; the training loss changes.",
    Measure.STATE: "Outputs agree; what training updates, such as moving averages, changes by up to {}.",
}
"""What all edits together do, by the first measure that changes."""


def consequence(attribution: Attribution) -> str:
    """What the difference does, in a sentence; empty where nothing was measured beyond rounding."""
    for measure, text in _CONSEQUENCES.items():
        size = attribution.total.get(measure, 0.0)
        if not math.isfinite(size):
            return f"{measure.value.capitalize()}s become NaN or infinite on one side."
        if abs(size) > attribution.limits.get(measure, 0.0):
            return text.format(share(size, _NORM if measure is Measure.GRADIENT else LARGEST))
    return ""


def explained(attribution: Attribution, edits: Sequence[Edit]) -> str:
    """What follows for the edits as a whole; empty where they could not be applied together.

    Args:
        attribution: Of the first of ``edits``, those of the architecture.
        edits: All there are; of settings of weights no value depends that was measured.
    """
    beside = settings_beside(attribution, edits)
    lead = _applied(attribution, numbers=bool(beside))
    if not lead or not attribution.remaining:
        return ""
    if attribution.explained:
        most = max(abs(size) for size in attribution.remaining.values())
        agree = f"to {most:.0e} of {LARGEST}" if most else "to the last bit"
        spare = f" {capital(_spare(attribution))}." if attribution.spare else ""
        if beside:
            return f"{lead} outputs agree {agree}; {beside}.{spare}"
        return f"{lead} both agree {agree}: {nothing_else(attribution)}.{spare}"
    beyond = _beyond(attribution)
    if beyond is None:
        return f"{lead} no output, gradient or state update changes beyond rounding."
    measure, size, limit = beyond
    return (
        f"{lead} they still differ ({measure.value} by {size:.1e}, limit {limit:.0e}): something differs that no edit "
        "names."
    )


def nothing_else(attribution: Attribution, *, brief: bool = False) -> str:
    """``nothing else differs``; where that is not known of everything, in what it is, and what was not compared."""
    left = attribution.uncompared
    if not left:
        return "nothing else differs"
    said = f"nothing else differs in {listed(_compared(left))}"
    return said if brief else f"{said}; not compared: {listed([_UNCOMPARED[part] for part in left])}"


def _compared(left: Sequence[Part]) -> list[str]:
    """What was compared, where some parts were not."""
    if Part.TRAINING_STEP in left:
        return ["outputs at inference"]
    outputs = "training outputs" if Part.INFERENCE in left else "outputs"
    return [outputs] if Part.GRADIENTS in left else [outputs, "gradients"]


_UNCOMPARED: Mapping[Part, str] = {
    Part.INFERENCE: "outputs at inference",
    Part.TRAINING_STEP: "the training step",
    Part.GRADIENTS: "gradients",
    Part.OPTIMIZER_STEP: "an optimizer step",
}


def _spare(attribution: Attribution) -> str:
    """``edit 2 changes nothing, and without it the rest gives the whole difference``."""
    spare = attribution.spare
    changes, them = ("changes", "it") if len(spare) == 1 else ("change", "them")
    edits = numbered(tuple(position + 1 for position in spare))
    return f"{edits} {changes} nothing, and without {them} the rest gives the whole difference"


def _applied(attribution: Attribution, *, numbers: bool) -> str:
    count = len(attribution.effects)
    these = "this edit" if count == 1 else f"these {count} edits"
    return f"With {numbered(tuple(range(1, count + 1))) if numbers else these} applied" if count else ""


def settings_beside(attribution: Attribution, edits: Sequence[Edit]) -> str:
    """``edit 3 changes the regularizer's loss alone``: what the edits do that were not applied; empty for none."""
    first = len(attribution.effects)
    beside = [edit for edit in edits[first:] if isinstance(edit, Update)]
    if not beside:
        return ""
    told = listed(list(dict.fromkeys(_changed(change) for edit in beside for change in edit.changes)))
    changes = "change" if len(beside) > 1 else "changes"
    return f"{numbered(tuple(range(first + 1, first + len(beside) + 1)))} {changes} {told} alone"


def _changed(change: Change) -> str:
    return _BESIDE.get(change.name) or _BESIDE_BY_ASPECT.get(change.aspect, change.name)


_BESIDE: Mapping[str, str] = {
    "regularizer": "the regularizer's loss",
    "initializer": "how weights start",
    "fans": "how weights start",
    "start": "how weights start",
    "constraint": "the constraint of weights",
    "trainable": "which weights are trained",
    "dtype": "the dtype of weights",
}
"""What a setting of weights decides, by its name."""

_BESIDE_BY_ASPECT: Mapping[Aspect, str] = {
    Aspect.SEED: "which random numbers are the same",
    Aspect.COMPILE: "the compile settings",
}


def _beyond(attribution: Attribution) -> tuple[Measure, float, float] | None:
    """The first measure in which the models differ with every edit applied, its size and its limit."""
    limits = attribution.limits
    return next(
        (
            (measure, size, limits.get(measure, 0.0))
            for measure, size in attribution.remaining.items()
            if not size <= limits.get(measure, 0.0)
        ),
        None,
    )


def verified(attribution: Attribution, edits: Sequence[Edit], *, brief: bool = False) -> str:
    """That the edits are the whole difference, or are not; empty where they do nothing that was measured."""
    if attribution.explained:
        beside = settings_beside(attribution, edits)
        if idle := tuple(one for one in sorted(attribution.spare) if not draws_elsewhere(edits[one])):
            rest = beside or nothing_else(attribution, brief=brief)
            return f"{_idle(idle, numbers=bool(beside))} nothing, as measured; {rest}."
        if brief and beside:
            return f"{capital(beside)}; {nothing_else(attribution, brief=True)}."
        return f"{capital(nothing_else(attribution, brief=True))}." if brief else explained(attribution, edits)
    if not attribution.effects or _beyond(attribution) is None:
        return ""
    return "Something else differs, too, that no edit names." if brief else explained(attribution, edits)


def _idle(spare: tuple[int, ...], *, numbers: bool) -> str:
    """``The other edit changes``; by their numbers where more than those stand beside the edits that matter."""
    if numbers:
        changes = "changes" if len(spare) == 1 else "change"
        return f"{capital(numbered(tuple(one + 1 for one in spare)))} {changes}"
    return "The other edit changes" if len(spare) == 1 else f"The {len(spare):,} other edits change"


def local_difference(difference: LocalDifference) -> str:
    """On which probe values differ, and by how much."""
    return f"probe {difference.probe}: {closeness(difference.closeness)}"


def size(difference: LocalDifference) -> str:
    """By how much values differ, in short."""
    close = difference.closeness
    if close.scale == 0.0:
        return f"up to {close.max_absolute:.2g} where the reference is all zero"
    return f"up to {share(close.max_relative)}"


def local_differences(attribution: Attribution) -> str:
    """How many values differ though they are computed from the reference's; empty where none was compared."""
    compared = count(attribution.compared, "aligned value")
    if attribution.local:
        differs = "differs" if len(attribution.local) == 1 else "differ"
        return f"{len(attribution.local):,} of {compared} {differs} locally, computed from the reference's values:"
    return f"None of {compared} differs locally, computed from the reference's values." if attribution.compared else ""


def inseparable(group: tuple[int, ...]) -> str:
    """That edits were applied as one; ``group`` holds their positions from 0."""
    edits = numbered(tuple(position + 1 for position in group)).capitalize()
    return f"{edits} stand too close to be told apart: they were applied as one."


# The input ---------------------------------------------------------------------------------------------------


def witness(saved: Counterexample, how: str) -> str:
    """``how`` it came about, how the models were run on it, and how far apart they were then."""
    weights = f", {scaled(saved.weight_scale)}" if saved.weight_scale != 1.0 else ""
    shapes = ", ".join(str(tuple(batch.shape)) for batch in saved.inputs)
    given = f", input {shapes}" if shapes else ""
    apart = "then apart where the reference is all zero"
    if not FROM_ZERO <= saved.difference < math.inf:
        apart = f"then {share(saved.difference)} apart"
    return f"{how}, {saved.mode} mode{weights}{given}; {apart}"


# What could not be said, and where an input comes from ---------------------------------------------------------


def _nothing_attributed(finding: Finding) -> str:
    return "; ".join(SENTENCES[part.fact](part) for part in finding.parts) or "no graph of either mode could be aligned"


def _effects_unknown(finding: Finding) -> str:
    return f"what each edit does in {' and '.join(finding.names)} mode is not known: {finding.cause}"


def _gradients_unmeasured(finding: Finding) -> str:
    many = f"{finding.count:,} aligned values are more than {finding.of}"
    return f"what each edit does to gradients is not measured: {many}"


def _always(finding: Finding, value: str) -> str:
    site = finding.sites[0]
    source = "" if site.source is None else f" ({site.source})"
    return f"{site.node} in the {finding.side}{source} is {value} for every value that was tried"


def _apart_at(finding: Finding) -> str:
    site, constant = finding.sites[0], finding.figures["constant"]
    source = "" if site.source is None else f" ({site.source})"
    return (
        f"the two part where what goes into {site.node} in the {finding.side}{source} is exactly {constant:g}, "
        "to which no input that was tried leads"
    )


def _apart_around(finding: Finding) -> str:
    value = finding.figures["value"]
    return (
        f"the two part where what goes into {_place(finding)} comes from values around {value:g}, "
        "to which no input that was tried leads"
    )


def _unmeasured(finding: Finding) -> str:
    constant = finding.figures["constant"]
    return (
        f"{_place(finding)} does something else beyond {constant:g}, and whether any input leads there is not known, "
        "as the call cannot be run in parts"
    )


def _python_code(finding: Finding) -> str:
    return f"{_place(finding)} runs Python code, which may do something else on inputs that were not tried"


def _never_acts(finding: Finding) -> str:
    return f"{_place(finding)} changes no value that was tried, and what it does to others was not compared"


def _apart_far(finding: Finding) -> str:
    values = FAR.get(finding.names[0], finding.names[0])
    return f"the two part where what goes into {_place(finding)} comes from {values}, to which no probe leads"


def _place(finding: Finding) -> str:
    site = finding.sites[0]
    return f"{site.node} in the {finding.side}" + ("" if site.source is None else f" ({site.source})")


FAR: Mapping[str, str] = {
    "0": "zeros alone",
    "negative": "negative values alone",
    "positive": "positive values alone",
    "tiny": "values around 1e-7",
    "tiniest": "values around 1e-13",
    "larger": "values around 1e4",
    "large": "values around 1e7",
    "huge": "values around 1e13",
}
"""The values far from the usual that both sides were given."""


def _driven(finding: Finding, way: str) -> str:
    return f"uphill: inputs that drive {way} what goes into {finding.sites[0].node}"


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.NOTHING_ATTRIBUTED: _nothing_attributed,
    Fact.EFFECTS_UNKNOWN: _effects_unknown,
    Fact.GRADIENTS_UNMEASURED: _gradients_unmeasured,
    Fact.ALWAYS_TRUE: lambda finding: _always(finding, "true"),
    Fact.ALWAYS_FALSE: lambda finding: _always(finding, "false"),
    Fact.APART_AT: _apart_at,
    Fact.APART_AROUND: _apart_around,
    Fact.UNMEASURED: _unmeasured,
    Fact.PYTHON_CODE: _python_code,
    Fact.NEVER_ACTS: _never_acts,
    Fact.APART_FAR: _apart_far,
    Fact.ON_PROBE: lambda finding: f"probe {finding.names[0]}",
    Fact.LARGER_WEIGHTS: lambda finding: scaled(finding.figures["factor"]),
    Fact.SCALED_INPUTS: lambda finding: f"inputs times {finding.figures['factor']:g}",
    Fact.NEAR_CONSTANT: lambda finding: f"inputs around {finding.figures['constant']:g}",
    Fact.DRIVEN_UP: lambda finding: _driven(finding, "up"),
    Fact.DRIVEN_DOWN: lambda finding: _driven(finding, "down"),
}
"""The sentence of each fact of ``explain``, without a capital and a full stop."""
