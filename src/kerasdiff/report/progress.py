"""How far the comparison has come, live on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from kerasdiff.report.style import Look, clean


class LiveProgress:
    """A listener that shows the phase with a spinner and each trial with a bar; it leaves no trace when it ends.

    Args:
        console: A console on stderr: stdout belongs to the report.
    """

    def __init__(self, console: Console) -> None:
        self._phases = Progress(
            SpinnerColumn("dots" if Look.of(console).unicode else "line"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
        )
        self._trials = Progress(
            TextColumn("  {task.description:<10}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("step {task.completed:.0f} of {task.total:.0f}, loss {task.fields[loss]}", markup=False),
        )
        self._live = Live(
            Group(self._phases, self._trials),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._phase: TaskID | None = None
        self._sides: dict[str, TaskID] = {}
        self._total = 0

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def phase(self, text: str) -> None:
        """Shows ``text`` beside the spinner."""
        if self._phase is None:
            self._phase = self._phases.add_task(clean(text), total=None)
        else:
            self._phases.update(self._phase, description=clean(text))

    def fit_started(self, total_steps: int) -> None:
        """Sets the length of the bars, which appear with the first step of each side."""
        self._total = total_steps

    def fit_step(self, side: str, step: int, loss: float) -> None:
        """Moves the bar of ``side``."""
        if side not in self._sides:
            self._sides[side] = self._trials.add_task(clean(side), total=self._total, loss="")
        self._trials.update(self._sides[side], completed=step, loss=f"{loss:.4f}")
