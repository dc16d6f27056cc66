"""The fit as a report shows it: what each trial reached, both curves, their distance and its floor, who is ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from kerasdiff.fit.trials import FitEvidence, Lead, Trajectory
from kerasdiff.report.curves import legend, plot
from kerasdiff.report.style import Look, count, emit, hang, heading, number, pad, value

# Measured on the forum pair (DESIGN §8): the model that ends 4.3 points behind leads for its first 8 epochs.
_WARNINGS = {
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


def render_fit(fit: FitEvidence, console: Console) -> None:
    """Prints the trials of a fit, the curves where they differ, and what may be read from them."""
    look = Look.of(console)
    pairs = max(1, len(fit.pairs))
    many = f"{pairs} seeded trial pairs: each with the" if pairs > 1 else "one seeded trial pair:"
    heading(console, "Fit", f"{many} same start, same batches")
    if fit.data:
        hang(console, Text("  data  ", style="dim"), Text(look.text(fit.data)))
    plan = _plan(fit.plan)
    if plan:
        hang(console, Text("  plan  ", style="dim"), Text(look.text(plan)))
    emit(console)
    _table(fit.trajectories, console, look)
    if not fit.identical:
        _plots(fit, console, look)
    emit(console)
    for sentence, style in _sentences(fit):
        hang(console, Text("  "), Text(look.text(sentence), style=style))


def _plan(plan: Mapping[str, Any]) -> str:
    """The plan in the order of a training loop: how a step is taken, on how much, how often."""
    left = dict(plan)
    found = []
    optimizer, rate = left.pop("optimizer", None), left.pop("learning_rate", None)
    if optimizer is not None:
        found.append(f"{optimizer}" + ("" if rate is None else f" at learning rate {value(rate)}"))
    found += [str(loss) for loss in left.pop("loss", ())]
    found += [f"{', '.join(kinds)} targets"] if (kinds := left.pop("targets", ())) else []
    if "batch_size" in left:
        found.append(f"batches of {left.pop('batch_size')}")
    if "steps" in left:
        steps, epochs, each = (left.pop(name, None) for name in ("steps", "epochs", "steps_per_epoch"))
        whole = f" in {count(epochs, 'epoch')}" if epochs else ""
        within = f" of the {each:,} in an epoch" if each and steps < each else whole
        found.append(count(steps, "step") + within)
    if "test_rows" in left:
        found.append(count(left.pop("test_rows"), "test row"))
    seeds = left.pop("seeds", ())
    found += [f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"] if seeds else []
    found += [f"{name.replace('_', ' ')} {value(setting)}" for name, setting in left.items() if _said(setting)]
    return ", ".join(found)


def _said(setting: object) -> bool:
    return setting is not False and not (isinstance(setting, list | tuple) and not setting)


def _table(runs: tuple[Trajectory, ...], console: Console, look: Look) -> None:
    long = any(len(run.epochs) > 1 for run in runs)
    narrow = look.width < 76
    accuracies = ["train acc.", "test acc."] if narrow else ["train accuracy", "test accuracy"]
    head = ["", "seed", *(["epochs", "train loss"] if long else ["first loss", "last loss"]), *accuracies, "test loss"]
    rows = [[run.side, str(run.seed), *_cells(run, long=long)] for run in runs]
    # A column without a figure in any row (accuracy of a regression) is left out, and one seed needs no naming.
    shown = [column for column in range(len(head)) if any(row[column] != "–" for row in rows)]
    if len({run.seed for run in runs}) < 2:
        shown.remove(1)
    widths = {column: max(len(row[column]) for row in (head, *rows)) for column in shown}
    # The losses of the trial itself stay longest.
    while len(shown) > 3 and sum(widths[column] + 2 for column in shown) > look.width:
        shown.pop()
    for position, row in enumerate((head, *rows)):
        cells = [pad(look.text(row[column]), widths[column], right=column > 0) for column in shown]
        emit(console, Text("  " + "  ".join(cells), style="dim" if position == 0 else ""))


def _cells(run: Trajectory, *, long: bool) -> list[str]:
    if long:
        losses = [str(len(run.epochs)), number(run.epochs[-1].train_loss if run.epochs else None, 5)]
    else:
        losses = [number(run.losses[at] if run.losses else None, 5) for at in (0, -1)]
    return [*losses, _percent(run.train_accuracy), _percent(run.test_accuracy), number(run.test_loss, 5)]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _plots(fit: FitEvidence, console: Console, look: Look) -> None:
    """Means over the seeds epoch by epoch where there are several epochs, else the losses step by step."""
    sides = [[run for run in fit.trajectories if run.side == side] for side in ("reference", "candidate")]
    if all(runs and min(len(run.epochs) for run in runs) > 1 for runs in sides):
        accuracy = all(run.train_accuracy is not None for runs in sides for run in runs)
        names = ("train_accuracy", "test_accuracy") if accuracy else ("train_loss", "test_loss")
        for name in names:
            _plot([_means(runs, name) for runs in sides], name.replace("_", " "), "epoch", console, look)
        return
    _plot([runs[0].losses if runs else () for runs in sides], "loss", "step", console, look)


def _means(runs: Sequence[Trajectory], name: str) -> list[float]:
    """A figure after each epoch that all seeds have reached, the mean over them."""
    found = []
    for at in range(min(len(run.epochs) for run in runs)):
        values = [getattr(run.epochs[at], name) for run in runs]
        found.append(math.nan if None in values else sum(values) / len(values))
    return found


def _plot(curves: Sequence[Sequence[float]], title: str, unit: str, console: Console, look: Look) -> None:
    lines = plot(curves[0], curves[1], look, unit)
    if lines:
        emit(console)
        for line in lines:
            emit(console, line)
        emit(console, Text.assemble("  ", Text(f"{title}: ", style="dim"), legend(look)))


def _sentences(fit: FitEvidence) -> list[tuple[str, str]]:
    found = []
    if fit.identical:
        found.append(("Every step loss and every test prediction agrees to the last bit.", "green"))
    elif fit.pairs or any(run.losses for run in fit.trajectories):
        found.append((f"Step losses are up to {number(fit.distance)} apart{_parting(fit.first_parting)}.", ""))
    found += _controls(fit)
    found += [(_lead(lead), "") for lead in fit.leads]
    if not fit.identical and (fit.leads or not fit.pairs):
        found.append((_WARNINGS[fit.curves], "yellow"))
    found += _agreement(fit)
    if fit.decision is not None and len(fit.pairs) > 1:
        found.append((fit.decision.reason, ""))
    found += _running(fit)
    return found


def _controls(fit: FitEvidence) -> list[tuple[str, str]]:
    if fit.control_distance is None:
        return []
    steps = f" over {count(fit.control_steps, 'step')}" if fit.control_steps else ""
    text = f"Control, the reference against itself in another process: {number(fit.control_distance)} apart{steps}."
    found = [(text, "")]
    if fit.control_distance:
        found = [(text + " This machine does not repeat itself; less than that is noise.", "yellow")]
    if fit.rounding_distance is not None:
        text = f"Rounding, the reference from weights one unit in the last place off: {number(fit.rounding_distance)}"
        found.append((f"{text} apart{steps}.", ""))
    if fit.parted is not None:
        part = fit.parted
        found.append(
            (
                f"Beyond that from step {part.step + 1} on: {part.metric} {number(part.distance)} apart, where the "
                f"controls are {number(part.floor)} and the limit is {number(part.limit, 2)}.",
                "",
            )
        )
    return found


def _lead(lead: Lead) -> str:
    """``test accuracy, candidate minus reference: −1.27 points (95 % interval −3.10 to +0.56)``."""
    unit = "%" if lead.metric == "test loss" else "points"
    text = f"{lead.metric}, candidate minus reference: {_signed(lead.mean)} {unit}"
    if lead.interval is None:
        return f"{text[0].upper()}{text[1:]}, from one seed, which gives no interval."
    low, high = lead.interval
    return f"{text[0].upper()}{text[1:]} ({100 * lead.level:.3g} % interval {_signed(low)} to {_signed(high)})."


def _signed(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _agreement(fit: FitEvidence) -> list[tuple[str, str]]:
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
    return [(text, "")]


def _running(fit: FitEvidence) -> list[tuple[str, str]]:
    """What the run itself has to say: speed, what came from disk, what went wrong."""
    found = []
    if fit.stopped:
        found.append((f"Stopped: {fit.stopped}.".replace("..", "."), "yellow"))
    reused = [run for run in fit.trajectories if run.reused]
    if reused:
        epochs = sum(run.reused for run in reused)
        whole = sum(run.reused == len(run.epochs) for run in reused)
        text = f"Taken up from an earlier run: {count(epochs, 'epoch')} of {count(len(reused), 'trial')}"
        found.append((f"{text}, {whole} of them whole (--fresh trains anew).", ""))
    found += [(f"Note: {note}.".replace("..", "."), "yellow") for note in fit.notes]
    return found


def _parting(step: int | None) -> str:
    if step is None:
        return ""
    if step == 0:
        return ", and differ before the first update"
    return f", and part after {step} update{'' if step == 1 else 's'}"
