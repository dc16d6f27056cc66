"""What do edits do, each of them, all together, and those that matter without the rest? Patched models, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kerasdiff.errors import EvaluateError
from kerasdiff.explain.patching import Patched, Patcher
from kerasdiff.explain.records import FROM_ZERO, Measure, Sizes, within
from kerasdiff.explain.rows import Rows
from kerasdiff.explain.walking import Walk
from kerasdiff.graph import MODES, Mode
from kerasdiff.graph.values import Array, Precision, Tolerance
from kerasdiff.probing.numbers.limits import FLOAT64_LIMIT, TINY, precision_tolerance
from kerasdiff.probing.numbers.rounding import DECIDES, wide_of
from kerasdiff.probing.prober import Prober, both, projection
from kerasdiff.side.observations import Encoding, StepRequest

MOST_GROUPS = 12
"""Edits applied alone at most: each costs a run of the model or two; more are applied together alone."""

GRADIENT_LIMIT = 1e-7
"""Fraction of the gradients' norm below which two gradients agree in float64: sums over positions and layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """On what the edits of a pair are to be measured.

    Attributes:
        prober: Runs both sides.
        worst: By mode, the probe on which outputs differ most.
        precision: In which both sides could be run.
        tolerance: Of outputs.
        compiled: Whether the training loss is that of the compile settings.
        encodings: Form of the targets of each output, as of :class:`kerasdiff.side.observations.StepRequest`.
        learns: Whether one training step is known to be the same, added losses included.
        computes: Whether outputs at inference are.
        steps: Whether a step of an optimizer is.
        weight_scale: Factor on the weights.
        modes: In which edits are measured.
        settled: By mode, how far outputs may be apart where rounding, of a constant say, accounts for more than the
            tolerance.
    """

    prober: Prober
    worst: Mapping[Mode, str]
    precision: Precision
    tolerance: Tolerance
    compiled: bool
    learns: bool
    computes: bool
    steps: bool
    weight_scale: float = 1.0
    encodings: tuple[Encoding | None, ...] = ()
    modes: tuple[Mode, ...] = MODES
    settled: Mapping[Mode, float] = field(default_factory=dict)


Gradients = Mapping[str, Array]
"""By reference weight id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What edits do in one mode.

    Attributes:
        alone: By position of the edit; edits of one group share what they do together.
        total, remaining: What all change together, and what is left then.
        spare: Positions of the edits that change nothing, and without which the others give the whole difference.
    """

    alone: Mapping[int, Sizes] = field(default_factory=dict)
    total: Sizes = field(default_factory=dict)
    remaining: Sizes = field(default_factory=dict)
    spare: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Measures patched models in one mode.

    Attributes:
        walked: Both sides as they are.
        gradients: Whether gradients are measured.
    """

    mode: Mode
    question: Question
    patcher: Patcher
    rows: Rows
    walked: Walk
    gradients: bool

    @property
    def measure(self) -> Measure:
        """What outputs are called in this mode."""
        return Measure.TRAINING_OUTPUT if self.mode == "training" else Measure.OUTPUT

    @property
    def limits(self) -> Sizes:
        """Of all that is measured in this mode."""
        overall, limit = self.rows.overall.limit, self.question.tolerance.limit
        limits = {self.measure: overall, FROM_ZERO[self.measure]: limit * TINY}
        if self.mode != "training" or not self.patcher.cut.groups():
            return limits
        wide = min(GRADIENT_LIMIT * limit / FLOAT64_LIMIT, DECIDES)
        state = min(wide, wide_of(precision_tolerance("float32")).limit)
        return {**limits, Measure.GRADIENT: wide, Measure.LOSS: overall, Measure.STATE: state}

    def effects(self) -> Effects:
        """Applies each group of edits to the reference alone, and all of them."""
        groups = self.patcher.cut.groups()
        if not groups:
            return Effects()
        every = frozenset[int]().union(*groups)
        alone = groups if len(groups) <= MOST_GROUPS else ()
        applied = tuple(dict.fromkeys((*alone, every)))
        own = self._own_gradients()  # of the whole models: the gradients of their parts come from the same ops
        models: list[Patched | None]
        if self._changes_nothing(own):
            models = [Patched(outputs=self.walked.outputs[0], gradients=own[0]) for _ in applied]
        else:
            models = self.patcher.patched(applied, gradients=self.gradients)
        losses = self._losses([self.walked.outputs[0] if model is None else model.outputs for model in models])
        sizes = {
            group: {} if model is None else {**self._apart(0, own, model), **loss, **self._updated(group)}
            for group, model, loss in zip(applied, models, losses, strict=True)
        }
        together = models[-1]
        return Effects(
            alone={position: sizes[group] for group in alone for position in group},
            total=sizes[every],
            remaining={} if together is None else self._left(own, together),
            spare=self._spare(own, {group: sizes[group] for group in alone}, sizes[every]),
        )

    def _left(self, own: tuple[Gradients, Gradients], model: Patched) -> Sizes:
        """What tells a patched model from the candidate; of state updates those that no edit explains."""
        return {**self._apart(1, own, model), **self._updated({None})}

    def _spare(
        self, own: tuple[Gradients, Gradients], alone: Mapping[frozenset[int], Sizes], total: Sizes
    ) -> frozenset[int]:
        """The edits that change nothing, all of them applied, and without which the others give the candidate.

        Only by the limit of float64, which is fixed: another is as wide as the rounding of what is measured.
        """
        if self.question.precision != "float64" or self.rows.overall != self.question.tolerance:
            return frozenset()
        idle = [group for group, sizes in alone.items() if sizes and within(sizes, self.limits)]
        acting = [group for group in alone if group not in idle]
        if not idle or not acting:
            return frozenset[int]().union(*idle) if within(total, self.limits) else frozenset()
        rest, matter = frozenset[int]().union(*idle), frozenset[int]().union(*acting)
        with_rest, with_matter = self.patcher.patched((rest, matter), gradients=self.gradients)
        if with_rest is None or with_matter is None:
            return frozenset()
        same = within(self._apart(0, own, with_rest), self.limits), within(self._left(own, with_matter), self.limits)
        return rest if all(same) else frozenset()

    def _changes_nothing(self, own: tuple[Gradients, Gradients]) -> bool:
        """Whether no edit changes what is measured on patched models, which need not be run then.

        From the same values each aligned node computes the same on both sides, and so do both models as they are: a
        model of parts of either has nothing else to compute. What edits do to state updates the walk has measured.
        """
        ends = [self.rows.on_their_own.compare(*pair) for pair in zip(*self.walked.outputs, strict=False)]
        if self.walked.local or not all(end.closeness.equal for end in ends):
            return False
        return not self.gradients or gradients_apart(*own) <= self.limits[Measure.GRADIENT]

    def _own_gradients(self) -> tuple[Gradients, Gradients]:
        """The gradients of either side as it is; empty where they are not measured."""
        if not self.gradients:
            return {}, {}
        seeds = projection(self.walked.outputs[0])
        first, second = both(lambda side: self.patcher.gradients(side, seeds))
        return first, second

    def _apart(self, side: int, own: tuple[Gradients, Gradients], model: Patched) -> dict[Measure, float]:
        """How far a patched model is from a side, in outputs and gradients."""
        # Masks come after the outputs, and one side may have none.
        outputs = zip(self.walked.outputs[side], model.outputs, strict=False)
        sizes = [self.rows.compare(one, two).closeness for one, two in outputs]
        apart = {self.measure: max((close.max_relative for close in sizes if not close.from_zero), default=0.0)}
        if from_zero := [close.max_absolute for close in sizes if close.from_zero]:
            apart[FROM_ZERO[self.measure]] = max(from_zero)
        if self.gradients:
            apart[Measure.GRADIENT] = gradients_apart(own[side], model.gradients)
        return apart

    def _updated(self, group: frozenset[int] | set[None]) -> dict[Measure, float]:
        sizes = [self.walked.updates[position] for position in group if position in self.walked.updates]
        return {Measure.STATE: max(sizes)} if sizes else {}

    def _losses(self, outputs: Sequence[tuple[Array, ...]]) -> list[dict[Measure, float]]:
        """What the training loss changes by, for these outputs; empty where the reference has no loss for them."""
        nothing: list[dict[Measure, float]] = [{} for _ in outputs]
        if self.mode != "training":
            return nothing
        plain = self.patcher.plain[0]
        request = StepRequest(
            recipes=plain.recipes,
            probe=plain.probe,
            precision=plain.precision,
            compiled=self.question.compiled,
            encodings=self.question.encodings,
        )
        try:
            base, *losses = self.question.prober.sides[0].losses_of(request, (self.walked.outputs[0], *outputs))
        except EvaluateError:
            return nothing  # a model without a loss that fits: outputs and gradients say what there is to say
        return [{Measure.LOSS: loss - base} for loss in losses]


def gradients_apart(one: Gradients, two: Gradients) -> float:
    """Norm of the difference of two sets of gradients, as a fraction of the first one's, or as it is if that is 0.

    What is not finite on both sides in one way is no difference; on one side alone the norm is infinite.
    """
    change = norm = 0.0
    for name in {**one, **two}:
        a, b = one.get(name), two.get(name)
        shape = a.shape if a is not None else b.shape if b is not None else ()
        first = np.zeros(shape) if a is None else a.astype(np.float64)
        second = np.zeros(shape) if b is None else b.astype(np.float64).reshape(shape)
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        finite = np.isfinite(first) & np.isfinite(second)
        if np.any(~same & ~finite):
            return np.inf
        change += float(np.sum((first[finite] - second[finite]) ** 2))
        norm += float(np.sum(first[finite] ** 2))
    return float(np.sqrt(change / norm)) if norm else float(np.sqrt(change))
