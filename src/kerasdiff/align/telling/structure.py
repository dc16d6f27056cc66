"""Do edits tell a change of structure? A call that moved, a missing branch, norms before or after, a loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kerasdiff.align.edits import Delete, Edit, Insert, Move, Neighbour, OtherOperands, Residual, Rewire, Update
from kerasdiff.align.pair import Aligned
from kerasdiff.align.telling.folding import Fold, sides_of
from kerasdiff.findings import SIDES, Site
from kerasdiff.graph import Graph, Node
from kerasdiff.graph.index import index_of

# A call that stands elsewhere ----------------------------------------------------------------------------------


def transplants(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """Calls that take other values, all because one call stands elsewhere: that one has moved.

    In its old place, what took its value takes what it took; in its new place, what took a value takes its own.
    """
    takes = {sides_of(edit): edit for edit in edits if _takes(edit) is not None}
    folds = (_moved(edits, edit, takes, aligned) for edit in takes.values())
    return [fold for fold in folds if fold is not None]


def _moved(edits: Sequence[Edit], edit: Edit, takes: Mapping[tuple[str, str], Edit], aligned: Aligned) -> Fold | None:
    first, second = _takes(edit) or ((), ())
    if len(first) != 1 or len(second) != 1 or not isinstance(edit, Rewire):
        return None
    names, places = sides_of(edit), (first[0].site, second[0].site)
    around = [other for other in takes.values() if other is not edit and _by_passing(other, names, places, aligned)]
    if {_where(other, names) for other in around} != {0, 1}:
        return None
    inside = tuple(one for one in edits if one is edit or one in around)
    told = Move(
        op=edit.op,
        reference=edit.reference,
        candidate=edit.candidate,
        after=edit.after,
        modes=edit.modes,
        behind=((places[0],), (places[1],)),
        folded=inside,
    )
    return Fold(edits=inside, told=told)


def _takes(edit: Edit) -> tuple[tuple[Neighbour, ...], tuple[Neighbour, ...]] | None:
    """The values that a rewired call takes, by side, where they are other ones."""
    wired = isinstance(edit, Rewire) and isinstance(edit.wiring, OtherOperands) and not edit.wiring.reordered
    return edit.wiring.takes if wired and isinstance(edit, Rewire) and isinstance(edit.wiring, OtherOperands) else None


def _by_passing(other: Edit, names: tuple[str, str], places: tuple[Site, Site], aligned: Aligned) -> bool:
    """Whether a call takes the moved one's value on one side, and on the other what that stands after."""
    first, second = ([near.site.node for near in side] for side in _takes(other) or ((), ()))
    nodes = aligned.alignment.nodes
    old, new = places
    left_behind = first == [names[0]] and second == [nodes.get(old.node, "")]
    put_in = second == [names[1]] and [nodes.get(name, "") for name in first] == [new.node]
    return left_behind or put_in


def _where(other: Edit, names: tuple[str, str]) -> int:
    first, _ = _takes(other) or ((), ())
    return 0 if [near.site.node for near in first] == [names[0]] else 1


# A branch that one side lacks ----------------------------------------------------------------------------------

LEAST = 3
"""Edits of a branch at least: of two, each says enough."""

JOINS = frozenset({"add", "concat", "multiply", "maximum", "average", "subtract"})
"""Ops that join a branch with the rest."""


