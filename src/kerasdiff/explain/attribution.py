"""Which edit accounts for how much of a difference, and does anything else differ?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from kerasdiff.align.edits import Edit
from kerasdiff.align.pair import Pair
from kerasdiff.align.telling.folding import nodes_of
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.bench import Question
from kerasdiff.explain.measuring import MOST_PULLED, Measured, measure, measured_depth
from kerasdiff.explain.records import Attribution, Depth, Effect, Measure, Part, Sizes, within
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Graph, Mode, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.ops import BRANCHES, FUNCTION_CALLS, LOOPS, PYTHON_CALLS, bodies, writes
from kerasdiff.graph.ops import within as within_bodies


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What a difference comes from, and how far aligned values are from each other; ``None`` where unknown."""

    attribution: Attribution | None = None
    depth: Depth | None = None


def attribute(pair: Pair, question: Question) -> Explained | Finding:
    """Applies each edit to the reference alone, and all together, in both modes.

    Effects of an edit: ``output`` and ``training output`` are the largest change of an output as a fraction of the
    reference's scale, ``gradient`` the norm of the change of all weights' gradients as a fraction of their norm,
    ``loss`` the change of the training loss, ``state`` the largest change of a state update as a fraction of scale.

    Returns:
        Where neither mode could be measured, the fact of it, with the reasons.
    """
    measured: list[Measured] = []
    failed: dict[str, list[Mode]] = {}
    for mode in question.modes:
        edits = _shown_in(pair, mode)
        if mode not in pair.modes or not (edits or mode == "inference"):
            continue
        try:
            measured.append(measure(pair, question, mode, edits))
        except EvaluateError as error:
            failed.setdefault(error.message, []).append(mode)
    unknown = (Finding(fact=Fact.EFFECTS_UNKNOWN, names=tuple(modes), cause=cause) for cause, modes in failed.items())
    notes = (*_unmeasured_gradients(measured), *unknown)
    if not measured:
        return Finding(fact=Fact.NOTHING_ATTRIBUTED, parts=notes)
    attribution = merged(measured, len(pair.told), question, notes, unseen=_unseen(pair, question, measured))
    attribution = replace(attribution, spare=_spare(pair, question, measured, attribution.effects))
    return Explained(attribution=attribution, depth=_first(measured).depth)


def depth(pair: Pair, question: Question) -> Depth | None:
    """How far aligned values are from each other where nothing is attributed; ``None`` where no mode is aligned.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    mode = next((mode for mode in question.modes if mode in pair.modes), None)
    return None if mode is None else measured_depth(pair, question, mode, _shown_in(pair, mode))


def _shown_in(pair: Pair, mode: Mode) -> dict[int, Edit]:
    """The edits that show in a mode, by position."""
    return {position: edit for position, edit in enumerate(pair.told) if mode in edit.modes}


def _first(measured: Sequence[Measured]) -> Measured:
    """The mode in which values part first, else the first one."""
    return next((one for one in measured if one.divergence is not None), measured[0])


def merged(
    measured: Sequence[Measured],
    count: int,
    question: Question,
    notes: tuple[Finding, ...],
    *,
    unseen: frozenset[int] = frozenset(),
) -> Attribution:
    """One attribution of what was measured in one mode or in both.

    Where values part is told of the first mode in which they do.

    Args:
        measured: By mode, inference first.
        count: Edits there are.
        question: On what they were measured.
        notes: What could not be.
        unseen: Positions of the edits that may do what was not measured.
    """
    limits = _joined(one.limits for one in measured)
    remaining = _joined(one.remaining for one in measured)
    total = _joined(one.total for one in measured)
    if unseen and within(total, limits):
        remaining = {}  # what differs is an added loss or an update, which no value measured here holds
    first = _first(measured)
    changed = [_joined([one.effects.get(position, {}) for one in measured]) for position in range(count)]
    return Attribution(
        effects=tuple(_effect(sizes, limits, unseen=position in unseen) for position, sizes in enumerate(changed)),
        together=_together(measured),
        total=total,
        remaining=remaining,
        limits=limits,
        explained=_explained(total, remaining, limits),
        uncompared=tuple(_uncompared(remaining, question)),
        divergence=first.divergence,
        local=first.local,
        one_way=_distinct(chain.from_iterable(one.one_way for one in measured)),
        reached=tuple(chain.from_iterable(one.reached for one in measured)),
        compared=first.compared,
        mode=first.mode,
        notes=notes,
        probes=first.probes,
        precision=question.precision,
    )


def _spare(pair: Pair, question: Question, measured: Sequence[Measured], effects: Sequence[Effect]) -> frozenset[int]:
    """The edits that change nothing in any mode in which they show, all of which were measured."""
    spare: dict[Mode, frozenset[int]] = {one.mode: one.spare for one in measured}
    return frozenset(
        position
        for position, edit in enumerate(pair.told)
        if effects[position].harmless
        and set(edit.modes) <= set(question.modes)
        and all(position in spare.get(mode, ()) for mode in edit.modes)
    )


def _joined(sizes: Iterable[Sizes]) -> dict[Measure, float]:
    return {measure: size for one in sizes for measure, size in one.items()}


def _together(measured: Iterable[Measured]) -> tuple[tuple[int, ...], ...]:
    """The positions of edits that could only be applied with others, in one mode or the other."""
    return tuple(sorted({group for one in measured for group in one.groups if len(group) > 1}))


def _explained(total: Sizes, remaining: Sizes, limits: Sizes) -> bool:
    """Whether there is a difference, and what is left of it with all edits applied is rounding."""
    return bool(remaining) and within(remaining, limits) and not within(total, limits)


def _uncompared(remaining: Sizes, question: Question) -> Iterator[Part]:
    """What was not compared with all edits applied, nor as it is; a step of an optimizer is in no patched model."""
    if not question.computes and not {Measure.OUTPUT, Measure.OUTPUT_FROM_ZERO} & set(remaining):
        yield Part.INFERENCE
    if not question.learns and not {Measure.TRAINING_OUTPUT, Measure.TRAINING_OUTPUT_FROM_ZERO} & set(remaining):
        yield Part.TRAINING_STEP
        return
    if not question.learns and Measure.GRADIENT not in remaining:
        yield Part.GRADIENTS
    if not question.steps:
        yield Part.OPTIMIZER_STEP


def _distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each once: a node may go one way in both modes."""
    distinct: list[Finding] = []
    for finding in findings:
        if finding not in distinct:
            distinct.append(finding)
    return tuple(distinct)


