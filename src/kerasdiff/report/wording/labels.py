"""What do the fixed labels of a report stand for? Bases of a verdict, states of a row."""

from __future__ import annotations

from collections.abc import Mapping

from kerasdiff.comparison import Basis
from kerasdiff.rungs.table import RowState

BASES: Mapping[Basis, str] = {
    "proof": "proof: the canonical graphs are the same, and so are their weights.",
    "numeric": "numeric: not proved, but equal in float64 on every rung that ran.",
    "statistical": "statistical: seeded trial pairs decide, against the stated equivalence margin.",
    "witness": "witness: an edit, an input or a training run on which the two part.",
}

STATES: Mapping[RowState, str] = {
    "kept": "equal",
    "rewritten": "equal after a rewrite",
    "inserted": "only in the candidate",
    "deleted": "only in the reference",
    "updated": "other settings or op",
    "moved": "other place",
    "rewired": "other operands or sharing",
}
