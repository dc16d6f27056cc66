"""Compile settings that are spelled differently, and what training does."""

from __future__ import annotations

from pairs.table import Pair

PAIRS: tuple[Pair, ...] = ()
