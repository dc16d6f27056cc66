"""Ops that change no value of the usual size: what they do elsewhere was not compared, or there is no elsewhere."""

from __future__ import annotations

from pairs.table import NUMERIC, Pair, equal, open_question


def _model(how: str = "identity", length: int | None = 5) -> str:
    return f"acting.py:model(how={how!r}, length={length})"


PAIRS: tuple[Pair, ...] = (
    equal("epsilon-beside-at-least-one", _model("softmax"), _model("softmax-epsilon"), basis=NUMERIC),
    equal("relu-of-what-is-positive", _model("softmax"), _model("softmax-relu"), basis=NUMERIC),
    open_question("clip-far-out", _model(), _model("clip"), mentions=("changes no value that was tried", "acting.py:")),
    open_question("nan-to-num", _model(), _model("finite"), mentions=("changes no value that was tried",)),
    open_question(
        "epsilon-beside-what-may-be-zero",
        _model("share"),
        _model("share-epsilon"),
        mentions=("changes no value that was tried",),
    ),
    open_question("zero-by-zero", _model("share"), _model("share-or-zero"), mentions=("part where",)),
    open_question(
        "as-long-as-the-whole", _model(length=None), _model("first-512", None), mentions=("changes no value",)
    ),
    open_question("bound-of-a-weight", "acting.py:bounded", "acting.py:bounded(bound=1e5)", mentions=("clip",)),
)
