"""How far the comparison has come, live on a terminal."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from kerasdiff.report.cleaning import clean
from kerasdiff.report.terminal.style import Look
from kerasdiff.side.training import Tick


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
            TextColumn("{task.fields[told]}", markup=False),
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
        self._epochs: dict[str, int] = {}
        self._first: dict[str, tuple[float, int]] = {}

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

    def fit_started(self, seed: int, pair: int, most: int) -> None:
        """Clears the bars for another trial pair."""
        for task in self._sides.values():
            self._trials.remove_task(task)
        self._sides.clear()
        self._epochs.clear()
        self._first.clear()
        self.phase(f"training both models, seed {seed}" + (f" ({pair} of at most {most})" if most > 1 else ""))

    def fit_step(self, side: str, tick: Tick) -> None:
        """Moves the bar of ``side``, which appears with its first step."""
        if side not in self._sides:
            self._sides[side] = self._trials.add_task(clean(side), total=tick.steps, told="")
        told = f"step {tick.step:,} of {tick.steps:,}, loss {tick.loss:.4f}"
        if tick.accuracy is not None:
            told += f", accuracy {100 * tick.accuracy:.0f} %"
        if tick.epoch is not None:
            self._epochs[side] = tick.epoch.number
        if self._epochs.get(side):
            told = f"epoch {self._epochs[side]} done, {told}"
        # The pace counts from the first sign of life on: what came before was loading and compiling.
        began, first = self._first.setdefault(side, (time.monotonic(), tick.step))
        if tick.step > first:
            left = (time.monotonic() - began) / (tick.step - first) * (tick.steps - tick.step)
            told += f", {_span(left)} left"
        self._trials.update(self._sides[side], completed=tick.step, told=told)


def _span(seconds: float) -> str:
    """``45 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
