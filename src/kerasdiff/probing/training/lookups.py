"""Does an optimizer train rows that are looked up by id as it trains a matrix?"""

from __future__ import annotations

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.graph import Source
from kerasdiff.side.observations import Stepped

IN_PARTS = 1e-2
"""Fraction of a step from which on halved gradients count as taken one by one: Adam's first step is then larger by the
root of 2, rounding in float32 changes it by 1e-3."""


def row_by_row(pair: Pair, first: Stepped, second: Stepped) -> dict[str, Finding]:
    """Why an optimizer trains a weight of the reference in another way: it takes the gradients of its rows one by one.

    Keras hands the gradient of an embedding to the optimizer as the rows that were looked up. Adam squares each before
    it adds them up where an id repeats in a batch; of a matrix product it squares the sum.

    Args:
        pair: With the weights that correspond.
        first: A step of the reference.
        second: A step of the candidate.

    Returns:
        A finding for each such weight of the reference.

    References:
        ``square`` of ``tf.IndexedSlices`` in ``keras/src/backend/tensorflow/sparse.py``; measured with Keras 3.15: an
        Embedding and one-hot ids times a matrix part where an id repeats under Adam, RMSprop, Adagrad and Ftrl, and do
        not under SGD and Lion. Keras 2 adds up the rows of one id before it squares them.
    """
    findings = {}
    for names in pair.transfer.drawn_alike.items():
        by_rows = [_takes_rows(step, name) for step, name in zip((first, second), names, strict=True)]
        if by_rows[0] != by_rows[1]:
            side = by_rows.index(True)
            step, opposite = (first, second) if side == 0 else (second, first)
            found = (names[side], names[1 - side])
            both = names[1 - side] in opposite.halved
            weights = found if both else found[:1]
            lines = [_line(pair, at, names[at]) for at in ((0, 1) if both else (side,))]
            findings[names[0]] = Finding(
                fact=Fact.ROW_BY_ROW,
                side=SIDES[side],
                weights=weights,
                names=(step.optimizer,),
                sources=tuple(dict.fromkeys(filter(None, lines))),
            )
    return findings


def _line(pair: Pair, side: int, weight: str) -> Source | None:
    """Where the first call that holds a weight stands."""
    graphs = (aligned.graphs[side] for aligned in pair.modes.values())
    return next((node.source for graph in graphs for node in graph if weight in node.weights), None)


def _takes_rows(done: Stepped, name: str) -> bool:
    """Whether it matters to the optimizer in how many parts the gradient of a row comes."""
    if name not in done.halved:
        return False
    summed, halved = done.summed[name], done.halved[name]
    return bool(np.max(np.abs(halved - summed)) > IN_PARTS * np.max(np.abs(summed)))
