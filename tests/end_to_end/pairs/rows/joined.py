"""Weights of one side that are several of the other."""

from __future__ import annotations

from pairs.table import Pair

PAIRS: tuple[Pair, ...] = ()
