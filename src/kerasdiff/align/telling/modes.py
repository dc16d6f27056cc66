"""Is a layer told another mode than its caller is in? Then what shows in that mode alone follows from one argument."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasdiff.align.edits import Aspect, Change, Delete, Edit, Insert, Update, leaves
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import Fold
from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Graph, Mode

Notes = tuple[Sequence[Finding], Sequence[Finding]]
"""What the workers noticed, by side."""

Traced = tuple[Graph | None, Graph | None]
"""The graphs of one mode as they were traced, by side."""


def modes(edits: Sequence[Edit], aligned: Aligned, traced: Traced, notes: Notes) -> list[Fold]:
    """Edits that show in one mode alone, where a layer of one side is told the other mode in the call.

    Keras hands the mode on to what is called inside a layer, and to what is called after it. It must not touch a layer
    that the other side does not call at all.
    """
    folds: list[Fold] = []
    told: list[Edit] = []
    for side in (0, 1):
        own = list(_told_otherwise(notes, side, aligned.mode))
        for number, note in enumerate(own):
            site = note.sites[0]
            inside = tuple(
                edit
                for edit in edits
                if edit not in told
                and edit.modes == (aligned.mode,)
                and (_within(edit, site.node) or (number == len(own) - 1 and _follows(edit, aligned, traced)))
            )
            if inside:
                told += inside
                folds.append(Fold(edits=inside, told=_argument(inside, side, site, aligned.mode)))
    return folds


def _told_otherwise(notes: Notes, side: int, mode: Mode) -> Iterator[Finding]:
    """The layers of a side that are told the other mode, unless the other side tells one of that name the same."""
    there = {note.sites[0].node for note in notes[1 - side] if _is_of(note, mode)}
    for note in notes[side]:
        if _is_of(note, mode) and note.sites[0].node not in there:
            yield note


def _is_of(note: Finding, mode: Mode) -> bool:
    return note.fact is Fact.MODE_HARD_CODED and note.names == (mode,)


def _within(edit: Edit, path: str) -> bool:
    """Whether an edit stands at a layer or inside it, on either side."""
    names = [site.node.partition(":")[0] for site in edit.sites if site is not None]
    return any(name == path or name.startswith(f"{path}/") for name in names)


def _follows(edit: Edit, aligned: Aligned, traced: Traced) -> bool:
    """Whether the mode alone explains an edit: another computation of a layer, or one that does nothing on one side."""
    if isinstance(edit, Update):
        return True
    if not isinstance(edit, Insert | Delete):
        return False
    side = 1 if isinstance(edit, Insert) else 0
    site = edit.sites[side]
    graph = traced[1 - side]
    if site is None or site.kind != "layer" or graph is None:
        return False
    shown = aligned.nodes[1 - side]
    return any(node.kind == "layer" and node.display == site.display and node.id not in shown for node in graph)


def _argument(inside: tuple[Edit, ...], side: int, site: Site, mode: Mode) -> Update:
    given = mode == "inference"
    ops = dict.fromkeys(leaf.op for edit in inside for leaf in leaves(edit))
    return Update(
        op=next(iter(ops)) if len(ops) == 1 else site.node.rpartition("/")[2],
        reference=site if side == 0 else inside[0].reference,
        candidate=site if side == 1 else inside[0].candidate,
        after=inside[0].after,
        modes=(mode,),
        changes=(Change(aspect=Aspect.CALL, name="training", values=(given, None) if side == 0 else (None, given)),),
        folded=inside,
    )
