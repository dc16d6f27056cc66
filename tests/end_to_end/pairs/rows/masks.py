"""Masks, inside and outside of subclassed models."""

from __future__ import annotations

from pairs.table import Pair

PAIRS: tuple[Pair, ...] = ()
