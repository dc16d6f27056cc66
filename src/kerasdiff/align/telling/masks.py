"""Is a mask lost on one side? Then what makes it, hands it on and applies it on the other is one difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasdiff.align.edits import Edit, MaskIgnored, MaskLost, Rewire
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import Fold, sides_of
from kerasdiff.align.telling.modes import Notes
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph.index import index_of

LOST = (Fact.MASK_LOST, Fact.MASK_UNUSED)


def masks(edits: Sequence[Edit], aligned: Aligned, notes: Notes) -> list[Fold]:
    """Edits that a lost mask explains: layers that ignore it, and what makes it and hands it on, on the other side.

    It must not touch them where both sides lose a mask, or one side loses two.
    """
    for side in (0, 1):
        own = list(_lost(notes, side))
        if len(own) != 1:
            continue
        inside = tuple(_explained(edits, aligned, side, own[0]))
        ignored = [edit for edit in inside if isinstance(edit, Rewire)]
        sites = ignored[0].sites if ignored else (_standing(inside, 0), _standing(inside, 1))
        if inside and sites[0] is not None and sites[1] is not None:
            return [Fold(edits=inside, told=_told(inside, side, own[0], (sites[0], sites[1])))]
    return []


def _lost(notes: Notes, side: int) -> Iterator[Finding]:
    """The masks that a side alone loses."""
    there = [_loss(note) for note in notes[1 - side] if note.fact in LOST]
    seen: list[tuple[str, ...]] = []
    for note in notes[side]:
        if note.fact in LOST and _loss(note) not in (*there, *seen):
            seen.append(_loss(note))
            yield note


def _loss(note: Finding) -> tuple[str, ...]:
    return tuple(site.node for site in note.sites)


def _explained(edits: Sequence[Edit], aligned: Aligned, side: int, note: Finding) -> Iterator[Edit]:
    """Edits at the mask: on the side that has it what makes and takes it, on the other what takes no mask there."""
    has = 1 - side
    made = _made_for(edits, aligned, has)
    lost = note.sites[1].node
    for edit in edits:
        names = sides_of(edit)
        ignores = isinstance(edit, Rewire) and edit.wiring == MaskIgnored(applied_by=SIDES[has])
        takes = edit.kind in ("insert", "delete") and names[has] and getattr(edit, "mask", "") == "with"
        replaces = note.fact is Fact.MASK_UNUSED and lost and names[side] == lost and not names[has]
        if ignores or takes or replaces or names[has] in made:
            yield edit


def _made_for(edits: Sequence[Edit], aligned: Aligned, side: int) -> set[str]:
    """Nodes of a side, unmatched on the other, that serve as masks alone, or of which such nodes are made."""
    alone = {sides_of(edit)[side]: edit for edit in edits if not sides_of(edit)[1 - side]}
    consumers = index_of(aligned.graphs[side]).consumers
    made = {name for name, edit in alone.items() if getattr(edit, "mask", "") == "as"}
    grown = True
    while grown:
        more = {
            name
            for name in alone
            if name not in made and consumers[name] and all(user.id in made for user, _ in consumers[name])
        }
        made |= more
        grown = bool(more)
    return made


def _standing(inside: Sequence[Edit], side: int) -> Site | None:
    """What applies the mask, or stands in its place."""
    found = [edit for edit in inside if edit.sites[side] is not None and not edit.sites[1 - side]]
    first = sorted(found, key=lambda edit: getattr(edit, "mask", "") == "as")
    return first[0].sites[side] if first else None


def _told(inside: tuple[Edit, ...], side: int, note: Finding, sites: tuple[Site, Site]) -> Rewire:
    maker, lost, *missed = note.sites
    modes = max((edit.modes for edit in inside), key=len)
    reader = missed[0] if missed else None
    return Rewire(
        op=sites[0].op,
        reference=sites[0],
        candidate=sites[1],
        after=inside[0].after,
        modes=modes,
        wiring=MaskLost(side=SIDES[side], maker=maker, lost=lost, reader=reader),
        folded=inside,
    )
