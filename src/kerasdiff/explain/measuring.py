"""What does each edit do in one mode? It is applied to the reference alone, then all of them are together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kerasdiff.align.edits import Edit, Update
from kerasdiff.align.pair import Pair
from kerasdiff.explain.acting import never_acting, one_way
from kerasdiff.explain.bench import Bench, Question
from kerasdiff.explain.cut import Cut
from kerasdiff.explain.inside import Inside, agree, inside
from kerasdiff.explain.patching import Patcher
from kerasdiff.explain.reaching import reached
from kerasdiff.explain.records import Depth, LocalDifference, Sizes
from kerasdiff.explain.rows import Rows, stacked, values_a_row
from kerasdiff.explain.spare import seen_to_be_spare
from kerasdiff.explain.walking import Walk, walk
from kerasdiff.findings import Finding
from kerasdiff.graph import Graph, Mode
from kerasdiff.probing.draws.sharing import given_draws
from kerasdiff.probing.numbers.limits import MANY_ROWS, ONE_ROW
from kerasdiff.probing.numbers.rounding import AMPLIFIED, PERTURBATION
from kerasdiff.side.observations import Stage

MOST_VALUES = 1 << 24
"""Values of all cut points together that travel at once: 128 MiB in float64."""

MOST_PULLED = 200
"""Aligned values with which gradients are measured at most: for EfficientNetV2B0, which has 305, building the gradients
of each patched model took 5 of 26 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One mode's share of an attribution.

    Attributes:
        effects: By position of the edit: what it changes alone, or with those that stand too close to it.
        groups: Positions of the edits that were applied as one.
        spare: Positions of those without which the others give the whole difference, and which change nothing alone.
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
    spare: frozenset[int] = frozenset()


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
    bench = Bench(
        mode=mode,
        question=question,
        patcher=patcher,
        rows=rows,
        walked=walked,
        gradients=training and walked.compared <= MOST_PULLED,
    )
    found = bench.effects()
    alike = question.learns and question.precision == "float64" and agree(*walked.outputs)
    every = _rows(pair, question, mode, alone=False).batch
    met = inside(_traced(pair, mode), patcher, edits) if alike else Inside()
    return Measured(
        mode=mode,
        effects=found.alone,
        groups=tuple(tuple(sorted(group)) for group in patcher.cut.groups()),
        total=found.total,
        remaining=found.remaining,
        limits=bench.limits,
        divergence=walked.divergence,
        local=walked.local,
        compared=walked.compared,
        one_way=(
            *one_way(patcher, edits, every, met.agreeing),
            *met.apart,
            *(never_acting(patcher, edits, every) if alike else ()),
        ),
        probes=tuple(rows.probes),
        gradients=bench.gradients,
        reached=reached(patcher, edits.values()) if training and question.learns else (),
        depth=_depth(question, mode, rows, walked),
        spare=seen_to_be_spare(patcher, edits, found.spare, every),
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
    first, second = (side.traced(mode) for side in pair.descriptions)
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
    return Patcher(cut, question.prober.sides, plain, weights, pair.descriptions[0].inputs)
