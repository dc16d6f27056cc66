"""When is a pair so large that what decides nothing is left out?

A proof holds for all weights: the numbers that confirm it are a check on our own tracing, and saved weights are advice.
Where outputs differ by more than any rounding, neither float64 nor gradients are needed to tell. Of small models all
that costs nothing to speak of; of large ones it costs more than all the rest, and several copies of the model.
"""

from __future__ import annotations

from kerasdiff.align.pair import Correspondence
from kerasdiff.findings import Fact, Finding

MOST_CONFIRMED = 10_000_000
"""Parameters of a side up to which a proof is confirmed by numbers and saved weights are loaded. Measured on dense
models, two cores: of 10 million parameters both take 0.6 of 4 seconds, of 67 million 9 of 14, of 200 million 24 of 33,
and 0.8 GB are written."""

MOST_MEASURED = 30_000_000
"""The same where no proof holds: beyond it saved weights are not loaded, and where float32 tells outputs apart, nothing
is run in float64, and no gradient is taken. Measured on a dense model of 67 million, one edit, with all of it: 61
seconds of processor time and 4.9 GB a side; without: 13 seconds and 1.9 GB."""


def limit_of(pair: Correspondence) -> int:
    """Parameters of a side up to which nothing is left out."""
    return MOST_CONFIRMED if pair.isomorphic else MOST_MEASURED


def is_large(pair: Correspondence) -> bool:
    """Whether a side has more."""
    return max(pair.parameters) > limit_of(pair)


def left_out(pair: Correspondence, fact: Fact) -> Finding:
    """The fact that something was left out of a pair as large as this."""
    return Finding(fact=fact, count=max(pair.parameters), of=limit_of(pair))
