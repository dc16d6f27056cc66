"""Of equal calls that could go together in several ways, which do? Those of one name, where nothing else decides.

Of three equal blocks the second may be missing, or the third: the calls that are left are wired equally well
either way. Then the names that a model gives its layers say which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from kerasdiff.align.labels import Labels, Weights
from kerasdiff.align.pairing.likeness import nature_key
from kerasdiff.graph import Graph, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import commutes


def by_names(
    graphs: tuple[Graph, Graph],
    labels: tuple[Labels, Labels],
    weights: tuple[Weights, Weights],
    pairs: Mapping[str, str],
    known: Mapping[str, str],
) -> Mapping[str, str]:
    """The pairs with equal calls of one name together, where as many go together and are wired as well.

    Args:
        graphs: Both.
        labels: Of their nodes.
        weights: By id; calls whose weights start or are trained otherwise are not equal.
        pairs: Reference node id to candidate node id.
        known: Weights that go together, as another mode has them.
    """
    nodes = index_of(graphs[0]).nodes, index_of(graphs[1]).nodes
    named = _equal_of_one_name(nodes, labels, weights)
    if all(pairs.get(one) == one for one in named):
        return pairs
    left = {one: two for one, two in pairs.items() if one not in named and two not in named}
    swapped = {node.id: left.get(node.id, node.id) for node in graphs[0] if node.id in named or node.id in left}
    if len(swapped) != len(pairs) or _denied(nodes, swapped, known):
        return pairs
    return swapped if _wired(nodes, swapped) >= _wired(nodes, pairs) else pairs


Nodes = tuple[Mapping[str, Node], Mapping[str, Node]]


def _equal_of_one_name(nodes: Nodes, labels: tuple[Labels, Labels], weights: tuple[Weights, Weights]) -> set[str]:
    """The ids that both sides give to calls of one nature."""
    first, second = (
        {name: nature_key(node, labels[side][name], weights[side]) for name, node in nodes[side].items()}
        for side in (0, 1)
    )
    return {name for name, nature in first.items() if name in second and second[name] == nature}


def _denied(nodes: Nodes, pairs: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Whether pairs hold weights that are known to go with others."""
    both = ((nodes[0][one].weights, nodes[1][two].weights) for one, two in pairs.items())
    return any(known.get(left, right) != right for ones, twos in both for left, right in zip(ones, twos, strict=False))


def _wired(nodes: Nodes, pairs: Mapping[str, str]) -> int:
    """How many operands of pairs are pairs, in their order where that matters."""
    count = 0
    for one, two in pairs.items():
        wanted = [(pairs.get(edge.node, ""), edge.port) for edge in nodes[0][one].operands]
        given = [(edge.node, edge.port) for edge in nodes[1][two].operands]
        if commutes(nodes[0][one]) and commutes(nodes[1][two]):
            count += (Counter(wanted) & Counter(given)).total()
        else:
            count += sum(a == b for a, b in zip(wanted, given, strict=False))
    return count
