"""Edits made at random to a traced graph, each with what a script should say about it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from synthetic import Made, Net, lowering

from kerasdiff.graph import Edge, Node
from kerasdiff.graph.index import index_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change made, and the edit that tells it: its kind, and the node that it names."""

    kind: str
    node: str
    made: Made


def inserted(made: Made, draw: random.Random) -> Change | None:
    """A call of an op that is nowhere else, between a value and all that use it."""
    graph, weights = made
    after = draw.choice([node for node in graph if node.id != graph.outputs[0].node])
    fresh = replace(_call("gelu", Edge(node=after.id)), id="net/fresh")

    def edge(old: Edge) -> Edge:
        return Edge(node=fresh.id) if old.node == after.id else old

    nodes = []
    for node in graph:
        nodes.append(_over(node, edge))
        if node.id == after.id:
            nodes.append(fresh)
    return Change(kind="insert", node=fresh.id, made=(replace(graph, nodes=tuple(nodes)), weights))


def deleted(made: Made, draw: random.Random) -> Change | None:
    """A call of one operand taken out; what used it uses the operand."""
    graph, weights = made
    options = [node for node in graph if len(node.operands) == 1]
    if not options:
        return None
    gone = draw.choice(options)

    def edge(old: Edge) -> Edge:
        return gone.operands[0] if old.node == gone.id else old

    nodes = tuple(_over(node, edge) for node in graph if node.id != gone.id)
    outputs = tuple(edge(old) for old in graph.outputs)
    return Change(kind="delete", node=gone.id, made=(replace(graph, nodes=nodes, outputs=outputs), weights))


def updated(made: Made, draw: random.Random) -> Change | None:
    """One setting of a call changed."""
    graph, weights = made
    options = [node for node in graph if node.op in ("conv", "norm", "pool")]
    if not options:
        return None
    node = draw.choice(options)
    key = {"conv": "strides", "norm": "epsilon", "pool": "size"}[node.op]
    settings = {**node.attributes, key: node.attributes[key] * 2}
    new = replace(node, attributes=settings, lowering=lowering(node.op, 1, settings))
    nodes = tuple(new if old.id == node.id else old for old in graph)
    return Change(kind="update", node=node.id, made=(replace(graph, nodes=nodes), weights))


def moved(made: Made, draw: random.Random) -> Change | None:
    """A call that changed places with the one call that uses it."""
    graph, weights = made
    users = index_of(graph).consumers
    options = [
        (node, users[node.id][0][0])
        for node in graph
        if len(node.operands) == 1 and len(users[node.id]) == 1 and len(users[node.id][0][0].operands) == 1
        and users[node.id][0][0].op != node.op
    ]  # fmt: skip
    if not options:
        return None
    first, second = draw.choice(options)

    def edge(old: Edge) -> Edge:
        return Edge(node=first.id) if old.node == second.id else old

    nodes = []
    for node in graph:
        if node.id == first.id:
            continue
        if node.id == second.id:
            nodes += [replace(second, operands=first.operands), replace(first, operands=(Edge(node=second.id),))]
        else:
            nodes.append(_over(node, edge))
    outputs = tuple(edge(old) for old in graph.outputs)
    name = f"{first.id} {second.id}"
    return Change(kind="move", node=name, made=(replace(graph, nodes=tuple(nodes), outputs=outputs), weights))


def rewired(made: Made, draw: random.Random) -> Change | None:
    """A call that takes another earlier value as one of its operands; the old one is still used elsewhere."""
    graph, weights = made
    users = index_of(graph).consumers
    order = [node.id for node in graph]
    options = []
    for number, node in enumerate(graph):
        for position, old in enumerate(node.operands):
            if len({user.id for user, _ in users[old.node]}) > 1:
                options += [(node, position, name) for name in order[:number] if name != old.node]
    if not options:
        return None
    node, position, name = draw.choice(options)
    operands = (*node.operands[:position], Edge(node=name), *node.operands[position + 1 :])
    nodes = tuple(replace(old, operands=operands) if old.id == node.id else old for old in graph)
    return Change(kind="rewire", node=node.id, made=(replace(graph, nodes=nodes), weights))


CHANGES: Mapping[str, Callable[[Made, random.Random], Change | None]] = {
    "insert": inserted, "delete": deleted, "update": updated, "move": moved, "rewire": rewired,
}  # fmt: skip


def _call(op: str, *operands: Edge) -> Node:
    net = Net()
    net.call(op, *operands)
    return net.nodes[0]


def _over(node: Node, edge: Callable[[Edge], Edge]) -> Node:
    return replace(node, operands=tuple(edge(old) for old in node.operands))
