"""Which values of two graphs are the same: exact isomorphism under a one-to-one map of weights.

Why digests and one walk, not a general isomorphism search? The graphs are rooted DAGs with ordered
operands, so a bottom-up digest decides equality of everything but weight identity, and one walk from the
roots fixes the weight map. Ties are left only where a commutative op has operands of equal digest;
there the walk keeps to what is already paired, and the map is verified at the end whatever it chose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kerasdiff.canonical.arithmetic import COMMUTATIVE
from kerasdiff.canonical.signature import digest, graph_signature, node_label
from kerasdiff.graph import Edge, Graph, Node, Weight

Weights = Mapping[str, Weight]


def commutes(node: Node) -> bool:
    """Whether the operands of a node may stand in any order."""
    if node.kind == "op":
        return node.op in COMMUTATIVE
    if node.lowering is None or node.weights:
        return False
    core = [item for item in node.lowering if item.kind == "op"]
    inputs = {item.id for item in node.lowering if item.kind == "input"}
    return len(core) == 1 and core[0].op in COMMUTATIVE and all(edge.node in inputs for edge in core[0].operands)


def used_ports(graph: Graph) -> dict[str, tuple[int, ...]]:
    """For each node, the output ports that something uses."""
    used: dict[str, set[int]] = {node.id: set() for node in graph}
    for node in graph:
        for edge in node.operands:
            used[edge.node].add(edge.port)
    for edge in (*graph.outputs, *graph.losses):
        used[edge.node].add(edge.port)
    return {name: tuple(sorted(ports)) for name, ports in used.items()}


def label(node: Node, ports: tuple[int, ...], weights: Weights) -> str:
    """What a node computes from its operands and weights, whatever it is called.

    The lowering in normal form, as far as its result is used, with the shapes and dtypes of the weights.
    """
    held = tuple((weights[name].shape, weights[name].dtype) if name in weights else name for name in node.weights)
    if node.lowering is not None:
        return digest(graph_signature(node.lowering, ports), held, node.roles.count("mask"))
    if node.kind == "read":
        return digest("read", held)
    if node.kind == "input":
        spec = node.outputs[0] if node.outputs else None
        return digest("input", node.attributes.get("index"), spec and (spec.shape, spec.dtype))
    return node_label(node)


def labels_of(graph: Graph, weights: Weights) -> dict[str, str]:
    """The label of every node."""
    ports = used_ports(graph)
    return {node.id: label(node, ports[node.id], weights) for node in graph}


def forward_hashes(graph: Graph, labels: Mapping[str, str], cut: Mapping[str, str] | None = None) -> dict[str, str]:
    """The digest of every value from the inputs on; nodes in ``cut`` count as the name given there."""
    found: dict[str, str] = {}
    for node in graph:
        if cut is not None and node.id in cut:
            found[node.id] = cut[node.id]
            continue
        operands = [f"{found[edge.node]}:{edge.port}" for edge in node.operands]
        if commutes(node):
            operands.sort()
        found[node.id] = digest(labels[node.id], tuple(operands))
    return found


@dataclass
class Walk:
    """A simultaneous walk over two graphs that pairs the nodes below equal values."""

    reference: Graph
    candidate: Graph
    hashes: tuple[Mapping[str, str], Mapping[str, str]]
    pairs: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    weights_back: dict[str, str] = field(default_factory=dict)
    conflict: str = ""

    def __post_init__(self) -> None:
        self._nodes = (self.reference.by_id(), self.candidate.by_id())
        self._ties: list[tuple[Node, Node]] = []

    def equal(self, left: Edge, right: Edge) -> bool:
        """Whether two values have the same digest and port."""
        return self.hashes[0][left.node] == self.hashes[1][right.node] and left.port == right.port

    def pair(self, left: Edge, right: Edge, stop: Mapping[str, str] | None = None) -> None:
        """Pairs two equal values and everything below them, down to the nodes in ``stop``."""
        stack = [(left.node, right.node)]
        while stack:
            one, two = stack.pop()
            if one in self.pairs or two in self.back:
                if self.pairs.get(one) != two:
                    self.conflict = self.conflict or one
                continue
            self.pairs[one], self.back[two] = two, one
            first, second = self._nodes[0][one], self._nodes[1][two]
            if stop is not None and one in stop:
                continue
            self.tie(first.weights, second.weights)
            if self._tied(first, second):
                self._ties.append((first, second))
            else:
                stack.extend(reversed(self._operand_pairs(first, second)))

    def settle(self, stop: Mapping[str, str] | None = None) -> None:
        """Pairs the operands of ties, once everything that leaves no choice is paired."""
        while self._ties:
            number = next((n for n, pair in enumerate(self._ties) if not self._tied(*pair)), 0)
            first, second = self._ties.pop(number)
            left = {edge.node: edge for edge in first.operands}
            right = {edge.node: edge for edge in second.operands}
            for one, two in self._operand_pairs(first, second):
                self.pair(left[one], right[two], stop)

    def _tied(self, first: Node, second: Node) -> bool:
        """Whether free operands of equal digest leave a choice of whom to pair."""
        if not commutes(first):
            return False
        open_left = {edge.node for edge in first.operands if edge.node not in self.pairs}
        hashes = [self.hashes[0][name] for name in open_left]
        return len(set(hashes)) < len(hashes)

    def tie(self, first: Sequence[str], second: Sequence[str]) -> None:
        """Maps the weights of two equal nodes one to one, by position."""
        for one, two in zip(first, second, strict=False):
            if self.weights.setdefault(one, two) != two or self.weights_back.setdefault(two, one) != one:
                self.conflict = self.conflict or one

    def _operand_pairs(self, first: Node, second: Node) -> list[tuple[str, str]]:
        left, right = list(first.operands), list(second.operands)
        if commutes(first):
            ordered: list[Edge] = []
            pool = list(right)
            for edge in left:
                choices = [other for other in pool if self.equal(edge, other)]
                if not choices:
                    return []
                fixed = [other for other in choices if self.pairs.get(edge.node) == other.node]
                free = [other for other in choices if other.node not in self.back]
                chosen = (fixed or free or choices)[0]
                pool.remove(chosen)
                ordered.append(chosen)
            right = ordered
        return [(one.node, two.node) for one, two in zip(left, right, strict=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Isomorphism:
    """A proof: nodes and weights of the reference, each with its counterpart."""

    nodes: Mapping[str, str]
    weights: Mapping[str, str]


def isomorphism(reference: Graph, candidate: Graph, weights: tuple[Weights, Weights]) -> Isomorphism | None:
    """Decides whether two canonical graphs are the same up to names, under a one-to-one map of weights.

    Returns:
        The maps, or ``None`` where an output, a loss, an effect or the weight map does not match.
    """
    labels = labels_of(reference, weights[0]), labels_of(candidate, weights[1])
    hashes = forward_hashes(reference, labels[0]), forward_hashes(candidate, labels[1])
    walk = Walk(reference=reference, candidate=candidate, hashes=hashes)
    if len(reference.outputs) != len(candidate.outputs) or len(reference.losses) != len(candidate.losses):
        return None
    for left, right in zip(reference.outputs, candidate.outputs, strict=True):
        if not walk.equal(left, right):
            return None
        walk.pair(left, right)
    if _counted(hashes[0], reference.losses) != _counted(hashes[1], candidate.losses):
        return None
    if opaque(reference) or opaque(candidate):
        return None
    walk.settle()
    if not _match_unordered(walk, [e.node for e in reference.losses], [e.node for e in candidate.losses]):
        return None
    if not _match_unordered(walk, reference.effects, candidate.effects):
        return None
    walk.settle()
    if walk.conflict or len(walk.pairs) != len(set(walk.pairs.values())):
        return None
    return Isomorphism(nodes=dict(walk.pairs), weights=dict(walk.weights))


def _counted(hashes: Mapping[str, str], edges: Sequence[Edge]) -> Counter[tuple[str, int]]:
    return Counter((hashes[edge.node], edge.port) for edge in edges)


OPAQUE = frozenset({"PyFunc", "EagerPyFunc", "PyFuncStateless"})
"""Ops that run Python code a graph does not show: equal ops prove nothing."""


def opaque(graph: Graph) -> bool:
    """Whether a graph holds what it does not show: Python code, or a function body that cannot be read."""
    for node in graph:
        if node.op in OPAQUE or any(node.attributes.get(key, 0) is None for key in ("f", "body", "cond")):
            return True
        if node.lowering is not None and opaque(node.lowering):
            return True
        bodies = [value for value in node.attributes.values() if isinstance(value, Graph)]
        if any(opaque(body) for body in bodies):
            return True
    return False


def _match_unordered(walk: Walk, first: Sequence[str], second: Sequence[str]) -> bool:
    """Pairs roots whose order does not count; among equals, the one whose weights are mapped already."""
    nodes = walk.reference.by_id(), walk.candidate.by_id()
    pool = list(dict.fromkeys(second))
    own = list(dict.fromkeys(first))
    if len(own) != len(pool):
        return False

    def rank(one: str, two: str) -> int:
        if walk.pairs.get(one) == two:
            return 0
        if one in walk.pairs or two in walk.back:
            return 3
        reads = [
            (nodes[0][a.node], nodes[1][b.node])
            for a, b in zip(nodes[0][one].operands, nodes[1][two].operands, strict=False)
        ]
        mapped = [walk.pairs.get(a.id) == b.id for a, b in reads if a.kind == "read" and a.id in walk.pairs]
        if mapped and all(mapped):
            return 1
        return 2 if not mapped and not any(b.id in walk.back for a, b in reads if a.kind == "read") else 3

    for one in own:
        equal = [two for two in pool if walk.hashes[0][one] == walk.hashes[1][two]]
        if not equal:
            return False
        chosen = min(equal, key=lambda two: rank(one, two))
        pool.remove(chosen)
        walk.pair(Edge(node=one), Edge(node=chosen))
    return True
