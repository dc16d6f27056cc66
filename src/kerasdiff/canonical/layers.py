"""Rules on whole nodes: fused activations split, no-ops dropped, spellings unified."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from kerasdiff.canonical.engine import Applied, apply_rules, live, node_rule
from kerasdiff.canonical.lookups import by_values, given, looked_up
from kerasdiff.canonical.updates import assigned, written_once
from kerasdiff.graph import Attribute, Edge, Graph, Mode, Node
from kerasdiff.graph.names import IMPLIED, readable
from kerasdiff.graph.ops import draws, is_effect, within
from kerasdiff.graph.signature import graph_signature

_SAID = {"axes": "axis", "keep_dims": "keepdims"}
"""Settings of an op that the call it stands for has under another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """A graph in normal form, and the steps that led there.

    Attributes:
        applied: Steps between nodes.
        inside: Steps within the lowering of a node, by its id.
    """

    graph: Graph
    applied: tuple[Applied, ...]
    inside: Mapping[str, tuple[Applied, ...]] = field(default_factory=dict)


class Canonicaliser:
    """Canonicalises graphs of one mode; lowerings met before are not worked out again."""

    def __init__(self, mode: Mode) -> None:
        self.mode: Mode = mode
        self._cache: dict[str, tuple[Graph, tuple[Applied, ...]]] = {}

    def lowering(self, node: Node) -> tuple[Graph | None, tuple[Applied, ...]]:
        """The normal form of a node's lowering, and the steps that led there."""
        if node.lowering is None:
            return None, ()
        key = graph_signature(node.lowering) + repr([spec for inner in node.lowering for spec in inner.outputs])
        if key not in self._cache:
            self._cache[key] = apply_rules(flat_reads(node.lowering), self.mode)
        graph, applied = self._cache[key]
        return graph, tuple(replace(item, node=node.id) for item in applied)

    def canonicalise(self, graph: Graph) -> Canonical:
        """Node by node: split fused activations, drop no-ops, give one-op nodes the op's name."""
        normal = _NormalNodes(self.lowering, written_once(graph), given(graph))
        for node in normal.joined(graph):
            normal.add(node)
        final = replace(
            graph,
            nodes=tuple(normal.nodes),
            outputs=normal.now(graph.outputs),
            losses=normal.now(graph.losses),
        )
        return Canonical(graph=live(final), applied=tuple(normal.applied), inside=normal.inside)


class _NormalNodes:
    """The nodes of one graph, each split into its parts and every part brought to normal form.

    Args:
        lowering: Gives the normal form of a node's lowering, and the steps that led there.
        once: The weights that one op alone writes.
        given: The nodes whose values are those of a model input.

    Attributes:
        nodes: Those put so far.
        applied: Steps between nodes.
        inside: Steps within the lowering of a node, by its id.
    """

    def __init__(
        self,
        lowering: Callable[[Node], tuple[Graph | None, tuple[Applied, ...]]],
        once: Set[str],
        given: Set[str],
    ) -> None:
        self.nodes: list[Node] = []
        self.applied: list[Applied] = []
        self.inside: dict[str, tuple[Applied, ...]] = {}
        self._lowering = lowering
        self._once = once
        self._given = given
        self._now: dict[Edge, Edge] = {}

    def now(self, edges: Iterable[Edge]) -> tuple[Edge, ...]:
        """Where values of the graph are among the nodes put so far."""
        return tuple(self._now.get(edge, edge) for edge in edges)

    def joined(self, graph: Graph) -> Iterator[Node]:
        """The nodes of a graph, those that make a mask in two steps as one."""
        joins = join_mask(graph)
        gone = {node.operands[0].node for node in graph if node.id in joins}
        for node in graph:
            if node.id in joins:
                self._record("join-mask", node)
            if node.id not in gone:
                yield joins.get(node.id, node)

    def add(self, node: Node) -> None:
        """Puts a node: first what makes its result, then what makes its mask, where that is a value of its own."""
        whole, *masks = self._split("split-mask", split_mask, node)
        for part in self._split("split-activation", split_activation, whole):
            self._stand_for(node, 0, self._put(part))
        for mask in masks:
            self._stand_for(node, len(whole.outputs), self._put(mask))

    def _split(self, rule: str, split: Callable[[Node], tuple[Node, Node] | None], node: Node) -> tuple[Node, ...]:
        parts = split(node)
        if parts is None:
            return (node,)
        self._record(rule, node)
        return parts

    def _put(self, part: Node) -> tuple[Edge, ...]:
        """Keeps a part in normal form unless it does nothing, and says where its outputs are."""
        plain = assigned(part, self._once)
        if plain is not None:
            self._record("update-as-assignment", part)
        small, self.inside[part.id] = self._lowering(plain or part)
        small = self._lookups(part, small)
        node = replace(part, operands=self.now(part.operands), lowering=small)
        same = drop_no_op(node)
        if same is not None:
            self._record("drop-no-op", node)
            return (same,)
        spelled = one_spelling(node) or node
        if node.kind == "layer" and spelled.op != node.op:
            self._record("one-spelling", node)
        self.nodes.append(spelled)
        return tuple(Edge(node=node.id, port=port) for port in range(len(node.outputs)))

    def _lookups(self, part: Node, small: Graph | None) -> Graph | None:
        """A lowering with its lookups in one form."""
        held = by_values(small)
        if held is not None:
            self._record("lookup-of-a-weight", part)
            small = held
        plain = looked_up(part, small, self._given)
        if plain is not None:
            self._record("row-from-the-end", part)
        return plain or small

    def _stand_for(self, node: Node, first: int, edges: tuple[Edge, ...]) -> None:
        """Lets values stand for the outputs of a traced node, from the port ``first`` on."""
        self._now.update({Edge(node=node.id, port=first + number): edge for number, edge in enumerate(edges)})

    def _record(self, rule: str, node: Node) -> None:
        self.applied.append(Applied(rule=rule, node=node.id, exact=True))


