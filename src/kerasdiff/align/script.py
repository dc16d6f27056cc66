"""What turns one graph into the other, once it is known which nodes correspond?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kerasdiff.align.differences import inside_changed, settings_changed, vary_otherwise, weights_together
from kerasdiff.align.edits import Aspect, Change, Delete, Edit, Insert, MaskRole, Move, Rewire, Update, Wiring
from kerasdiff.align.expanded.cover import Cover
from kerasdiff.align.labels import Labels, Weights, used_ports
from kerasdiff.align.pairing import Pairs
from kerasdiff.align.positions import Positions
from kerasdiff.align.rewiring import Rewiring
from kerasdiff.findings import Site
from kerasdiff.graph import Graph, Mode, Node, TensorSpec
from kerasdiff.graph.names import readable
from kerasdiff.graph.ops import SIZE_WORK

FEW = 4
"""Operands that are listed by name."""


class Script:
    """Derives the edits from the pairs; every table comes once for each side.

    Attributes:
        positions: Where the nodes stand, and which have moved.
        weights: Reference weight id to candidate weight id, as far as the pairs and what they are expanded to tell.
    """

    def __init__(
        self,
        graphs: tuple[Graph, Graph],
        tables: tuple[Weights, Weights],
        labels: tuple[Labels, Labels],
        pairs: Pairs,
        cover: Cover,
        mode: Mode,
    ) -> None:
        self._graphs, self._tables, self._labels, self._cover, self._mode = graphs, tables, labels, cover, mode
        self.positions = Positions(graphs, pairs)
        self._used = (used_ports(graphs[0]), used_ports(graphs[1]))
        self.weights: dict[str, str] = dict(cover.weights)
        self._shared: dict[str, tuple[str, str]] = {}
        self._tie()
        self._rewiring = Rewiring(graphs, tables, self.positions, self._shared)

    def edits(self) -> list[Edit]:
        """The whole script in the order of the reference, insertions where they stand, ends of the graph last."""
        ordered: list[tuple[int, int, Edit]] = []
        index = {node.id: number for number, node in enumerate(self._graphs[0])}
        nodes, back = self.positions.nodes, self.positions.back
        for node in self._graphs[0]:
            if node.id in nodes:
                own = list(self._of_pair(node, self.positions.by_id[1][nodes[node.id]]))
            else:
                own = [self._one_sided(0, node)] if self._tells(0, node) else []
            ordered += [(index[node.id], -1, edit) for edit in own]
        last = -1
        for number, node in enumerate(self._graphs[1]):
            if node.id in back:
                last = index[back[node.id]]
            elif self._tells(1, node):
                ordered.append((last, number, self._one_sided(1, node)))
        script = [edit for *_, edit in sorted(ordered, key=lambda item: item[:2])]
        return script + [self._rewire(one, two, wiring) for one, two, wiring in self._rewiring.ends()]

    def _tells(self, side: int, node: Node) -> bool:
        return node.id not in self._cover.free[side] and node.kind not in ("read", "const")

    def _tie(self) -> None:
        """Maps the weights of the pairs; one weight meeting two others is a difference in sharing."""
        back = {two: one for one, two in self.weights.items()}
        for one, two in self.positions.nodes.items():
            nodes = self.positions.by_id[0][one], self.positions.by_id[1][two]
            equal = self._labels[0][one] == self._labels[1][two]
            for left, right in weights_together(*nodes, self._tables, equal=equal):
                if left not in self.weights and right not in back:
                    self.weights[left], back[right] = right, left
                elif self.weights.get(left) != right:
                    self._shared.setdefault(one, (left, right))

    # Pairs -----------------------------------------------------------------------------------------------

    def _of_pair(self, one: Node, two: Node) -> Iterator[Edit]:
        moved = one.id in self.positions.moved
        if moved:
            yield Move(
                op=one.op,
                reference=Site.of(one),
                candidate=Site.of(two),
                after=self._after(one, two),
                modes=(self._mode,),
                behind=(self._behind(0, one), self._behind(1, two)),
            )
        changes = self._changes(one, two) if self._labels[0][one.id] != self._labels[1][two.id] else ()
        if changes:
            yield Update(
                op=one.op,
                reference=Site.of(one),
                candidate=Site.of(two),
                after=self._after(one, two),
                modes=(self._mode,),
                changes=changes,
            )
        for wiring in self._rewiring.of_pair(one, two, moved=moved):
            yield self._rewire(one, two, wiring)

    def _rewire(self, one: Node, two: Node, wiring: Wiring) -> Rewire:
        return Rewire(
            op=one.op,
            reference=Site.of(one),
            candidate=Site.of(two),
            after=self._after(one, two),
            modes=(self._mode,),
            wiring=wiring,
        )

    def _changes(self, one: Node, two: Node) -> tuple[Change, ...]:
        """What an update of a pair changes; nothing where that follows from what another edit tells."""
        changes = settings_changed(one, two)
        if [(change.aspect, change.name) for change in changes] == [(Aspect.SETTING, "function")]:
            inside = inside_changed(one, two)  # what a Lambda does says more than a digest of its code
            return changes if _connections_alone(inside) else inside
        if changes:
            varying = vary_otherwise(one, two)
            return (*varying, *changes) if changes[0].aspect is Aspect.SETTING else (*changes, *varying)
        specs = self._operand_specs(0, one), self._operand_specs(1, two)
        if specs[0] != specs[1] and (one.kind == "layer" or one.op in ("reshape", "shape")):
            return ()  # the same layer on another shape: a consequence, not a cause
        if one.roles.count("mask") != two.roles.count("mask"):
            return ()  # told as a rewire: the mask is an operand
        changes = inside_changed(one, two)
        told = one.id in self._shared or self._used[0][one.id] != self._used[1][two.id]
        return () if told and _connections_alone(changes) else changes  # what it shares, or which result is used

    def _operand_specs(self, side: int, node: Node) -> list[TensorSpec | None]:
        results = [(self.positions.by_id[side][edge.node].outputs, edge.port) for edge in node.operands]
        return [specs[port] if port < len(specs) else None for specs, port in results]

    def _after(self, one: Node, two: Node) -> tuple[str | None, str | None]:
        return self._before(0, one), self._before(1, two)

    def _before(self, side: int, node: Node) -> str | None:
        """The aligned node right before one."""
        ends = (self.positions.end(side, edge) for edge in node.operands)
        return next((end.node for end in ends if end is not None), None)

    def _behind(self, side: int, node: Node) -> tuple[Site, ...]:
        return tuple(Site.of(self.positions.by_id[side][edge.node]) for edge in node.operands)

    # One side alone --------------------------------------------------------------------------------------

    def _one_sided(self, side: int, node: Node) -> Insert | Delete:
        """The node as a whole, or the little that it computes more than the other side does in its place."""
        before = self._before(side, node)
        paired: Mapping[str, str] = self.positions.back if side else self.positions.nodes
        other = None if before is None else paired.get(before)
        odd = self._cover.parts[side].get(node.id, ())
        inside: tuple[str, ...] = ()
        if {op.op for op in odd} - SIZE_WORK:  # a layer that differs in these alone is told as a whole
            inside, other = tuple(dict.fromkeys(readable(op.op) for op in odd)), None
        several = len(node.operands) > 1
        made: type[Insert] | type[Delete] = Insert if side else Delete
        return made(
            op=inside[0] if inside else node.op,
            reference=None if side else Site.of(node),
            candidate=Site.of(node) if side else None,
            after=(other, before) if side else (before, other),
            modes=(self._mode,),
            mask=self._mask_role(side, node),
            operands=tuple(edge.node for edge in node.operands[:FEW]) if several else (),
            between=("", "") if several else self._between(side, node),
            inside=inside,
            backwards=self._backwards(side, node) if node.op == "flip" else None,
        )

    def _backwards(self, side: int, node: Node) -> Site | None:
        """The recurrent layer that runs backwards, right before or behind."""
        before = (self.positions.by_id[side][edge.node] for edge in node.operands)
        behind = (user for user, _ in self.positions.users[side][node.id])
        near = (other for other in (*before, *behind) if other.attributes.get("go_backwards") is True)
        return next(map(Site.of, near), None)

    def _between(self, side: int, node: Node) -> tuple[str, str]:
        """The only operand, or else the first weight, and the only user."""
        before = next(iter((*(edge.node for edge in node.operands), *node.weights)), "")
        users = dict.fromkeys(user.id for user, _ in self.positions.users[side][node.id])
        return before, next(iter(users)) if len(users) == 1 else ""

    def _mask_role(self, side: int, node: Node) -> MaskRole:
        """Where a mask is used or made: the one operand that no call shows."""
        if "mask" in node.roles:
            return "with"
        users = self.positions.users[side][node.id]
        return "as" if users and all(user.roles[at] == "mask" for user, at in users if user.roles) else ""


def _connections_alone(changes: tuple[Change, ...]) -> bool:
    return any(change.aspect is Aspect.WIRING for change in changes)
