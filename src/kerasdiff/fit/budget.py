"""How many seeds, epochs and steps does a time budget afford?"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.options import FitOptions
from kerasdiff.side.records import Array

ENOUGH_SEEDS = 3
"""Seeds that are kept before epochs are cut: with fewer no interval is of use (t of 12.7 with two pairs)."""

OVERHEAD = 1.3
"""Seconds of a trial for each second in optimizer steps: testing, writing, the control's share of the processor."""

FEWEST_STEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a trial pair is.

    Attributes:
        start: Seconds before the first step of each pair: loading and compiling.
        step: Seconds of one step, both sides at once.
        per_epoch: Steps of an epoch.
    """

    start: float
    step: float
    per_epoch: int

    def pair(self, steps: int) -> float:
        """Seconds of a trial pair with so many steps."""
        return self.start + OVERHEAD * self.step * steps


def afford(options: FitOptions, pace: Pace, seconds: float) -> tuple[FitOptions, str]:
    """Cuts seeds down to `ENOUGH_SEEDS`, then epochs to one, then steps, until the experiment fits.

    Returns:
        The options that fit, and one sentence that says so.
    """
    limits = [] if options.steps is None else [options.steps]
    limits += [] if options.epochs is None else [options.epochs * pace.per_epoch]
    wanted = min(limits)
    seeds = len(options.seeds)
    fewest = min(seeds, ENOUGH_SEEDS)
    affordable = int(seconds / pace.pair(wanted))
    if affordable >= fewest:
        steps, seeds = wanted, min(seeds, affordable)
    else:
        room = max(0.0, seconds / fewest - pace.start) / (OVERHEAD * pace.step)
        whole = int(room) // pace.per_epoch * pace.per_epoch
        steps, seeds = min(wanted, max(whole or int(room), FEWEST_STEPS)), fewest
    epochs = -(-steps // pace.per_epoch)
    length = f"{epochs} epoch{'' if epochs == 1 else 's'}" if steps % pace.per_epoch == 0 else f"{steps} steps"
    told = (
        f"a budget of {options.budget:g} s affords {seeds} seed{'' if seeds == 1 else 's'} of {length}, at "
        f"{pace.step * 1000:.0f} ms a step for both sides at once"
    )
    return replace(options, seeds=options.seeds[:seeds], steps=steps, epochs=None), told


class Remembered:
    """The plan that the same budget was given before, so that a run that goes on wants the same trials.

    The pace is another in every run, and a trial of another length is another trial.
    """

    def __init__(self, options: FitOptions, data: str, start: Mapping[str, Array]) -> None:
        self._options = options
        self._file: Path | None = None
        if options.keep is not None:
            digest = hashlib.sha256(repr((replace(options, fresh=False), data)).encode())
            for name, value in sorted(start.items()):
                digest.update(name.encode() + value.tobytes())
            self._file = Path(options.keep) / "plans" / f"{digest.hexdigest()[:32]}.json"

    def recall(self) -> tuple[FitOptions, str] | None:
        """What `afford` answered then."""
        if self._file is None or self._options.fresh:
            return None
        try:
            seeds, steps, told = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or damaged: the pace is measured
            return None
        return replace(self._options, seeds=tuple(seeds), steps=steps, epochs=None), told

    def keep(self, options: FitOptions, told: str) -> None:
        """Keeps it; where that fails, the next run measures the pace again."""
        if self._file is None:
            return
        partial = self._file.with_suffix(f".{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps([options.seeds, options.steps, told]), encoding="utf-8")
            os.replace(partial, self._file)
        except OSError:
            partial.unlink(missing_ok=True)
