"""Functions that jump, at constants and ids that probes have to hit."""

from __future__ import annotations

from pairs.table import Pair

PAIRS: tuple[Pair, ...] = ()
