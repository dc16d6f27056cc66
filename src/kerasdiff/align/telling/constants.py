"""Is a constant of one side a trained weight on the other?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasdiff.align.edits import Aspect, Baked, Change, Delete, Edit, Insert, OtherOperands, Rewire, Update
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import Fold, sides_of
from kerasdiff.findings import SIDES, Site
from kerasdiff.graph import Node
from kerasdiff.graph.index import index_of


def constants(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """A call that computes with a constant, where the same call of the other side takes it from a weight.

    The constant that one side lacks, the operand that it takes in its place, and what alone makes that operand are one
    edit. It must not touch an operand that depends on an input.
    """
    return [fold for edit in edits if (fold := _baked(edits, edit, aligned)) is not None]


def _baked(edits: Sequence[Edit], edit: Edit, aligned: Aligned) -> Fold | None:
    side = _with_constant(edit)
    if side is None or aligned.mode not in edit.modes:
        return None
    taken = next((other for other in edits if _takes_more(other, edit, 1 - side)), None)
    for site in () if taken is None else _taken_instead(taken, side):
        made = list(_made_of(aligned, 1 - side, site.node))
        holder = next((node for node in made if node.weights), None)
        if holder is not None and not any(node.kind == "input" for node in made):
            makes = _makers(edits, 1 - side, {node.id for node in made})
            return _fold(tuple(other for other in edits if other in (edit, taken, *makes)), edit, side, holder)
    return None


def _makers(edits: Sequence[Edit], side: int, names: set[str]) -> list[Edit]:
    """The edits of nodes that a side alone has, of these names."""
    return [edit for edit in edits if isinstance(edit, Insert | Delete) and sides_of(edit)[side] in names]


def _with_constant(edit: Edit) -> int | None:
    """The side that has a constant which the other lacks, where that is all the edit says."""
    if not isinstance(edit, Update) or len(edit.changes) != 1 or edit.changes[0].name != "constants":
        return None
    values = edit.changes[0].values
    return None if None not in values else 0 if values[1] is None else 1


def _taken_instead(taken: Edit, side: int) -> Iterator[Site]:
    """What the side without the constant takes more."""
    assert isinstance(taken, Rewire)
    assert isinstance(taken.wiring, OtherOperands)
    known = {near.site.node for near in taken.wiring.takes[side]}
    yield from (near.site for near in taken.wiring.takes[1 - side] if near.site.node not in known)


def _fold(inside: tuple[Edit, ...], edit: Edit, side: int, holder: Node) -> Fold:
    baked = Baked(side=SIDES[side], weight=holder.weights[0], site=Site.of(holder))
    told = Update(
        op=edit.op,
        reference=edit.reference,
        candidate=edit.candidate,
        after=edit.after,
        modes=edit.modes,
        changes=(Change(aspect=Aspect.BAKED, baked=baked),),
        folded=inside,
    )
    return Fold(edits=inside, told=told)


def _takes_more(other: Edit, edit: Edit, side: int) -> bool:
    return (
        isinstance(other, Rewire)
        and sides_of(other) == sides_of(edit)
        and isinstance(other.wiring, OtherOperands)
        and len(other.wiring.takes[side]) > len(other.wiring.takes[1 - side])
    )


def _made_of(aligned: Aligned, side: int, name: str) -> Iterator[Node]:
    """The node and all that it is computed from."""
    nodes = index_of(aligned.graphs[side]).nodes
    waiting, seen = [name], {name}
    while waiting:
        node = nodes[waiting.pop()]
        yield node
        for edge in node.operands:
            if edge.node not in seen:
                seen.add(edge.node)
                waiting.append(edge.node)
