"""Rows of the table of pairs by subject, one module each; the oldest stand in :mod:`pairs.table`."""

from __future__ import annotations

from pairs.rows import acting, beyond, chance, dtypes, joined, jumps, masks, outputs, reading, saved, scales, settings
from pairs.table import Pair

ROWS: tuple[Pair, ...] = (
    *jumps.PAIRS,
    *settings.PAIRS,
    *masks.PAIRS,
    *scales.PAIRS,
    *chance.PAIRS,
    *joined.PAIRS,
    *outputs.PAIRS,
    *saved.PAIRS,
    *reading.PAIRS,
    *acting.PAIRS,
    *beyond.PAIRS,
    *dtypes.PAIRS,
)
