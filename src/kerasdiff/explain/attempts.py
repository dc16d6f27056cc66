"""Which inputs may tell two models apart that no probe does? Those that their edits suggest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kerasdiff.align.edits import Edit
from kerasdiff.align.pair import Pair
from kerasdiff.explain.domain import Domain
from kerasdiff.explain.edited import Edited
from kerasdiff.explain.rows import Batch
from kerasdiff.explain.uphill import Climb
from kerasdiff.explain.work import Work
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph.values import Array
from kerasdiff.probing.inputs.probes import FARTHEST
from kerasdiff.probing.prober import FEW_EDITS, WEIGHT_SCALES, Prober

SCALES = (1e-8, 1e-5, 1e-2, 10.0, 1e2, 2e4)
"""Factors on the first probe; the probes themselves cover 1e-3 to 1e3."""

MOST_CONSTANTS = 16
"""Constants of the edits that are tried as inputs."""

MOST_CLIMBED = 4
"""Edits for which inputs are driven, the first: each costs a hundred runs of either side or two."""

_WAYS: tuple[tuple[Literal[1, -1], Fact], ...] = ((1, Fact.DRIVEN_UP), (-1, Fact.DRIVEN_DOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An input that is tried.

    Attributes:
        inputs: One batch per model input.
        how: How it was made.
        weight_scale: Factor on the weights.
        driven: Whether values were taken far from the usual, where rounding grows too.
    """

    inputs: Batch
    how: Finding
    weight_scale: float = 1.0
    driven: bool = False


class Attempts:
    """The inputs of one search, the cheapest first: larger weights, scales, constants, then inputs that are driven.

    Args:
        prober: Holds the first probe, from which all are made; runs the side whose values are driven.
        pair: Both models.
        edited: Their edits.
        domain: Of their inputs.
        work: What is left of the search.
    """

    def __init__(self, prober: Prober, pair: Pair, edited: Edited, domain: Domain, work: Work) -> None:
        self._prober, self._edited, self._domain, self._work = prober, edited, domain, work
        self._few = len(pair.edits) <= FEW_EDITS
        self._first = prober.batches[prober.names[0]]

    def __iter__(self) -> Iterator[Attempt]:
        if self._few:
            yield from self._larger_weights()
        if not self._domain.floating:
            return
        yield from self._scaled()
        yield from self._around_constants()
        for edit in self._edited.edits[:MOST_CLIMBED]:
            yield from self._driven(edit)

    def _larger_weights(self) -> Iterator[Attempt]:
        for scale in WEIGHT_SCALES:
            how = Finding(fact=Fact.LARGER_WEIGHTS, figures={"factor": scale})
            yield Attempt(inputs=self._first, how=how, weight_scale=scale, driven=True)

    def _scaled(self) -> Iterator[Attempt]:
        for scale in SCALES:
            inputs = self._domain.mapped(self._first, lambda x, s=scale: x * s)  # type: ignore[misc]
            yield Attempt(inputs=inputs, how=Finding(fact=Fact.SCALED_INPUTS, figures={"factor": scale}))

    def _around_constants(self) -> Iterator[Attempt]:
        constants = [number for number in self._edited.numbers() if abs(number) <= FARTHEST]
        for constant in constants[:MOST_CONSTANTS]:
            inputs = self._domain.mapped(self._first, lambda x, c=constant: around(c, x.shape))  # type: ignore[misc]
            yield Attempt(inputs=inputs, how=Finding(fact=Fact.NEAR_CONSTANT, figures={"constant": constant}))

    def _driven(self, edit: Edit) -> Iterator[Attempt]:
        """Inputs that drive what goes into the nodes of an edit, up and down."""
        for side, node in self._edited.nodes(edit):
            entries = self._edited.entries(side)
            if not node.operands or node.operands[0] in entries:
                continue  # nothing lies between: the scales have been there
            climb = Climb(
                prober=self._prober,
                domain=self._domain,
                work=self._work,
                side=side,
                value=node.operands[0],
                entries=entries,
            )
            for sign, fact in _WAYS:
                how = Finding(fact=fact, side=SIDES[side], sites=(Site.of(node),))
                for inputs in climb.path(self._first, sign):
                    yield Attempt(inputs=inputs, how=how, driven=True)


def around(constant: float, shape: tuple[int, ...]) -> Array:
    """A third of the entries at a constant, a third just above it, a third just below."""
    near = np.array([constant, np.nextafter(np.float32(constant), np.float32(np.inf)), constant - 1e-6])
    return np.resize(near, shape)
