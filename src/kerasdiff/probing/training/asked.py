"""How are two models trained alike, and how are gradients compared?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.findings import Compared
from kerasdiff.graph.values import Array, Closeness, Precision, Tolerance
from kerasdiff.options import Ignored
from kerasdiff.probing.numbers.closeness import compare_values, noise
from kerasdiff.probing.prober import Prober, Run, Seen
from kerasdiff.side.observations import Encoding, StepRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """How two models are trained alike.

    Attributes:
        prober: Runs both.
        pair: Both, with the weights that correspond.
        ignore: What is left out; a worker has dropped ignored regularizers already.
        encodings: Form of the targets of each output, where a side's loss tells nothing about it.
    """

    prober: Prober
    pair: Pair
    ignore: tuple[Ignored, ...] = ()
    encodings: tuple[Encoding | None, ...] = ()

    @property
    def compiled(self) -> bool:
        """Whether each side learns by its own compile settings; else both by the defaults."""
        return all(side.compiled is not None for side in self.pair.descriptions) and "compile" not in self.ignore

    @property
    def of_the_reference(self) -> Learning:
        """The reference against itself."""
        return replace(self, pair=self.pair.with_transfer(self.pair.transfer.of_the_reference))

    def steps(self, probe: str, precision: Precision) -> tuple[StepRequest, StepRequest]:
        """One step of each side, on the batch of that name."""
        first, second = (
            StepRequest(
                recipes=recipes,
                probe=self.prober.batches[probe],
                precision=precision,
                compiled=self.compiled,
                encodings=self.encodings,
            )
            for recipes in self.prober.recipes
        )
        return first, second

    def compared(self, by: Callable[[Learning, Run], Sequence[Compared]]) -> tuple[Seen, Seen]:
        """How runs of both sides are compared, and how runs of the reference alone are."""
        return partial(by, self), partial(by, self.of_the_reference)


def least_of(updates: Mapping[str, Array], wide: Tolerance) -> float:
    """The size below which an update is rounding: a fraction of the largest."""
    return noise(wide) * max((float(np.max(np.abs(one))) for one in updates.values() if one.size), default=0.0)


def element(a: Array, b: Array, tolerance: Tolerance, least: float) -> Closeness:
    """Compares two gradients on the scale of their own, or on ``least`` where their own is rounding.

    A bias before a batch normalisation has the gradient 0, and both sides compute some rounding instead: a millionth
    of the largest gradient tells.
    """
    counterpart = b.reshape(a.shape) if a.size == b.size else b
    return compare_values(a, counterpart, tolerance, least=least)
