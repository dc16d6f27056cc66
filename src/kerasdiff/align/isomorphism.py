"""Are two graphs the same? Exact isomorphism under a one-to-one map of weights.

Why one walk and a refinement of what it leaves, not a general search? The graphs are rooted DAGs with ordered
operands, so the numbers of values decide the equality of everything but weight identity, and one walk from the roots
pairs all that has one counterpart alone. Choices are left only where operands commute, and among losses and updates;
what lies below them is settled together, weights included, because one choice may decide another. The map is verified
at the end whatever led to it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kerasdiff.align.labels import Labels, Table, Weights, labels_of, nature, values_of
from kerasdiff.align.refinement import Coloured, Vertex, bijection
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.ops import PYTHON_CALLS
from kerasdiff.graph.signature import commutes

_NODE, _WEIGHT = "node", "weight"
"""What a vertex of the refinement stands for; the id comes second."""


@dataclass
class Walk:
    """A simultaneous walk over two graphs that pairs the nodes below equal values.

    Attributes:
        values: The number of every node's value, by side.
        weights: The weight tables, by side.
        stop: Nodes of the reference below which nothing is looked at.
        known: Weights that should go together if that is possible.
        clash: Whether two ways through the graphs pair a node or a weight differently.
    """

    reference: Graph
    candidate: Graph
    values: tuple[Mapping[str, int], Mapping[str, int]]
    tables: tuple[Weights, Weights]
    stop: frozenset[str] = frozenset()
    known: Mapping[str, str] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    weights_back: dict[str, str] = field(default_factory=dict)
    clash: bool = False

    def __post_init__(self) -> None:
        self.nodes = index_of(self.reference).nodes, index_of(self.candidate).nodes

    def equal(self, left: Edge, right: Edge) -> bool:
        """Whether two values have the same number and port."""
        return self.values[0][left.node] == self.values[1][right.node] and left.port == right.port

    def pair(self, left: str, right: str) -> None:
        """Pairs two nodes of equal value and everything below them that has no other counterpart."""
        stack = [(left, right)]
        while stack:
            one, two = stack.pop()
            if one in self.pairs or two in self.back:
                self.clash = self.clash or self.pairs.get(one) != two
                continue
            self.pairs[one], self.back[two] = two, one
            if one not in self.stop:
                self._tie(one, two)
                stack.extend(self._operands(self.nodes[0][one], self.nodes[1][two]))

    def _tie(self, one: str, two: str) -> None:
        """Maps the weights of two equal nodes one to one, by position."""
        for left, right in zip(self.nodes[0][one].weights, self.nodes[1][two].weights, strict=False):
            if self.weights.setdefault(left, right) != right or self.weights_back.setdefault(right, left) != left:
                self.clash = True

    def _operands(self, first: Node, second: Node) -> Iterable[tuple[str, str]]:
        if not commutes(first):
            return [(a.node, b.node) for a, b in zip(first.operands, second.operands, strict=True)]
        own = _by_value(first.operands, self.values[0]), _by_value(second.operands, self.values[1])
        return [
            (ones[0], twos[0])
            for value, ones in own[0].items()
            if len(ones) == 1 and len(twos := own[1].get(value, [])) == 1
        ]

    def settle(self) -> bool:
        """Pairs what the walk has left unpaired below the paired nodes and the roots, all at once; whether it can."""
        free = self._unpaired(0), self._unpaired(1)
        if self.clash or not free[0] or len(free[0]) != len(free[1]):
            return not self.clash and len(free[0]) == len(free[1])
        attempts: list[tuple[bool, Mapping[str, str]]] = [(True, {}), (False, {})]
        for natures, known in [(True, self.known), *attempts] if self.known else attempts:
            back = {two: one for one, two in known.items()}
            vertices = bijection(
                self._coloured(0, free[0], natures=natures, known={one: one for one in known}),
                self._coloured(1, free[1], natures=natures, known=back),
            )
            if vertices is not None:
                for one in free[0]:
                    two = vertices[_NODE, one][1]
                    self.pairs[one], self.back[two] = two, one
                    self._tie(one, two)
                return not self.clash
        return False

    def _unpaired(self, side: int) -> list[str]:
        """Unpaired nodes that a root or a paired node needs, in order."""
        paired = self.pairs if side == 0 else self.back
        graph = (self.reference, self.candidate)[side]
        needed = {edge.node for edge in graph.losses} | set(graph.effects)
        unpaired: list[str] = []
        for node in reversed(graph.nodes):
            if node.id in paired:
                if (node.id if side == 0 else paired[node.id]) not in self.stop:
                    needed.update(edge.node for edge in node.operands)
            elif node.id in needed:
                unpaired.append(node.id)
                needed.update(edge.node for edge in node.operands)
        return unpaired[::-1]

    def _coloured(self, side: int, free: Sequence[str], *, natures: bool, known: Mapping[str, str]) -> Coloured:
        """The unpaired nodes and their weights; what is paired already counts as a colour."""
        graph = (self.reference, self.candidate)[side]
        fixed: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        for edge in graph.losses:
            fixed[edge.node].append(("loss", edge.port))
        for name in dict.fromkeys(graph.effects):
            fixed[name].append(("effect",))
        links: list[tuple[Vertex, Vertex, Hashable]] = []
        self._wire(side, free, fixed, links)
        mapped: Mapping[str, str] = {one: one for one in self.weights} if side == 0 else self.weights_back
        weights: dict[Vertex, Hashable] = {}
        for node in (self.nodes[side][name] for name in free):
            for position, name in enumerate(node.weights):
                if name in mapped:
                    fixed[node.id].append(("with", mapped[name], position))
                else:
                    links.append(((_NODE, node.id), (_WEIGHT, name), position))
                    weights[_WEIGHT, name] = (self._nature(side, name) if natures else "", known.get(name))
        values = self.values[side]
        nodes = {(_NODE, name): (values[name], tuple(sorted(map(repr, fixed[name])))) for name in free}
        return Coloured(colours={**nodes, **weights}, links=links)

    def _wire(
        self,
        side: int,
        free: Sequence[str],
        fixed: Mapping[str, list[tuple[object, ...]]],
        links: list[tuple[Vertex, Vertex, Hashable]],
    ) -> None:
        """Adds what connects the unpaired nodes: links between them, and to paired ones what fixes them."""
        paired: Mapping[str, str] = {one: one for one in self.pairs} if side == 0 else self.back
        inside = set(free)
        for node in (self.reference, self.candidate)[side]:
            unordered = commutes(node)
            for position, edge in enumerate(node.operands):
                tag = (-1 if unordered else position, edge.port)
                if node.id in inside and edge.node in inside:
                    links.append(((_NODE, node.id), (_NODE, edge.node), tag))
                elif node.id in inside:
                    fixed[node.id].append(("from", paired[edge.node], *tag))
                elif edge.node in inside and node.id in paired:
                    fixed[edge.node].append(("into", paired[node.id], *tag))

    def _nature(self, side: int, name: str) -> Hashable:
        weight = self.tables[side].get(name)
        return name if weight is None else nature(weight)

    def holds(self) -> bool:
        """Whether the pairs are an isomorphism of all that the roots need: every operand, weight and root agrees."""
        if self.clash or any(self._unpaired(side) for side in (0, 1)):
            return False
        for one, two in self.pairs.items():
            if self.values[0][one] != self.values[1][two]:
                return False
            first, second = self.nodes[0][one], self.nodes[1][two]
            if one not in self.stop and not self._same(first.operands, second.operands, unordered=commutes(first)):
                return False
        roots = self.reference, self.candidate
        return (
            self._same(roots[0].outputs, roots[1].outputs)
            and self._same(roots[0].losses, roots[1].losses, unordered=True)
            and {self.pairs[name] for name in roots[0].effects} == set(roots[1].effects)
        )

    def _same(self, first: Sequence[Edge], second: Sequence[Edge], *, unordered: bool = False) -> bool:
        wanted = [(self.pairs[edge.node], edge.port) for edge in first]
        got = [(edge.node, edge.port) for edge in second]
        return Counter(wanted) == Counter(got) if unordered else wanted == got


def _by_value(edges: Sequence[Edge], values: Mapping[str, int]) -> dict[tuple[int, int], list[str]]:
    """The distinct nodes that operands of one number and port come from."""
    by_value: dict[tuple[int, int], list[str]] = {}
    for edge in edges:
        names = by_value.setdefault((values[edge.node], edge.port), [])
        if edge.node not in names:
            names.append(edge.node)
    return by_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Isomorphism:
    """A proof: nodes and weights of the reference, each with its counterpart."""

    nodes: Mapping[str, str]
    weights: Mapping[str, str]


def isomorphism(
    reference: Graph,
    candidate: Graph,
    weights: tuple[Weights, Weights],
    labels: tuple[Labels, Labels] | None = None,
    known: Mapping[str, str] | None = None,
) -> Isomorphism | None:
    """Decides whether two canonical graphs are the same up to names, under a one-to-one map of weights.

    Args:
        reference: Canonical.
        candidate: Canonical.
        weights: Their weights.
        labels: Of their nodes, worked out where not given.
        known: Weights that go together where there is a choice.

    Returns:
        The maps, or ``None`` where an output, a loss, an effect or the weight map does not match.
    """
    labels = labels or (labels_of(reference, weights[0]), labels_of(candidate, weights[1]))
    table = Table()
    values = values_of(reference, labels[0], table), values_of(candidate, labels[1], table)
    if any(a != b for a, b in zip(_roots(reference, values[0]), _roots(candidate, values[1]), strict=True)):
        return None
    if opaque(reference) or opaque(candidate):
        return None
    walk = Walk(reference=reference, candidate=candidate, values=values, tables=weights, known=known or {})
    for left, right in zip(reference.outputs, candidate.outputs, strict=True):
        walk.pair(left.node, right.node)
    if walk.clash:
        return None
    proved = walk.settle() and walk.holds()
    return Isomorphism(nodes=dict(walk.pairs), weights=dict(walk.weights)) if proved else None


def _roots(graph: Graph, values: Mapping[str, int]) -> tuple[object, ...]:
    """What must agree before anything else is looked at: outputs in order, losses and effects in any."""
    return (
        [(values[edge.node], edge.port) for edge in graph.outputs],
        Counter((values[edge.node], edge.port) for edge in graph.losses),
        Counter(values[name] for name in dict.fromkeys(graph.effects)),
    )


def opaque(graph: Graph) -> bool:
    """Whether a graph holds what it does not show: Python code, or a function body that cannot be read.

    Equal ops of that kind prove nothing.
    """
    seen: set[int] = set()
    stack = [graph]
    while stack:
        for node in stack.pop():
            if node.op in PYTHON_CALLS or any(node.attributes.get(key, 0) is None for key in ("f", "body", "cond")):
                return True
            if node.lowering is not None and id(node.lowering) not in seen:
                seen.add(id(node.lowering))
                stack.append(node.lowering)
            stack += [value for value in node.attributes.values() if isinstance(value, Graph)]
    return False
