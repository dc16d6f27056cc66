"""What turns one graph into the other? A proof that they are the same, or the shortest readable edit script."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from kerasdiff.align.edits import Edit
from kerasdiff.align.expanded.cover import cover
from kerasdiff.align.expanded.proof import MOST, expanded
from kerasdiff.align.isomorphism import isomorphism
from kerasdiff.align.labels import Weights, labels_of
from kerasdiff.align.pairing import pairing
from kerasdiff.align.script import Script
from kerasdiff.canonical import Applied
from kerasdiff.graph import Graph, Mode
from kerasdiff.graph.index import index_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Partial one-to-one map between two graphs, and what it leaves to explain.

    Attributes:
        nodes: Reference node id to candidate node id.
        weights: Reference weight id to candidate weight id.
        moved: Reference ids of the pairs that stand elsewhere.
        covered: Ids, by side, of unpaired nodes whose TF ops are equal to those of the other side.
        edits: The script.
        isomorphic: Whether the graphs are the same: no edit, and a proof.
        applied: Rewrites used at the level of TF ops, by side.
        unexpanded: How many TF ops were too many to be compared one by one; 0 where they were.
    """

    nodes: Mapping[str, str]
    weights: Mapping[str, str]
    moved: frozenset[str] = frozenset()
    covered: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    edits: tuple[Edit, ...] = ()
    isomorphic: bool = False
    applied: tuple[tuple[Applied, ...], tuple[Applied, ...]] = ((), ())
    unexpanded: int = 0


def align(
    reference: Graph,
    candidate: Graph,
    weights: tuple[Weights, Weights],
    mode: Mode,
    known: Mapping[str, str] | None = None,
) -> Alignment:
    """Aligns two canonical graphs of one mode.

    An exact alignment first, node by node and then op by op; only where neither holds, an edit script.

    Args:
        reference: Canonical.
        candidate: Canonical.
        weights: Their weights.
        mode: Of the graphs.
        known: Weights that go together where there is a choice, as another mode has them.
    """
    with uncollected():
        return _align((reference, candidate), weights, mode, known or {})


def _in_order(
    graphs: tuple[Graph, Graph], weights: tuple[Weights, Weights], nodes: Mapping[str, str], pairs: Mapping[str, str]
) -> bool:
    """Whether variables that several nodes update are updated in the same order: the last one counts.

    The state of a random generator is left out: who draws first is no difference.
    """
    first, second = (_updaters(graph, table) for graph, table in zip(graphs, weights, strict=True))
    return all(
        [nodes.get(name) for name in names] == second.get(pairs.get(weight, weight))
        for weight, names in first.items()
        if len(names) > 1
    )


def _updaters(graph: Graph, table: Weights) -> dict[str, list[str]]:
    """By variable that is not trained, the nodes with effects that hold it, as they run."""
    updaters: dict[str, list[str]] = {}
    nodes = index_of(graph).nodes
    for name in dict.fromkeys(graph.effects):
        for weight in nodes[name].weights:
            known = table.get(weight)
            if weight not in nodes[name].seeds and (known is None or not known.trainable):
                updaters.setdefault(weight, []).append(name)
    return updaters


@contextmanager
def uncollected() -> Iterator[None]:
    """Pauses the search for reference cycles: the records hold none, and half the time would go into looking."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _align(
    graphs: tuple[Graph, Graph], weights: tuple[Weights, Weights], mode: Mode, known: Mapping[str, str]
) -> Alignment:
    labels = labels_of(graphs[0], weights[0]), labels_of(graphs[1], weights[1])
    proof = isomorphism(*graphs, weights, labels, known)
    if proof is not None:
        ordered = _in_order(graphs, weights, proof.nodes, proof.weights)
        return Alignment(nodes=proof.nodes, weights=proof.weights, isomorphic=ordered)
    pairs = pairing(*graphs, labels, weights, known)
    inside = expanded(graphs, labels, pairs.nodes, weights, mode, known)
    if inside.proof is not None:
        paired = pairs.nodes, set(pairs.nodes.values())
        free = [frozenset(n.id for n in graph if n.id not in paired[side]) for side, graph in enumerate(graphs)]
        return Alignment(
            nodes=pairs.nodes,
            weights=inside.proof.weights,
            covered=(free[0], free[1]),
            isomorphic=_in_order(graphs, weights, pairs.nodes, inside.proof.weights),
            applied=inside.applied,
        )
    covering = cover(graphs, pairs.nodes, weights, mode)
    script = Script(graphs, weights, labels, pairs, covering, mode)
    return Alignment(
        nodes=pairs.nodes,
        weights=script.weights,
        moved=frozenset(script.positions.moved),
        covered=covering.free,
        edits=tuple(script.edits()),
        unexpanded=max(covering.unexpanded, inside.ops if inside.ops > MOST else 0),
    )