def flat_reads(graph: Graph) -> Graph:
    """The graph with each weight read as a list of numbers, then reshaped.

    So how the axes of a weight are laid out is an op like others, and a (1, 1, n, m) kernel may be an (n, m) one.
    """
    nodes: list[Node] = []
    laid: dict[str, str] = {}

    def moved(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(replace(edge, node=laid.get(edge.node, edge.node)) for edge in edges)

    for node in graph:
        shape = node.outputs[0].shape if node.kind == "read" and node.outputs else None
        if shape is None or None in shape or len(shape) == 1:
            nodes.append(replace(node, operands=moved(node.operands)) if laid else node)
            continue
        size = math.prod(dim for dim in shape if dim is not None)
        nodes.append(replace(node, outputs=(replace(node.outputs[0], shape=(size,)),)))
        laid[node.id] = f"{node.id} laid out"
        nodes.append(
            Node(
                id=laid[node.id],
                op="Reshape",
                kind="op",
                operands=(Edge(node=node.id),),
                attributes={"to": shape},
                outputs=node.outputs,
            )
        )

    return replace(graph, nodes=tuple(nodes), outputs=moved(graph.outputs), losses=moved(graph.losses))


@node_rule("split-activation")
def split_activation(node: Node) -> tuple[Node, Node] | None:
    """``Layer(activation=f)`` is the layer without it, then f.

    It must not touch gates inside a loop (LSTM), nor an activation that reads a weight or a second input.
    """
    lowering, cut = node.lowering, node.activation
    if lowering is None or cut is None or not node.outputs:
        return None
    spec = lowering.by_id()[cut.node].outputs[cut.port]
    entry = Node(id="in0", op="input", kind="input", attributes={"index": 0}, outputs=(spec,))
    tail_nodes = tuple(
        replace(item, operands=tuple(Edge(node="in0") if edge == cut else edge for edge in item.operands))
        for item in lowering
        if item.kind != "input"
    )
    tail = live(Graph(nodes=(entry, *tail_nodes), outputs=lowering.outputs))
    if any(item.kind in ("read", "input") and item.id != "in0" for item in tail):
        return None
    base = replace(
        node,
        lowering=live(replace(lowering, outputs=(cut,))),
        attributes={**node.attributes, "activation": "linear"},
        outputs=(spec,),
        activation=None,
    )
    name = str(node.attributes.get("activation") or "activation")
    activation = Node(
        id=f"{node.id}.activation",
        part="activation",
        origin=node.id,
        op=re.sub(r"\W+", "_", name),
        kind="function",
        operands=(Edge(node=node.id),),
        roles=("",),
        outputs=node.outputs,
        attributes={key: node.attributes[key] for key in ("activity_regularizer",) if node.attributes.get(key)},
        lowering=tail,
        scope=node.scope,
        display=name,
        source=node.source,
    )
    return base, activation


@node_rule("split-mask")
def split_mask(node: Node) -> tuple[Node, Node] | None:
    """A mask that a layer makes of its inputs alone (Embedding, Masking) is a value of its own.

    What the result of a layer without weights needs too, is done once more. It must not touch a mask that a layer with
    weights makes of what its result needs, nor one that reads a weight.
    """
    if node.kind != "layer" or node.lowering is None or len(node.outputs) < 2 or node.outputs[-1].dtype != "bool":
        return None
    lowering, last = node.lowering, len(node.outputs) - 1
    rest = live(replace(lowering, outputs=lowering.outputs[:last]))
    tail = live(replace(lowering, outputs=lowering.outputs[last:], effects=()))
    if not _works_apart(tail, rest, alone=bool(node.weights)):
        return None
    body, indexes = _with_used_inputs(tail)
    mask = Node(
        id=f"{node.id}.mask",
        part="mask",
        origin=node.id,
        op="mask",
        kind="function",
        operands=tuple(node.operands[index] for index in indexes),
        roles=("",) * len(indexes),
        outputs=node.outputs[last:],
        lowering=body,
        scope=node.scope,
        display="mask",
        source=node.source,
    )
    return replace(node, lowering=rest, outputs=node.outputs[:last]), mask


def _works_apart(part: Graph, rest: Graph, *, alone: bool) -> bool:
    """Whether a part of a lowering does work on inputs alone; ``alone`` if none of it may be what the rest needs too.

    Work that is done twice has to give the same both times.
    """
    work = {item.id for item in part if item.kind in ("op", "read")}
    if not work or any(item.kind == "read" for item in part):
        return False
    if alone:
        return work.isdisjoint(item.id for item in rest)
    return not any(draws(item.op) or is_effect(item.op) for item in within(part))


def _with_used_inputs(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """A graph without the inputs that no node uses, the others numbered anew; and the indexes that those had."""
    used = {edge.node for item in graph for edge in item.operands}
    indexes: list[int] = []
    nodes: list[Node] = []
    for item in graph:
        if item.kind != "input":
            nodes.append(item)
        elif item.id in used:
            nodes.append(replace(item, attributes={"index": len(indexes)}))
            indexes.append(item.whole("index"))
    return replace(graph, nodes=tuple(nodes)), tuple(indexes)


@node_rule("join-mask")
def join_mask(graph: Graph) -> dict[str, Node]:
    """A mask made in two steps, ``any(not_equal(x, -1), axis=-1)``, is one value: so a functional graph has it.

    It must not touch a comparison that something else uses too.
    """
    by_id = graph.by_id()
    uses = Counter(edge.node for node in graph for edge in node.operands)
    uses.update(edge.node for edge in (*graph.outputs, *graph.losses))
    joins: dict[str, Node] = {}
    for node in graph:
        for edge, role in zip(node.operands, node.roles, strict=False):
            last = by_id[edge.node]
            if role == "mask" and last.id not in joins and len(last.operands) == 1:
                first = by_id[last.operands[0].node]
                if uses[first.id] == 1 and all(map(_may_join, (first, last))):
                    joins[last.id] = _joined(first, last)
    return joins


def _may_join(step: Node) -> bool:
    """Whether a node is a function's call that gives one truth value, and does nothing besides."""
    plain = step.kind == "function" and not step.weights and step.lowering is not None and not step.lowering.effects
    return plain and len(step.outputs) == 1 and step.outputs[0].dtype == "bool"


def _joined(first: Node, last: Node) -> Node:
    """Two nodes as one that has the operands of the first and gives what the last gives."""
    before, after = first.lowering, last.lowering
    if before is None or after is None:
        return last
    nodes, (result,) = _renamed(before)
    entries = {item.id for item in after if item.kind == "input"}
    for item in after:
        if item.id not in entries:
            operands = tuple(result if edge.node in entries else edge for edge in item.operands)
            nodes.append(replace(item, operands=operands))
    lowering = replace(after, nodes=tuple(nodes))
    return replace(last, op="mask", operands=first.operands, roles=first.roles, lowering=lowering, attributes={})


def _renamed(graph: Graph) -> tuple[list[Node], tuple[Edge, ...]]:
    """The nodes and outputs of a graph, all but the inputs under other names."""
    names = {item.id: item.id if item.kind == "input" else f"{item.id}.first" for item in graph}

    def moved(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(replace(edge, node=names[edge.node]) for edge in edges)

    nodes = [replace(item, id=names[item.id], operands=moved(item.operands)) for item in graph]
    return nodes, moved(graph.outputs)


@node_rule("drop-no-op")
def drop_no_op(node: Node) -> Edge | None:
    """A node that hands on an operand unchanged (Identity, a linear activation, Dropout at inference) is nothing.

    It must not touch a node that also updates a state, nor Dropout in training mode.
    """
    small = node.lowering
    if small is None or len(node.outputs) != 1 or small.effects or len(small.outputs) != 1:
        return None
    end = small.by_id()[small.outputs[0].node]
    return node.operands[end.whole("index")] if end.kind == "input" else None


@node_rule("one-spelling")
def one_spelling(node: Node) -> Node | None:
    """A node without weights that stands for one TF op is that op, whoever made it: ``Add()([a, b])``, ``a + b``.

    It must not touch nodes of several ops, which keep the name their author gave them.
    """
    if node.kind not in ("layer", "function") or node.lowering is None or node.weights:
        return None
    core = [item for item in node.lowering if item.kind == "op"]
    if len(core) == 1 and len(node.outputs) == 1:
        # A layer's config says what it does; what its op adds follows from the shape of its input.
        added = _readable(core[0], node.lowering) if node.kind == "function" else {}
        attributes = {key: value for key, value in added.items() if _SAID.get(key) not in node.attributes}
        attributes.update(node.attributes)
        return replace(node, op=readable(core[0].op), attributes=attributes)
    if node.op == "activation":
        return replace(node, op=re.sub(r"\W+", "_", str(node.attributes.get("activation", "activation"))))
    return None


def _readable(core: Node, lowering: Graph) -> dict[str, Attribute]:
    """The settings of the one op that a call stands for, and the constants it takes."""
    given = {**IMPLIED.get(core.op, {}), **core.attributes}
    settings: dict[str, Attribute] = {key: value for key, value in given.items() if not isinstance(value, Graph)}
    values = [item.attributes.get("value", item.attributes.get("digest")) for item in lowering if item.kind == "const"]
    if values:
        settings["constants"] = tuple(values)
    return settings
