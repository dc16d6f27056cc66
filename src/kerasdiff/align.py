"""The shortest readable edit script between two aligned graphs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasdiff.canonical import Applied, expand
from kerasdiff.edits import Edit, EditKind, call_of, differing, name_of, ops_differing, place, settings, shown
from kerasdiff.graph import Edge, Graph, Mode, Node
from kerasdiff.match import Walk, Weights, commutes, forward_hashes, isomorphism, labels_of
from kerasdiff.pairing import Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Partial one-to-one map between two graphs, and what it leaves to explain.

    Attributes:
        nodes: Reference node id to candidate node id.
        weights: Reference weight id to candidate weight id.
        moved: Reference ids of the pairs that stand in another place.
        covered: Ids, by side, of unpaired nodes whose TF ops are equal to those of the other side.
        edits: The script.
        isomorphic: Whether the graphs are the same: no edit, and a proof.
        applied: Rewrites used at the level of TF ops, by side.
    """

    nodes: Mapping[str, str]
    weights: Mapping[str, str]
    moved: frozenset[str] = frozenset()
    covered: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    edits: tuple[Edit, ...] = ()
    isomorphic: bool = False
    applied: tuple[tuple[Applied, ...], tuple[Applied, ...]] = ((), ())


def align(reference: Graph, candidate: Graph, weights: tuple[Weights, Weights], mode: Mode) -> Alignment:
    """Aligns two canonical graphs of one mode.

    An exact alignment first, node by node and then op by op; only where neither holds, an edit script.
    """
    labels = labels_of(reference, weights[0]), labels_of(candidate, weights[1])
    proof = isomorphism(reference, candidate, weights)
    if proof is not None:
        return Alignment(nodes=proof.nodes, weights=proof.weights, isomorphic=True)
    opened = expand(reference, mode), expand(candidate, mode)
    proof = isomorphism(opened[0].graph, opened[1].graph, weights)
    nodes = dict(Pairing(reference, candidate, labels).run())
    if proof is not None:
        free = (
            frozenset(node.id for node in reference if node.id not in nodes),
            frozenset(node.id for node in candidate if node.id not in set(nodes.values())),
        )
        return Alignment(
            nodes=nodes,
            weights=proof.weights,
            covered=free,
            isomorphic=True,
            applied=(opened[0].applied, opened[1].applied),
        )
    return Script(reference, candidate, labels, weights, nodes, mode).alignment()


