"""What saved files hold."""

from __future__ import annotations

from pairs.table import Pair

PAIRS: tuple[Pair, ...] = ()
