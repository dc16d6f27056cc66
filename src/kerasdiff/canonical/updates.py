"""When is ``v -= d`` the assignment of ``v - d``? Where nothing else that the model does writes the variable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from kerasdiff.canonical.engine import node_rule
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.graph.ops import is_effect, writes

_COMPUTES: Mapping[str, str] = {"AssignSubVariableOp": "Sub", "AssignAddVariableOp": "AddV2"}
"""What an op that updates a variable computes from the value that it has."""


def written_once(graph: Graph) -> Set[str]:
    """The weights that one op of the whole graph may write: it finds the value that they had at the start."""
    counts = Counter(weight for node in graph for weight in _written(node))
    return {weight for weight, count in counts.items() if count == 1}


def _written(node: Node) -> Iterator[str]:
    """The weights that a node may write, once for each op that may; what writes in a body of its own may write any."""
    if node.lowering is None and node.kind != "read":
        yield from node.weights
    reads = _reads(node)
    for op in node.lowering or ():
        if op.kind == "op" and is_effect(op.op):
            handles = op.operands[:1] if writes(op.op) else op.operands
            yield from (reads[edge.node] for edge in handles if edge.node in reads)


def _reads(node: Node) -> dict[str, str]:
    """The weight that each read of a lowering is of."""
    return {item.id: node.weights[item.whole("index")] for item in node.lowering or () if item.kind == "read"}


@node_rule("update-as-assignment")
def assigned(node: Node, once: Set[str]) -> Node | None:
    """``v.assign_sub(d)`` is ``v.assign(v − d)``, and ``v.assign_add(d)`` is ``v.assign(v + d)``.

    It must not touch a variable that the model writes more than once: a read stands for the value before all of it.
    """
    if node.lowering is None:
        return None
    reads, known = _reads(node), node.lowering.by_id()
    nodes: list[Node] = []
    for op in node.lowering:
        value = _value(op, known) if op.operands and reads.get(op.operands[0].node) in once else None
        if value is None:
            nodes.append(op)
        else:
            nodes += [value, replace(op, op="AssignVariableOp", operands=(op.operands[0], Edge(node=value.id)))]
    if len(nodes) == len(known):
        return None
    return replace(node, lowering=replace(node.lowering, nodes=tuple(nodes)))


def _value(op: Node, known: Mapping[str, Node]) -> Node | None:
    """What an update leaves in the variable, where both its operands are known to have one shape and dtype."""
    specs = [known[edge.node].outputs[edge.port : edge.port + 1] for edge in op.operands]
    if op.op not in _COMPUTES or not specs[0] or specs[0] != specs[1]:
        return None
    return replace(op, id=f"{op.id} value", op=_COMPUTES[op.op], attributes={}, outputs=specs[0])
