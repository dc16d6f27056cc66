"""Masks, inside and outside of subclassed models."""

from __future__ import annotations

from pairs.table import PROOF, Pair, different, equal, insert, update

IDS = "6:int32@0..8"

PAIRS: tuple[Pair, ...] = (
    equal("masking-in-a-call", "masks.py:functional", "masks.py:Called", "6,4", basis=PROOF),
    equal("masking-over-time-distributed", "masks.py:functional(spread=True)", "masks.py:Called", "6,4", basis=PROOF),
    equal("mask-of-ones-own-layer", "masks.py:near", "masks.py:NearCalled", "6,4", basis=PROOF),
    equal("mask-passed-or-carried", "masks.py:near(passed=True)", "masks.py:NearCalled", "6,4", basis=PROOF),
    equal("masks-merged-in-a-call", "masks.py:merged", "masks.py:Merged", IDS, basis=PROOF),
    different(
        "masking-in-a-call-activation-added",
        "masks.py:functional",
        "masks.py:Called(scaled=True)",
        "6,4",
        edits=(insert("relu"),),
        exact=True,
    ),
    different(
        "masking-in-a-call-other-direction",
        "masks.py:functional(backwards=True)",
        "masks.py:Called",
        "6,4",
        edits=(update("lstm", "go_backwards"),),
        exact=True,
    ),
    different(
        "masking-lost-in-a-call",
        "masks.py:functional",
        "masks.py:Called(lost=True)",
        "6,4",
        mentions=("the mask of mask is lost in the candidate at x + 0.0",),
    ),
    different(
        "masks-merged-one-missing",
        "masks.py:merged(merge='add')",
        "masks.py:Merged(merge='add', masked=False)",
        IDS,
        mentions=("mask",),
    ),
)
