"""Outputs that are no tensors, and names, lines and calls as the user has them."""

from __future__ import annotations

from pairs.table import Pair

PAIRS: tuple[Pair, ...] = ()
