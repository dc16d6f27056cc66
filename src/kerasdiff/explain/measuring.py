"""What does each edit do in one mode? It is applied to the reference alone, then all of them are together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np

from kerasdiff.align.edits import Edit, Update, leaves
from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.acting import never_acting
from kerasdiff.explain.cut import Cut
from kerasdiff.explain.inside import Inside, agree, inside
from kerasdiff.explain.patching import Patched, Patcher
from kerasdiff.explain.reaching import reached
from kerasdiff.explain.records import FROM_ZERO, Depth, LocalDifference, Measure, Sizes
from kerasdiff.explain.rows import Rows, stacked, values_a_row
from kerasdiff.explain.walking import Walk, walk
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.graph import MODES, Graph, Mode
from kerasdiff.graph.values import Array, Precision, Tolerance
from kerasdiff.probing.limits import FLOAT64_LIMIT, MANY_ROWS, ONE_ROW, TINY
from kerasdiff.probing.prober import Prober, both, projection
from kerasdiff.probing.random_ops import given_draws
from kerasdiff.probing.rounding import AMPLIFIED, DECIDES, PERTURBATION
from kerasdiff.side.observations import Encoding, Stage, StepRequest

MOST_GROUPS = 12
"""Edits applied alone at most: each costs a run of the model or two; more are applied together alone."""

MOST_VALUES = 1 << 24
"""Values of all cut points together that travel at once: 128 MiB in float64."""

MOST_PULLED = 200
"""Aligned values with which gradients are measured at most: for EfficientNetV2B0, which has 305, building the gradients
of each patched model took 5 of 26 seconds."""

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
    weight_scale: float = 1.0
    encodings: tuple[Encoding | None, ...] = ()
    modes: tuple[Mode, ...] = MODES
    settled: Mapping[Mode, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One mode's share of an attribution.

    Attributes:
        effects: By position of the edit: what it changes alone, or with those that stand too close to it.
        groups: Positions of the edits that were applied as one.
        total, remaining: What all change together, and what is left then; empty where they could not be applied.
        limits: Below which a change is rounding.
        divergence, local, compared: Where values part, as of :class:`Walk`.
        one_way: Facts about nodes of edits that compare values, and went one way, or never met what they compare with.
        probes: On which all of it was measured.
        gradients: Whether gradients were measured.
        reached: The edits of a constant that all the model gives is seen to depend on.
        depth: How far aligned values are from each other.
    """

    mode: Mode
    effects: Mapping[int, Sizes]
    groups: tuple[tuple[int, ...], ...]
    total: Sizes
    remaining: Sizes
    limits: Sizes
    divergence: LocalDifference | None
    local: tuple[LocalDifference, ...]
    compared: int
    one_way: tuple[Finding, ...]
    probes: tuple[str, ...]
    gradients: bool
    reached: tuple[Update, ...]
    depth: Depth


def measure(pair: Pair, question: Question, mode: Mode, edits: Mapping[int, Edit]) -> Measured:
    """Runs both sides in parts, with no edit, each group of edits and all edits applied to the reference.

    Args:
        pair: Both models; aligned in this mode.
        question: On what.
        mode: Of the graphs.
        edits: Those that show in this mode, by their position among all.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    training = mode == "training"
    patcher, rows = _apparatus(pair, question, mode, edits)
    walked = walk(patcher, rows, pair.transfer.pairs, updates=training)
    bench = _Bench(
        mode=mode,
        question=question,
        patcher=patcher,
        rows=rows,
        walked=walked,
        gradients=training and walked.compared <= MOST_PULLED,
    )
    effects, total, remaining = bench.effects()
    alike = question.learns and question.precision == "float64" and agree(*walked.outputs)
    every = _rows(pair, question, mode, alone=False).batch
    met = inside(_traced(pair, mode), patcher, edits) if alike else Inside()
    return Measured(
        mode=mode,
        effects=effects,
        groups=tuple(tuple(sorted(group)) for group in patcher.cut.groups()),
        total=total,
        remaining=remaining,
        limits=bench.limits,
        divergence=walked.divergence,
        local=walked.local,
        compared=walked.compared,
        one_way=(
            *_one_way(patcher, edits, every, met.agreeing),
            *met.apart,
            *(never_acting(patcher, edits, every) if alike else ()),
        ),
        probes=tuple(rows.probes),
        gradients=bench.gradients,
        reached=reached(patcher, edits.values()) if training and question.learns else (),
        depth=_depth(question, mode, rows, walked),
    )


def measured_depth(pair: Pair, question: Question, mode: Mode, edits: Mapping[int, Edit]) -> Depth:
    """How far aligned values are from each other, where nothing is attributed; arguments as of :func:`measure`.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    patcher, rows = _apparatus(pair, question, mode, edits)
    return _depth(question, mode, rows, walk(patcher, rows, pair.transfer.pairs, updates=False))


def _depth(question: Question, mode: Mode, rows: Rows, walked: Walk) -> Depth:
    return Depth(
        mode=mode,
        probes=tuple(rows.probes),
        precision=question.precision,
        limit=rows.tolerance.limit,
        nodes=walked.distances,
    )


# How both sides are run ------------------------------------------------------------------------------------


