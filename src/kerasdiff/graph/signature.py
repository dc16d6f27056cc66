"""A digest of what a graph computes: equal digests, equal ops, attributes and wiring."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import cast

from kerasdiff.graph.model import Attribute, Graph, Node
from kerasdiff.graph.ops import COMMUTATIVE, bodies, draws_anew, within


def digest(*parts: object) -> str:
    """A short stable hash of a tuple of texts and numbers."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def attribute_key(value: Attribute) -> Hashable:
    """An attribute as something ``repr`` writes the same way in every run; nested graphs as their signature."""
    if isinstance(value, Graph):
        return graph_signature(value)
    if isinstance(value, Mapping):
        return tuple((key, attribute_key(value[key])) for key in sorted(value))
    if isinstance(value, tuple | list):
        return tuple(attribute_key(item) for item in value)
    return cast(Hashable, value)


def node_label(node: Node) -> str:
    """What a node does by itself: op, attributes and output dtypes."""
    return digest(node.op, attribute_key(node.attributes), tuple(spec.dtype for spec in node.outputs))


def _draws_anew(node: Node) -> bool:
    """Whether an op, or a body it runs, gives other numbers each time."""
    return draws_anew(node.op) or any(draws_anew(inner.op) for body in bodies(node) for inner in within(body))


def node_hashes(graph: Graph) -> dict[str, str]:
    """The digest of every value: the node's label and its operands' digests, in any order where it commutes.

    Two draws of random numbers are told apart by their order: a value drawn once and used twice is another.
    """
    hashes: dict[str, str] = {}
    drawn: Counter[str] = Counter()
    for node in graph:
        if node.kind in ("input", "read"):
            hashes[node.id] = digest(node.kind, node.attributes.get("index"), node.weights)
            continue
        operands = [f"{hashes[edge.node]}:{edge.port}" for edge in node.operands]
        if node.op in COMMUTATIVE:
            operands.sort()
        own = digest(node_label(node), tuple(operands))
        if _draws_anew(node):
            drawn[own] += 1
            own = digest(own, drawn[own])
        hashes[node.id] = own
    return hashes


def graph_signature(graph: Graph, ports: tuple[int, ...] | None = None) -> str:
    """The digest of a whole lowering.

    Args:
        graph: The lowering; its inputs and weights count by position.
        ports: The outputs that count, all where ``None``.
    """
    hashes = node_hashes(graph)
    outputs = graph.outputs if ports is None else tuple(graph.outputs[port] for port in ports)
    return digest(
        tuple(f"{hashes[edge.node]}:{edge.port}" for edge in outputs), tuple(hashes[name] for name in graph.effects)
    )


def commutes(node: Node) -> bool:
    """Whether a node has several operands, and they may stand in any order."""
    if len(node.operands) < 2:
        return False
    if node.kind == "op":
        return node.op in COMMUTATIVE
    if node.lowering is None or node.weights:
        return False
    core = [item for item in node.lowering if item.kind == "op"]
    if len(core) == 1:  # what most merging layers are: no digest needed
        return core[0].op in COMMUTATIVE
    whole = graph_signature(node.lowering)
    return all(graph_signature(_swapped(node.lowering, first)) == whole for first in range(len(node.operands) - 1))


def _swapped(lowering: Graph, first: int) -> Graph:
    """The same lowering with the operand at this position and the next one in each other's place."""
    swapped = {first: first + 1, first + 1: first}
    return replace(
        lowering,
        nodes=tuple(
            replace(node, attributes={**node.attributes, "index": swapped[node.whole("index")]})
            if node.kind == "input" and node.attributes.get("index") in swapped
            else node
            for node in lowering
        ),
    )
