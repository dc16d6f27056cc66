"""Functions that jump, at constants and ids that probes have to hit."""

from __future__ import annotations

from pairs.table import NUMERIC, Expected, Pair, delete, different, equal, insert, open_question, update


def _model(how: str, **given: bool) -> str:
    more = "".join(f", {name}={value}" for name, value in given.items())
    return f"jumps.py:model(how={how!r}{more})"


PAIRS: tuple[Pair, ...] = (
    equal("sentinel-by-where-or-by-product", _model("sentinel"), _model("sentinel-by-hand"), basis=NUMERIC),
    equal("from-half-on-or-not-below", _model("from-half"), _model("not-below-half"), basis=NUMERIC),
    equal(
        "from-half-on-inside", _model("from-half", before=True), _model("not-below-half", before=True), basis=NUMERIC
    ),
    equal("round-or-floor-with-ties-to-even", _model("round"), _model("rounded-by-floor"), basis=NUMERIC),
    equal(
        "rounding-amplified-a-billion-times",
        _model("steep", before=True),
        _model("steep-in-another-order", before=True),
        basis=NUMERIC,
    ),
    equal("softmax-that-saturates-by-hand", "jumps.py:saturating", "jumps.py:saturating(by_hand=True)", basis=NUMERIC),
    different("sentinel-or-value", _model("sentinel"), _model("identity"), edits=(delete("where"),)),
    different("odd-constant-or-value", _model("odd-third"), _model("identity"), edits=(delete("where"),)),
    different(
        "above-half-after-scaling",
        _model("scaled-from-half"),
        _model("scaled-above-half"),
        edits=(update("greater", ""),),
    ),
    different("round-or-half-up", _model("round"), _model("half-up"), edits=(Expected(kind="update", op="round"),)),
    different("last-row-of-a-table", "jumps.py:lookup()", "jumps.py:lookup(last=49)", edits=(insert("lambda"),)),
    different(
        "layer-more-without-float64", "jumps.py:narrow()", "jumps.py:narrow(more=True)", edits=(insert("dense"),)
    ),
    open_question(
        "above-half-inside",
        _model("from-half", before=True),
        _model("above-half", before=True),
        mentions=("exactly 0.5",),
    ),
)
