"""Where random numbers come from."""

from __future__ import annotations

from pairs.table import NUMERIC, PROOF, Pair, different, equal, open_question

PAIRS: tuple[Pair, ...] = (
    equal(
        "stochastic-depth-by-its-own-generators",
        "chance.py:Deep",
        "chance.py:Deep(source='own')",
        "6",
        basis=NUMERIC,
        mentions=("from Keras's global generator in the reference, from a seed generator of the model",),
    ),
    equal(
        "stochastic-depth-by-a-generator-outside",
        "chance.py:Deep(source='outside')",
        "chance.py:Deep(source='own')",
        "6",
        basis=NUMERIC,
        mentions=("from a seed generator that the model does not hold",),
    ),
    equal(
        "stochastic-depth-of-other-seeds",
        "chance.py:Deep(source='own')",
        "chance.py:Deep(source='own', seeds=(3, 4))",
        "6",
        basis=PROOF,
    ),
    different(
        "stochastic-depth-by-a-fixed-seed",
        "chance.py:Deep(source='own')",
        "chance.py:Deep(source='fixed')",
        "6",
        mentions=("by a fixed seed, the same ones in every call",),
    ),
    different(
        "stochastic-depth-by-generators-of-one-seed",
        "chance.py:Deep",
        "chance.py:Deep(source='own', seeds=(1, 1))",
        "6",
        mentions=("seed of its own in the reference, the same as depth",),
    ),
    different(
        "stochastic-depth-of-another-rate",
        "chance.py:Deep",
        "chance.py:Deep(source='own', rate=0.5)",
        "6",
        mentions=("by 0.6 in the reference, 0.5 in the candidate",),
    ),
    different(
        "moving-averages-behind-draws-of-no-seed",
        "chance.py:followed",
        "chance.py:followed(momentum=0.98)",
        "6",
        mentions=("momentum 0.99 in the reference, 0.98 in the candidate", "nothing else differs"),
    ),
    open_question(
        "dropout-of-a-batch-by-other-random-ops",
        "chance.py:dropped(mask=(1, 8))",
        "chance.py:DroppedByCoin(mask=(1, 8))",
        "6",
        mentions=("agree in distribution",),
    ),
    different(
        "dropout-of-a-batch-by-other-random-ops-or-of-each-row",
        "chance.py:dropped",
        "chance.py:DroppedByCoin(mask=(1, 8))",
        "6",
        mentions=("vary together over rows of the batch",),
    ),
    open_question(
        "dropout-in-a-recurrent-layer-or-before-it",
        "chance.py:recurrent_dropout",
        "chance.py:recurrent_dropout(inside=False)",
        mentions=("1 random op of the candidate was given", "dropout 0.3 in the reference"),
    ),
    different(
        "dropout-in-a-recurrent-layer-or-more-before-it",
        "chance.py:recurrent_dropout",
        "chance.py:recurrent_dropout(inside=False, rate=0.5)",
    ),
)
