"""Which inputs drive what goes into a node? Gradient ascent on its size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kerasdiff.explain.domain import Domain
from kerasdiff.explain.rows import Batch
from kerasdiff.explain.work import PULLED, Work
from kerasdiff.graph import Edge
from kerasdiff.graph.values import Array
from kerasdiff.probing.prober import Prober
from kerasdiff.side.observations import Stage

CLIMBS = 48
"""Steps uphill for each edit and direction; each that helps is twice as long as the one before."""

ONWARD = (10.0, 1e3)
"""Factors on the input at the end of a climb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """The mean of one value of one side, as a hill over the inputs.

    Attributes:
        prober: Runs the side.
        domain: Of the inputs.
        work: What is left of the search: no further step is taken when it is done.
        side: 0 for the reference.
        value: A value of the traced graph.
        entries: The model inputs there.
    """

    prober: Prober
    domain: Domain
    work: Work
    side: int
    value: Edge
    entries: Sequence[Edge]

    def path(self, start: Batch, sign: Literal[1, -1]) -> Iterator[Batch]:
        """Inputs ever further up, or down: steps grow while they help and shrink when they do not.

        At the end the direction that was found is followed outright: what turned positive grows with the input.

        Raises:
            EvaluateError: If the side cannot be run in parts.
        """
        inputs, length = start, 1.0
        shape = self._shape(start)
        height, slopes = self._slopes(start, shape) if shape is not None else (0.0, None)
        for _ in range(CLIMBS):
            if shape is None or slopes is None or self.work.done:
                break
            moved = self.domain.moved(inputs, [sign * length * slope for slope in slopes])
            if not self.domain.holds(moved):
                break
            reached, onward = self._slopes(moved, shape)
            if sign * (reached - height) > 0:
                inputs, height, slopes, length = moved, reached, onward, 2.0 * length
                yield inputs
            else:
                length /= 2.0
        for scale in ONWARD:
            yield self.domain.mapped(inputs, lambda x, s=scale: x * s)  # type: ignore[misc]

    def _stage(self, inputs: Batch) -> Stage:
        return Stage(
            recipes=self.prober.recipes[self.side],
            probe=inputs,
            precision="float64",
            mode="inference",
            given=dict(zip(self.entries, self.domain.wide(inputs), strict=True)),
            wanted=(self.value,),
        )

    def _shape(self, inputs: Batch) -> tuple[int, ...] | None:
        """The shape of the value; ``None`` where it has no height."""
        value = self.prober.sides[self.side].stage(self._stage(inputs)).values[self.value]
        return value.shape if value.dtype.kind == "f" and value.size else None

    def _slopes(self, inputs: Batch, shape: tuple[int, ...]) -> tuple[float, list[Array] | None]:
        """The mean of the value, and its gradient by each input at unit size; ``None`` where no input reaches it."""
        self.work.spend(PULLED)
        stage = self._stage(inputs)
        staged = self.prober.sides[self.side].stage(replace(stage, pull={self.value: np.ones(shape)}))
        slopes = [_unit(staged.pulled.get(edge), stage.given[edge]) for edge in self.entries]
        height = float(np.mean(staged.values[self.value]))
        return height, slopes if any(np.any(slope) for slope in slopes) else None


def _unit(slope: Array | None, values: Array) -> Array:
    """A gradient scaled to a root mean square of 1; zeros where there is none."""
    largest = 0.0 if slope is None else float(np.max(np.abs(slope), initial=0.0))
    if slope is None or not largest or not np.isfinite(largest):
        return np.zeros(values.shape)
    unit: Array = slope / largest  # the square of what exp gives overflows
    return unit / float(np.sqrt(np.mean(unit**2)))
