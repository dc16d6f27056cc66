"""Which layers could stand for each other, though the alignment pairs them? Branches that start from the same value.

An alignment pairs two branches of one shape in some order. Where what joins them again is spelled otherwise, nothing
says which is which: a gate by ``where`` or by a product, the gates of a cell. Names and order are hints, no evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kerasdiff.align.pair import Aligned, Correspondence
from kerasdiff.graph import Graph
from kerasdiff.graph.index import index_of
from kerasdiff.graph.signature import node_hashes

Layer = tuple[tuple[str, str], ...]
"""Pairs of weights that stay together."""
Groups = list[list[Layer]]
"""Layers of which each could stand for each other."""


def twins(pair: Correspondence, pairs: Mapping[str, str], *, settled: bool) -> Groups:
    """Layers of equal settings and sizes that compute the same of the same values, but for the values of weights.

    Args:
        pair: What the graphs say.
        pairs: Reference weight to candidate weight.
        settled: Whether to list those too whose users are aligned, so that it shows which is which.
    """
    mode = next(iter(pair.modes.values()), None)
    if mode is None:
        return []
    colours = _by_weight(mode.graphs[0]), _by_weight(mode.graphs[1])
    layers = [layer for layer in _layers(pair, mode, pairs) if settled or not _settled(mode, layer)]
    groups: Groups = []
    known: set[Layer] = set()
    for side in (0, 1):
        alike: dict[object, list[Layer]] = {}
        for layer in layers:
            shapes = tuple((pair.weights[0][one].shape, pair.weights[1][two].shape) for one, two in layer)
            alike.setdefault((colours[side].get(layer[0][side]), shapes), []).append(layer)
        for group in alike.values():
            if len(group) > 1 and known.isdisjoint(group):
                groups.append(group)
                known.update(group)
    return groups


def _by_weight(graph: Graph) -> Mapping[str, str]:
    """For each weight, what the first node that holds it computes of what, whatever its values are."""
    colours = node_hashes(graph)
    made: dict[str, str] = {}
    for node in graph:
        for weight in node.weights:
            made.setdefault(weight, colours[node.id])
    return made


def _layers(pair: Correspondence, mode: Aligned, pairs: Mapping[str, str]) -> Iterable[Layer]:
    """The weights of each node of the reference with their counterparts, each once."""
    first, second = pair.weights
    seen: set[str] = set()
    for node in mode.graphs[0]:
        held = [w for w in node.weights if w in first and w not in seen and not first[w].is_seed and w in pairs]
        seen.update(held)
        if held and all(pairs[w] in second for w in held):
            yield tuple((w, pairs[w]) for w in held)


def _settled(mode: Aligned, layer: Layer) -> bool:
    """Whether some user of a layer's value is aligned with one that uses its counterpart's in the same place."""
    first, second = (index_of(graph) for graph in mode.graphs)
    one, two = (
        next((node.id for node in graph if layer[0][side] in node.weights), "")
        for side, graph in enumerate(mode.graphs)
    )
    if not one or not two:
        return False
    uses = set(second.users[two])
    return any((mode.alignment.nodes.get(user), place) in uses for user, place in first.users[one])
