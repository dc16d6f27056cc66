"""Which nodes of two different graphs correspond?

Imports labels and graph; imported by align alone.
"""

from kerasdiff.align.pairing.pairing import Pairs, pairing

__all__ = ["Pairs", "pairing"]
