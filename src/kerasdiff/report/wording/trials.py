"""What is said of the trials of a fit: the plan above their table, what they show below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kerasdiff.fit.trials import Curves, FitEvidence, Lead
from kerasdiff.graph import Attribute
from kerasdiff.report.wording.plain import count, number, value

Tone = Literal["plain", "agrees", "warns"]
Remark = tuple[str, Tone]
"""A sentence, and how a reader is to take it."""

# Measured on the forum pair (DESIGN §8): the model that ends 4.3 points behind leads for its first 8 epochs.
_WARNINGS: Mapping[Curves, str] = {
    "short": (
        "A short fit says that two models differ, not which is better: the one that leads now may well end behind. "
        "Who is ahead holds for these steps alone."
    ),
    "cross": "The training curves have crossed: the order may change again. Who is ahead holds for these epochs alone.",
    "close": "The training curves are closing: the order may still change. Who is ahead holds for these epochs alone.",
    "apart": "The gap in training has been growing up to the last epoch; more epochs may still turn it.",
}

MOST_CLASSES = 3
"""Classes named, those with the largest differences; JSON holds them all."""

CLASS_DIFFERENCE = 0.02
"""Smallest difference of a class's accuracy that is worth a name: two images of CIFAR-10's 100 a class in a subset of
1,000."""


def plan(settings: Mapping[str, Attribute]) -> str:
    """The plan in the order of a training loop: how a step is taken, on how much, how often."""
    left = dict(settings)
    told = [text for tell in (_optimizer, _targets, _amount) for text in tell(left)]
    seeds = left.pop("seeds", ())
    told += [f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"] if seeds else []
    told += [f"{name.replace('_', ' ')} {value(setting)}" for name, setting in left.items() if _says(setting)]
    return ", ".join(told)


def _optimizer(left: dict[str, Attribute]) -> list[str]:
    optimizer, rate = left.pop("optimizer", None), left.pop("learning_rate", None)
    return [] if optimizer is None else [f"{optimizer}" + ("" if rate is None else f" at learning rate {value(rate)}")]


def _targets(left: dict[str, Attribute]) -> list[str]:
    losses, targets = left.pop("loss", ()), left.pop("targets", ())
    return [*map(str, losses), *([f"{', '.join(targets)} targets"] if targets else [])]


def _amount(left: dict[str, Attribute]) -> list[str]:
    told = []
    if "batch_size" in left:
        told.append(f"batches of {left.pop('batch_size')}")
    if "steps" in left:
        steps, epochs, each = (left.pop(name, None) for name in ("steps", "epochs", "steps_per_epoch"))
        whole = f" in {count(epochs, 'epoch')}" if epochs else ""
        told.append(count(steps, "step") + (f" of the {each:,} in an epoch" if each and steps < each else whole))
    if "test_rows" in left:
        told.append(count(left.pop("test_rows"), "test row"))
    return told


def _says(setting: Attribute) -> bool:
    return setting is not False and not (isinstance(setting, list | tuple) and not setting)


def remarks(fit: FitEvidence) -> tuple[Remark, ...]:
    """What the trials show, in reading order."""
    parts = (_distance(fit), _controls(fit), _leads(fit), _warning(fit), _agreement(fit), _decision(fit), _running(fit))
    return tuple(remark for part in parts for remark in part)


def _distance(fit: FitEvidence) -> list[Remark]:
    if fit.identical:
        return [("Every step loss and every test prediction agrees to the last bit.", "agrees")]
    if fit.pairs or any(run.losses for run in fit.trajectories):
        return [(f"Step losses are up to {number(fit.distance)} apart{_parting(fit.first_parting)}.", "plain")]
    return []


def _parting(step: int | None) -> str:
    if step is None:
        return ""
    if step == 0:
        return ", and differ before the first update"
    return f", and part after {step} update{'' if step == 1 else 's'}"


def _controls(fit: FitEvidence) -> list[Remark]:
    if fit.control_distance is None:
        return []
    steps = f" over {count(fit.control_steps, 'step')}" if fit.control_steps else ""
    text = f"Control, the reference against itself in another process: {number(fit.control_distance)} apart{steps}."
    told: list[Remark] = [(text, "plain")]
    if fit.control_distance:
        told = [(f"{text} This machine does not repeat itself; less than that is noise.", "warns")]
    if fit.rounding_distance is not None:
        text = f"Rounding, the reference from weights one unit in the last place off: {number(fit.rounding_distance)}"
        told.append((f"{text} apart{steps}.", "plain"))
    if (part := fit.parted) is not None:
        text = f"Beyond that from step {part.step + 1} on: {part.metric} {number(part.distance)} apart, where the "
        text += f"controls are {number(part.floor)} and the limit is {number(part.limit, 2)}."
        told.append((text, "plain"))
    return told


def _leads(fit: FitEvidence) -> list[Remark]:
    return [(_lead(lead), "plain") for lead in fit.leads]


def _lead(lead: Lead) -> str:
    """``Test accuracy, candidate minus reference: −1.27 points (95 % interval −3.10 to +0.56).``."""
    unit = "%" if lead.metric == "test loss" else "points"
    metric = f"{lead.metric[0].upper()}{lead.metric[1:]}"
    text = f"{metric}, candidate minus reference: {_signed(lead.mean)} {unit}"
    if lead.interval is None:
        return f"{text}, from one seed, which gives no interval."
    low, high = lead.interval
    return f"{text} ({100 * lead.level:.3g} % interval {_signed(low)} to {_signed(high)})."


def _signed(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _warning(fit: FitEvidence) -> list[Remark]:
    return [(_WARNINGS[fit.curves], "warns")] if not fit.identical and (fit.leads or not fit.pairs) else []


def _agreement(fit: FitEvidence) -> list[Remark]:
    known = [pair.agreement for pair in fit.pairs if pair.agreement is not None]
    if fit.identical or not known:
        return []
    text = f"Both give the same class on {100 * sum(known) / len(known):.1f} % of the test rows."
    order = sorted(
        (at for at, gap in enumerate(fit.classes) if abs(gap) >= CLASS_DIFFERENCE),
        key=lambda at: (-abs(fit.classes[at]), at),
    )[:MOST_CLASSES]
    if order and fit.curves != "short":
        names = dict(enumerate(fit.class_names))
        listed = ", ".join(f"{names.get(at, f'class {at}')} by {_signed(fit.classes[at])}" for at in order)
        text += f" Points apart the most: {listed}."
    return [(text, "plain")]


def _decision(fit: FitEvidence) -> list[Remark]:
    return [(fit.decision.reason, "plain")] if fit.decision is not None and len(fit.pairs) > 1 else []


def _running(fit: FitEvidence) -> list[Remark]:
    """What the run itself has to say: what came from disk, what went wrong."""
    told: list[Remark] = [(f"Stopped: {fit.stopped}.".replace("..", "."), "warns")] if fit.stopped else []
    reused = [run for run in fit.trajectories if run.reused]
    if reused:
        epochs = sum(run.reused for run in reused)
        whole = sum(run.reused == len(run.epochs) for run in reused)
        text = f"Taken up from an earlier run: {count(epochs, 'epoch')} of {count(len(reused), 'trial')}"
        told.append((f"{text}, {whole} of them whole (--fresh trains anew).", "plain"))
    return [*told, *((f"Note: {note}.".replace("..", "."), "warns") for note in fit.notes)]
