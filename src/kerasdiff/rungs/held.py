"""Do the weights of two models hold values, and are these compared, or what they start from?"""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.align.pair import Pair
from kerasdiff.findings import Fact, Finding
from kerasdiff.rungs.records import NotChecked
from kerasdiff.side.targets import Target


def _held(pair: Pair, targets: tuple[Target, Target]) -> list[bool]:
    """Whether either side holds values: as a model in a file or in memory, or a baseline of one, does."""
    return [
        target.holds_values if side.locked is None else side.locked.saved
        for target, side in zip(targets, pair.descriptions, strict=True)
    ]


def values_count(pair: Pair, targets: tuple[Target, Target], asked: bool | None) -> bool:
    """Whether what the weights hold is compared: both hold something, and one was saved for what it holds.

    Args:
        pair: Both.
        targets: As they were named.
        asked: Whether the user wants it; ``None`` where nothing was said.
    """
    if not all(_held(pair, targets)):
        return False
    return asked is True or (asked is None and any(target.kind != "live" for target in targets))


def starting(pair: Pair, targets: tuple[Target, Target], asked: bool | None) -> tuple[Pair, list[NotChecked]]:
    """What the weights rung compares: a model in a file or in memory holds values, not what they would start from.

    Arguments as of :func:`values_count`.
    """
    held = _held(pair, targets)
    if not any(held):
        return pair, []
    first, second = (
        replace(item, weights=tuple(replace(w, initializer=None, fans=None) for w in item.weights)) if holds else item
        for item, holds in zip(pair.descriptions, held, strict=True)
    )
    started = replace(pair, descriptions=(first, second))
    if values_count(pair, targets, asked):  # what they hold is compared instead
        return started, []
    one = targets[held.index(True)]
    fact = Fact.LIVE_VALUES if one.kind == "live" else Fact.SAVED_VALUES
    return started, [NotChecked(rung="weights", reason=Finding(fact=fact, names=(one.text,)))]
