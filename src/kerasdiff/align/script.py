"""What turns one graph into the other, once it is known which nodes correspond."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasdiff.align.cover import Cover
from kerasdiff.align.edits import (
    COMPUTATION,
    NOTHING,
    Edit,
    EditKind,
    call_of,
    calls_of,
    changed_settings,
    differing,
    name_of,
    ops_differing,
    place,
    settings,
    together,
)
from kerasdiff.align.labels import Labels, Weights, used_ports
from kerasdiff.align.pairing import Pairs
from kerasdiff.align.positions import Places
from kerasdiff.canonical import readable
from kerasdiff.graph import Edge, Graph, Mode, Node
from kerasdiff.graph.ops import SIZE_WORK
from kerasdiff.graph.signature import commutes

FEW = 4
"""Operands that are listed by name."""


class Script:
    """Derives the edits from the pairs; every table comes once for each side."""

    def __init__(
        self,
        graphs: tuple[Graph, Graph],
        labels: tuple[Labels, Labels],
        weights: tuple[Weights, Weights],
        pairs: Pairs,
        cover: Cover,
        mode: Mode,
    ) -> None:
        self.graphs = graphs
        self.weights = weights
        self.places = Places(graphs, pairs)
        self.by_id, self.users = self.places.by_id, self.places.users
        self.nodes, self.back = self.places.nodes, self.places.back
        self.moved = self.places.moved
        self.used = (used_ports(graphs[0]), used_ports(graphs[1]))
        self.labels = labels
        self.covered = cover.free
        self.parts = cover.parts
        self.mode = mode
        self.map: dict[str, str] = dict(cover.weights)
        self.map_back = {two: one for one, two in self.map.items()}
        self.shared: dict[str, tuple[str, str]] = {}
        for one, two in self.nodes.items():
            self._tie(one, two)

    def edits(self) -> list[Edit]:
        """The whole script in the order of the reference, insertions where they stand."""
        found: list[tuple[int, int, Edit]] = []
        position = {node.id: index for index, node in enumerate(self.graphs[0])}
        for node in self.graphs[0]:
            if node.id in self.nodes:
                own: Iterator[Edit] | list[Edit] = self._of_pair(node, self.by_id[1][self.nodes[node.id]])
            else:
                own = [self._single("delete", node, 0)] if self._tells(0, node) else []
            found += [(position[node.id], -1, edit) for edit in own]
        last = -1
        for number, node in enumerate(self.graphs[1]):
            if node.id in self.back:
                last = position[self.back[node.id]]
            elif self._tells(1, node):
                found.append((last, number, self._single("insert", node, 1)))
        return [edit for *_, edit in sorted(found, key=lambda item: item[:2])] + list(self._roots())

    def _tells(self, side: int, node: Node) -> bool:
        return node.id not in self.covered[side] and node.kind not in ("read", "const")

    # Weights ---------------------------------------------------------------------------------------------

    def _tie(self, one: str, two: str) -> None:
        """Maps the weights of a pair; one weight meeting two others is a difference in sharing."""
        first, second = self.by_id[0][one], self.by_id[1][two]
        for left, right in together(first, second, self.weights, equal=self.labels[0][one] == self.labels[1][two]):
            if left not in self.map and right not in self.map_back:
                self.map[left], self.map_back[right] = right, left
            elif self.map.get(left) != right:
                self.shared.setdefault(one, (left, right))

    def _sharing(self, one: Node, two: Node) -> Iterator[Edit]:
        """Says with whom the weights of a pair are shared, where that is not the same on both sides."""
        if one.id not in self.shared:
            return
        weights = self.shared[one.id]
        others = [
            [other for other in graph if weight in other.weights and other.id != node.id]
            for graph, node, weight in zip(self.graphs, (one, two), weights, strict=True)
        ]
        held = "a random generator" if weights[0] in one.seeds else "weights"
        parts = []
        for side, near in enumerate(others):
            names = " and ".join(self._named(side, other, always=True) for other in near[:FEW])
            more = f" and {len(near) - FEW} more" if len(near) > FEW else ""
            parts.append(f"shares {held} with {names}{more}" if near else f"has {held} of its own, not shared")
        text = f"in the reference {call_of(one)} {parts[0]}, in the candidate {call_of(two)} {parts[1]}"
        apart = ": shared with others" if all(others) else ""
        yield self._edit("rewire", one, two, message=f"{text}{apart}")

    def _named(self, side: int, node: Node, *, always: bool = False) -> str:
        """A node by name; of the candidate's, with its counterpart's if the reference calls another node so."""
        one = self.back.get(node.id, node.id) if side else node.id
        told = one != node.id and (always or node.id in self.by_id[0])
        text = call_of(node)
        if not told:
            return text
        return f"{text.removesuffix(')')}{'; ' if text.endswith(')') else ' ('}the counterpart of {one})"

    # Edits -----------------------------------------------------------------------------------------------

    def _of_pair(self, one: Node, two: Node) -> Iterator[Edit]:
        if one.id in self.moved:
            text = (
                f"{calls_of(one, two)} stands {self._near(0, one)} in the reference, "
                f"{self._near(1, two)} in the candidate"
            )
            yield self._edit("move", one, two, message=text)
        if self.labels[0][one.id] != self.labels[1][two.id]:
            yield from self._update(one, two)
        yield from self._sharing(one, two)
        if one.id not in self.moved:
            yield from self._rewire(one, two)

    def _update(self, one: Node, two: Node) -> Iterator[Edit]:
        changed = differing(one, two)
        if set(changed) == {"function"}:  # what a Lambda does says more than a digest of its code
            inside = ops_differing(one, two)
            changed = changed if "wiring" in inside else inside
        if not changed:
            specs = [self._operand_specs(side, node) for side, node in enumerate((one, two))]
            if specs[0] != specs[1] and (one.kind == "layer" or one.op in ("reshape", "shape")):
                return  # the same layer on another shape: a consequence, not a cause
            if one.roles.count("mask") != two.roles.count("mask"):
                return  # told as a rewire: the mask is an operand
            changed = ops_differing(one, two)
            told = one.id in self.shared or self.used[0][one.id] != self.used[1][two.id]
            if "wiring" in changed and told:
                return  # what it shares, or which of its results is used, is told where it is
        if changed:
            yield self._edit("update", one, two, attributes=changed, message=self._changed(one, two, changed))

    def _changed(self, one: Node, two: Node, changed: Mapping[str, tuple[Any, Any]]) -> str:
        if "op" in changed:
            return f"candidate has {call_of(two)} in the place of {call_of(one)}"
        both = calls_of(one, two)
        if "wiring" in changed:
            return f"{both}: the same operations inside, connected in another way"
        if COMPUTATION in changed:
            inside = changed[COMPUTATION]
            if all(parts.startswith("constant ") for parts in inside):
                return f"{both}: computes with {inside[0]} in the reference, {inside[1]} in the candidate"
            sides = zip(("reference", "candidate"), inside, strict=True)
            alone = [f"the {side} alone computes {parts}" for side, parts in sides if parts != NOTHING]
            return f"{both}: {', '.join(alone)}"
        return f"{both}: {changed_settings(changed)}"

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
            text = f"{having} applies the mask in {call_of(one if masks[0] else two)}, but {lacking} ignores it"
            yield self._edit("rewire", one, two, message=text)
            return
        ends = self.places.ends(one, two)
        loose = commutes(one) and commutes(two)
        if self.places.same_ends(*ends, loose=loose):
            return
        named = [
            [self._value(side, end or edge) for end, edge in zip(ends[side], node.operands, strict=True)]
            for side, node in enumerate((one, two))
        ]
        odd = self._odd(*ends, loose=loose)
        turned = not loose and None not in ends[1] and self.places.same_ends(*ends, loose=True)
        if turned:  # in the words of the reference, as the names of the candidate may be those of other nodes
            named[1] = [self._value(0, Edge(node=self.back[edge.node], port=edge.port)) for edge in ends[1] if edge]
        if len(one.operands) != len(two.operands):
            odd = list(range(len(one.operands))), list(range(len(two.operands)))
        takes = [" and ".join(values[n] for n in own) or "nothing else" for values, own in zip(named, odd, strict=True)]
        text = f"{call_of(one)} takes {takes[0]} in the reference, {takes[1]} in the candidate"
        if turned:
            text += ": concatenated in another order" if one.op == "concat" else ": in another order"
        yield self._edit("rewire", one, two, message=text)

    def _value(self, side: int, edge: Edge) -> str:
        """A value in words: which result it is of a node that has several, such as the states of an LSTM."""
        node = self.by_id[side][edge.node]
        name = self._named(side, node)
        return f"result {edge.port + 1} of {name}" if len(node.outputs) > 1 else name

    def _odd(
        self, first: Sequence[Edge | None], second: Sequence[Edge | None], *, loose: bool
    ) -> tuple[list[int], list[int]]:
        """Which operands differ, on either side: by position, or, where order does not count, those without a match."""
        if not loose:
            pairs = zip(first, second, strict=False)
            odd = [n for n, (a, b) in enumerate(pairs) if not self.places.same_ends([a], [b], loose=False)]
            return odd, odd
        left, right = list(range(len(first))), list(range(len(second)))
        for one in list(left):
            edge = first[one]
            match = next((two for two in right if edge and second[two] == self.places.translated(edge)), None)
            if match is not None:
                left.remove(one)
                right.remove(match)
        return left, right

    def _roots(self) -> Iterator[Edit]:
        """Outputs that are something else, by number; losses, in any order."""
        outputs = [[self.places.end(side, edge) for edge in graph.outputs] for side, graph in enumerate(self.graphs)]
        losses = [[self.places.end(side, edge) for edge in graph.losses] for side, graph in enumerate(self.graphs)]
        told: list[tuple[str, Edge, Edge]] = []
        if len(outputs[0]) == len(outputs[1]):
            numbered = enumerate(zip(*outputs, strict=True))
            told = [
                (f"output {n}", a, b)
                for n, (a, b) in numbered
                if a and b and not self.places.same_ends([a], [b], loose=False)
            ]
        if told:
            yield self._ends_edit(
                told, "outputs in another order: " if self.places.same_ends(*outputs, loose=True) else ""
            )
        if len(losses[0]) == len(losses[1]) and not self.places.same_ends(losses[0], losses[1], loose=True):
            left = [edge for edge in losses[0] if edge and self.places.translated(edge) not in losses[1]]
            wanted = [self.places.translated(edge) for edge in losses[0] if edge]
            right = [edge for edge in losses[1] if edge and edge not in wanted]
            told = [("a loss", a, b) for a, b in zip(left, right, strict=False)]
            if told:
                yield self._ends_edit(told, "")

    def _ends_edit(self, told: Sequence[tuple[str, Edge, Edge]], lead: str) -> Edit:
        nodes = [(name, self.by_id[0][a.node], self.by_id[1][b.node]) for name, a, b in told]
        listed = "; ".join(f"{name} is {call_of(a)} in the reference, {call_of(b)} in the candidate"
                           for name, a, b in nodes)  # fmt: skip
        return self._edit("rewire", nodes[0][1], nodes[0][2], message=f"{lead}{listed}")

    def _single(self, kind: EditKind, node: Node, side: int) -> Edit:
        has, lacks = ("reference", "candidate") if side == 0 else ("candidate", "reference")
        parts = {op.op for op in self.parts[side].get(node.id, ())}
        if parts - SIZE_WORK:  # a layer that differs in these alone is told as a whole
            return self._inside(kind, node, side, has, lacks)
        before = self._before(side, node)
        paired: Mapping[str, str] = self.nodes if side == 0 else self.back
        other = paired.get(before) if before is not None else None
        line = f" ({node.source})" if node.source else ""
        what = f"{name_of(node)}{settings(node)}{self._masking(side, node)}"
        there = f"applies none after {other}" if other and other != before else "does not"
        return Edit(
            kind=kind,
            op=node.op,
            rung="architecture",
            reference=place(node) if side == 0 else None,
            candidate=place(node) if side == 1 else None,
            after={has: before, lacks: other},
            message=f"{has} applies {what}{self._between(side, node)}{line}, but {lacks} {there}",
            modes=(self.mode,),
        )

    def _inside(self, kind: EditKind, node: Node, side: int, has: str, lacks: str) -> Edit:
        """A layer that does a little more than what the other side does in its place."""
        ops = list(dict.fromkeys(readable(op.op) for op in self.parts[side][node.id]))
        return Edit(
            kind=kind,
            op=ops[0],
            rung="architecture",
            reference=place(node) if side == 0 else None,
            candidate=place(node) if side == 1 else None,
            after={has: self._before(side, node), lacks: None},
            message=f"{has} computes {' and '.join(ops)} inside {call_of(node)}, but {lacks} does not",
            modes=(self.mode,),
        )

    def _between(self, side: int, node: Node) -> str:
        """The neighbours of a node that the other side lacks, by name."""
        if len(node.operands) > 1:
            return f" to {' and '.join(edge.node for edge in node.operands[:FEW])}"
        before = next(iter((*(edge.node for edge in node.operands), *node.weights)), "")
        users = dict.fromkeys(user.id for user, _ in self.users[side][node.id])
        after = next(iter(users)) if len(users) == 1 else ""
        if before and after:
            return f" between {before} and {after}"
        return f" after {before}" if before else f" before {after}" if after else ""

    def _before(self, side: int, node: Node) -> str | None:
        ends = (self.places.end(side, edge) for edge in node.operands)
        return next((end.node for end in ends if end is not None), None)

    def _masking(self, side: int, node: Node) -> str:
        """Says where a mask is used or made: the one operand that no call shows."""
        if "mask" in node.roles:
            return " with the mask"
        users = self.users[side][node.id]
        return " as a mask" if users and all(user.roles[at] == "mask" for user, at in users if user.roles) else ""

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