class Script:
    """Derives the edits from the pairs."""

    def __init__(
        self,
        reference: Graph,
        candidate: Graph,
        labels: tuple[Mapping[str, str], Mapping[str, str]],
        weights: tuple[Weights, Weights],
        nodes: dict[str, str],
        mode: Mode,
    ) -> None:
        self.graphs = (reference, candidate)
        self.by_id = (reference.by_id(), candidate.by_id())
        self.labels = labels
        self.weights = weights
        self.nodes = nodes
        self.mode = mode
        self.moved: set[str] = set()
        self.back = {two: one for one, two in nodes.items()}
        self.map: dict[str, str] = {}
        self.map_back: dict[str, str] = {}
        self.shared: list[tuple[str, str]] = []

    def alignment(self) -> Alignment:
        """The whole script in the order of the reference, insertions in place."""
        covered = self._cover()
        self._moves(covered)
        for one, two in self.nodes.items():
            self._tie(one, two)
        edits: list[Edit] = []
        for node in self.graphs[0]:
            if node.id in self.nodes:
                edits.extend(self._of_pair(node, self.by_id[1][self.nodes[node.id]]))
            elif node.id not in covered[0] and node.kind not in ("read", "const"):
                edits.append(self._single("delete", node, 0))
        for node in self.graphs[1]:
            if node.id not in self.back and node.id not in covered[1] and node.kind not in ("read", "const"):
                edits.append(self._single("insert", node, 1))
        edits.extend(self._roots())
        return Alignment(
            nodes=self.nodes,
            weights=self.map,
            moved=frozenset(self.moved),
            covered=covered,
            edits=tuple(edits),
        )

    def _cover(self) -> tuple[frozenset[str], frozenset[str]]:
        """Unpaired nodes that, opened into TF ops between the paired ones, are the same on both sides."""
        cut: tuple[dict[str, str], dict[str, str]] = ({}, {})
        for number, (one, two) in enumerate(self.nodes.items()):
            cut[0][one] = cut[1][two] = f"pair {number}"
        opened = expand(self.graphs[0], self.mode, cut[0]).graph, expand(self.graphs[1], self.mode, cut[1]).graph
        labels = labels_of(opened[0], self.weights[0]), labels_of(opened[1], self.weights[1])
        hashes = forward_hashes(opened[0], labels[0], cut[0]), forward_hashes(opened[1], labels[1], cut[1])
        walk = Walk(reference=opened[0], candidate=opened[1], hashes=hashes)
        nodes = opened[0].by_id(), opened[1].by_id()
        dirty: tuple[set[str], set[str]] = (set(), set())
        meetings = [
            (nodes[0][one].operands, nodes[1][two].operands, commutes(self.by_id[0][one]))
            for one, two in self.nodes.items()
            if one in nodes[0] and two in nodes[1]  # what nothing needs once the rules have been through is gone
        ]
        meetings.append((opened[0].outputs, opened[1].outputs, False))
        meetings.append((opened[0].losses, opened[1].losses, True))
        for first, second, loose in meetings:
            for left, right in _meet(first, second, loose, walk):
                if left is not None and right is not None and walk.equal(left, right):
                    walk.pair(left, right, cut[0])
                    continue
                for side, edge in enumerate((left, right)):
                    if edge is not None:
                        _mark(nodes[side], edge, cut[side], dirty[side])
        walk.settle(cut[0])
        for one, two in walk.weights.items():
            if self.map.setdefault(one, two) == two:
                self.map_back.setdefault(two, one)
        free = (
            frozenset(n.id for n in self.graphs[0] if n.id not in self.nodes and n.id not in dirty[0]),
            frozenset(n.id for n in self.graphs[1] if n.id not in self.back and n.id not in dirty[1]),
        )
        effects = set(self.graphs[0].effects), set(self.graphs[1].effects)
        return frozenset(free[0] - effects[0]), frozenset(free[1] - effects[1])

    def _moves(self, covered: tuple[frozenset[str], frozenset[str]]) -> None:
        """Pairs a deleted with an inserted node of the same label: one node in another place."""
        pool: dict[str, list[str]] = {}
        for node in self.graphs[1]:
            if node.id not in self.back and node.id not in covered[1] and node.kind in ("layer", "function"):
                pool.setdefault(self.labels[1][node.id], []).append(node.id)
        for node in self.graphs[0]:
            if node.id in self.nodes or node.id in covered[0] or node.kind not in ("layer", "function"):
                continue
            found = pool.get(self.labels[0][node.id], [])
            if found:
                two = found.pop(0)
                self.nodes[node.id], self.back[two] = two, node.id
                self.moved.add(node.id)

    def _tie(self, one: str, two: str) -> None:
        """Maps the weights of a pair; one weight meeting two others is a difference in sharing."""
        for left, right in self._together(one, two):
            if left not in self.map and right not in self.map_back:
                self.map[left], self.map_back[right] = right, left
            elif self.map.get(left) != right:
                self.shared.append((one, left if left in self.map else right))

    def _together(self, one: str, two: str) -> list[tuple[str, str]]:
        """The weights of a pair: by position where the nodes are equal, else by name, seeds apart."""
        first, second = list(self.by_id[0][one].weights), list(self.by_id[1][two].weights)
        if self.labels[0][one] == self.labels[1][two]:
            return list(zip(first, second, strict=False))
        found = []
        for left in first:
            name = left.rpartition("/")[2]
            same = next((right for right in second if right.rpartition("/")[2] == name), None)
            if same is not None:
                second.remove(same)
                found.append((left, same))
        return found

    def _of_pair(self, one: Node, two: Node) -> Iterator[Edit]:
        if one.id in self.moved:
            yield self._edit("move", one, two, message=self._move_message(one, two))
        if self.labels[0][one.id] != self.labels[1][two.id]:
            yield from self._update(one, two)
        sharing = next((weight for node, weight in self.shared if node == one.id), None)
        if sharing is not None:
            side = "candidate" if sharing in self.map else "reference"
            other = "reference" if side == "candidate" else "candidate"
            text = (
                f"{other} uses shared weights in {call_of(one)} ({sharing}); "
                f"{side} has separate weights there ({call_of(two)}): not shared"
            )
            yield self._edit("rewire", one, two, message=text)
        if one.id not in self.moved:
            yield from self._rewire(one, two)

    def _update(self, one: Node, two: Node) -> Iterator[Edit]:
        changed = differing(one, two)
        if not changed:
            specs = [self._operand_specs(side, node) for side, node in enumerate((one, two))]
            if specs[0] != specs[1] and (one.kind == "layer" or one.op in ("reshape", "shape")):
                return  # the same layer on another shape: a consequence, not a cause
            if one.roles.count("mask") != two.roles.count("mask"):
                return  # told as a rewire: the mask is an operand
            changed = ops_differing(one, two)
        if changed:
            listed = ", ".join(
                f"{key} {shown(a)} in the reference, {shown(b)} in the candidate" for key, (a, b) in changed.items()
            )
            yield self._edit(
                "update", one, two, attributes=changed, message=f"{call_of(one)} → {call_of(two)}: {listed}"
            )

    def _operand_specs(self, side: int, node: Node) -> list[Any]:
        found = []
        for edge in node.operands:
            specs = self.by_id[side][edge.node].outputs
            found.append(specs[edge.port] if edge.port < len(specs) else None)
        return found

    def _rewire(self, one: Node, two: Node) -> Iterator[Edit]:
        masks = one.roles.count("mask"), two.roles.count("mask")
        if masks[0] != masks[1]:
            having, lacking = ("reference", "candidate") if masks[0] else ("candidate", "reference")
            text = f"{having} applies the mask in {call_of(one if masks[0] else two)}; {lacking} ignores it"
            yield self._edit("rewire", one, two, message=text)
            return
        ends = [self._anchor(0, edge) for edge in one.operands], [self._anchor(1, edge) for edge in two.operands]
        if any(end is None for side in ends for end in side):
            return
        wanted = [self._translated(edge) for edge in ends[0] if edge is not None]
        got = [edge for edge in ends[1] if edge is not None]
        same = sorted(map(repr, wanted)) == sorted(map(repr, got)) if commutes(one) else wanted == got
        if not same:
            takes = self._names(0, ends[0]), self._names(1, ends[1])
            text = f"{call_of(one)} takes {takes[0]} in the reference, {takes[1]} in the candidate"
            if one.op == "concat":
                text += ": concatenated in another order" if sorted(map(repr, wanted)) == sorted(map(repr, got)) else ""
            yield self._edit("rewire", one, two, message=text)

    def _translated(self, edge: Edge) -> Edge:
        return Edge(node=self.nodes[edge.node], port=edge.port)

    def _names(self, side: int, edges: Sequence[Edge | None]) -> str:
        return "(" + ", ".join(call_of(self.by_id[side][edge.node]) for edge in edges if edge is not None) + ")"

    def _anchor(self, side: int, edge: Edge) -> Edge | None:
        """The nearest paired, unmoved node an operand comes from; ``None`` where an edit in between explains it."""
        paired = self.nodes if side == 0 else self.back
        while True:
            node = self.by_id[side][edge.node]
            moved = node.id in self.moved if side == 0 else self.back.get(node.id) in self.moved
            if node.id in paired and not moved:
                return edge
            values = list(node.operands)
            if len(values) != 1:
                return None
            edge = values[0]

    def _roots(self) -> Iterator[Edit]:
        for name, first, second in (
            ("output", self.graphs[0].outputs, self.graphs[1].outputs),
            ("loss", self.graphs[0].losses, self.graphs[1].losses),
        ):
            if len(first) != len(second):
                continue
            ends = [self._anchor(0, edge) for edge in first], [self._anchor(1, edge) for edge in second]
            for number, (left, right) in enumerate(zip(*ends, strict=True)):
                if left is None or right is None or self._translated(left) == right:
                    continue
                one, two = self.by_id[0][left.node], self.by_id[1][right.node]
                text = f"{name} {number} is {call_of(one)} in the reference, {call_of(two)} in the candidate"
                yield self._edit("rewire", one, two, message=text)

    def _before(self, side: int, node: Node) -> str | None:
        for edge in node.operands:
            end = self._anchor(side, edge)
            if end is not None:
                return end.node
        return None

    def _single(self, kind: EditKind, node: Node, side: int) -> Edit:
        has, lacks = ("reference", "candidate") if side == 0 else ("candidate", "reference")
        before = self._before(side, node)
        paired = self.nodes if side == 0 else self.back
        other = paired.get(before) if before is not None else None
        where = f" after {before}" if before else ""
        line = f" ({node.source})" if node.source else ""
        what = f"{name_of(node)}{settings(node)}{self._masking(side, node)}"
        there = f" (after {other})" if other and other != before else ""
        return Edit(
            kind=kind,
            op=node.op,
            rung="architecture",
            reference=place(node) if side == 0 else None,
            candidate=place(node) if side == 1 else None,
            after={has: before, lacks: other},
            message=f"{has} applies {what}{where}{line}; {lacks} does not{there}",
            modes=(self.mode,),
        )

    def _masking(self, side: int, node: Node) -> str:
        """Says where a mask is used or made: the one operand that no call shows."""
        if "mask" in node.roles:
            return " with the mask"
        users = self.graphs[side].consumers()[node.id]
        return " as a mask" if users and all(user.roles[at] == "mask" for user, at in users if user.roles) else ""

    def _move_message(self, one: Node, two: Node) -> str:
        places = [self._near(0, one), self._near(1, two)]
        return f"{call_of(one)} stands {places[0]} in the reference, {places[1]} in the candidate ({call_of(two)})"

    def _near(self, side: int, node: Node) -> str:
        before = [self.by_id[side][edge.node] for edge in node.operands]
        return "after " + ", ".join(call_of(item) for item in before) if before else "first"

    def _edit(
        self,
        kind: EditKind,
        one: Node,
        two: Node,
        *,
        message: str,
        attributes: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> Edit:
        return Edit(
            kind=kind,
            op=one.op,
            rung="architecture",
            reference=place(one),
            candidate=place(two),
            after={"reference": self._before(0, one), "candidate": self._before(1, two)},
            attributes=attributes or {},
            message=message,
            modes=(self.mode,),
        )


def _meet(
    first: Sequence[Edge], second: Sequence[Edge], loose: bool, walk: Walk
) -> Iterator[tuple[Edge | None, Edge | None]]:
    """Pairs up operands: by position, or by equal value first where order does not count."""
    left, right = list(first), list(second)
    if loose:
        for edge in list(left):
            match = next((other for other in right if walk.equal(edge, other)), None)
            if match is not None:
                left.remove(edge)
                right.remove(match)
                yield edge, match
    yield from itertools.zip_longest(left, right)


def _mark(nodes: Mapping[str, Node], edge: Edge, cut: Mapping[str, str], dirty: set[str]) -> None:
    """Marks the nodes whose ops lie in the cone below a value that has no equal."""
    stack = [edge.node]
    seen: set[str] = set()
    while stack:
        name = stack.pop()
        if name in seen or name in cut:
            continue
        seen.add(name)
        node = nodes[name]
        dirty.add(node.scope if node.kind == "op" and " " in name else name)
        stack.extend(operand.node for operand in node.operands)
