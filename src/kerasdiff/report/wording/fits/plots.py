"""What do the plots of a fit say? Titles, the one thing to notice of each, and how it is to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kerasdiff.fitting.decisions import Decision
from kerasdiff.fitting.trajectories import CLEARLY, REPEATABLE
from kerasdiff.fitting.trials import FitEvidence, Metric
from kerasdiff.fitting.verdict import decided
from kerasdiff.report.wording.fits.told import outlook, told
from kerasdiff.report.wording.fits.trials import (
    WARNINGS,
    apart_the_most,
    beyond_controls,
    controls,
    lead_told,
    signed,
    unit,
)
from kerasdiff.report.wording.fits.trials import (
    distances as distance_remarks,
)
from kerasdiff.report.wording.names import count, listed
from kerasdiff.side.training import Trial

EPOCHS = "Learning curves"
STEPS = "Training loss, step by step"
DISTANCES = "How far the trials of a pair are apart"
DECISION = "Paired differences and the margin"
AGREEMENT = "Agreement of the predictions"
CLASSES = "Accuracy by class"


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
        return beyond_controls(fit.parted, "the controls")
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
    span = f"{low} to {high} {unit(fit.metric)}"
    lies = {"equivalent": "lies within", "different": "lies beyond", "inconclusive": "reaches across"}[held.outcome]
    if held.next_look is not None:
        lies = f"is decided on only at {held.next_look} pairs against"
    return (
        f"The {100 * held.level:.3g} % interval of the mean difference in {fit.metric}, {span}, {lies} "
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
    """What the axis of a difference is called."""
    return f"{metric}, candidate − reference ({unit(metric)})"


def ahead(metric: Metric) -> tuple[str, str]:
    """Who is ahead where a difference is below zero, and where it is above."""
    sides = ("candidate ahead", "reference ahead")
    return sides if metric == "test loss" else sides[::-1]


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


def places_left_out(many: int, shown: int, unit: str) -> str:
    """The same of steps and epochs."""
    return f"{shown:,} of {many:,} {unit}s, at even distances." if many > shown else ""


def seeds_left_out(many: int, shown: int) -> tuple[str, ...]:
    """Which seeds are drawn, where that is not all of them."""
    return (f"Of {many:,} seeds, {shown:,} are drawn, at even distances; means are of all.",) if many > shown else ()


def seeds_left_out_text(many: int, most: int) -> str:
    """The same of a table."""
    return f"{most:,} of {many:,} seeds, at even distances." if many > most else ""
