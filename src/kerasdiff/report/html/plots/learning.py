"""How do both sides learn? Curves over epochs and steps, with means and bands over the seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kerasdiff.findings import SIDES, SideName
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.report.html.plots import runs
from kerasdiff.report.html.plots.records import Figure, Plotted, Table
from kerasdiff.report.html.plots.thinning import MOST_ROWS, MOST_STEPS, spread
from kerasdiff.report.wording.fits import plots as wording
from kerasdiff.report.wording.names import number
from kerasdiff.side.training import Epoch, TrialSoFar

Reached = Literal["test_accuracy", "train_accuracy", "test_loss", "train_loss"]

REACHED: Mapping[Reached, str] = {
    "test_accuracy": "test accuracy",
    "train_accuracy": "train accuracy",
    "test_loss": "test loss",
    "train_loss": "train loss",
}
"""What an epoch reaches, in the order of the panels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Epochs:
    """The course of one of them over the epochs, which end at these steps."""

    name: Reached
    ends: Mapping[int, int]

    def __call__(self, trial: TrialSoFar) -> runs.Course:
        told = [(epoch.number, getattr(epoch, self.name)) for epoch in trial.epochs if self.whole(epoch)]
        if all(value is None for _, value in told):
            return (), ()
        return [at for at, _ in told], [math.nan if value is None else value for _, value in told]

    def whole(self, epoch: Epoch) -> bool:
        """Whether it is as long as those of others: a control may end within one, whose figures are of fewer steps."""
        return epoch.steps >= self.ends[epoch.number] or not math.isfinite(epoch.train_loss)


def steps(trial: TrialSoFar) -> runs.Course:
    """The loss of every step."""
    return range(1, len(trial.losses) + 1), trial.losses


def epoch_figure(fit: FitEvidence) -> Figure | None:
    """Accuracy and loss over the epochs; absent where no trial has two."""
    if max((len(trial.epochs) for trial in fit.trials), default=0) < 2:
        return None
    ends: dict[int, int] = {}
    for epoch in (epoch for trial in fit.trials if trial.side in SIDES for epoch in trial.epochs):
        ends[epoch.number] = max(epoch.steps, ends.get(epoch.number, 0))  # one that diverged ends early
    courses = {name: _Epochs(name=name, ends=ends) for name in REACHED}
    shown = {name: runs.curves(fit, course) for name, course in courses.items()}
    names = [name for name in REACHED if shown[name].curves]
    means = {name: runs.means(fit, courses[name]) for name in names}
    told = [(REACHED[name], courses[name], means[name]) for name in names]
    data: dict[str, Plotted] = {
        "kind": "curves",
        "panels": [
            {
                "title": REACHED[name],
                "percent": name.endswith("accuracy"),
                "x": "epoch",
                "curves": shown[name].curves,
                "means": [runs.drawn(mean) for mean in means[name]],
                "marks": [],
            }
            for name in names
        ],
    }
    return Figure(
        name="epochs",
        title=wording.EPOCHS,
        caption=wording.epochs(fit),
        notes=wording.course_notes(fit, shown[names[0]].seeds, shown[names[0]].steps, "epoch"),
        data=data,
        table=_table("Figures after each epoch", "epoch", told, fit),
    )


def step_figure(fit: FitEvidence) -> Figure | None:
    """The training loss of every step; absent where no trial has two."""
    if max((len(trial.losses) for trial in fit.trials), default=0) < 2:
        return None
    shown, means = runs.curves(fit, steps), runs.means(fit, steps)
    data: dict[str, Plotted] = {
        "kind": "curves",
        "panels": [
            {
                "title": "training loss",
                "percent": False,
                "x": "step",
                "curves": shown.curves,
                "means": [runs.drawn(mean) for mean in means],
                "marks": _parting(fit),
            }
        ],
    }
    return Figure(
        name="steps",
        title=wording.STEPS,
        caption=wording.steps(fit),
        notes=wording.course_notes(fit, shown.seeds, shown.steps, "step"),
        data=data,
        table=_table("Training loss of steps", "step", [("loss", steps, means)], fit),
    )


def _parting(fit: FitEvidence) -> list[Plotted]:
    """Where the first pair parts."""
    if fit.first_parting is None:
        return []
    return [{"at": fit.first_parting + 1, "text": wording.PARTING}]


# As a table --------------------------------------------------------------------------------------------------


Column = tuple[str, runs.Of, Sequence[runs.Mean]]
"""What a column is called, what it shows of a trial, and the means of that."""


def _table(title: str, unit: str, told: Sequence[Column], fit: FitEvidence) -> Table:
    """Means over the finished seeds of both sides, or the only trial's figures, place by place."""
    columns = [(f"{column[0]}, {side}", dict(_told(fit, side, column))) for column in told for side in SIDES]
    columns = [column for column in columns if column[1]]
    every = sorted({at for _, column in columns for at in column})
    shown = spread(every, MOST_ROWS if unit == "epoch" else MOST_STEPS)
    return Table(
        title=title,
        head=(unit, *(name for name, _ in columns)),
        rows=tuple((f"{at:,}", *(column.get(at, "–") for _, column in columns)) for at in shown),
        note=wording.places_left_out(len(every), len(shown), unit),
    )


def _told(fit: FitEvidence, side: SideName, column: Column) -> Iterator[tuple[int, str]]:
    _, course, means = column
    found = [mean for mean in means if mean.side == side]
    for mean in found:
        for at, middle, deviation in zip(mean.at, mean.mean, mean.deviation, strict=True):
            yield at, f"{number(middle)} ± {number(deviation, 2)}"
    if not found:
        for trial in runs.of(fit, side)[:1]:
            for at, value in zip(*course(trial), strict=True):
                yield at, number(value)
