"""Reference and candidate in one: parts of the candidate's graph, put in the place of the reference's.

Aligned nodes that no edit touches are *cut points*: what either side computes there means the same. What lies between
cut points can come from either side. Each side runs its own parts in its own worker on the other's values, and gradients
go back the same way, so that no code and no graph ever crosses from one process to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerasdiff.align.edits import Edit
from kerasdiff.graph import FUSED, Edge, Graph, Mode, Node
from kerasdiff.graph.index import index
from kerasdiff.rungs.architecture import Aligned
from kerasdiff.side.records import Array, Side, Stage, Staged

SETTLING = 3
"""How often cut points that turn out not to hold the same value are dropped before the rest is taken as it is."""

HANDLES = ("resource", "variant")
"""Dtypes of what stays in its process: variables, tables, the lists that a loop fills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPoint:
    """A value both sides have.

    Attributes:
        ids: The canonical node of each side; of a model output, the names ``output 0`` and on.
        spots: The value in each side's traced graph; ``None`` for a model output, which is fetched as such.
        needs: The cut points this one is computed from, by side.
        edits: Positions of the edits that lie between those and this one, or change its node.
    """

    ids: tuple[str, str]
    spots: tuple[Edge, Edge] | None
    needs: tuple[frozenset[Edge], frozenset[Edge]]
    edits: frozenset[int]


