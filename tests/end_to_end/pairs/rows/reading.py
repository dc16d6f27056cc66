"""Pairs whose report has to name the cause in the user's words."""

from __future__ import annotations

from pairs.table import Pair

PAIRS: tuple[Pair, ...] = ()
