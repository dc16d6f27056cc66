"""What did each trial of a fit reach? A table in words: a column a figure, a row a trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerasdiff.report.wording.names import number
from kerasdiff.side.training import TrialSoFar

Tell = Callable[[TrialSoFar], str]

_NAMES: Mapping[str, Tell] = {"": lambda run: run.side, "seed": lambda run: str(run.seed)}

_EPOCHS: Mapping[str, Tell] = {
    "epochs": lambda run: str(len(run.epochs)),
    "train loss": lambda run: number(run.epochs[-1].train_loss if run.epochs else None, 5),
}
"""Of trials of several epochs."""

_STEPS: Mapping[str, Tell] = {
    "steps": lambda run: str(len(run.losses)),
    "first loss": lambda run: number(run.losses[0] if run.losses else None, 5),
    "last loss": lambda run: number(run.losses[-1] if run.losses else None, 5),
}

_REACHED: Mapping[str, Tell] = {
    "train accuracy": lambda run: _percent(run.train_accuracy),
    "test accuracy": lambda run: _percent(run.test_accuracy),
    "test loss": lambda run: number(run.test_loss, 5),
}


def columns_of(runs: tuple[TrialSoFar, ...], *, narrow: bool = False) -> list[list[str]]:
    """Title and cells of each; without a figure in any row (accuracy of a regression) a column is left out."""
    told = {**_NAMES, **(_EPOCHS if any(len(run.epochs) > 1 for run in runs) else _STEPS), **_REACHED}
    for title, figures in (("seed", {run.seed for run in runs}), ("steps", {len(run.losses) for run in runs})):
        if len(figures) < 2:  # one that all have needs no naming
            told.pop(title, None)
    columns = [[_title(title, narrow=narrow), *map(tell, runs)] for title, tell in told.items()]
    return [column for column in columns if set(column[1:]) != {"–"}]


def _title(title: str, *, narrow: bool) -> str:
    return title.replace("accuracy", "acc.") if narrow else title


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
