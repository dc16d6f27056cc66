"""Canonicalises traced graphs node by node: fused activations split, no-ops dropped, spellings unified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kerasdiff.canonical import arithmetic, padding, shapes  # noqa: F401  (registers the rules)
from kerasdiff.canonical.rules import RULES, Applied, Rule, apply_rules, live
from kerasdiff.canonical.signature import graph_signature
from kerasdiff.graph import Edge, Graph, Mode, Node, TensorSpec

_NAMES = {
    "add_v2": "add",
    "concat_v2": "concat",
    "mul": "multiply",
    "sum*": "add",
    "max_pool*": "max_pool",
    "real_div": "divide",
}
_BY_OP: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _op in sorted(_rule.ops):
        _BY_OP.setdefault(_op, []).append(_rule)

NODE_RULES = {
    "split-activation": "``Layer(activation=f)`` is the layer without it, then f. It must not touch gates in a loop.",
    "drop-no-op": "A node that hands on an operand unchanged (Identity, Dropout at inference) is nothing.",
    "one-spelling": "A node without weights that stands for one TF op is that op, whoever made it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """A graph in normal form, and the steps that led there."""

    graph: Graph
    applied: tuple[Applied, ...]


class Canonicaliser:
    """Canonicalises graphs of one mode; lowerings met before are not worked out again."""

    def __init__(self, mode: Mode) -> None:
        self.mode: Mode = mode
        self._cache: dict[str, Graph] = {}

    def lowering(self, node: Node) -> Graph | None:
        """The normal form of a node's lowering."""
        if node.lowering is None:
            return None
        key = graph_signature(node.lowering) + repr([spec for inner in node.lowering for spec in inner.outputs])
        if key not in self._cache:
            self._cache[key] = apply_rules(node.lowering, self.mode, _BY_OP)[0]
        return self._cache[key]

    def canonicalise(self, graph: Graph) -> Canonical:
        """Node by node: split fused activations, drop no-ops, give one-op nodes the op's name."""
        applied: list[Applied] = []
        moved: dict[Edge, Edge] = {}
        nodes: list[Node] = []
        for original in graph:
            rewired = tuple(moved.get(edge, edge) for edge in original.operands)
            for node in self._split(replace(original, operands=rewired), applied, moved):
                small = self.lowering(node)
                if small is not None and len(node.outputs) == 1 and not small.effects and _is_identity(small):
                    position = int(_output(small).attributes["index"])
                    moved[Edge(node=node.id)] = node.operands[position]
                    applied.append(Applied(rule="drop-no-op", node=node.id, exact=True))
                    continue
                nodes.append(self._named(replace(node, lowering=small), applied))
        final = replace(
            graph,
            nodes=tuple(nodes),
            outputs=tuple(moved.get(edge, edge) for edge in graph.outputs),
            losses=tuple(moved.get(edge, edge) for edge in graph.losses),
        )
        return Canonical(graph=live(final), applied=tuple(applied))

    def _split(self, node: Node, applied: list[Applied], moved: dict[Edge, Edge]) -> list[Node]:
        lowering, cut = node.lowering, node.activation
        if lowering is None or cut is None or not node.outputs:
            return [node]
        inner = lowering.by_id()[cut.node]
        spec = inner.outputs[cut.port]
        base = replace(
            node,
            lowering=live(replace(lowering, outputs=(cut,))),
            attributes={**node.attributes, "activation": "linear"},
            outputs=(spec,),
            activation=None,
        )
        entry = Node(id="in0", op="input", kind="input", attributes={"index": 0}, outputs=(spec,))
        tail_nodes = tuple(
            replace(item, operands=tuple(Edge(node="in0") if edge == cut else edge for edge in item.operands))
            for item in lowering
            if item.kind != "input"
        )
        tail = live(Graph(nodes=(entry, *tail_nodes), outputs=lowering.outputs))
        if any(item.kind in ("read", "input") and item.id != "in0" for item in tail):
            return [node]
        name = str(node.attributes.get("activation") or "activation")
        activation = Node(
            id=f"{node.id}.activation",
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
        applied.append(Applied(rule="split-activation", node=node.id, exact=True))
        for port in range(len(node.outputs)):
            moved[Edge(node=node.id, port=port)] = Edge(node=activation.id, port=port)
        return [base, activation]

    def _named(self, node: Node, applied: list[Applied]) -> Node:
        if node.kind not in ("layer", "function") or node.lowering is None or node.weights:
            return node
        core = [item for item in node.lowering if item.kind == "op"]
        op, attributes = node.op, dict(node.attributes)
        if len(core) == 1 and len(node.outputs) == 1:
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", core[0].op).lower()
            op = _NAMES.get(snake, snake)
            attributes = {**_readable(core[0].attributes, node.lowering), **attributes}
        elif node.op == "activation":
            op = re.sub(r"\W+", "_", str(node.attributes.get("activation", "activation")))
        if op != node.op and node.kind == "layer":
            applied.append(Applied(rule="one-spelling", node=node.id, exact=True))
        return replace(node, op=op, attributes=attributes)


def _readable(attributes: Mapping[str, Any], lowering: Graph) -> dict[str, Any]:
    found = {key: value for key, value in attributes.items() if not isinstance(value, Graph)}
    constants = [
        item.attributes.get("value", item.attributes.get("digest")) for item in lowering if item.kind == "const"
    ]
    if constants:
        found["constants"] = tuple(constants)
    return found


def _output(graph: Graph) -> Node:
    return graph.by_id()[graph.outputs[0].node]


def _is_identity(graph: Graph) -> bool:
    return len(graph.outputs) == 1 and _output(graph).kind == "input"


def expand(graph: Graph, mode: Mode, opaque: Mapping[str, str] | None = None) -> Canonical:
    """Opens nodes into their TF ops and brings the whole to normal form across node borders.

    Args:
        graph: A canonical graph.
        mode: Which rules may be used.
        opaque: Nodes that stay closed, with the label they are compared by.
    """
    closed = opaque or {}
    nodes: list[Node] = []
    place: dict[Edge, Edge] = {}
    effects: list[str] = []
    reads: set[str] = set()

    def read(weight: str, specs: tuple[TensorSpec, ...]) -> Edge:
        if weight not in reads:
            reads.add(weight)
            nodes.append(Node(id=f"read {weight}", op="read", kind="read", weights=(weight,), outputs=specs))
        return Edge(node=f"read {weight}")

    for node in graph:
        operands = tuple(place.get(edge, edge) for edge in node.operands)
        if node.id in closed or node.lowering is None:
            label = {"label": closed[node.id]} if node.id in closed else node.attributes
            nodes.append(replace(node, operands=operands, attributes=label, lowering=None))
            if node.id in graph.effects:
                effects.append(node.id)
            continue
        inside: dict[str, Edge] = {}
        for item in node.lowering:
            if item.kind == "input":
                inside[item.id] = operands[int(item.attributes["index"])]
            elif item.kind == "read":
                inside[item.id] = read(node.weights[int(item.attributes["index"])], item.outputs)
            else:
                name = f"{node.id} {item.id}"
                wired = tuple(_inside(edge, inside) for edge in item.operands)
                nodes.append(replace(item, id=name, operands=wired, scope=node.id, source=node.source))
                inside[item.id] = Edge(node=name)
        for port, edge in enumerate(node.lowering.outputs):
            place[Edge(node=node.id, port=port)] = _inside(edge, inside)
        effects.extend(inside[name].node for name in node.lowering.effects)
    opened = Graph(
        nodes=tuple(nodes),
        outputs=tuple(place.get(edge, edge) for edge in graph.outputs),
        losses=tuple(place.get(edge, edge) for edge in graph.losses),
        effects=tuple(effects),
    )
    done, applied = apply_rules(live(opened), mode, _BY_OP)
    return Canonical(graph=done, applied=applied)


def _inside(edge: Edge, inside: Mapping[str, Edge]) -> Edge:
    base = inside[edge.node]
    return base if edge.port == 0 else Edge(node=base.node, port=base.port + edge.port)