def branches(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """Calls that one side lacks, connected with one another, with weights, and joined to what both sides have."""
    folds = []
    for side, kind in ((0, Delete), (1, Insert)):
        alone = {sides_of(edit)[side]: edit for edit in edits if isinstance(edit, kind) and not edit.folded}
        for names in _connected(aligned.graphs[side], aligned, side, alone):
            if fold := _branch(names, alone, aligned, side):
                folds.append(fold)
    return folds


def _connected(graph: Graph, aligned: Aligned, side: int, alone: Mapping[str, Insert | Delete]) -> Iterator[list[str]]:
    """Unpaired nodes that hang together, with edits in graph order."""
    paired = set(aligned.alignment.nodes.values() if side else aligned.alignment.nodes)
    index = index_of(graph)
    seen: set[str] = set()
    for node in graph:
        if node.id in paired or node.id in seen or node.id not in alone:
            continue
        group, stack = {node.id}, [node.id]
        while stack:
            at = index.nodes[stack.pop()]
            near = [*(edge.node for edge in at.operands), *(user.id for user, _ in index.consumers[at.id])]
            fresh = [name for name in near if name not in paired and name not in group]
            group.update(fresh)
            stack += fresh
        seen |= group
        yield [item.id for item in graph if item.id in group]


def _branch(names: list[str], alone: Mapping[str, Insert | Delete], aligned: Aligned, side: int) -> Fold | None:
    nodes = [aligned.nodes[side][name] for name in names]
    inside = tuple(alone[name] for name in names if name in alone)
    layers = [node for node in nodes if node.weights]
    joins = [node for node in nodes if node.op in JOINS and _meets(node, names)]
    if len(inside) < LEAST or not layers or not joins or len({edit.modes for edit in inside}) > 1:
        return None
    own = alone.get(joins[-1].id, inside[-1])  # the join may be told by no edit: a sum of three for one of two
    told = replace(own, folded=inside, branch=tuple(map(Site.of, layers)), operands=_sources(nodes, joins))
    return Fold(edits=inside, told=told)


def _sources(nodes: Sequence[Node], joins: Sequence[Node]) -> tuple[str, ...]:
    """What goes into a branch, apart from what it is joined with."""
    names = {node.id for node in nodes}
    taken = (edge.node for node in nodes if node not in joins for edge in node.operands)
    return tuple(dict.fromkeys(name for name in taken if name not in names))


def _meets(node: Node, names: list[str]) -> bool:
    """Whether a call joins a value of the branch with one from outside."""
    within = [edge.node in names for edge in node.operands]
    return any(within) and not all(within)


# Norms before or after -----------------------------------------------------------------------------------------

NORMS = ("normalization", "norm")


def residuals(edits: Sequence[Edit], aligned: Aligned) -> list[Fold]:
    """Norms at the entry of the residual branches on one side, after the additions on the other."""
    before = [_entries(graph) for graph in aligned.graphs]
    behind = [_after_sums(graph) for graph in aligned.graphs]
    for side in (0, 1):
        if before[side] and not before[1 - side] and len(behind[1 - side]) >= len(before[side]):
            inside = _of_norms(edits, aligned, {node.id for nodes in (*before, *behind) for node in nodes})
            if any(isinstance(edit, Move | Rewire) for edit in inside):
                return [_residual(inside, side, before[side], behind[1 - side][0])]
    return []


def _of_norms(edits: Sequence[Edit], aligned: Aligned, norms: set[str]) -> tuple[Edit, ...]:
    """Edits at these norms, or of calls that take other values because of them: additions, and what takes those."""
    sums = {node.id for graph in aligned.graphs for node in graph if node.op == "add"}
    return tuple(
        edit
        for edit in edits
        if set(sides_of(edit)) & norms
        or (isinstance(edit, Rewire | Move) and (set(sides_of(edit)) & sums or _mentions(edit, norms | sums)))
    )


def _residual(inside: tuple[Edit, ...], side: int, before: Sequence[Node], behind: Node) -> Fold:
    first, second = (before[0], behind) if side == 0 else (behind, before[0])
    told = Rewire(
        op=first.op,
        reference=Site.of(first),
        candidate=Site.of(second),
        after=inside[0].after,
        modes=max((edit.modes for edit in inside), key=len),
        wiring=Residual(pre=SIDES[side], count=len(before)),
        folded=inside,
    )
    return Fold(edits=inside, told=told)


def _mentions(edit: Edit, names: set[str]) -> bool:
    sides = _takes(edit) or ((), ())
    return any(near.site.node in names for side in sides for near in side)


def _norms(graph: Graph) -> list[Node]:
    return [node for node in graph if node.op.endswith(NORMS) and node.operands]


def _entries(graph: Graph) -> list[Node]:
    """Norms of a value that is also added to what follows from them."""
    index = index_of(graph)
    entries = []
    for node in _norms(graph):
        source = node.operands[0]
        sums = [user.id for user, _ in index.consumers[source.node] if user.op == "add" and source in user.operands]
        if any(_reaches(index.consumers, node.id, end) for end in sums):
            entries.append(node)
    return entries


def _reaches(consumers: Mapping[str, Sequence[tuple[Node, int]]], start: str, end: str) -> bool:
    stack, seen = [start], {start}
    while stack:
        for user, _ in consumers[stack.pop()]:
            if user.id == end:
                return True
            if user.id not in seen:
                seen.add(user.id)
                stack.append(user.id)
    return False


def _after_sums(graph: Graph) -> list[Node]:
    nodes = index_of(graph).nodes
    return [node for node in _norms(graph) if nodes[node.operands[0].node].op == "add"]


# One line that runs several times ------------------------------------------------------------------------------


def loops(edits: Sequence[Edit]) -> list[Fold]:
    """The same change of the same line, once for every time that it runs."""
    groups: dict[tuple[object, ...], list[Edit]] = {}
    for edit in edits:
        key = _line(edit)
        if key is not None:
            groups.setdefault(key, []).append(edit)
    return [
        Fold(edits=tuple(group), told=replace(group[0], folded=tuple(group), times=len(group)))
        for group in groups.values()
        if len(group) > 1
    ]


def _line(edit: Edit) -> tuple[object, ...] | None:
    """What is changed, and at which lines; ``None`` where that is not known, or where one line makes several layers."""
    sources = tuple(site.source for site in edit.sites if site is not None)
    functions = all(site.kind == "function" for site in edit.sites if site is not None)
    if len(sources) < 2 or None in sources or not functions:
        return None
    if isinstance(edit, Update):
        return ("update", edit.op, repr(edit.changes), sources, edit.modes)
    if isinstance(edit, Rewire) and isinstance(edit.wiring, OtherOperands) and edit.wiring.reordered:
        return ("reordered", edit.op, sources, edit.modes)
    return None