def _apparatus(pair: Pair, question: Question, mode: Mode, edits: Mapping[int, Edit]) -> tuple[Patcher, Rows]:
    cut = Cut(pair.modes[mode], _traced(pair, mode), edits)
    rows = _rows(pair, question, mode, alone=mode == "training")  # there the rows of a batch know of one another
    return _patcher(pair, question, mode, cut, rows), rows


def _traced(pair: Pair, mode: Mode) -> tuple[Graph, Graph]:
    first, second = (side.training if mode == "training" else side.inference for side in pair.descriptions)
    assert first is not None
    assert second is not None  # both were aligned in this mode
    return first, second


def _rows(pair: Pair, question: Question, mode: Mode, *, alone: bool) -> Rows:
    """The worst probe, and beside it what else fits, if it does not stand ``alone``.

    So does a probe of another batch size, where that is what tells the models apart.
    """
    prober = question.prober
    worst = question.worst.get(mode, prober.names[0])
    shapes = {name: [one.shape[1:] for one in batch] for name, batch in prober.batches.items()}
    others = [name for name in prober.training_names if name != worst and shapes[name] == shapes[worst]]
    alone = alone or worst in (ONE_ROW, MANY_ROWS)
    batch, probes = stacked(
        {name: prober.batches[name] for name in ([worst] if alone else [worst, *others])},
        MOST_VALUES // max(1, values_a_row(pair.modes[mode].graphs[0])),
        fixed=any(port.spec.shape and port.spec.shape[0] is not None for port in pair.descriptions[0].inputs),
    )
    tolerance, settled = question.tolerance, question.settled.get(mode, 0.0)
    near = replace(tolerance, limit=max(tolerance.limit, min(settled, AMPLIFIED * PERTURBATION)))
    far = replace(tolerance, limit=max(tolerance.limit, settled))
    return Rows(batch=batch, probes=probes, tolerance=near, overall=far)


def _patcher(pair: Pair, question: Question, mode: Mode, cut: Cut, rows: Rows) -> Patcher:
    first, second = (
        Stage(
            recipes=recipes,
            probe=rows.batch,
            precision=question.precision,
            mode=mode,
            weight_scale=question.weight_scale,
        )
        for recipes in question.prober.recipes
    )
    plain = given_draws(question.prober, pair, (first, second), mode)
    sizes = [{name: weight.size for name, weight in side.items()} for side in pair.weights]
    weights = {two: one for one, two in pair.transfer.pairs.items() if sizes[0].get(one) == sizes[1].get(two)}
    return Patcher(cut, question.prober.sides, plain, weights)


# What edits do ---------------------------------------------------------------------------------------------

Gradients = Mapping[str, Array]
"""By reference weight id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
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
        return {**limits, Measure.GRADIENT: wide, Measure.LOSS: overall, Measure.STATE: wide}

    def effects(self) -> tuple[Mapping[int, Sizes], Sizes, Sizes]:
        """By edit, of all together, and what remains then; edits of one group share what they do together."""
        groups = self.patcher.cut.groups()
        if not groups:
            return {}, {}, {}
        every = frozenset[int]().union(*groups)
        alone = groups if 1 < len(groups) <= MOST_GROUPS else ()
        applied = (*alone, every)
        own = self._own_gradients()  # of the whole models: the gradients of their parts come from the same ops
        models: list[Patched | None]
        if self._changes_nothing(own):
            models = [Patched(outputs=self.walked.outputs[0], gradients=own[0]) for _ in applied]
        else:
            models = self.patcher.patched(applied, gradients=self.gradients)
        losses = self._losses([self.walked.outputs[0] if model is None else model.outputs for model in models])
        sizes = [
            {} if model is None else {**self._apart(0, own, model), **loss, **self._updated(group)}
            for group, model, loss in zip(applied, models, losses, strict=True)
        ]
        told = zip(applied if len(groups) == 1 else alone, sizes, strict=False)
        effects = {position: changed for group, changed in told for position in group}
        together = models[-1]
        remaining = {} if together is None else {**self._apart(1, own, together), **self._updated({None})}
        return effects, sizes[-1], remaining

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


def _one_way(
    patcher: Patcher, edits: Mapping[int, Edit], batch: tuple[Array, ...], met: tuple[Set[str], Set[str]]
) -> Iterator[Finding]:
    """The comparisons in edited nodes that came out the same everywhere: the other way was not compared.

    Those that have ``met`` what they compare with, inside the models, are left out.
    """
    for side, name in enumerate(SIDES):
        sites = {
            site.node: site
            for edit in edits.values()
            for leaf in leaves(edit)
            if (site := leaf.sites[side]) is not None
        }
        decisions = {node: edge for node in sites if (edge := patcher.cut.decision(side, node)) is not None}
        if not decisions:
            continue
        values = patcher.values(side, tuple(decisions.values()), batch)
        for node, edge in decisions.items():
            value = values[edge]
            if edge.node not in met[side] and value.size and bool(np.all(value == value.flat[0])):
                fact = Fact.ALWAYS_TRUE if value.flat[0] else Fact.ALWAYS_FALSE
                yield Finding(fact=fact, side=name, sites=(sites[node],))
