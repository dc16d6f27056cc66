"""In which order are nodes paired? From what is surely the same to what only looks alike.

Three levels of likeness (:data:`LEVELS`): the same label; the same layer with weights of the same shapes; the same op.
At each one, nodes go together that compute the same from paired nodes, or that the same is done with; from these the
wiring leads on to their neighbours. Only then the free nodes between two anchors are compared as sequences.

Why layers with weights before all others? They are what a reader knows a network by, and what moves around them is
the activation. Why levels within that, and not one score? An inserted layer shifts all that look alike after it:
what is equal must be settled before likeness may speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerasdiff.align.labels import Labels, Table, Weights
from kerasdiff.align.pairing.anchors import anchor
from kerasdiff.align.pairing.gaps import pair_elsewhere, pair_in_order, pair_replaced
from kerasdiff.align.pairing.likeness import LEVELS, config_key, nature_key, neighbourhoods
from kerasdiff.align.pairing.named import by_names
from kerasdiff.align.pairing.partial_map import Keys, PartialMap, both
from kerasdiff.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The pairs of nodes that :func:`pairing` gives.

    Attributes:
        nodes: Reference node id to candidate node id.
        late: Reference ids of equal nodes that stand where no equal neighbours and no common order led to.
    """

    nodes: Mapping[str, str]
    late: frozenset[str]


def pairing(
    reference: Graph,
    candidate: Graph,
    labels: tuple[Labels, Labels],
    weights: tuple[Weights, Weights],
    known: Mapping[str, str],
) -> Pairs:
    """Finds the pairs, from the surest to the least sure.

    Args:
        reference: Canonical.
        candidate: Canonical.
        labels: Of their nodes.
        weights: Their weights.
        known: Weights that go together where there is a choice.
    """
    graphs = reference, candidate
    first = min(0, 1, key=lambda side: [labels[side][node.id] for node in graphs[side]])  # for a script that mirrors
    second = 1 - first
    work = PartialMap(graphs[first], graphs[second], (labels[first], labels[second]), (weights[first], weights[second]))
    work.weights[first].update(known)
    work.weights[second].update({two: one for one, two in known.items()})
    late = frozenset(work.pairs[0][name] if first else name for name in _grow(work))
    nodes = by_names(graphs, labels, weights, work.pairs[first], known)
    return Pairs(nodes=nodes, late=frozenset(one for one in late if nodes.get(one) == work.pairs[first].get(one)))


def _grow(work: PartialMap) -> list[str]:
    """Pairs all that goes together; the names of those paired late."""
    _pair_inputs(work)
    levels = [work.keyed(key) for key in LEVELS]
    for keys in (work.keyed(nature_key), levels[0]):
        if work.share(keys):
            around = _neighbourhoods(work, keys)
            anchor(work, around, keys)
            for held in (True, False):
                pair_in_order(work, around, keys, held=held)
    for keys in levels:
        if work.share(keys):
            anchor(work, keys, keys)
            pair_in_order(work, keys, keys, held=True)
    for keys in levels:
        pair_in_order(work, keys, keys, held=False)
    late = [*pair_elsewhere(work, levels[0]), *pair_elsewhere(work, work.keyed(config_key))]
    pair_replaced(work)
    return late


def _pair_inputs(work: PartialMap) -> None:
    """Pairs the inputs of the model by position."""
    others = {node.attributes.get("index"): node.id for node in work.graphs[1] if node.kind == "input"}
    for node in work.graphs[0]:
        index = node.attributes.get("index")
        if node.kind == "input" and index in others:
            work.add(node.id, others.pop(index))


def _neighbourhoods(work: PartialMap, keys: Keys) -> Keys:
    table = Table()
    return both(lambda side: neighbourhoods(work.graphs[side], keys[side], table))
