"""What is said of the trials of a fit: the plan above their table, and below it what they show, one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from kerasdiff.fitting.trials import Curves, FitEvidence, Lead, Metric, Parted
from kerasdiff.fitting.verdict import decided, not_finite
from kerasdiff.report.wording.findings.table import sentence
from kerasdiff.report.wording.fits.told import DRAWS_APART, told
from kerasdiff.report.wording.names import capital, count, number, value
from kerasdiff.side.training import Trial, TrialSettings

Tone = Literal["plain", "good", "warning"]

WARNINGS: Mapping[Curves, str] = {
    "short": (
        "A short fit says that two models differ, not which is better: the one that leads now may well end behind. "
        "Who is ahead holds for these steps alone."
    ),
    "cross": "The training curves have crossed: the order may change again. Who is ahead holds for these epochs alone.",
    "close": "The training curves are closing: the order may still change. Who is ahead holds for these epochs alone.",
    "apart": "The gap in training has been growing up to the last epoch; more epochs may still turn it.",
}
"""What the curves do not say. Measured on the forum pair (DESIGN §8): the model that ends 4.3 points behind leads for
its first 8 epochs."""

MOST_CLASSES = 3
"""Classes named, those with the largest differences; JSON holds them all."""

CLASS_DIFFERENCE = 0.02
"""Smallest difference of a class's accuracy that is worth a name: two images of CIFAR-10's 100 a class in a subset of
1,000."""


def pairs_told(fit: FitEvidence) -> str:
    """How many trial pairs there are, and what they have in common."""
    pairs = max(1, len(fit.pairs))
    many = f"{pairs} seeded trial pairs: each with the" if pairs > 1 else "one seeded trial pair:"
    common = fit.settings is not None and fit.settings.draws and not fit.draws_apart
    return f"{many} same start, same batches{', same random numbers' if common else ''}"


def plan(settings: TrialSettings, seeds: tuple[int, ...]) -> str:
    """The plan in the order of a training loop: how a step is taken, on how much, how often."""
    each = settings.steps_per_epoch
    within = f" of the {each:,} in an epoch" if settings.steps < each else f" in {count(settings.epochs, 'epoch')}"
    parts = [
        f"{settings.optimizer} at learning rate {value(settings.learning_rate)}",
        *settings.loss,
        f"{', '.join(settings.targets)} targets" if settings.targets else "",
        f"batches of {settings.batch_size}",
        count(settings.steps, "step") + within,
        count(settings.test_rows, "test row"),
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}" if seeds else "",
        "optimizer and loss of both as the reference is compiled" if settings.from_compile else "",
        f"without gradient {value(settings.without_gradient)}" if settings.without_gradient else "",
        "without the train_step of its own" if settings.custom_train_step_ignored else "",
    ]
    return ", ".join(part for part in parts if part)


class Remark(NamedTuple):
    """One sentence, and whether it is good news or a warning."""

    text: str
    tone: Tone = "plain"


def remarks(fit: FitEvidence) -> list[Remark]:
    """What may be read from the trials, sentence by sentence, in reading order."""
    several = fit.decision is not None and len(fit.pairs) > 1
    return [
        *distances(fit),
        *controls(fit),
        *(Remark(lead_told(lead)) for lead in fit.leads),
        *([Remark(WARNINGS[fit.curves], "warning")] if not fit.identical and (fit.leads or not fit.pairs) else []),
        *_agreement(fit),
        *([Remark(told(decided(fit.decision)))] if several else []),
        *_course(fit),
    ]


def distances(fit: FitEvidence) -> list[Remark]:
    """How far apart the step losses are, and from where on."""
    if fit.never_finite:
        text = told(not_finite(fit))
        return [Remark(f"{capital(text)}.", "warning")]
    if fit.identical:
        return [Remark("Every step loss and every test prediction agrees to the last bit.", "good")]
    if fit.pairs or any(trial.losses for trial in fit.trials):
        if math.isinf(fit.distance):
            return [Remark(f"The loss of one side alone ends in NaN or infinity{_parting(fit.first_parting)}.")]
        apart = f"Step losses are up to {number(fit.distance)} apart{_parting(fit.first_parting)}."
        return [Remark(f"{apart} {DRAWS_APART}" if fit.draws_apart else apart)]
    return []


def controls(fit: FitEvidence) -> list[Remark]:
    """What the reference against itself shows, and from where on the pair is beyond that."""
    if fit.control_distance is None:
        return []
    steps = f" over {count(fit.control_steps, 'step')}" if fit.control_steps else ""
    text = f"Control, the reference against itself in another process: {number(fit.control_distance)} apart{steps}."
    remarks = [Remark(text)]
    if fit.control_distance:
        remarks = [Remark(text + " This machine does not repeat itself; less than that is noise.", "warning")]
    if fit.rounding_distance is not None:
        text = f"Rounding, the reference from weights one unit in the last place off: {number(fit.rounding_distance)}"
        remarks.append(Remark(f"{text} apart{steps}."))
    if fit.parted is not None:
        remarks.append(Remark(beyond_controls(fit.parted)))
    return remarks


def beyond_controls(part: Parted, what: str = "that") -> str:
    """From where on a pair is farther apart than its controls, and by how much; ``what`` names what they show."""
    if math.isinf(part.distance):
        return f"From step {part.step + 1} on the {part.metric} of one side alone is NaN or infinite."
    return (
        f"Beyond {what} from step {part.step + 1} on: {part.metric} {number(part.distance)} apart, where the "
        f"controls are {number(part.floor)} and the limit is {number(part.limit, 2)}."
    )


def unit(metric: Metric) -> str:
    """What a difference is counted in."""
    return "%" if metric == "test loss" else "points"


def lead_told(lead: Lead) -> str:
    """``test accuracy, candidate minus reference: −1.27 points (95 % interval −3.10 to +0.56)``."""
    text = f"{lead.metric}, candidate minus reference: {signed(lead.mean)} {unit(lead.metric)}"
    if lead.interval is None:
        return f"{capital(text)}, from one seed, which gives no interval."
    low, high = lead.interval
    return f"{capital(text)} ({100 * lead.level:.3g} % interval {signed(low)} to {signed(high)})."


def signed(share: float) -> str:
    """A difference in points or percent, with its sign: ``−1.27``."""
    return f"{100 * share:+.2f}".replace("-", "−")


def _agreement(fit: FitEvidence) -> list[Remark]:
    known = [pair.agreement for pair in fit.pairs if pair.agreement is not None]
    if fit.identical or not known:
        return []
    text = f"Both give the same class on {100 * sum(known) / len(known):.1f} % of the test rows."
    if fit.curves != "short":
        text += f" {apart_the_most(fit)}".rstrip()
    return [Remark(text)]


def apart_the_most(fit: FitEvidence) -> str:
    """The classes with the largest differences; empty where none is worth a name."""
    order = sorted(
        (at for at, gap in enumerate(fit.classes) if abs(gap) >= CLASS_DIFFERENCE),
        key=lambda at: (-abs(fit.classes[at]), at),
    )[:MOST_CLASSES]
    names = dict(enumerate(fit.class_names))
    listed = ", ".join(f"{names.get(at, f'class {at}')} by {signed(fit.classes[at])}" for at in order)
    return f"Points apart the most: {listed}." if listed else ""


def _course(fit: FitEvidence) -> list[Remark]:
    """What the run itself has to say: what came from disk, what went wrong."""
    remarks = []
    if fit.stopped is not None:
        remarks.append(Remark(f"Stopped: {told(fit.stopped)}.".replace("..", "."), "warning"))
    reused = [trial for trial in fit.trials if isinstance(trial, Trial) and trial.reused]
    if reused:
        epochs = sum(trial.reused for trial in reused)
        whole = sum(trial.reused == len(trial.epochs) for trial in reused)
        text = f"Taken up from an earlier run: {count(epochs, 'epoch')} of {count(len(reused), 'trial')}"
        remarks.append(Remark(f"{text}, {whole} of them whole (--fresh trains anew)."))
    remarks += [Remark(f"Note: {sentence(item)}.".replace("..", "."), "warning") for item in fit.findings]
    return remarks


def _parting(step: int | None) -> str:
    if step is None:
        return ""
    if step == 0:
        return ", and differ before the first update"
    return f", and part after {step} update{'' if step == 1 else 's'}"
