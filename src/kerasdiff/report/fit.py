"""The fit as a report shows it: what each trial reached, both loss curves, their distance and its floor."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from kerasdiff.report.curves import legend, plot
from kerasdiff.report.style import Look, emit, hang, heading, number, pad, value
from kerasdiff.verdict import FitEvidence, Trajectory

# Measured on the forum pair (DESIGN §8): the model that ends 4.3 points behind leads for its first 8 epochs.
_WARNING = (
    "A short fit says that two models differ, not which is better: the one that leads now may well end behind. "
    "Who is ahead holds for these steps alone."
)


def render_fit(fit: FitEvidence, console: Console) -> None:
    """Prints the trials of a fit, the curves where they differ, and what may be read from them."""
    look = Look.of(console)
    heading(console, "Fit", "one seeded trial pair: same start, same batches")
    hang(console, Text("  data  ", style="dim"), Text(look.text(fit.data)))
    plan = ", ".join(f"{name} {value(setting)}" for name, setting in fit.plan.items())
    if plan:
        hang(console, Text("  plan  ", style="dim"), Text(look.text(plan)))
    emit(console)
    _table(fit.trajectories, console, look)
    curves = {run.side: run.losses for run in reversed(fit.trajectories)}
    if not fit.identical:
        lines = plot(curves.get("reference", ()), curves.get("candidate", ()), look)
        if lines:
            emit(console)
            for line in lines:
                emit(console, line)
            emit(console, Text.assemble("  ", Text("loss: ", style="dim"), legend(look)))
    emit(console)
    for sentence, style in _sentences(fit):
        hang(console, Text("  "), Text(look.text(sentence), style=style))


def _table(runs: tuple[Trajectory, ...], console: Console, look: Look) -> None:
    head = ["", "first loss", "last loss", "train accuracy", "test accuracy", "test loss"]
    if look.width < 76:
        head[3:5] = ["train acc.", "test acc."]
    rows = [
        [
            run.side,
            number(run.losses[0] if run.losses else None, 5),
            number(run.losses[-1] if run.losses else None, 5),
            _percent(run.train_accuracy),
            _percent(run.test_accuracy),
            number(run.test_loss, 5),
        ]
        for run in runs
    ]
    # A column without a figure in any row (accuracy of a regression) is left out.
    shown = [column for column in range(len(head)) if any(row[column] != "–" for row in rows)]
    widths = {column: max(len(row[column]) for row in (head, *rows)) for column in shown}
    # The losses of the trial itself stay longest.
    while len(shown) > 3 and sum(widths[column] + 2 for column in shown) > look.width:
        shown.pop()
    for position, row in enumerate((head, *rows)):
        cells = [pad(look.text(row[column]), widths[column], right=column > 0) for column in shown]
        emit(console, Text("  " + "  ".join(cells), style="dim" if position == 0 else ""))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _sentences(fit: FitEvidence) -> list[tuple[str, str]]:
    found = []
    if fit.identical:
        found.append(("Every step loss and every test prediction agrees to the last bit.", "green"))
    else:
        found.append((f"Step losses are up to {number(fit.distance)} apart{_parting(fit.first_parting)}.", ""))
    if any(run.side == "control" for run in fit.trajectories) or fit.control_distance:
        if fit.control_distance == 0.0:
            found.append(("Control, the reference against itself in another process: 0 apart.", ""))
        else:
            text = f"Control, the reference against itself in another process: {number(fit.control_distance)} apart."
            found.append((text + " This machine does not repeat itself; less than that is noise.", "yellow"))
    if not fit.identical:
        found.append((_WARNING, "yellow"))
    return found


def _parting(step: int | None) -> str:
    if step is None:
        return ""
    if step == 0:
        return ", and differ before the first update"
    return f", and part after {step} update{'' if step == 1 else 's'}"
