"""The rule record, its registry, and the one pass that applies rules to a graph of TF ops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from kerasdiff.canonical.shapes import dims_of
from kerasdiff.canonical.view import OWN_GRADIENT, Result, View
from kerasdiff.graph import MODES, Edge, Graph, Mode, Node


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
"""The rules on whole nodes; ``layers.py`` applies them, with those on updates of ``updates.py``."""

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


F = TypeVar("F", bound=Callable[..., object])


def node_rule(name: str) -> Callable[[F], F]:
    """Registers a rule on whole nodes, which keeps every bit; its docstring states the identity as that of a rule."""

    def register(apply: F) -> F:
        summary = (apply.__doc__ or "").strip()
        NODE_RULES.append(Identity(name=name, family="nodes", summary=summary, modes=MODES, exact=True))
        return apply

    return register


class _Rewriting(View):
    """The nodes of one pass, each rewritten as it is put.

    Args:
        graph: As it is before the pass.
        mode: Which rules may be used.
        late: Whether those may that ask how often a value is used.
    """

    def __init__(self, graph: Graph, mode: Mode, *, late: bool) -> None:
        super().__init__(graph)
        self.applied: list[Applied] = []
        self._mode = mode
        self._late = late

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
    view = _Rewriting(graph, mode, late=True)
    view.nodes.update(graph.by_id())
    own = [node for node in graph if node.kind == "op" and OWN_GRADIENT not in node.attributes]
    return any(rule.apply(node, view) is not None for node in own for rule in late.get(node.op, ()))


def _without_gradient(node: Node) -> Node:
    if OWN_GRADIENT not in node.attributes:
        return node
    return replace(node, attributes={key: value for key, value in node.attributes.items() if key != OWN_GRADIENT})


def _pass(graph: Graph, mode: Mode, late: bool) -> tuple[Graph, tuple[Applied, ...]]:
    """Rewrites every node in topological order until no rule holds there, then drops what nothing needs."""
    view = _Rewriting(graph, mode, late=late)
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
