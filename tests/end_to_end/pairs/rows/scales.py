"""Scale constants that the rest makes up for."""

from __future__ import annotations

from pairs.table import NUMERIC, Pair, different, equal, open_question

PAIRS: tuple[Pair, ...] = (
    equal("half-of-the-negative-or-minus-half", "scales.py:divergence", "scales.py:turned", basis=NUMERIC),
    equal("the-same-as-an-added-loss", "scales.py:penalty", "scales.py:turned_penalty", basis=NUMERIC),
    equal("gelu-by-tanh-or-by-sigmoid", "scales.py:gelu_by_tanh", "scales.py:gelu_by_sigmoid", basis=NUMERIC),
    equal("by-a-root-or-by-its-inverse", "scales.py:divided", "scales.py:divided(factor=0.4082482904638631)"),
    different("another-factor", "scales.py:divergence", "scales.py:weaker", mentions=("by -0.5",)),
    open_question(
        "a-factor-in-a-branch-that-no-probe-takes",
        "scales.py:far_out_doubled",
        "scales.py:far_out_tripled",
        mentions=("by 2 in the reference, 3 in the candidate",),
    ),
    open_question(
        "an-epsilon-beside-large-values",
        "scales.py:small_epsilon",
        "scales.py:larger_epsilon",
        mentions=("by 1e-12 in the reference, 1e-10 in the candidate",),
    ),
)
