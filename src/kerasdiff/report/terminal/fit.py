"""The fit as a report shows it: what each trial reached, both curves, their distance and its floor, who is ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report import wording
from kerasdiff.report.terminal.curves import legend, plot
from kerasdiff.report.terminal.style import Look, emit, hang, heading, pad
from kerasdiff.report.trials import columns_of
from kerasdiff.report.wording.fits.trials import Tone, pairs_told
from kerasdiff.side.training import TrialSoFar

_STYLES: Mapping[Tone, str] = {"plain": "", "good": "green", "warning": "yellow"}


def render_fit(fit: FitEvidence, console: Console) -> None:
    """Prints the trials of a fit, the curves where they differ, and what may be read from them."""
    look = Look.of(console)
    heading(console, "Fit", pairs_told(fit))
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


LEAST_COLUMNS = 3
"""Columns shown however narrow the terminal is: whose trial it was, and its losses."""


def _table(runs: tuple[TrialSoFar, ...], console: Console, look: Look) -> None:
    """Prints one line a trial; what does not fit is left out, from the right."""
    columns = columns_of(runs, narrow=look.width < 76)
    widths = [max(map(len, column)) for column in columns]
    while len(widths) > LEAST_COLUMNS and sum(widths) + 2 * len(widths) > look.width:
        widths.pop()
    for row in range(len(runs) + 1):
        cells = [
            pad(look.text(column[row]), width, right=column is not columns[0])
            for column, width in zip(columns, widths, strict=False)
        ]
        emit(console, Text("  " + "  ".join(cells), style="" if row else "dim"))


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
