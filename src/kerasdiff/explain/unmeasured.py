"""Which edits may do something where no probe looked, that nobody could measure? Bounds, and code that no graph shows.

Numbers that agree on ordinary values agree between them, unless something is held back or compared at a constant that
no value comes to. Where both sides run in parts, that is driven there; where they do not, it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from kerasdiff.align.pair import Pair
from kerasdiff.align.telling.folding import nodes_of
from kerasdiff.explain.cut import traced_of
from kerasdiff.explain.records import Attribution
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import MODES, Mode, Node
from kerasdiff.graph.ops import PYTHON_CALLS, within
from kerasdiff.probing.inputs.knots import bounds, of_one_side
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
    for side, node, constant in of_one_side(_bounds(pair, mode)):
        if abs(constant) > ORDINARY:
            figures = {"constant": constant}
            yield Finding(fact=Fact.UNMEASURED, side=SIDES[side], sites=(Site.of(node),), figures=figures)


def _bounds(pair: Pair, mode: Mode) -> Iterator[tuple[int, Node, frozenset[float]]]:
    """The edited nodes of both sides with their bounds."""
    for side, description in enumerate(pair.descriptions):
        if (graph := description.traced(mode)) is not None:
            origins = Origins(graph)
            yield from ((side, node, bounds(node, origins)) for node in _edited(pair, mode, side))


def _edited(pair: Pair, mode: Mode, side: int) -> list[Node]:
    """The traced nodes of a side that edits of a mode stand at."""
    graph = pair.descriptions[side].traced(mode)
    names = nodes_of(edit for edit in pair.told if mode in edit.modes)[side]
    canonical = pair.modes[mode].nodes[side]
    return [] if graph is None else traced_of(map(canonical.get, sorted(names)), graph)
