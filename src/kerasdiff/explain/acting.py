"""Does what an edit adds ever act? A clip at a million, or an epsilon beside a sum, changes no value that probes bring.

What such an op does where it acts was not compared. So both sides are given the same values before the edits, far from
the usual: zeros, tiny ones, all negative, and huge ones where an op has not acted yet. If outputs or, in training,
gradients part there, no number says that the models are the same; one that leaves alone all that comes in is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from kerasdiff.align.edits import Edit, leaves
from kerasdiff.align.telling.folding import nodes_of
from kerasdiff.explain.bench import gradients_apart
from kerasdiff.explain.cut import CutPoint, Traced
from kerasdiff.explain.drives import LARGE, LOST, SMALL, Given, driven, may_be_driven
from kerasdiff.explain.inside import USUAL, agree, limit_by_usual
from kerasdiff.explain.patching import Patcher
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import Edge, Node
from kerasdiff.graph.ops import (
    BOUNDS,
    COMPARISONS,
    CUTS,
    HANDED_ON,
    POLES,
    REARRANGES,
    SHAPE_ONLY,
    TIES,
    draws_inside,
)
from kerasdiff.graph.values import Array, Tolerance
from kerasdiff.probing.inputs.knots import bounds_within, of_one_side
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.prober import both, projection
from kerasdiff.side.observations import Stage

ACTS = 1e-6
"""Fraction of a value from which on a change of it counts: an epsilon does less."""

SLIGHT = 1e-7
"""Fraction of scale up to which ends may lie as far apart as they do at usual values: float32 shows no less."""

INERT = HANDED_ON | SHAPE_ONLY | REARRANGES | {"Const"}
"""Ops that look at no value: as they treat one, they treat all."""

JUMPS = POLES | COMPARISONS | TIES
"""Ops that do at 0 alone, or where all values are the same, what they do nowhere else."""

Named = tuple[int, str]
"""A canonical node, with its side."""

Slopes = Mapping[str, Array]
"""Gradients, by any name for what was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A node of an edit that hands on one of its operands as it is.

    Attributes:
        of: The operand, in the canonical graph.
        value, operand: Traced.
        cuts: Whether it takes a part whose size only the size of an input tells from the whole.
    """

    side: int
    name: str
    of: Edge
    value: Edge
    operand: Edge
    cuts: bool = False

    @property
    def named(self) -> Named:
        """The node, with its side."""
        return self.side, self.name


def never_acting(
    patcher: Patcher, edits: Mapping[int, Edit], batch: tuple[Array, ...], ends: Sequence[CutPoint] | None = None
) -> tuple[Finding, ...]:
    """What no probe shows of the edits: the two part where values are far from the usual.

    Args:
        patcher: Runs the sides in float64.
        edits: Those of the mode, by position.
        batch: Rows of all probes.
        ends: What agrees and is looked at; the outputs of the models where not given.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    names = tuple(sorted(one) for one in nodes_of(edits.values()))
    sites = _sites(edits.values())
    unseen = next(_unseen(patcher, names, batch, _outputs(patcher) if ends is None else ends), None)
    if unseen is None:
        return ()
    fact, (side, name), given = unseen
    return (Finding(fact=fact, side=SIDES[side], sites=(sites[side][name],), names=given),)


def _unseen(
    patcher: Patcher, names: Sequence[Sequence[str]], batch: tuple[Array, ...], ends: Sequence[CutPoint]
) -> Iterator[tuple[Fact, Named, tuple[str, ...]]]:
    """The facts, each with the node it is about, and at which values."""
    for bounding in _bounds_of_weights(patcher, names):
        yield Fact.NEVER_ACTS, bounding, ()
    edited = [(side, name) for side in (0, 1) for name in names[side]]
    idle = [*_idle(patcher, 0, names[0], batch), *_idle(patcher, 1, names[1], batch)]
    yield from ((Fact.NEVER_ACTS, one, ()) for one in _drawing_alone(patcher, edited))
    poles = [one for one in edited if _meets_pole(patcher, *one)]
    bending = _bending_inside(patcher, edited)
    yield from ((Fact.NEVER_ACTS, one.named, ()) for one in idle if _stays(patcher, one))
    if idle or poles or bending:
        given = {**SMALL, **LARGE, **LOST} if idle else {**SMALL, **LARGE} if bending else SMALL
        parting, acting = _driven(patcher, patcher.cut.free(edited), given, idle, ends)
        yield from _parting(parting, acting or idle, [*poles, *bending])


