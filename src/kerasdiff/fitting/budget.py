"""How many seeds, epochs and steps does a time budget afford?"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.findings import Fact, Finding
from kerasdiff.graph.values import Array
from kerasdiff.options import FitOptions
from kerasdiff.side.files import write_whole

ENOUGH_SEEDS = 3
"""Seeds that are left before epochs are cut: with fewer no interval is of use (t of 12.7 with two pairs)."""

OVERHEAD = 1.3
"""Seconds of a trial for each second in optimizer steps: testing, writing, the control's share of the processor."""

FEWEST_STEPS = 10

FIGURES = ("budget", "seeds", "steps", "steps_per_epoch", "seconds_per_step")
"""What a plan consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a trial pair is.

    Attributes:
        start: Seconds before the first step of each pair: loading and compiling.
        step: Seconds of one step, both sides at once.
        per_epoch: Steps of an epoch.
        at_once: Pairs that run at the same time.
    """

    start: float
    step: float
    per_epoch: int
    at_once: int = 1

    def pair(self, steps: int) -> float:
        """Seconds of a trial pair with so many steps."""
        return self.start + OVERHEAD * self.step * steps


def afford(options: FitOptions, pace: Pace, seconds: float) -> tuple[FitOptions, Finding]:
    """Cuts seeds down to `ENOUGH_SEEDS`, then epochs to one, then steps, until the experiment fits.

    Returns:
        The options that fit, and what was planned.
    """
    assert options.budget is not None
    limits = [] if options.trial.steps is None else [options.trial.steps]
    limits += [] if options.trial.epochs is None else [options.trial.epochs * pace.per_epoch]
    wanted = min(limits)
    seeds = len(options.seeds)
    fewest = min(seeds, ENOUGH_SEEDS)
    affordable = int(seconds / pace.pair(wanted)) * pace.at_once
    if affordable >= fewest:
        steps, seeds = wanted, min(seeds, affordable)
    else:
        room = max(0.0, seconds / math.ceil(fewest / pace.at_once) - pace.start) / (OVERHEAD * pace.step)
        whole = int(room) // pace.per_epoch * pace.per_epoch
        steps, seeds = min(wanted, max(whole or int(room), FEWEST_STEPS)), fewest
    planned = Finding(
        fact=Fact.BUDGET_PLANNED,
        figures={
            "budget": options.budget,
            "seeds": seeds,
            "steps": steps,
            "steps_per_epoch": pace.per_epoch,
            "seconds_per_step": pace.step,
        },
    )
    return shortened(options, planned), planned


def shortened(options: FitOptions, planned: Finding) -> FitOptions:
    """The options with the seeds and steps that were planned."""
    seeds, steps = (int(planned.figures[name]) for name in ("seeds", "steps"))
    return replace(options, seeds=options.seeds[:seeds], trial=replace(options.trial, steps=steps, epochs=None))


class Remembered:
    """The plan that the same budget was given before, so that a run that goes on wants the same trials.

    The pace is another in every run, and a trial of another length is another trial.
    """

    def __init__(self, options: FitOptions, data: str, start: Mapping[str, Array]) -> None:
        self._fresh = options.trial.fresh
        self._file: Path | None = None
        if options.trial.store is not None:
            asked = replace(options, trial=replace(options.trial, fresh=False)), data
            digest = hashlib.sha256(repr(asked).encode())
            for name, value in sorted(start.items()):
                digest.update(name.encode() + value.tobytes())
            self._file = Path(options.trial.store) / "plans" / f"{digest.hexdigest()[:32]}.json"

    def recall(self) -> Finding | None:
        """What was planned then."""
        if self._file is None or self._fresh:
            return None
        try:
            figures = json.loads(self._file.read_text(encoding="utf-8"))
            figures = {name: float(figures[name]) for name in FIGURES}
        except (OSError, ValueError, TypeError, KeyError):  # none yet, or damaged: the pace is measured
            return None
        return Finding(fact=Fact.BUDGET_RECALLED, figures=figures)

    def remember(self, planned: Finding) -> None:
        """Writes it down; where that fails, the next run measures the pace again."""
        if self._file is None:
            return
        text = json.dumps(dict(planned.figures)).encode()
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, lambda stream: stream.write(text))
