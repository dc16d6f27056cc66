"""Rules on whole nodes: fused activations split, no-ops dropped, spellings unified."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from kerasdiff.canonical.engine import NODE_RULES, Applied, Identity, apply_rules, live
from kerasdiff.graph import MODES, Attribute, Edge, Graph, Mode, Node
from kerasdiff.graph.names import IMPLIED, readable
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
        applied: list[Applied] = []
        moved: dict[Edge, Edge] = {}
        nodes: list[Node] = []
        inside: dict[str, tuple[Applied, ...]] = {}

        def record(rule: str, node: Node) -> None:
            applied.append(Applied(rule=rule, node=node.id, exact=True))

        for original in graph:
            whole = replace(original, operands=tuple(moved.get(edge, edge) for edge in original.operands))
            masked = split_mask(whole)
            if masked is not None:
                moved[Edge(node=whole.id, port=len(whole.outputs) - 1)] = Edge(node=masked[1].id)
                whole = masked[0]
                record("split-mask", whole)
            parts = split_activation(whole)
            if parts is not None:
                record("split-activation", whole)
                ports = range(len(whole.outputs))
                moved.update({Edge(node=whole.id, port=n): Edge(node=parts[1].id, port=n) for n in ports})
            for part in (*(parts or (whole,)), *(masked[1:] if masked else ())):
                small, inside[part.id] = self.lowering(part)
                node = replace(part, lowering=small)
                same = drop_no_op(node)
                if same is not None:
                    moved[Edge(node=node.id)] = same
                    if parts is not None and part is parts[1]:  # an activation that does nothing
                        moved[Edge(node=whole.id)] = same
                    record("drop-no-op", node)
                    continue
                spelled = one_spelling(node)
                if spelled is not None and node.kind == "layer" and spelled.op != node.op:
                    record("one-spelling", node)
                nodes.append(spelled or node)
        final = replace(
            graph,
            nodes=tuple(nodes),
            outputs=tuple(moved.get(edge, edge) for edge in graph.outputs),
            losses=tuple(moved.get(edge, edge) for edge in graph.losses),
        )
        return Canonical(graph=live(final), applied=tuple(applied), inside=inside)


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


F = TypeVar("F", bound=Callable[..., object])


def _rule(name: str) -> Callable[[F], F]:
    def register(apply: F) -> F:
        summary = (apply.__doc__ or "").strip()
        NODE_RULES.append(Identity(name=name, family="nodes", summary=summary, modes=MODES, exact=True))
        return apply

    return register


@_rule("split-activation")
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


@_rule("split-mask")
def split_mask(node: Node) -> tuple[Node, Node] | None:
    """A mask that a layer makes of its inputs alone (Embedding, Masking) is a value of its own.

    It must not touch a mask that shares work with the layer's result, nor one that reads a weight.
    """
    lowering, last = node.lowering, len(node.outputs) - 1
    if node.kind != "layer" or lowering is None or last < 1 or node.outputs[last].dtype != "bool":
        return None
    rest = live(replace(lowering, outputs=lowering.outputs[:last]))
    tail = live(replace(lowering, outputs=lowering.outputs[last:], effects=()))
    work = {item.id for item in tail if item.kind in ("op", "read")}
    if not work or any(item.kind == "read" for item in tail) or any(item.id in work for item in rest):
        return None
    used = {edge.node for item in tail for edge in item.operands}
    entries = [item for item in tail if item.kind == "input" and item.id in used]
    inputs = {item.id: replace(item, attributes={"index": number}) for number, item in enumerate(entries)}
    kept = tuple(inputs.get(item.id, item) for item in tail if item.kind != "input" or item.id in inputs)
    mask = Node(
        id=f"{node.id}.mask",
        part="mask",
        origin=node.id,
        op="mask",
        kind="function",
        operands=tuple(node.operands[item.whole("index")] for item in entries),
        roles=("",) * len(entries),
        outputs=node.outputs[last:],
        lowering=replace(tail, nodes=kept),
        scope=node.scope,
        display="mask",
        source=node.source,
    )
    return replace(node, lowering=rest, outputs=node.outputs[:last]), mask


@_rule("drop-no-op")
def drop_no_op(node: Node) -> Edge | None:
    """A node that hands on an operand unchanged (Identity, a linear activation, Dropout at inference) is nothing.

    It must not touch a node that also updates a state, nor Dropout in training mode.
    """
    small = node.lowering
    if small is None or len(node.outputs) != 1 or small.effects or len(small.outputs) != 1:
        return None
    end = small.by_id()[small.outputs[0].node]
    return node.operands[end.whole("index")] if end.kind == "input" else None


@_rule("one-spelling")
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
