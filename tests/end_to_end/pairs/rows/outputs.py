"""Outputs that are no tensors, and names, lines and calls as the user has them."""

from __future__ import annotations

from pairs.table import NUMERIC, PROOF, Pair, different, equal, open_question


def _returning(form: str) -> str:
    return f"outputs.py:Returning(form='{form}')"


PAIRS: tuple[Pair, ...] = (
    equal("returned-number-of-numpy", _returning("1.0"), _returning("numpy 1.0"), "4", basis=PROOF),
    equal("returned-tuple-or-list", _returning("tuple"), _returning("list"), "4", basis=PROOF, mentions=("a list",)),
    equal("ragged-relu-by-a-gate", _returning("ragged by a gate"), _returning("ragged by relu"), "4", basis=NUMERIC),
    equal("sparse-relu-by-a-gate", _returning("sparse by a gate"), _returning("sparse"), "4", basis=NUMERIC),
    different("returned-number", _returning("1.0"), _returning("2.0"), "4", mentions=("['temperature']", "1.0", "2.0")),
    different("returned-key", _returning("1.0"), _returning("without"), "4", mentions=("['temperature']",)),
    different("returned-in-training", _returning("bare"), _returning("in training alone"), "4", mentions=("training",)),
    different("ragged-lengths", _returning("ragged"), _returning("ragged otherwise"), "4"),
    equal("names-beyond-ascii", "outputs.py:named_plainly", "outputs.py:named_in_greek", basis=PROOF),
    equal("texts-in-lower-case-twice", "outputs.py:reading_lower", "outputs.py:reading_lower_by_hand", basis=NUMERIC),
    different(
        "texts-standardized", "outputs.py:reading", "outputs.py:reading_lower", mentions=("standardize", "lower")
    ),
    open_question("returned-object", _returning("object"), _returning("object"), "4", mentions=("Opaque",)),
)
