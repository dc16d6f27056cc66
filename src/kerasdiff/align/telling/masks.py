"""Is a mask lost on one side? Then what makes it, hands it on and applies it on the other is one difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from kerasdiff.align.edits import Delete, Edit, Insert, MaskIgnored, MaskLost, MaskRemade, Rewire
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import Fold, sides_of
from kerasdiff.align.telling.modes import Notes
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import Node
from kerasdiff.graph.index import index_of
from kerasdiff.graph.names import readable

MASK = "mask"
"""The op of what a layer makes of the masks that it is given."""

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


def unmade(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """A layer that makes a mask, which one side lacks: what hands the mask on and applies it goes with it.

    It must not touch a mask that something else makes: then the layers that ignore it are told.
    """
    folds = (_unmade(edits, aligned, side) for side in (0, 1))
    return [fold for fold in folds if fold is not None]


def ignored(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """A call that ignores its mask on one side: what makes the mask for it alone on the other goes with it.

    It must not touch what makes a mask for another call, too.
    """
    return [fold for side in (0, 1) for fold in _ignored(edits, aligned, side)]


def _ignored(edits: Sequence[Edit], aligned: Aligned, side: int) -> Iterator[Fold]:
    kind, wiring = Insert if side else Delete, MaskIgnored(applied_by=SIDES[side])
    consumers = index_of(aligned.graphs[side]).consumers
    makers = [edit for edit in edits if isinstance(edit, kind) and edit.mask == "as" and not edit.folded]
    for edit in edits:
        if isinstance(edit, Rewire) and edit.wiring == wiring and not edit.folded:
            reader = sides_of(edit)[side]
            own = [maker for maker in makers if {user.id for user, _ in consumers[sides_of(maker)[side]]} == {reader}]
            inside = (edit, *own)
            modes = max((one.modes for one in inside), key=len)
            if own:
                yield Fold(edits=inside, told=replace(edit, modes=modes, folded=inside))


def remade(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """What makes a mask that a call takes on both sides, in another way: all of it is one difference.

    It must not touch a mask that only one side has.
    """
    made = [_alone_as_masks(aligned, side) for side in (0, 1)]
    inside = tuple(edit for edit in edits if aligned.mode in edit.modes and not edit.folded and _within(edit, made))
    reader = _reader(aligned, inside)
    if reader is None or len(inside) < 2 or not any(edit.reference and edit.candidate for edit in inside):
        return []
    one, two = reader
    ways = tuple(_logic(aligned, side, inside) for side in (0, 1))
    told = Rewire(
        op=one.op,
        reference=Site.of(one),
        candidate=Site.of(two),
        after=inside[0].after,
        modes=max((edit.modes for edit in inside), key=len),
        wiring=MaskRemade(ways=(ways[0], ways[1])),
        folded=inside,
    )
    return [Fold(edits=inside, told=told)]


def _reader(aligned: Aligned, making: Sequence[Edit]) -> tuple[Node, Node] | None:
    """The first call on both sides that takes what these edits make."""
    differing = [{sides_of(edit)[side] for edit in making} for side in (0, 1)]
    readers = (pair for pair in aligned.pairs if all(_takes(node, differing[side]) for side, node in enumerate(pair)))
    return next(readers, None)


def _alone_as_masks(aligned: Aligned, side: int) -> set[str]:
    """Nodes of a side that serve as masks alone, or of which such nodes are made."""
    consumers = index_of(aligned.graphs[side]).consumers
    made: set[str] = set()
    for node in reversed(aligned.graphs[side].nodes):
        if consumers[node.id] and node.kind != "input" and _serves(consumers[node.id], made):
            made.add(node.id)
    return made


def _within(edit: Edit, made: Sequence[set[str]]) -> bool:
    names = sides_of(edit)
    return any(names) and all(name in made[side] for side, name in enumerate(names) if name)


def _takes(node: Node, made: set[str]) -> bool:
    """Whether a call takes one of these values as its mask."""
    return any(edge.node in made and _as_mask(node, at) for at, edge in enumerate(node.operands))


LOGIC = frozenset({"all", "any", "equal", "not_equal", "logical_and", "logical_or", "logical_not"})
"""Ops that decide what a mask leaves out."""


def _logic(aligned: Aligned, side: int, inside: Sequence[Edit]) -> tuple[str, ...]:
    """What the nodes of these edits decide by, each once."""
    nodes = index_of(aligned.graphs[side]).nodes
    taken = (nodes[name] for edit in inside if (name := sides_of(edit)[side]) in nodes)
    ops = (readable(op.op) for node in taken for op in node.lowering or ())
    return tuple(dict.fromkeys(op for op in ops if op in LOGIC))


def _unmade(edits: Sequence[Edit], aligned: Aligned, side: int) -> Fold | None:
    """What goes with the one masking layer that a side has more."""
    kind = Insert if side else Delete
    makers = [edit for edit in edits if isinstance(edit, kind) and edit.op == "masking"]
    applied = MaskIgnored(applied_by=SIDES[side])
    ignored = [edit for edit in edits if isinstance(edit, Rewire) and edit.wiring == applied]
    if len(makers) != 1 or not ignored:
        return None
    made = _made_for(edits, aligned, side, makers)
    inside = tuple(edit for edit in edits if edit in (*makers, *ignored) or sides_of(edit)[side] in made)
    readers = (edit.candidate if side == 0 else edit.reference for edit in ignored)
    return Fold(edits=inside, told=replace(makers[0], unmasked=tuple(readers), folded=inside))


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


def _made_for(edits: Sequence[Edit], aligned: Aligned, side: int, makers: Sequence[Edit] = ()) -> set[str]:
    """Nodes of a side, unmatched on the other, that serve as masks alone, or of which such nodes are made.

    What else a mask is used for, in the layers that make it, is no other use.
    """
    paired = set(aligned.alignment.nodes.values() if side else aligned.alignment.nodes)
    consumers = index_of(aligned.graphs[side]).consumers
    made = {sides_of(edit)[side] for edit in makers}
    made |= {sides_of(edit)[side] for edit in edits if getattr(edit, "mask", "") == "as" and sides_of(edit)[side]}
    for node in reversed(aligned.graphs[side].nodes):
        uses = consumers[node.id]
        if node.id not in paired and (uses or node.op == MASK) and _serves(uses, made):
            made.add(node.id)
    return made


def _serves(uses: Sequence[tuple[Node, int]], made: Collection[str]) -> bool:
    """Whether a value is taken as a mask alone, or to make such a one; an output's mask is taken by the loss."""
    return all(_as_mask(user, at) or user.id in made for user, at in uses)


def _as_mask(user: Node, at: int) -> bool:
    return bool(user.roles) and user.roles[at] == "mask"


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
