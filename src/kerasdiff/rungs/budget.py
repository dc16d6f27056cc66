"""How many seeds, epochs and steps does a time budget afford?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kerasdiff.options import FitOptions

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
