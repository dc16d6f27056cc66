"""The rule record, its registry, and the one pass that applies rules to a graph of TF ops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from kerasdiff.graph import Edge, Graph, Mode, Node, TensorSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named step towards normal form.

    Attributes:
        name: As reports show it.
        modes: Where it is valid.
        exact: Whether results keep every bit, or are equal in real arithmetic only.
        ops: The op types it looks at; empty for rules on whole nodes.
        apply: Gives the replacement of a node, or ``None`` where the rule does not hold.
    """

    name: str
    summary: str
    modes: tuple[Mode, ...]
    exact: bool
    ops: frozenset[str]
    apply: Callable[[Node, View], Node | Edge | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One application: the rule and the traced node it changed."""

    rule: str
    node: str
    exact: bool


RULES: list[Rule] = []


def rule(
    name: str, *ops: str, exact: bool = True, modes: tuple[Mode, ...] = ("inference", "training")
) -> Callable[[Callable[[Node, View], Node | Edge | None]], Callable[[Node, View], Node | Edge | None]]:
    """Registers a rule; its docstring states the identity, when it holds, and the look-alike it must not touch."""

    def register(apply: Callable[[Node, View], Node | Edge | None]) -> Callable[[Node, View], Node | Edge | None]:
        summary = (apply.__doc__ or "").strip()
        RULES.append(Rule(name=name, summary=summary, modes=modes, exact=exact, ops=frozenset(ops), apply=apply))
        return apply

    return register


class View:
    """What a rule may see: the nodes rewritten so far, by id, and how often each value is used."""

    def __init__(self, nodes: Mapping[str, Node], uses: Mapping[str, int]) -> None:
        self._nodes = nodes
        self._uses = uses

    def node(self, edge: Edge) -> Node:
        """The node an operand comes from."""
        return self._nodes[edge.node]

    def spec(self, edge: Edge) -> TensorSpec | None:
        """Static shape and dtype of an operand, where known."""
        node = self._nodes[edge.node]
        return node.outputs[edge.port] if edge.port < len(node.outputs) else None

    def constant(self, edge: Edge) -> Node | None:
        """The operand if it is a constant whose values are known."""
        node = self._nodes[edge.node]
        return node if node.kind == "const" and "value" in node.attributes else None

    def once(self, edge: Edge) -> bool:
        """Whether the operand has this one use alone."""
        return self._uses.get(edge.node, 0) <= 1


def apply_rules(graph: Graph, mode: Mode, by_op: Mapping[str, Iterable[Rule]]) -> tuple[Graph, tuple[Applied, ...]]:
    """Rewrites every node in topological order until no rule holds there, then drops what nothing needs.

    Operands are in normal form when a node is looked at, so one pass reaches the fixed point.
    """
    uses: dict[str, int] = {}
    for node in graph:
        for edge in node.operands:
            uses[edge.node] = uses.get(edge.node, 0) + 1
    for edge in graph.roots():
        uses[edge.node] = uses.get(edge.node, 0) + 1
    nodes: dict[str, Node] = {}
    moved: dict[Edge, Edge] = {}
    applied: list[Applied] = []
    view = View(nodes, uses)
    for original in graph:
        node = original
        if any(edge in moved for edge in node.operands):
            node = replace(node, operands=tuple(moved.get(edge, edge) for edge in node.operands))
        changed = True
        while changed and node.kind == "op":
            changed = False
            for candidate in by_op.get(node.op, ()):
                if mode not in candidate.modes:
                    continue
                result = candidate.apply(node, view)
                if result is None:
                    continue
                applied.append(Applied(rule=candidate.name, node=node.scope or node.id, exact=candidate.exact))
                if isinstance(result, Edge):
                    moved[Edge(node=node.id)] = result
                else:
                    node = replace(result, id=original.id)
                    changed = True
                break
            if Edge(node=node.id) in moved:
                break
        if Edge(node=node.id) not in moved:
            nodes[node.id] = node

    def final(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(moved.get(edge, edge) for edge in edges)

    finished = Graph(
        nodes=tuple(nodes.values()), outputs=final(graph.outputs), effects=graph.effects, losses=final(graph.losses)
    )
    return live(finished), tuple(applied)


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
