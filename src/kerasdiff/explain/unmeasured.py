"""Which edits may do something where no probe looked, that nobody could measure? Bounds, and code that no graph shows.

Numbers that agree on ordinary values agree between them, unless something is held back or compared at a constant that
no value comes to. Where both sides run in parts, that is driven there; where they do not, it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from kerasdiff.align.pair import Pair
from kerasdiff.align.telling.folding import nodes_of
from kerasdiff.explain.records import Attribution
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import MODES, Mode, Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.ops import PYTHON_CALLS, within
from kerasdiff.probing.inputs.knots import bounds
from kerasdiff.probing.inputs.origins import Origins

ORDINARY = 1.0
"""Size up to which numbers lie among the values of ordinary probes, so that what is done beyond them was seen."""


def unmeasured(pair: Pair, attribution: Attribution | None) -> tuple[Finding, ...]:
    """The edited nodes of which no number tells: one that runs Python code, and one that holds back what nobody drove.

    Args:
        pair: Both models.
        attribution: What each edit was measured to do; ``None`` where nothing was.
    """
    modes = [mode for mode in MODES if mode in pair.modes]
    unknown = [mode for mode in modes if attribution is None or mode in _unknown(attribution)]
    python = next((found for mode in modes for found in _python(pair, mode)), None)
    bounding = next((found for mode in unknown for found in _bounding(pair, mode)), None)
    return tuple(finding for finding in (python, bounding) if finding is not None)


def _unknown(attribution: Attribution) -> set[str]:
    """The modes in which no edit was measured."""
    return {name for note in attribution.notes if note.fact is Fact.EFFECTS_UNKNOWN for name in note.names}


def _python(pair: Pair, mode: Mode) -> Iterator[Finding]:
    for side in (0, 1):
        for node in _edited(pair, mode, side):
            if node.lowering is not None and any(item.op in PYTHON_CALLS for item in within(node.lowering)):
                yield Finding(fact=Fact.PYTHON_CODE, side=SIDES[side], sites=(Site.of(node),))


def _bounding(pair: Pair, mode: Mode) -> Iterator[Finding]:
    """The edited nodes that bend or jump at a constant out of the ordinary, at which none of the other side does."""
    held: list[dict[float, Node]] = [{}, {}]
    for side, description in enumerate(pair.descriptions):
        graph = description.training if mode == "training" else description.inference
        if graph is not None:
            origins = Origins(graph)
            for node in _edited(pair, mode, side):
                for constant in sorted(bounds(node, origins)):
                    held[side].setdefault(constant, node)
    for side in (0, 1):
        for constant, node in held[side].items():
            if abs(constant) > ORDINARY and constant not in held[1 - side]:
                yield Finding(
                    fact=Fact.UNMEASURED,
                    side=SIDES[side],
                    sites=(Site.of(node),),
                    figures={"constant": constant},
                )


def _edited(pair: Pair, mode: Mode, side: int) -> Iterator[Node]:
    """The traced nodes of a side that edits of a mode stand at."""
    description = pair.descriptions[side]
    graph = description.training if mode == "training" else description.inference
    traced = {} if graph is None else index_of(graph).nodes
    names = nodes_of(edit for edit in pair.told if mode in edit.modes)[side]
    for node in (pair.modes[mode].nodes[side].get(name) for name in sorted(names)):
        found = None if node is None else traced.get(node.id) or traced.get(node.home)
        if found is not None:
            yield found
