"""Compile settings that are spelled differently, and what training does."""

from __future__ import annotations

from pairs.table import NUMERIC, Pair, different, equal, open_question

PAIRS: tuple[Pair, ...] = (
    equal(
        "adamw-and-decayed-adam",
        "settings.py:optimized(by='adamw')",
        "settings.py:optimized(by='adam decayed')",
        basis=NUMERIC,
        mentions=("AdamW against Adam",),
    ),
    different(
        "adamw-that-hardly-decays",
        "settings.py:optimized(by='adamw hardly')",
        "settings.py:optimized",
        mentions=("weight_decay 1e-10",),
    ),
    equal(
        "decay-of-rate-one",
        "settings.py:optimized(by='rated')",
        "settings.py:optimized(by='rated', rate='rate 1')",
        basis=NUMERIC,
        mentions=("0.01 against ExponentialDecay",),
    ),
    different(
        "rate-that-falls-late",
        "settings.py:optimized(by='rated')",
        "settings.py:optimized(by='rated', rate='late')",
        mentions=("learning_rate",),
    ),
    equal(
        "a-schedule-of-ones-own",
        "settings.py:optimized(by='rated', rate='cosine')",
        "settings.py:optimized(by='rated', rate='own cosine')",
        basis=NUMERIC,
        mentions=("CosineDecay against Cosine",),
    ),
    different(
        "a-schedule-of-ones-own-that-starts-again",
        "settings.py:optimized(by='rated', rate='cosine')",
        "settings.py:optimized(by='rated', rate='own cosine again')",
        mentions=("learning_rate",),
    ),
    different(
        "bound-beyond-usual-gradients",
        "settings.py:optimized",
        "settings.py:optimized(by='clipped')",
        mentions=("global_clipnorm",),
    ),
    different(
        "average-put-in-place-later",
        "settings.py:optimized(by='averaged late')",
        "settings.py:optimized(by='averaged later')",
        mentions=("ema_overwrite_frequency",),
    ),
    equal(
        "loss-by-name-and-called",
        "settings.py:scored",
        "settings.py:scored(by='own')",
        basis=NUMERIC,
        mentions=("SparseCategoricalCrossentropy against named",),
    ),
    equal(
        "metric-by-name-or-class",
        "settings.py:scored",
        "settings.py:scored(by='metric by class')",
        basis=NUMERIC,
    ),
    different(
        "loss-with-half-the-gradient",
        "settings.py:scored(by='mse')",
        "settings.py:scored(by='squares still')",
        mentions=("loss",),
    ),
    open_question(
        "loss-as-one-number",
        "settings.py:scored(by='mse')",
        "settings.py:scored(by='all squares')",
        mentions=("sample weights",),
    ),
    different(
        "augmentation-that-predict-tells-no-mode",
        "norms.py:flipped",
        "norms.py:Flipped",
        "4,4,3",
        mentions=("predict tells its layers no mode",),
    ),
)
