"""Of equal calls that could go together in several ways, which do? Those of one name, where nothing else decides.

Of three equal blocks the second may be missing, or the third: the calls that are left are wired equally well
either way. Then the names that a model gives its layers say which.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasdiff.align.labels import Labels
from kerasdiff.graph import Graph, Node
from kerasdiff.graph.index import index_of


def by_names(
    graphs: tuple[Graph, Graph], labels: tuple[Labels, Labels], pairs: Mapping[str, str], known: Mapping[str, str]
) -> Mapping[str, str]:
    """The pairs with equal calls of one name together, where as many go together and are wired as well.

    Args:
        graphs: Both.
        labels: Of their nodes.
        pairs: Reference node id to candidate node id.
        known: Weights that go together, as another mode has them.
    """
    nodes = index_of(graphs[0]).nodes, index_of(graphs[1]).nodes
    named = {node.id for node in graphs[0] if node.id in nodes[1] and labels[0][node.id] == labels[1][node.id]}
    if all(pairs.get(one) == one for one in named):
        return pairs
    left = {one: two for one, two in pairs.items() if one not in named and two not in named}
    swapped = {node.id: left.get(node.id, node.id) for node in graphs[0] if node.id in named or node.id in left}
    if len(swapped) != len(pairs) or _denied(nodes, swapped, known):
        return pairs
    return swapped if _wired(nodes, swapped) >= _wired(nodes, pairs) else pairs


Nodes = tuple[Mapping[str, Node], Mapping[str, Node]]


def _denied(nodes: Nodes, pairs: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Whether pairs hold weights that are known to go with others."""
    both = ((nodes[0][one].weights, nodes[1][two].weights) for one, two in pairs.items())
    return any(known.get(left, right) != right for ones, twos in both for left, right in zip(ones, twos, strict=False))


def _wired(nodes: Nodes, pairs: Mapping[str, str]) -> int:
    """How many operands of pairs are pairs."""
    return sum(
        a.port == b.port and pairs.get(a.node) == b.node
        for one, two in pairs.items()
        for a, b in zip(nodes[0][one].operands, nodes[1][two].operands, strict=False)
    )
