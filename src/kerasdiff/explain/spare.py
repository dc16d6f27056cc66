"""Which edits that were measured to change nothing do nothing elsewhere either? A report may leave these aside."""

from __future__ import annotations

from collections.abc import Mapping

from kerasdiff.align.edits import Edit, Update, leaves
from kerasdiff.align.telling.folding import nodes_of
from kerasdiff.explain.acting import never_acting, one_way
from kerasdiff.explain.hiding import may_hide
from kerasdiff.explain.patching import Patcher
from kerasdiff.graph.ops import looks_up
from kerasdiff.graph.values import Array


def seen_to_be_spare(
    patcher: Patcher, edits: Mapping[int, Edit], spare: frozenset[int], batch: tuple[Array, ...]
) -> frozenset[int]:
    """Those that neither a bound, a branch on data nor a value far from the usual shows to do something.

    Args:
        patcher: Runs the sides in float64.
        edits: Those of the mode, by position.
        spare: Positions of those that change nothing.
        batch: Rows of all probes.

    Raises:
        EvaluateError: If a side cannot be run in parts.
    """
    plain = {position: edits[position] for position in sorted(spare) if not _hides(patcher, edits[position])}
    if not plain or not _tells(patcher, plain, batch):
        return frozenset(plain)
    return frozenset(one for one in plain if len(plain) > 1 and not _tells(patcher, {one: plain[one]}, batch))


def _hides(patcher: Patcher, edit: Edit) -> bool:
    """Whether an edit may do what no value that is measured shows.

    The gradient of a lookup holds the rows that were looked up alone, to which an optimizer may do something else than
    to the same numbers among zeros.
    """
    if any(isinstance(leaf, Update) and may_hide(leaf) for leaf in leaves(edit)):
        return True
    first, second = (_looks_up(patcher, side, names) for side, names in enumerate(nodes_of([edit])))
    return first != second


def _looks_up(patcher: Patcher, side: int, names: frozenset[str] | set[str]) -> bool:
    return any((node := patcher.cut.node(side, name)) is not None and looks_up(node) for name in names)


def _tells(patcher: Patcher, edits: Mapping[int, Edit], batch: tuple[Array, ...]) -> bool:
    """Whether other values than those measured may tell that edits do something."""
    ends = [point for point in patcher.cut.points if point.edits and point.edits <= set(edits)]
    one_sided = next(one_way(patcher, edits, batch, (frozenset(), frozenset())), None)
    return one_sided is not None or bool(never_acting(patcher, edits, batch, ends))
