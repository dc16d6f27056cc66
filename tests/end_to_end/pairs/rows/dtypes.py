"""Layers that do something else in float64 than in float32, which is what people run."""

from __future__ import annotations

from pairs.table import NUMERIC, Pair, different, equal


def _model(narrow: str, wide: str = "", *, dropout: bool = False) -> str:
    return f"precision.py:by_dtype({narrow!r}, {wide or narrow!r}, dropout={dropout})"


_NORMALIZED = "precision.py:normalized_in_float32"

SAID = ("the reference computes something else in float64",)

PAIRS: tuple[Pair, ...] = (
    different("other-op-in-float32-alone", _model("relu6", "relu"), _model("relu"), mentions=SAID),
    different(
        "other-op-with-dropout", _model("relu6", "relu", dropout=True), _model("relu", dropout=True), mentions=SAID
    ),
    different(
        "other-constant-in-float32-alone", _model("half as much again", "double"), _model("double"), mentions=SAID
    ),
    different(
        "operands-swapped-in-float32-alone",
        _model("from its relu", "less its relu"),
        _model("less its relu"),
        mentions=SAID,
    ),
    equal(
        "other-constant-in-float64-alone",
        _model("double", "half as much again"),
        _model("sum of a half"),
        basis=NUMERIC,
    ),
    equal("other-ops-that-do-the-same", _model("sum", "sum by hand"), _model("sum of a half"), basis=NUMERIC),
    equal("relu-by-hand-in-float32", _NORMALIZED, f"{_NORMALIZED}(by_hand=True)", basis=NUMERIC),
    different(
        "momentum-in-float32",
        _NORMALIZED,
        f"{_NORMALIZED}(momentum=0.989)",
        mentions=("momentum 0.99 in the reference, 0.989 in the candidate", "moving_mean"),
    ),
    different(
        "epsilon-in-float32",
        _NORMALIZED,
        f"{_NORMALIZED}(epsilon=0.0011)",
        mentions=("epsilon 0.001 in the reference, 0.0011 in the candidate",),
    ),
)
