"""When is a pair so large that what decides nothing is left out?

A proof holds for all weights: the numbers that confirm it are a check on our own tracing, and saved weights are advice.
Where outputs differ by more than any rounding, neither float64 nor gradients are needed to tell. Of small models all
that costs nothing to speak of; of large ones it costs more than all the rest, and several copies of the model.
"""

from __future__ import annotations

from kerasdiff.align.pair import Correspondence
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.memory import available_bytes

MOST_CONFIRMED = 10_000_000
"""Parameters of a side up to which a proof is confirmed by numbers and saved weights are loaded. Measured on dense
models, two cores: of 10 million parameters both take 0.6 of 4 seconds, of 67 million 9 of 14, of 200 million 24 of 33,
and 0.8 GB are written."""

MOST_MEASURED = 30_000_000
"""The same where no proof holds: beyond it saved weights are not loaded, and where float32 tells outputs apart, nothing
is run in float64, and no gradient is taken. Measured on a dense model of 67 million, one edit, with all of it: 61
seconds of processor time and 4.9 GB a side; without: 13 seconds and 1.9 GB."""


MOST_READY = 10_000_000
"""The same for a trial that is made ready while other rungs are climbed: it saves half a second, and takes the memory
of a model and its optimizer's state."""

IN_FLOAT64, IN_TRAINING, IN_NARROW_TRAINING, IN_PARTS, IN_A_FIT = 10, 84, 42, 16, 40
"""Bytes that each parameter of a side takes beside its own four, at most: a model in float64 with what is drawn for its
largest weight; the same with gradients, the update of a step and its optimizer's state, and what of it the parent has;
that in float32; another set of variables in float64, read from a model in it; another model with gradients and Adam's
state, and its start in the parent. In training EfficientNetV2L (119 million, from TensorFlow 2.15 to 2.21) had taken
71, all that was free, when the system ended it."""


def lacks_room(pair: Correspondence, bytes_a_parameter: int) -> Finding | None:
    """The fact that the machine has less memory than both sides would take, where that is so.

    Without it the system would end a process, and with it the comparison.
    """
    needed, free = sum(pair.parameters) * bytes_a_parameter, available_bytes()
    if not is_large(pair) or free is None or needed <= free:
        return None
    return Finding(fact=Fact.NO_ROOM, count=max(pair.parameters), figures={"needed": needed / 1e9, "free": free / 1e9})


def outlasts_its_trace(pair: Correspondence) -> bool:
    """Whether training takes so much longer than getting ready for it that nothing is won by doing so ahead."""
    return max(pair.parameters) > MOST_READY


def limit_of(pair: Correspondence) -> int:
    """Parameters of a side up to which nothing is left out."""
    return MOST_CONFIRMED if pair.isomorphic else MOST_MEASURED


def is_large(pair: Correspondence) -> bool:
    """Whether a side has more."""
    return max(pair.parameters) > limit_of(pair)


def too_large_node_by_node(pair: Correspondence) -> Finding | None:
    """Why values of a pair of which nothing is attributed are not compared node by node; ``None`` where they are."""
    count = max(pair.parameters)
    return Finding(fact=Fact.TOO_LARGE_NODE_BY_NODE, count=count, of=MOST_MEASURED) if count > MOST_MEASURED else None


def left_out(pair: Correspondence, fact: Fact, *names: str) -> Finding:
    """The fact that something was left out of a pair as large as this."""
    return Finding(fact=fact, names=names, count=max(pair.parameters), of=limit_of(pair))