class Cut:
    """The cut points of one mode's alignment.

    Args:
        item: The alignment.
        traced: The traced graph of each side.
        edits: Those that count; positions in it name them.
    """

    def __init__(self, item: Aligned, traced: tuple[Graph, Graph], edits: Sequence[Edit]) -> None:
        self.mode: Mode = item.mode
        self.graphs = item.reference.graph, item.candidate.graph
        self._nodes = index(self.graphs[0]).nodes, index(self.graphs[1]).nodes
        self._traced = index(traced[0]).nodes, index(traced[1]).nodes
        self._fused = tuple({node.origin for node in graph if node.part == "activation"} for graph in self.graphs)
        self._touched = _touched(edits)
        self._own = _own(edits, self._touched)
        self._pairs = {
            one: two
            for one, two in item.alignment.nodes.items()
            if one in self._nodes[0] and two in self._nodes[1] and self._joins(one, two)
        }
        self.cut_points: tuple[CutPoint, ...] = ()
        self._settle()

    def drop(self, ids: Iterable[str]) -> None:
        """Takes reference nodes out: their traced values turned out not to be the same thing."""
        for one in ids:
            self._pairs.pop(one, None)
        self._settle()

    def spot(self, side: int, edge: Edge) -> Edge | None:
        """Where a canonical value is found in the traced graph, ``None`` where a rewrite has made it up."""
        node = self._nodes[side][edge.node]
        if node.part == "activation":
            return Edge(node=node.origin) if node.origin in self._traced[side] else None
        if node.id not in self._traced[side]:
            return None
        return Edge(node=node.id, port=FUSED) if node.id in self._fused[side] else edge

    def edits_on(self, weights: tuple[str, str]) -> frozenset[int]:
        """The edits at the nodes that hold a pair of weights."""
        return frozenset(
            number
            for side, weight in enumerate(weights)
            for node in self.graphs[side]
            if weight in node.weights
            for number in self._touched[side].get(node.id, ())
        )

    def truth(self, side: int, name: str) -> Edge | None:
        """Where the value of a node that compares is found in the traced graph; ``None`` for all other nodes."""
        node = self._nodes[side].get(name)
        if node is None or not node.outputs or node.outputs[0].dtype != "bool" or node.kind == "input":
            return None
        return self.spot(side, Edge(node=name))

    def _joins(self, one: str, two: str) -> bool:
        nodes = self._nodes[0][one], self._nodes[1][two]
        if nodes[0].kind in ("read", "const") or nodes[0].outputs != nodes[1].outputs:
            return False
        if any(spec.dtype in HANDLES or 0 in (spec.shape or ()) for spec in nodes[0].outputs):
            return False
        if (one in self._touched[0] or two in self._touched[1]) and (one, two) not in self._own:
            return False
        return all(
            self._same_spec(side, node, port) for side, node in enumerate(nodes) for port in range(len(node.outputs))
        )

    def _same_spec(self, side: int, node: Node, port: int) -> bool:
        """Whether the traced value has the shape and dtype of the canonical one: a rewrite may have moved its axes."""
        found = self.spot(side, Edge(node=node.id, port=port))
        if found is None:
            return False
        if found.port == FUSED:
            return True  # split-activation reads its spec from this very value
        outputs = self._traced[side][found.node].outputs
        return port < len(outputs) and outputs[port] == node.outputs[port]

    def _settle(self) -> None:
        held = set(self._pairs), set(self._pairs.values())
        found: list[CutPoint] = []
        for node in self.graphs[0]:
            two = self._pairs.get(node.id)
            if two is None or node.kind == "input":
                continue
            reach = [self._reach(side, name, held[side]) for side, name in enumerate((node.id, two))]
            ports = range(len(node.outputs))
            for port in ports:
                spots = (
                    self.spot(0, Edge(node=node.id, port=port)),
                    self.spot(1, Edge(node=two, port=port)),
                )
                assert spots[0] is not None
                assert spots[1] is not None
                found.append(
                    self._cut_point((node.id, two), (spots[0], spots[1]), reach, self._own.get((node.id, two)))
                )
        ends = [graph.outputs for graph in self.graphs]
        for number in range(min(len(end) for end in ends)):
            reach = [self._closure(side, [end[number]], held[side]) for side, end in enumerate(ends)]
            found.append(self._cut_point((f"output {number}",) * 2, None, reach, None))
        self.cut_points = tuple(found)

    def _cut_point(
        self,
        ids: tuple[str, str],
        spots: tuple[Edge, Edge] | None,
        reach: Sequence[tuple[frozenset[Edge], frozenset[str]]],
        own: int | None,
    ) -> CutPoint:
        edits = {number for side in (0, 1) for name in reach[side][1] for number in self._touched[side].get(name, ())}
        if own is not None:
            edits.add(own)
        return CutPoint(ids=ids, spots=spots, needs=(reach[0][0], reach[1][0]), edits=frozenset(edits))

    def _reach(self, side: int, name: str, held: set[str]) -> tuple[frozenset[Edge], frozenset[str]]:
        return self._closure(side, self._nodes[side][name].operands, held)

    def _closure(self, side: int, ends: Iterable[Edge], held: set[str]) -> tuple[frozenset[Edge], frozenset[str]]:
        """The cut point values that these values are computed from, and the nodes passed on the way."""
        needs: set[Edge] = set()
        inner: set[str] = set()
        waiting = list(ends)
        while waiting:
            edge = waiting.pop()
            node = self._nodes[side][edge.node]
            if edge.node in held:
                if node.kind != "input":
                    needs.add(edge)
            elif edge.node not in inner:
                inner.add(edge.node)
                waiting.extend(node.operands)
        return frozenset(needs), frozenset(inner)

    def groups(self) -> tuple[frozenset[int], ...]:
        """Edits that cannot be told apart by cut points stand together; in the order of their first edit."""
        merged: list[set[int]] = []
        for cut_point in self.cut_points:
            if not cut_point.edits:
                continue
            near = [group for group in merged if group & cut_point.edits]
            merged = [group for group in merged if group not in near]
            merged.append(set(cut_point.edits).union(*near))
        return tuple(frozenset(group) for group in sorted(merged, key=min))