def _effect(sizes: Sizes, limits: Sizes, *, unseen: bool) -> Effect:
    """What was measured; nothing where it is rounding, but what the edit does beside the outputs was not."""
    rounding = within(sizes, limits)
    return Effect(sizes={} if rounding and unseen else sizes, harmless=bool(sizes) and rounding and not unseen)


def _unmeasured_gradients(measured: Iterable[Measured]) -> list[Finding]:
    """That gradients were left out of training mode, for there were too many values."""
    return [
        Finding(fact=Fact.GRADIENTS_UNMEASURED, count=one.compared, of=MOST_PULLED)
        for one in measured
        if one.mode == "training" and not one.gradients
    ]


def _unseen(pair: Pair, question: Question, measured: Iterable[Measured]) -> frozenset[int]:
    """Positions of the edits that may change what was not measured, where something else is known to differ."""
    if question.learns:
        return frozenset()
    if "training" not in question.modes or _unmeasured_gradients(measured):
        return frozenset(range(len(pair.told)))
    return _beside_outputs(pair)


def _beside_outputs(pair: Pair) -> frozenset[int]:
    """Positions of the edits that may change what a call does beside its outputs: added losses, updated states."""
    aligned = pair.modes.get("training")
    if aligned is None:
        return frozenset()
    sources = tuple(above(graph) for graph in aligned.graphs)
    return frozenset(
        position
        for position, edit in enumerate(pair.told)
        for side, names in enumerate(nodes_of([edit]))
        if names & sources[side]
    )


def _may_write(node: Node) -> bool:
    """Whether a node may change a state: a loop or a branch in which no op does so returns values alone."""
    inside = (node,) if node.lowering is None else tuple(within_bodies(node.lowering))
    return any(
        item.op in PYTHON_CALLS or writes(item.op) or (item.op in _HOLDERS and not any(bodies(item))) for item in inside
    )


_HOLDERS = LOOPS | BRANCHES | FUNCTION_CALLS
"""Ops that run a body, of which nothing is known where it cannot be read."""


def above(graph: Graph) -> set[str]:
    """The nodes that added losses and updates are computed from, with those that give them."""
    nodes = index_of(graph).nodes
    passed: set[str] = set()
    waiting = [*(edge.node for edge in graph.losses), *(name for name in graph.effects if _may_write(nodes[name]))]
    while waiting:
        name = waiting.pop()
        if name not in passed:
            passed.add(name)
            waiting.extend(edge.node for edge in nodes[name].operands)
    return passed