def _parting(
    parting: str | None, idle: Sequence[Idle], poles: Sequence[Named]
) -> Iterator[tuple[Fact, Named, tuple[str, ...]]]:
    """The facts of outputs that part at given values."""
    if parting is not None:
        yield from ((Fact.NEVER_ACTS, one.named, ()) for one in idle)
        yield from ((Fact.APART_FAR, pole, (parting,)) for pole in poles)


def _stays(patcher: Patcher, one: Idle) -> bool:
    """Whether no given value can make an idle node act."""
    return one.cuts or not patcher.cut.free([one.named], one.of)


def _sites(edits: Iterable[Edit]) -> tuple[dict[str, Site], dict[str, Site]]:
    sites: tuple[dict[str, Site], dict[str, Site]] = ({}, {})
    for leaf in (leaf for edit in edits for leaf in leaves(edit)):
        for side, site in enumerate(leaf.sites):
            if site is not None:
                sites[side][site.node] = site
    return sites


def _meets_pole(patcher: Patcher, side: int, name: str) -> bool:
    """Whether a node, or one that takes its value, does what has no answer at 0, or jumps there."""
    nodes = patcher.cut.node(side, name), *patcher.cut.users(side, name)
    return any(node is not None and {node.op, *(one.op for one in node.lowering or ())} & JUMPS for node in nodes)


def _bending_inside(patcher: Patcher, edited: Sequence[Named]) -> list[Named]:
    """The edited nodes that run a body which bends or jumps at a constant, where none of the other side does there."""
    nodes = ((one, node) for one in edited if (node := patcher.cut.node(*one)) is not None)
    held = ((one[0], one, bounds_within(node.lowering)) for one, node in nodes if node.lowering is not None)
    return list(dict.fromkeys(one for _, one, _ in of_one_side(held)))


def _drawing_alone(patcher: Patcher, edited: Sequence[Named]) -> list[Named]:
    """The edited nodes that draw random numbers, where one side's alone do: of those a few were seen."""
    drawing = [one for one in edited if _draws(patcher, *one)]
    return drawing if len({side for side, _ in drawing}) == 1 else []


def _draws(patcher: Patcher, side: int, name: str) -> bool:
    node = patcher.cut.node(side, name)
    return node is not None and draws_inside(node)


def _bounds_of_weights(patcher: Patcher, names: Sequence[Sequence[str]]) -> Iterator[tuple[int, str]]:
    """The nodes that hold back what weights alone give, on one side alone: nothing, or the numbers would differ."""
    bounding = [[name for name in names[side] if _bounds_weights(patcher, side, name)] for side in (0, 1)]
    if not all(bounding):
        yield from ((side, name) for side in (0, 1) for name in bounding[side])


def _bounds_weights(patcher: Patcher, side: int, name: str) -> bool:
    node = patcher.cut.node(side, name)
    return node is not None and bool(node.weights) and not node.operands and bool(_inner(node) & BOUNDS)


# Which way comparisons go ----------------------------------------------------------------------------------


