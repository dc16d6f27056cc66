"""Which random numbers do the two trials of a pair draw? Their own where those are the same, else common ones."""

from __future__ import annotations

from kerasdiff.align.pair import Aligned, Correspondence, across
from kerasdiff.graph import Graph
from kerasdiff.graph.ops import FAMILIES, within
from kerasdiff.probing.draws.sharing import draws_anew_in, may_draw, seeded_alike
from kerasdiff.side.training import DrawsFrom

Kind = tuple[str, str]
"""The distribution that is drawn from, and the shape."""


def trial_draws(pair: Correspondence) -> DrawsFrom:
    """Where the random numbers of the trials of a pair come from.

    ``own`` where one side draws none, or every generator corresponds to one that starts from the same state. Else
    ``common``: the n-th draw of a kind is given the same numbers on both sides, which is only right where it is the
    same draw. It is where aligned nodes draw in the same order; else ``apart``: one that nothing aligns may keep what
    another drops (``u < keep`` for ``u >= rate``), and two backends have no random numbers in common.
    """
    if across(pair.descriptions):
        return "apart" if all(may_draw(side.training) for side in pair.descriptions) else "own"
    aligned = pair.modes.get("training")
    if aligned is None or not all(map(draws_anew_in, aligned.graphs)) or seeded_alike(aligned, pair):
        return "own"
    return "common" if _in_one_order(aligned) else "apart"


def _in_one_order(aligned: Aligned) -> bool:
    first, second = map(_drawn, aligned.graphs)
    return first.keys() == second.keys() and all(
        [aligned.alignment.nodes.get(node) for node in nodes] == second[kind] for kind, nodes in first.items()
    )


def _drawn(graph: Graph) -> dict[Kind, list[str]]:
    """The nodes that draw, by what they draw, in the order of the graph; one that draws twice stands there twice."""
    found: dict[Kind, list[str]] = {}
    for node in graph:
        for item in within(node.lowering) if node.lowering is not None else ():
            if item.op in FAMILIES:
                shape = repr(item.outputs[0].shape if item.outputs else None)
                found.setdefault((FAMILIES[item.op], shape), []).append(node.id)
    return found
