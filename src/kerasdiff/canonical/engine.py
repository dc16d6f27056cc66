"""The rule record, its registry, and the one pass that applies rules to a graph of TF ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from kerasdiff.canonical.dims import Dim, dims_of
from kerasdiff.graph import Edge, Graph, Mode, Node, TensorSpec

OWN_GRADIENT = "gradient"
"""The attribute of an op whose gradient the user wrote: in training it is not the op of its name."""

Result: TypeAlias = "Node | Edge | tuple[Edge, ...] | None"
"""What stands for a node: another node, a value, a value for each of its outputs, or ``None`` for no change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A named, justified step towards normal form.

    Attributes:
        name: As reports show it.
        family: The module that holds it, which is its subject.
        summary: The identity it uses, when it holds, and the look-alike it must not touch.
        modes: Where it is valid.
        exact: Whether results keep every bit, or are equal in real arithmetic only.
    """

    name: str
    family: str
    summary: str
    modes: tuple[Mode, ...]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Identity):
    """A step on TF ops.

    Attributes:
        ops: The op types it looks at.
        late: Whether it asks how often a value is used, so that it has to wait for all the others.
        apply: Gives what stands for a node, or ``None`` where the rule does not hold.
    """

    ops: frozenset[str]
    late: bool
    apply: Callable[[Node, View], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One application: the rule and the traced node it changed."""

    rule: str
    node: str
    exact: bool


PASSES = 8
"""Most passes over a graph: one or two are needed, and every rewrite is sound wherever it stops."""

RULES: list[Rule] = []
"""The rules on TF ops, in the order they are tried."""

NODE_RULES: list[Identity] = []
"""The rules on whole nodes; ``nodes.py`` applies them."""

_BY_OP: dict[str, list[Rule]] = {}


def rule(
    name: str,
    *ops: str,
    exact: bool = True,
    late: bool = False,
    modes: tuple[Mode, ...] = ("inference", "training"),
) -> Callable[[Callable[[Node, View], Result]], Callable[[Node, View], Result]]:
    """Registers a rule; its docstring states the identity, when it holds, and the look-alike it must not touch."""

    def register(apply: Callable[[Node, View], Result]) -> Callable[[Node, View], Result]:
        made = Rule(
            name=name,
            family=apply.__module__.rpartition(".")[2],
            summary=(apply.__doc__ or "").strip(),
            modes=modes,
            exact=exact,
            ops=frozenset(ops),
            late=late,
            apply=apply,
        )
        RULES.append(made)
        for op in ops:
            _BY_OP.setdefault(op, []).append(made)
        return apply

    return register


class View:
    """The nodes rewritten so far: what a rule may look at, and where it puts the nodes it needs besides."""

    def __init__(self, graph: Graph, mode: Mode, late: bool) -> None:
        self.nodes: dict[str, Node] = {}
        self.applied: list[Applied] = []
        self._mode = mode
        self._late = late
        self._taken = {node.id for node in graph}
        self._made: dict[str, int] = {}
        self._uses: dict[str, int] = {}
        self._known: dict[object, str] = {}
        self._asked: dict[object, Edge] = {}
        self.sources: dict[tuple[str, int, int], Dim] = {}
        for edge in (*(edge for node in graph for edge in node.operands), *graph.roots()):
            self._uses[edge.node] = self._uses.get(edge.node, 0) + 1

    def node(self, edge: Edge) -> Node:
        """The node an operand comes from; one that has a gradient of its own is no op that a rule knows."""
        node = self.nodes[edge.node]
        return replace(node, op="") if OWN_GRADIENT in node.attributes else node

    def spec(self, edge: Edge) -> TensorSpec | None:
        """Static shape and dtype of an operand, where known."""
        node = self.nodes[edge.node]
        return node.outputs[edge.port] if edge.port < len(node.outputs) else None

    def shape(self, edge: Edge) -> tuple[int | None, ...] | None:
        """Static shape of an operand, where its rank is known."""
        spec = self.spec(edge)
        return None if spec is None else spec.shape

    def constant(self, edge: Edge) -> Node | None:
        """The operand if it is a constant whose values are known."""
        node = self.nodes[edge.node]
        return node if node.kind == "const" and "value" in node.attributes else None

    def once(self, edge: Edge) -> bool:
        """Whether the operand has this one use alone; sure where the rule comes late."""
        return self._uses.get(edge.node, 0) <= 1

    def twin(self, node: Node) -> str | None:
        """The id of a node kept before with the same op, settings and operands, if there is one."""
        return self._known.get(self._key(node))

    def _key(self, node: Node) -> object:
        operands = [self.constant(edge) or edge for edge in node.operands]
        named = tuple(edge if isinstance(edge, Edge) else repr(edge.attributes) for edge in operands)
        return node.op, named, node.outputs, repr(sorted(node.attributes.items()))

    def make(
        self, like: Node, op: str, *operands: Edge, shape: tuple[int | None, ...], dtype: str = "", **attributes: object
    ) -> Edge:
        """Puts a node beside the one at hand, in normal form.

        Args:
            like: The node at hand: the new one gets its place in the user's code, and its dtype unless one is given.
            op: Op type.
            operands: Values in normal form.
            shape: Static shape of the result.
            dtype: Of the result.
            attributes: Static settings.
        """
        asked = _asked(like, op, operands, shape, dtype, attributes)
        key = self._key(asked)
        if key not in self._asked:
            self._asked[key] = self.put(replace(asked, id=self._fresh(like.id.partition("~")[0])))[0]
        return self._asked[key]

    def made(
        self, like: Node, op: str, *operands: Edge, shape: tuple[int | None, ...], dtype: str = "", **attributes: object
    ) -> Edge | None:
        """What :meth:`make` gives, where it was asked before."""
        return self._asked.get(self._key(_asked(like, op, operands, shape, dtype, attributes)))

    def _fresh(self, root: str) -> str:
        """An id that neither the graph nor an earlier pass has given."""
        number = self._made.get(root, 0) + 1
        while f"{root}~{number}" in self._taken:
            number += 1
        self._made[root] = number
        return f"{root}~{number}"

    def put(self, original: Node) -> tuple[Edge, ...]:
        """Rewrites a node until no rule holds, keeps what is left, and says where its outputs are now."""
        node = original
        while node.kind == "op" and OWN_GRADIENT not in node.attributes:
            step = self._step(node)
            if step is None:
                break
            if isinstance(step, Edge):
                return (step,)
            if isinstance(step, tuple):
                return step
            node = replace(step, id=original.id)
        self.nodes[node.id] = node
        if node.op in _BY_OP:
            self._known.setdefault(self._key(node), node.id)
        edges = tuple(Edge(node=node.id, port=port) for port in range(max(1, len(node.outputs))))
        for edge in edges:
            dims_of(self, edge)  # in topological order, so that no walk back is long
        return edges

    def _step(self, node: Node) -> Result:
        for candidate in _BY_OP.get(node.op, ()):
            if self._mode not in candidate.modes or (candidate.late and not self._late):
                continue
            before = len(self.applied), len(self._asked)
            result = candidate.apply(node, self)
            if result is not None:
                self.applied.append(Applied(rule=candidate.name, node=node.home, exact=candidate.exact))
                return result
            self._forget(*before)
        return None

    def _forget(self, applied: int, asked: int) -> None:
        """Takes back what a rule had made before it found that it does not hold."""
        del self.applied[applied:]
        while len(self._asked) > asked:
            self._asked.popitem()


