"""Functions that do something else beyond a constant to which no ordinary value comes."""

from __future__ import annotations

from pairs.table import NUMERIC, Expected, Pair, different, equal, insert, open_question


def _model(how: str = "identity", dtype: str = "float32", **given: bool) -> str:
    more = "".join(f", {name}={value}" for name, value in given.items())
    return f"beyond.py:model(how={how!r}, dtype={dtype!r}{more})"


def _whole(how: str = "identity") -> str:
    return _model(how, "int32")


def _inside(how: str = "identity") -> str:
    return _model(how, before=True)


_ADDED = Expected(kind="insert", op="relu|maximum|add")

PAIRS: tuple[Pair, ...] = (
    equal("digits-put-together", _whole(), _whole("by-digits"), basis=NUMERIC),
    equal("two-parts-of-whole-numbers", _whole(), _whole("in-two-parts"), basis=NUMERIC),
    equal("two-parts-of-numbers", _model("two-parts-by-where"), _model("two-parts-by-bounds"), basis=NUMERIC),
    equal("numpy-twice", _model("numpy"), _model("numpy-again"), basis=NUMERIC),
    different("digits-and-more-beyond", _whole(), _whole("by-digits-and-more"), edits=(_ADDED,)),
    different("whole-numbers-below-0", _whole(), _whole("not-below-0"), edits=(insert("relu"),)),
    different("hours-beyond-a-day", _whole(), _whole("hour"), edits=(insert("mod"),)),
    different("more-beyond", _model(), _model("more"), edits=(_ADDED,)),
    different("more-where-the-mean-is-beyond", _model(), _model("more-where-the-mean-is"), edits=(insert("mean"),)),
    open_question(
        "a-little-more-inside",
        _inside("less-one-by-square"),
        _inside("less-one-by-factors"),
        mentions=("10500", "beyond.py:"),
    ),
    open_question(
        "held-in-a-loop",
        _inside("halved-in-a-loop"),
        _inside("halved-and-held"),
        mentions=("comes from values around 1e",),
    ),
    open_question("numpy-beyond", _model("numpy"), _model("numpy-cut"), mentions=("code",)),
    open_question(
        "cut-where-nothing-runs-in-parts",
        "beyond.py:looked_up",
        "beyond.py:looked_up(how='cut')",
        mentions=("beyond 10000", "cannot be run in parts"),
    ),
)
