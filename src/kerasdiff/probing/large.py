"""When is a pair so large that what decides nothing is left out?

A proof holds for all weights: the numbers that confirm it are a check on our own tracing, and saved weights are advice.
Of small models both cost nothing to speak of; of large ones they cost more than all the rest.
"""

from __future__ import annotations

from kerasdiff.align.pair import Correspondence
from kerasdiff.findings import Fact, Finding

MOST_CHECKED = 10_000_000
"""Parameters of a side up to which a proof is confirmed by numbers and saved weights are loaded. Measured on dense
models, two cores: of 10 million parameters both take 0.6 of 4 seconds, of 67 million 9 of 14, of 200 million 24 of 33,
and 0.8 GB are written."""


def is_large(pair: Correspondence) -> bool:
    """Whether a side has more parameters than are checked for nothing but good measure."""
    return max(pair.parameters) > MOST_CHECKED


def left_out(pair: Correspondence, fact: Fact) -> Finding:
    """The fact that something was left out of a pair as large as this."""
    return Finding(fact=fact, count=max(pair.parameters), of=MOST_CHECKED)