def _touched(edits: Sequence[Edit]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """By side, the nodes that edits stand at, with the positions of those."""
    found: tuple[dict[str, set[int]], dict[str, set[int]]] = ({}, {})
    for number, edit in enumerate(edits):
        for side, place in enumerate((edit.reference, edit.candidate)):
            if place is not None:
                found[side].setdefault(place.node, set()).add(number)
    return found


def _own(edits: Sequence[Edit], touched: tuple[dict[str, set[int]], dict[str, set[int]]]) -> dict[tuple[str, str], int]:
    """Pairs of nodes that one update alone touches: their value still means the same, so they are cut points."""
    return {
        (edit.reference.node, edit.candidate.node): number
        for number, edit in enumerate(edits)
        if edit.kind == "update"
        and edit.reference is not None
        and edit.candidate is not None
        and touched[0][edit.reference.node] == touched[1][edit.candidate.node] == {number}
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """What the reference computes with some edits applied.

    Attributes:
        gradients: By reference weight id, of a fixed projection of the outputs.
    """

    outputs: tuple[Array, ...]
    gradients: Mapping[str, Array]


@dataclass(frozen=True)
class _Step:
    """A stage that ran, kept for the way back; ``gave`` are the cut points it was wanted for, by reference spot."""

    side: int
    request: Stage
    names: Mapping[Edge, Edge]


class Patcher:
    """Runs patched models of one cut on one probe.

    Args:
        cut: The cut points.
        sides: The workers.
        plain: A stage of each side with nothing given: weights, probe, precision and mode.
        weights: Candidate weight id to reference weight id.
    """

    def __init__(
        self, cut: Cut, sides: tuple[Side, Side], plain: tuple[Stage, Stage], weights: Mapping[str, str]
    ) -> None:
        self.cut = cut
        self._sides = sides
        self.plain = plain
        self._weights = weights
        self._transposed_weights = {recipe.weight for recipe in plain[1].recipes if recipe.transposed}

    def run(self, side: int, **changes: object) -> tuple[Stage, Staged]:
        """One stage of one side."""
        request = replace(self.plain[side], **changes)  # type: ignore[arg-type]  # fields of Stage
        return request, self._sides[side].stage(request)

    def patched(self, applied: frozenset[int], *, gradients: bool) -> Patched | None:
        """The reference with these edits applied, ``None`` where its parts would wait for each other.

        Raises:
            EvaluateError: If a side cannot be run in parts.
        """
        chosen = [cut_point for cut_point in self.cut.cut_points if cut_point.edits and cut_point.edits <= applied]
        levels = _levels(self.cut.cut_points, chosen)
        if levels is None:
            return None
        known: dict[Edge, Array] = {}
        steps: list[_Step] = []
        table = {j.spots[1]: j.spots[0] for j in self.cut.cut_points if j.spots is not None}
        ends: dict[int, Array] = {}
        for level in levels:
            candidate_needs = {self._at(1, edge) for cut_point in level for edge in cut_point.needs[1]}
            wanted = tuple(sorted({table[edge] for edge in candidate_needs}, key=_order))
            fresh = tuple(edge for edge in wanted if edge not in known)
            request, found = self.run(0, given=dict(known), wanted=fresh)
            steps.append(_Step(0, request, {edge: edge for edge in fresh}))
            values = {**known, **found.values}
            given = {edge: values[table[edge]] for edge in sorted(candidate_needs, key=_order)}
            inner = tuple(cut_point.spots[1] for cut_point in level if cut_point.spots is not None)
            asks_outputs = any(cut_point.spots is None for cut_point in level)
            request, found = self.run(1, given=given, wanted=inner, outputs=asks_outputs)
            steps.append(_Step(1, request, {edge: table[edge] for edge in inner}))
            known |= {table[edge]: value for edge, value in found.values.items()}
            for cut_point in level:
                if cut_point.spots is None:
                    number = int(cut_point.ids[0].removeprefix("output "))
                    ends[number] = found.outputs[number]
        request, last = self.run(0, given=dict(known), outputs=True)
        steps.append(_Step(0, request, {}))
        outputs = tuple(ends.get(number, value) for number, value in enumerate(last.outputs))
        slopes = self._back(steps, outputs, frozenset(ends), table) if gradients else {}
        return Patched(outputs=outputs, gradients=slopes)

    def at_home(self, gradients: Mapping[str, Array]) -> dict[str, Array]:
        """The candidate's gradients by reference weight id and layout, weights without a counterpart left out."""
        return {
            self._weights[name]: value.T if name in self._transposed_weights else value
            for name, value in gradients.items()
            if name in self._weights
        }

    def _at(self, side: int, edge: Edge) -> Edge:
        found = self.cut.spot(side, edge)
        assert found is not None  # a cut point has a value on both sides
        return found

    def _back(
        self, steps: list[_Step], outputs: tuple[Array, ...], ends: frozenset[int], table: Mapping[Edge, Edge]
    ) -> dict[str, Array]:
        """Pulls the projection of the outputs back through the stages, last to first."""
        total: dict[str, Array] = {}
        reached: dict[Edge, Array] = {}
        seeds = projection(outputs)
        floating = [number for number, value in enumerate(outputs) if value.dtype.kind == "f"]
        for step in reversed(steps):
            last = step is steps[-1]
            shares = None
            if step.request.outputs:
                # Each output is pulled through the side that made it.
                mine = [last != (number in ends) for number in floating]
                shares = tuple(seed if own else 0.0 * seed for seed, own in zip(seeds, mine, strict=True))
            pulls = {edge: reached.pop(name) for edge, name in step.names.items() if name in reached}
            if not pulls and shares is None:
                continue
            request = replace(step.request, wanted=tuple(pulls), outputs=False, pull=pulls, pull_outputs=shares)
            found = self._sides[step.side].stage(request)
            for edge, value in found.pulled.items():
                name = edge if step.side == 0 else table[edge]
                reached[name] = reached[name] + value if name in reached else value
            gradients = found.gradients if step.side == 0 else self.at_home(found.gradients)
            for home, value in gradients.items():
                total[home] = total[home] + value.reshape(total[home].shape) if home in total else value
        return total


def projection(outputs: Sequence[Array]) -> tuple[Array, ...]:
    """Fixed random weights for each floating output, as ``evaluate`` takes them for its gradients."""
    return tuple(
        np.random.default_rng([7, number]).standard_normal(value.shape).astype(value.dtype)
        for number, value in enumerate(outputs)
        if value.dtype.kind == "f"
    )


def _order(edge: Edge) -> tuple[str, int]:
    return edge.node, edge.port


def _levels(cut_points: Sequence[CutPoint], chosen: Sequence[CutPoint]) -> list[list[CutPoint]] | None:
    """The chosen cut points in steps that can run one after the other; ``None`` where they wait for each other.

    A chosen cut point is computed from what the candidate needs for it, any other from what the reference needs.
    """
    picked = {id(cut_point) for cut_point in chosen}
    homes: tuple[dict[str, CutPoint], dict[str, CutPoint]] = ({}, {})
    for cut_point in cut_points:
        if cut_point.spots is not None:
            homes[0].setdefault(cut_point.ids[0], cut_point)
            homes[1].setdefault(cut_point.ids[1], cut_point)
    level: dict[int, int | None] = {}

    def needs(cut_point: CutPoint) -> list[CutPoint]:
        side = 1 if id(cut_point) in picked else 0
        return [homes[side][edge.node] for edge in cut_point.needs[side] if edge.node in homes[side]]

    for start in cut_points:
        stack = [start]
        while stack:
            cut_point = stack[-1]
            if id(cut_point) not in level:
                level[id(cut_point)] = None  # open: met again before it is done, it waits for itself
                stack.extend(other for other in needs(cut_point) if id(other) not in level)
                continue
            stack.pop()
            if level[id(cut_point)] is not None:
                continue
            below = [level[id(other)] for other in needs(cut_point)]
            if None in below:
                return None
            level[id(cut_point)] = max((item for item in below if item is not None), default=0) + (
                id(cut_point) in picked
            )
    found: dict[int, list[CutPoint]] = {}
    for cut_point in chosen:
        found.setdefault(level[id(cut_point)] or 0, []).append(cut_point)
    return [found[number] for number in sorted(found)]
