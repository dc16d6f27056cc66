"""Is there an input on which two models part whose graphs differ, though no probe tells them apart?

A bound, a threshold or an epsilon may lie where values of the usual size never come. So the search goes where they
are: larger weights, inputs of other scales, the very constants of the ops in the edits, and from there uphill, towards
inputs that drive what goes into those ops further and further.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.attempts import Attempt, Attempts
from kerasdiff.explain.domain import Domain
from kerasdiff.explain.edited import Edited
from kerasdiff.explain.work import Work
from kerasdiff.findings import Compared
from kerasdiff.graph.values import Array, Closeness, Precision, Tolerance
from kerasdiff.probing.numbers.limits import FLOAT64_LIMIT, precision_tolerance
from kerasdiff.probing.prober import FAR, Prober, Run, output_comparisons
from kerasdiff.probing.witness import Witness
from kerasdiff.side.observations import Evaluation, Stage

NEAR = 0.1
"""Fraction of a constant that stands for infinity from which on a value meets it."""


class Search:
    """One search, in inference mode and float64.

    Args:
        prober: Runs both sides.
        pair: Both models.
        budget: Seconds that it may take, by the size of the models.

    Attributes:
        tried: How many inputs were.
        ended_early: Whether the budget ended it.
    """

    def __init__(self, prober: Prober, pair: Pair, budget: float) -> None:
        self._prober, self._pair = prober, pair
        self._edited = Edited(pair)
        self._domain = Domain(pair.descriptions[0].inputs)
        batch = prober.batches[prober.names[0]]
        self._work = Work(pair, max((len(one) for one in batch if one.ndim), default=1), budget)
        self.tried = 0
        self.ended_early = False

    def run(self) -> tuple[Witness, Closeness] | None:
        """The first input on which the outputs part, and how far; ``None`` where none was found."""
        if not self._edited.edits:
            return None
        try:
            for attempt in Attempts(self._prober, self._pair, self._edited, self._domain, self._work):
                if self._work.done:
                    self.ended_early = True
                    return None
                if not self._domain.holds(attempt.inputs):
                    continue
                self.tried += 1
                apart = self._apart(attempt)
                if apart is not None and not self._meets_a_mask(attempt):
                    return _witness(attempt, apart), apart
        except EvaluateError:
            return None  # a side that cannot be run further; what was compared stands
        return None

    def _apart(self, attempt: Attempt) -> Closeness | None:
        """The first output beyond the limit, and beyond what rounding alone does to the reference there.

        An overflow on one side alone does not count: values so large are the search's own doing. Neither does what
        is rounding on the scale of the first probe: 1e-15 is as good as 0 where a sigmoid gives 0.5.

        Raises:
            EvaluateError: If a side cannot be run on it in float64, or does not repeat itself.
        """
        prober = _Counted(self._work, self._prober, attempt)
        sides = prober.run("float64", prober.names)
        if not all(side.repeated for side in sides) or any(side.mixed for side in sides):
            raise EvaluateError("only what repeats itself in float64 can be searched")
        tolerance = Tolerance(limit=FAR, grounds="far") if attempt.driven else precision_tolerance("float64")
        run = Run(names=prober.names, sides=sides, precision="float64", tolerance=tolerance)
        items = self._counting(run)
        settled = prober.tempered(run, items, self._counting, output_comparisons, training=False, plain=np.inf)
        return next((item.closeness for item in settled if item.closeness.differs), None)

    def _counting(self, run: Run) -> list[Compared]:
        """The outputs of a run, without those whose difference does not count."""
        items = output_comparisons(run)
        return [item for item in items if item.closeness.equal or self._counts(item.closeness, item.subject.number)]

    def _counts(self, close: Closeness, output: int) -> bool:
        """Whether a difference of an output is finite, and beyond rounding on its usual scale."""
        return bool(np.isfinite(close.max_absolute)) and close.max_absolute > FLOAT64_LIMIT * self._scales[output]

    @cached_property
    def _scales(self) -> list[float]:
        """The usual scale of each output: its largest finite value on the first probe."""
        outputs = self._prober.alone("float64", self._prober.names[:1], training=False).outputs[0]
        return [float(np.max(np.abs(one[np.isfinite(one)]), initial=0.0)) for one in outputs]

    def _meets_a_mask(self, attempt: Attempt) -> bool:
        """Whether what goes into an edited node comes near the size of a constant that stands for infinity.

        There a mask adds to a score, or lets it through, that it leaves out at any other: two ways to mask part that
        nobody would tell apart.
        """
        masks = self._edited.masks()
        return bool(masks) and any(meets(value, masks) for side in (0, 1) for value in self._operands(side, attempt))

    def _operands(self, side: int, attempt: Attempt) -> Sequence[Array]:
        stage = Stage(
            recipes=self._prober.recipes[side],
            probe=attempt.inputs,
            precision="float64",
            mode="inference",
            weight_scale=attempt.weight_scale,
            wanted=self._edited.operands(side),
        )
        return tuple(self._prober.sides[side].stage(stage).values.values())


class _Counted(Prober):
    """Runs both sides on what is tried, and takes each run off the work that is left."""

    def __init__(self, work: Work, prober: Prober, attempt: Attempt) -> None:
        super().__init__(prober.sides, prober.transfer, {"": attempt.inputs}, weight_scale=attempt.weight_scale)
        self._work, self._scale = work, attempt.weight_scale

    def alone(
        self, precision: Precision, names: tuple[str, ...], *, side: int = 0, training: bool, perturbation: float = 0.0
    ) -> Evaluation:
        if side == 0:  # the other one is at work meanwhile
            self._work.evaluate((precision, self._scale, perturbation))
        return super().alone(precision, names, side=side, training=training, perturbation=perturbation)


def _witness(attempt: Attempt, apart: Closeness) -> Witness:
    return Witness(
        inputs=attempt.inputs,
        mode="inference",
        weight_scale=attempt.weight_scale,
        how=attempt.how,
        difference=apart.max_relative,
    )


def meets(values: Array, masks: Sequence[float]) -> bool:
    """Whether a value comes near the size of a mask, and is not the mask itself, with a score added or not."""
    if values.dtype.kind != "f":
        return False
    sizes = np.abs(values[np.isfinite(values)])
    own = np.any([np.abs(sizes / mask - 1.0) < NEAR for mask in masks], axis=0)
    return bool(np.any((sizes >= NEAR * min(masks)) & ~own))