def one_way(
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


# What acts -------------------------------------------------------------------------------------------------


def _idle(patcher: Patcher, side: int, names: Sequence[str], batch: tuple[Array, ...]) -> list[Idle]:
    """The edited nodes of a side that hand on an operand as it is, on every row of a batch."""
    candidates = [one for name in names for one in _candidates(patcher, side, name)]
    wanted = tuple(dict.fromkeys(edge for one in candidates for edge in (one.value, one.operand)))
    if not wanted:
        return []
    values = patcher.values(side, wanted, batch)
    idle = [one for one in candidates if not acts(values[one.value], values[one.operand])]
    return [one for one in idle if values[one.value].dtype.kind == "f" or _is_whole_input(patcher, one)]


def _is_whole_input(patcher: Patcher, one: Idle) -> bool:
    """Whether an idle node takes whole numbers of an input: others, such as sizes, are what they are."""
    places = patcher.cut.free([one.named], one.of)
    return bool(places) and all(patcher.cut.input_at(place) is not None for place in places)


def _candidates(patcher: Patcher, side: int, name: str) -> Iterator[Idle]:
    node = patcher.cut.node(side, name)
    if node is None or node.kind in ("input", "read", "const") or len(node.outputs) != 1 or _is_inert(node):
        return
    value = patcher.cut.traced(side, Edge(node=name))
    for edge in node.operands:
        operand = patcher.cut.traced(side, edge)
        if value is not None and operand is not None and patcher.cut.spec(side, edge) == node.outputs[0]:
            cuts = bool(_inner(node) & CUTS)
            yield Idle(side=side, name=name, of=edge, value=value, operand=operand, cuts=cuts)


def _is_inert(node: Node) -> bool:
    """Whether a node looks at no value, and at no size that is not known."""
    sized = None not in (node.outputs[0].shape or (None,))[1:]
    return _inner(node) <= (INERT | CUTS if sized else INERT)


def _inner(node: Node) -> set[str]:
    """The ops of a node that compute something."""
    return {item.op for item in node.lowering or () if item.kind == "op"} or {node.op}


def acts(value: Array, operand: Array) -> bool:
    """Whether a value is another than the operand, anywhere, by more than an epsilon; NaN for NaN is none."""
    if value.dtype.kind not in "fiu" or value.shape != operand.shape:
        return True
    if value.dtype.kind != "f":
        return not np.array_equal(value, operand)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(value - operand) > ACTS * np.abs(operand)
    same = (value == operand) | (np.isnan(value) & np.isnan(operand))
    return bool(np.any(~same & (apart | ~np.isfinite(value) | ~np.isfinite(operand))))


# Far from the usual ----------------------------------------------------------------------------------------


def _driven(
    patcher: Patcher, places: Sequence[Traced], given: Given, idle: Sequence[Idle], ends: Sequence[CutPoint]
) -> tuple[str | None, list[Idle]]:
    """The first values given at which the ends part, and which of the idle nodes act there."""
    wanted = tuple(dict.fromkeys(place[0] for place in places))
    if not places:
        return None, []
    own = patcher.ask(0, replace(patcher.plain[0], draws={}, wanted=wanted, outputs=True))
    free = _to_be_driven(patcher, places, own.values)
    seeds = projection(own.outputs) if patcher.plain[0].mode == "training" else None
    if not free:
        return None, []

    def met(change: Callable[[Array], Array]) -> tuple[_Met, _Met]:
        changed = [(place, driven(own.values[place[0]], change, patcher.reach(place))) for place in free]
        return both(lambda side: _given(patcher, side, changed, idle, ends, seeds))

    usual = met(lambda x: x)
    if not agree(usual[0].ends, usual[1].ends, replace(precision_tolerance("float64"), limit=SLIGHT)):
        # Of what was moved, say: a value that does not mean the same on both sides, which leaves inner ends unknown.
        return (None if _are_outputs(ends) else "usual"), []
    for name, change in given.items():
        there = met(change)
        acting = [*there[0].acting, *there[1].acting]
        if not _agree(there, usual) or slopes_part(_slopes(there), _slopes(usual), acting=bool(acting)):
            return name, acting
    return None, []


def _to_be_driven(patcher: Patcher, places: Sequence[Traced], values: Mapping[Edge, Array]) -> list[Traced]:
    return [place for place in places if may_be_driven(patcher.cut, place, values[place[0]])]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """What a side gives from given values: the ends, the gradients by what was given, and which idle nodes act."""

    ends: tuple[Array, ...]
    slopes: Slopes
    acting: list[Idle]


def _agree(met: tuple[_Met, _Met], usual: tuple[_Met, _Met]) -> bool:
    """Whether ends agree; where they do at usual values, but not to the last digit, they are as far apart elsewhere."""
    return agree(met[0].ends, met[1].ends, _by_usual(usual[0].ends, usual[1].ends))


def _slopes(met: tuple[_Met, _Met]) -> tuple[Slopes, Slopes]:
    return met[0].slopes, met[1].slopes


def slopes_part(met: tuple[Slopes, Slopes], usual: tuple[Slopes, Slopes], *, acting: bool) -> bool:
    """Whether gradients part, which agree at usual values: where an op acts, or those of one side are not finite.

    On the scale of those at usual values: what is left of a slope far out is rounding.
    """
    apart, before = gradients_apart(*met), gradients_apart(*usual)
    if not np.isfinite(apart):
        return bool(np.isfinite(before))
    scale = max(_norm(met[0]), _norm(usual[0]))
    return acting and apart * (_norm(met[0]) or 1.0) > max(SLIGHT, USUAL * before) * scale > 0


def _norm(slopes: Slopes) -> float:
    return float(np.sqrt(sum(float(np.sum(value[np.isfinite(value)] ** 2)) for value in slopes.values())))


def _by_usual(ones: Sequence[Array], twos: Sequence[Array]) -> Tolerance:
    """The limit of ends that agree at usual values: some times as far apart as they are there, where it is slight."""
    return replace(precision_tolerance("float64"), limit=min(limit_by_usual(ones, twos), SLIGHT))


def _given(
    patcher: Patcher,
    side: int,
    changed: Sequence[tuple[Traced, Array]],
    idle: Sequence[Idle],
    ends: Sequence[CutPoint],
    seeds: tuple[Array, ...] | None,
) -> _Met:
    """The ends of a side from given values, which of its idle nodes act then, and where ``seeds`` are, gradients."""
    values = {place[side]: value for place, value in changed}
    own = [one for one in idle if one.side == side]
    inner, last = _places(ends, side)
    asked = dict.fromkeys((*(edge for one in own for edge in (one.value, one.operand)), *inner))
    wanted = tuple(edge for edge in asked if edge not in values)
    request: Stage = replace(patcher.plain[side], given=values, wanted=wanted, outputs=bool(last))
    staged = patcher.ask(side, request)
    pulled: Mapping[Edge, Array] = {}
    if last and seeds:
        pulled = patcher.ask(side, replace(request, wanted=(), outputs=False, pull_outputs=seeds)).pulled
    seen = {**staged.values, **values}
    met = (*map(seen.__getitem__, inner), *(staged.outputs[number] for number in last))
    return _Met(
        ends=met,
        slopes={str(number): pulled[place[side]] for number, (place, _) in enumerate(changed) if place[side] in pulled},
        acting=[one for one in own if acts(seen[one.value], seen[one.operand])],
    )


def _places(ends: Sequence[CutPoint], side: int) -> tuple[list[Edge], list[int]]:
    """The traced values of a side that are looked at, and which of its outputs."""
    inner = [point.traced[side] for point in ends if point.traced is not None]
    return inner, [point.output for point in ends if point.output is not None]


def _are_outputs(ends: Sequence[CutPoint]) -> bool:
    return all(end.output is not None for end in ends)


def _outputs(patcher: Patcher) -> list[CutPoint]:
    """The outputs of the models."""
    return [point for point in patcher.cut.points if point.output is not None]
