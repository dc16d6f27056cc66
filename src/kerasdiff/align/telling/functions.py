"""Did one well-known function become another? Formulas by hand are told by what they compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kerasdiff.align.edits import NAMELESS, Aspect, Change, Delete, Edit, Formula, Insert, Update
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import Fold, nodes_of, sides_of
from kerasdiff.align.telling.regions import Region, ends, region_pairs
from kerasdiff.findings import Site
from kerasdiff.graph import MODES
from kerasdiff.graph.names import ALIASES

MOST_EDITS = 60
"""Of more edits than that, none is looked at: the models have little in common."""


def functions(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """Edits that lie between the same two values on both sides, where either side computes a well-known function.

    They are one edit: the function that became another, or is computed in another way, or that a side lacks. It must
    not touch a single edit that names its op or setting itself, nor edits of which a node lies elsewhere too.
    """
    return _folds(edits, aligned, _function, computed=True)


def replacements(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """Edits that lie between the same two values on both sides, where one side lacks all of the other's nodes.

    What one side has there stands in the place of what the other has. It must not touch a part in which a node has a
    counterpart.
    """
    return _folds(edits, aligned, _replacement, computed=False)


Telling = Callable[[Sequence[Edit], Region, Region, Aligned], Edit | None]
"""Tells all edits between two values as one, where it can."""


def _folds(edits: Sequence[Edit], aligned: Aligned, telling: Telling, *, computed: bool) -> list[Fold]:
    shown = [edit for edit in edits if aligned.mode in edit.modes]
    if not shown or len(shown) > MOST_EDITS:
        return []
    folds: list[Fold] = []
    for pair in ends(aligned, nodes_of(shown)):
        left = [edit for edit in shown if not any(edit in fold.edits for fold in folds)]
        pairs = region_pairs(aligned, pair, computed=computed)
        fold = next(filter(None, (_folded(left, one, two, aligned, telling) for one, two in pairs)), None)
        if fold is not None:
            folds.append(fold)
    return folds


def _folded(edits: Sequence[Edit], one: Region, two: Region, aligned: Aligned, telling: Telling) -> Fold | None:
    inside: list[Edit] = []
    for edit in edits:
        held = [name in region.nodes for region, name in zip((one, two), sides_of(edit), strict=True) if name]
        if all(held) and held:
            inside.append(edit)
        elif any(held):
            return None
    if not inside:
        return None
    told = telling(inside, one, two, aligned)
    return None if told is None else Fold(edits=tuple(inside), told=replace(told, folded=tuple(inside)))


def _replacement(inside: Sequence[Edit], one: Region, two: Region, aligned: Aligned) -> Edit | None:
    alone = all(isinstance(edit, Insert | Delete) and not edit.folded for edit in inside)
    if not (one.nodes and two.nodes and alone) or _some_paired(one, two, aligned):
        return None
    ops = dict.fromkeys(edit.op for edit in inside)
    ways = tuple(region.ops if len(region.nodes) > 1 else () for region in (one, two))
    return Update(
        op=one.last.op if one.last.op in ops else next(iter(ops)),
        reference=Site.of(one.last),
        candidate=Site.of(two.last),
        after=(one.entry.node, two.entry.node),
        modes=tuple(mode for mode in MODES if any(mode in edit.modes for edit in inside)),
        changes=(Change(aspect=Aspect.OP, ways=(ways[0], ways[1])),),
    )


def _some_paired(one: Region, two: Region, aligned: Aligned) -> bool:
    nodes = aligned.alignment.nodes
    return bool(set(one.nodes) & set(nodes) or set(two.nodes) & set(nodes.values()))


def _function(inside: Sequence[Edit], one: Region, two: Region, aligned: Aligned) -> Edit | None:
    if _named(inside) or len({edit.modes for edit in inside}) > 1:
        return None
    formulas = _formula(one), _formula(two)
    if formulas == (None, None) or (None in formulas and (one.nodes and two.nodes)):
        return None
    if _alike(*formulas):
        return _told(inside[0], (one, two), formulas, ways=(one.ops, two.ops)) if len(inside) > 1 else None
    return _told(inside[0], (one, two), formulas)


def _alike(one: Formula | None, two: Formula | None) -> bool:
    """Whether both are the same function, whatever it is called; two unknown ones may be."""
    if one is None or two is None:
        return one is two
    return (one.name, one.settings) == (two.name, two.settings)


def _named(inside: Sequence[Edit]) -> bool:
    """Whether one edit says it all in words of its own."""
    if len(inside) > 1:
        return False
    edit = inside[0]
    return not isinstance(edit, Update) or not any(change.aspect in NAMELESS for change in edit.changes)


def _told(
    edit: Edit,
    regions: tuple[Region, Region],
    formulas: tuple[Formula | None, Formula | None],
    ways: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> Edit:
    one, two = regions
    after = one.entry.node, two.entry.node
    first, second = formulas
    if first is not None and second is not None:
        return Update(
            op=first.name,
            reference=_site(one, first),
            candidate=_site(two, second),
            after=after,
            modes=edit.modes,
            changes=(Change(aspect=Aspect.FORMULA, formulas=(first, second), ways=ways),),
        )
    if first is not None:
        return Delete(
            op=first.name, reference=_site(one, first), candidate=None, after=after, modes=edit.modes, formula=first
        )
    assert second is not None
    return Insert(
        op=second.name, reference=None, candidate=_site(two, second), after=after, modes=edit.modes, formula=second
    )


def _formula(region: Region) -> Formula | None:
    """The function of a part, under the name that stands there."""
    formula = region.formula()
    if formula is None:
        return None
    written = region.last.display
    return replace(formula, written=written if written in ALIASES.get(formula.name, ()) else "")


def _site(region: Region, formula: Formula) -> Site:
    return replace(Site.of(region.last), op=formula.name, settings={})
