"""What saved files hold: the targets are the files of :mod:`pairs.stored`, which the test saves."""

from __future__ import annotations

from pairs.table import Expected, Pair, different, equal, open_question

PAIRS: tuple[Pair, ...] = ()

FILES: tuple[Pair, ...] = (
    equal("one-model-saved-twice", "net.keras", "again.keras", mentions=("the same to the bit",)),
    equal("one-model-in-both-formats", "net.keras", "legacy.h5"),
    equal("the-same-values-in-another-style", "net.keras", "functional.keras"),
    equal("the-same-values-whatever-they-were-drawn-from", "net.keras", "initializer.keras"),
    different(
        "the-same-network-trained-otherwise",
        "net.keras",
        "other.keras",
        exact=True,
        mentions=("8 of 8 stored weights hold other values", "outputs computed with them differ"),
    ),
    different(
        "one-bias-moved",
        "net.keras",
        "moved.keras",
        exact=True,
        mentions=("1 of 8 stored weights", "most hidden/bias by up to 0.01 at (2,)"),
    ),
    different(
        "another-activation-and-other-values",
        "net.keras",
        "tanh.keras",
        edits=(Expected(kind="update", op="relu"),),
        mentions=("8 of 8 stored weights",),
    ),
    open_question(
        "hidden-units-in-another-order",
        "net.keras",
        "reordered.keras",
        mentions=("7 of 8 stored weights hold other values", "yet every output computed with them agrees"),
    ),
)
