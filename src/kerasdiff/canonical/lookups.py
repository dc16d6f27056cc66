"""When do two ways to look up rows of a table give the same? By a variable or what it holds; from the end or not."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from kerasdiff.canonical.engine import live, node_rule
from kerasdiff.graph import Edge, Graph, Node, TensorSpec
from kerasdiff.graph.ops import CUTS, HANDED_ON, REARRANGES, SHAPE_ONLY

_HAND_ON = HANDED_ON | REARRANGES | CUTS | SHAPE_ONLY | {"Cast"}
"""Ops whose values are those of their operand, in another place or another dtype."""


def given(graph: Graph) -> Set[str]:
    """The nodes whose values are those of a model input, in whatever order and shape."""
    found: set[str] = set()
    for node in graph:
        plain = node.lowering is not None and not node.weights and bool(node.operands)
        if node.kind == "input" or (
            plain and all(edge.node in found for edge in node.operands) and _hands_on(node.lowering)
        ):
            found.add(node.id)
    return found


def _hands_on(lowering: Graph | None) -> bool:
    return lowering is not None and all(item.op in _HAND_ON for item in lowering if item.kind == "op")


@node_rule("lookup-of-a-weight")
def by_values(lowering: Graph | None) -> Graph | None:
    """Rows that are taken from a variable are rows of what it holds: ``tf.gather(v, ids)`` by its handle or its values.

    It must not touch a variable that the call has written before, nor one of unknown shape.
    """
    if lowering is None or not any(item.op == "ResourceGather" for item in lowering):
        return None
    known = lowering.by_id()
    nodes: list[Node] = []
    for item in lowering:
        nodes += _of_values(item, known[item.operands[0].node]) if item.op == "ResourceGather" else [item]
    return replace(lowering, nodes=tuple(nodes)) if len(nodes) > len(known) else None


def _of_values(item: Node, table: Node) -> list[Node]:
    """A lookup by a handle as one by values, after the axis that it is along."""
    spec = table.outputs[0] if table.outputs else None
    held = spec is not None and spec.dtype == item.outputs[0].dtype and bool(spec.shape)
    if not held or item.attributes.get("batch_dims", 0) != 0 or "writes_before" in item.attributes:
        return [item]
    axis = Node(
        id=f"{item.id} axis",
        op="Const",
        kind="const",
        attributes={"shape": (), "dtype": "int32", "value": 0},
        outputs=(TensorSpec(shape=(), dtype="int32"),),
    )
    gathered = replace(item, op="GatherV2", operands=(*item.operands, Edge(node=axis.id)), attributes={"batch_dims": 0})
    return [axis, gathered]


@node_rule("row-from-the-end")
def looked_up(node: Node, lowering: Graph | None, given: Set[str]) -> Graph | None:
    """A layer that counts ids below 0 from the end of its table gives the same rows as one that refuses them.

    So it is for the ids that a model is given, of which a table has a row for each. It must not touch ids that are
    computed, nor another constant than the number of rows.
    """
    if node.kind != "layer" or lowering is None:
        return None
    known = lowering.by_id()
    ids = {item.id: plain for item in lowering if (plain := _plain_ids(item, known, node, given)) is not None}
    if not ids:
        return None
    nodes = (
        replace(item, operands=(item.operands[0], ids[item.id], *item.operands[2:])) if item.id in ids else item
        for item in lowering
    )
    return live(replace(lowering, nodes=tuple(nodes)))


def _plain_ids(item: Node, known: Mapping[str, Node], node: Node, given: Set[str]) -> Edge | None:
    """The ids of a lookup, without what counts those below 0 from the end."""
    if item.op != "GatherV2" or _constant(item.operands[2], known) != 0:
        return None
    choice = known[item.operands[1].node]
    if choice.op != "SelectV2":
        return None
    below, moved, plain = choice.operands
    rows = _rows(known[item.operands[0].node])
    counted = known[below.node].op == "Less" and known[below.node].operands[0] == plain
    counted = counted and _constant(known[below.node].operands[1], known) == 0
    shifted = known[moved.node].op == "AddV2" and plain in known[moved.node].operands
    shifted = shifted and rows is not None and rows in [_constant(edge, known) for edge in known[moved.node].operands]
    return plain if counted and shifted and _is_given(plain, known, node, given) else None


def _constant(edge: Edge, known: Mapping[str, Node]) -> object:
    return known[edge.node].attributes.get("value") if known[edge.node].kind == "const" else None


def _rows(table: Node) -> int | None:
    shape = table.outputs[0].shape if table.outputs else None
    return shape[0] if shape else None


def _is_given(edge: Edge, known: Mapping[str, Node], node: Node, given: Set[str]) -> bool:
    """Whether ids are what the model was given, in another dtype at most."""
    item = known[edge.node]
    while item.op == "Cast":
        item = known[item.operands[0].node]
    return item.kind == "input" and node.operands[item.whole("index")].node in given