def _asked(
    like: Node,
    op: str,
    operands: tuple[Edge, ...],
    shape: tuple[int | None, ...],
    dtype: str,
    attributes: Mapping[str, object],
) -> Node:
    return Node(
        id=like.id,
        op=op,
        kind="op",
        operands=operands,
        attributes=attributes,
        outputs=(TensorSpec(shape=shape, dtype=dtype or like.outputs[0].dtype),),
        part=like.part,
        origin=like.origin,
        source=like.source,
    )


def apply_rules(graph: Graph, mode: Mode) -> tuple[Graph, tuple[Applied, ...]]:
    """Rewrites a graph until no rule holds anywhere.

    Operands are in normal form when a node is looked at, so one pass reaches the fixed point of the rules on values.
    Rules that ask how often a value is used come in once nothing is left that nothing needs.
    """
    if mode == "inference":
        graph = replace(graph, nodes=tuple(_without_gradient(node) for node in graph))
    done, applied = _pass(graph, mode, late=False)
    for _ in range(PASSES):
        if not _waiting(done, mode):
            break
        done, more = _pass(done, mode, late=True)
        applied += more
    return done, applied


def _waiting(graph: Graph, mode: Mode) -> bool:
    """Whether a rule that had to wait holds anywhere."""
    late = {op: [rule for rule in rules if rule.late] for op, rules in _BY_OP.items() if any(r.late for r in rules)}
    view = View(graph, mode, late=True)
    view.nodes.update(graph.by_id())
    own = [node for node in graph if node.kind == "op" and OWN_GRADIENT not in node.attributes]
    return any(rule.apply(node, view) is not None for node in own for rule in late.get(node.op, ()))


def _without_gradient(node: Node) -> Node:
    if OWN_GRADIENT not in node.attributes:
        return node
    return replace(node, attributes={key: value for key, value in node.attributes.items() if key != OWN_GRADIENT})


def _pass(graph: Graph, mode: Mode, late: bool) -> tuple[Graph, tuple[Applied, ...]]:
    """Rewrites every node in topological order until no rule holds there, then drops what nothing needs."""
    view = View(graph, mode, late)
    moved: dict[Edge, Edge] = {}

    def final(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(moved.get(edge, edge) for edge in edges) if moved else edges

    for original in graph:
        node = original
        if any(edge in moved for edge in node.operands):
            node = replace(node, operands=final(node.operands))
        for port, edge in enumerate(view.put(node)):
            if edge != Edge(node=node.id, port=port):
                moved[Edge(node=node.id, port=port)] = edge
    finished = Graph(
        nodes=tuple(view.nodes.values()),
        outputs=final(graph.outputs),
        effects=graph.effects,
        losses=final(graph.losses),
    )
    return live(finished), tuple(view.applied)


def live(graph: Graph) -> Graph:
    """The part of a graph its outputs, losses and effects need; inputs stay, used or not."""
    by_id = graph.by_id()
    needed: set[str] = set()
    stack = [edge.node for edge in graph.roots()]
    while stack:
        name = stack.pop()
        if name not in needed:
            needed.add(name)
            stack.extend(edge.node for edge in by_id[name].operands)
    return replace(graph, nodes=tuple(node for node in graph if node.id in needed or node.kind == "input"))
