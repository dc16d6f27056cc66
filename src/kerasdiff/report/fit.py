"""The fit as a report shows it: what each trial reached, both curves, their distance and its floor, who is ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from kerasdiff.fit.trials import FitEvidence
from kerasdiff.report import wording
from kerasdiff.report.curves import legend, plot
from kerasdiff.report.style import Look, emit, hang, heading, pad
from kerasdiff.report.wording.plain import number
from kerasdiff.report.wording.trials import Tone
from kerasdiff.side.training import TrialSoFar

_STYLES: Mapping[Tone, str] = {"plain": "", "good": "green", "warning": "yellow"}


def render_fit(fit: FitEvidence, console: Console) -> None:
    """Prints the trials of a fit, the curves where they differ, and what may be read from them."""
    look = Look.of(console)
    pairs = max(1, len(fit.pairs))
    many = f"{pairs} seeded trial pairs: each with the" if pairs > 1 else "one seeded trial pair:"
    heading(console, "Fit", f"{many} same start, same batches")
    if fit.data is not None:
        hang(console, Text("  data  ", style="dim"), Text(look.text(wording.data_words(fit.data))))
    if fit.settings is not None:
        hang(console, Text("  plan  ", style="dim"), Text(look.text(wording.plan(fit.settings, fit.seeds))))
    emit(console)
    _table(fit.trials, console, look)
    if not fit.identical:
        _plots(fit, console, look)
    emit(console)
    for remark in wording.remarks(fit):
        hang(console, Text("  "), Text(look.text(remark.text), style=_STYLES[remark.tone]))


def _table(runs: tuple[TrialSoFar, ...], console: Console, look: Look) -> None:
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


def _cells(run: TrialSoFar, *, long: bool) -> list[str]:
    if long:
        losses = [str(len(run.epochs)), number(run.epochs[-1].train_loss if run.epochs else None, 5)]
    else:
        losses = [number(run.losses[at] if run.losses else None, 5) for at in (0, -1)]
    return [*losses, _percent(run.train_accuracy), _percent(run.test_accuracy), number(run.test_loss, 5)]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _plots(fit: FitEvidence, console: Console, look: Look) -> None:
    """Means over the seeds epoch by epoch where there are several epochs, else the losses step by step."""
    sides = [[run for run in fit.trials if run.side == side] for side in ("reference", "candidate")]
    if all(runs and min(len(run.epochs) for run in runs) > 1 for runs in sides):
        accuracy = all(run.train_accuracy is not None for runs in sides for run in runs)
        names = ("train_accuracy", "test_accuracy") if accuracy else ("train_loss", "test_loss")
        for name in names:
            _plot([_means(runs, name) for runs in sides], name.replace("_", " "), "epoch", console, look)
        return
    _plot([runs[0].losses if runs else () for runs in sides], "loss", "step", console, look)


def _means(runs: Sequence[TrialSoFar], name: str) -> list[float]:
    """A figure after each epoch that all seeds have reached, the mean over them."""
    means = []
    for at in range(min(len(run.epochs) for run in runs)):
        values = [getattr(run.epochs[at], name) for run in runs]
        means.append(math.nan if None in values else sum(values) / len(values))
    return means


def _plot(curves: Sequence[Sequence[float]], title: str, unit: str, console: Console, look: Look) -> None:
    lines = plot(curves[0], curves[1], look, unit)
    if lines:
        emit(console)
        for line in lines:
            emit(console, line)
        emit(console, Text.assemble("  ", Text(f"{title}: ", style="dim"), legend(look)))
