"""Which nodes fold into one? Those of one composite, of one block by its name, and long runs in which nothing differs.

A group folds on both sides at once. Blocks of flat models are known by their names alone (``block2a_expand_conv``), and
runs by their order: those are groups only where no value leaves one and comes back. Folded, such a group would stand
both before and after another node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby, takewhile
from typing import Literal

from kerasdiff.graph import Node
from kerasdiff.report.html.graphs.union import Side, Union

GroupKind = Literal["scope", "name", "run"]
"""What the nodes of a group have in common: a composite, the beginning of their names, or that nothing differs."""

Path = tuple[tuple[GroupKind, str], ...]
"""The groups around a node, from the outside in."""

FEW = 40
"""Nodes that are taken in at once: of so few none start folded."""

LONG = 6
"""Items in a run from which on it starts folded."""

MUCH = 8
"""Nodes of one side alone that start folded, where they are a composite: there is nothing beside them to read."""

LEAST = 3
"""Items that are worth a fold."""

_BLOCK = re.compile(
    r"((?:block|cell|decoder|encoder|group|layer|level|stage|unit)_\d+[a-z]?|[a-zA-Z]+\d+[a-z]?)(?:_|$)"
)
"""A part of a name that may say which block it is of: ``block2a``, ``conv3``, ``layer_12``."""

_OP = re.compile(r"(conv|pool|pooling|sepconv|convlstm|dropout|padding|upsampling|cropping)\d[dD]")
"""One that says what a layer does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Nodes that fold into one.

    Attributes:
        kind: What they have in common.
        label: What they are called; of a run, empty.
        parent: Position of the group around it, -1 for none.
        folded: Whether it starts so.
    """

    kind: GroupKind
    label: str
    parent: int
    folded: bool


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of a union.

    Attributes:
        groups: Each before those inside it.
        of: By place, the innermost group around it, -1 for none.
    """

    groups: list[Group] = field(default_factory=list)
    of: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Item:
    """A place, or several that are a group, as what is around them sees them."""

    places: tuple[int, ...]
    group: tuple[GroupKind, str] | None = None


def grouped(whole: Union, sides: Sequence[Side], changed: Sequence[bool]) -> Grouping:
    """The groups of a union; ``changed`` says of each place whether something differs there."""
    nodes = [_node(sides, place) for place in whole.places]
    paths = _with_blocks(whole, nodes, _scopes(whole, sides, nodes))
    making = _Making(whole, paths, changed)
    making.level(tuple(range(len(nodes))), 0, -1)
    return making.found


def _node(sides: Sequence[Side], place: tuple[int | None, int | None]) -> Node:
    """The reference's where there is one."""
    return next(side.nodes[at] for side, at in zip(sides, place, strict=False) if at is not None)


class _Making:
    """Makes the groups of one union from the outside in."""

    def __init__(self, whole: Union, paths: Sequence[Path], changed: Sequence[bool]) -> None:
        self._whole, self._paths, self._changed = whole, list(paths), changed
        self._folds = len(paths) > FEW
        self.found = Grouping(of=[-1] * len(paths))

    def level(self, places: tuple[int, ...], depth: int, parent: int) -> None:
        """The groups directly inside one, whose paths are ``depth`` long."""
        items = self._items(places, depth)
        differs = self._folds and any(self._changed[place] for place in places)
        for run, folds in _runs([any(map(self._changed.__getitem__, item.places)) for item in items], differs):
            inside = parent
            if folds and _closed(self._whole, [place for item in items[run] for place in item.places]):
                inside = self._add("run", "", parent, run.stop - run.start >= LONG)
            self._place(items[run], depth, inside)

    def _place(self, items: Sequence[_Item], depth: int, parent: int) -> None:
        for item in items:
            if item.group is None:
                self.found.of[item.places[0]] = parent
                continue
            self.level(item.places, depth + 1, self._add(*item.group, parent, self._starts_folded(item.places)))

    def _starts_folded(self, places: Sequence[int]) -> bool:
        """Whether nothing differs inside, or it stands for itself: much that one side alone has."""
        if any(self._changed[place] for place in places):
            lone = [{side for side, node in enumerate(self._whole.places[place]) if node is None} for place in places]
            return len(places) >= MUCH and bool(set.intersection(*lone))
        return self._folds

    def _add(self, kind: GroupKind, label: str, parent: int, folded: bool) -> int:
        self.found.groups.append(Group(kind=kind, label=label, parent=parent, folded=folded))
        return len(self.found.groups) - 1

    def _items(self, places: tuple[int, ...], depth: int) -> list[_Item]:
        """What is inside a group, in order: groups of more than one place, and places."""
        while True:
            inside: dict[tuple[GroupKind, str], list[int]] = {}
            for place in places:
                if len(self._paths[place]) > depth:
                    inside.setdefault(self._paths[place][depth], []).append(place)
            idle = [
                group for group, members in inside.items() if not self._worth(group[0], members, len(places), depth)
            ]
            if not idle:
                break
            for place in inside[idle[0]]:
                self._paths[place] = (*self._paths[place][:depth], *self._paths[place][depth + 1 :])
        items = [_Item(tuple(members), group) for group, members in inside.items()]
        items += [_Item((place,)) for place in places if len(self._paths[place]) <= depth]
        return sorted(items, key=lambda item: item.places)

    def _worth(self, kind: GroupKind, members: Sequence[int], around: int, depth: int) -> bool:
        """Whether something is a group of its own: what holds all that is around it, at the top but for two, is not."""
        if not 1 < len(members) < around - (2 if depth == 0 else 0):
            return False
        return kind == "scope" or (len(members) >= LEAST and _closed(self._whole, members))


def _runs(changed: Sequence[bool], differs: bool) -> Iterator[tuple[slice, bool]]:
    """The items in stretches, each with whether it may be a group: no run touches a change, or an end."""
    start = 0
    for here, group in groupby(changed):
        end = start + len(list(group))
        if here or not differs or end - start < LEAST + 2:
            yield slice(start, end), False
        else:
            yield slice(start, start + 1), False
            yield slice(start + 1, end - 1), True
            yield slice(end - 1, end), False
        start = end


def _closed(whole: Union, members: Sequence[int]) -> bool:
    """Whether no value leaves some places and comes back to them."""
    inside, last = set(members), max(members)
    left = [user for place in members for user in whole.users[place] if user not in inside]
    seen = set(left)
    while left:
        for user in whole.users[left.pop()]:
            if user in inside:
                return False
            if user < last and user not in seen:
                seen.add(user)
                left.append(user)
    return True


# Scopes ------------------------------------------------------------------------------------------------------


def _scopes(whole: Union, sides: Sequence[Side], nodes: Sequence[Node]) -> list[Path]:
    """The composites around each place: the reference's; of the candidate alone, those that its neighbours share.

    A composite that only the candidate has is kept inside those.
    """
    lone = [place[0] is None and len(sides) > 1 for place in whole.places]
    paths: list[Path | None] = [None if alone else _parts(node.scope) for alone, node in zip(lone, nodes, strict=True)]
    known = {sides[1].nodes[two].scope for one, two in whole.places if one is not None and two is not None}
    before = _before(whole)
    own: dict[str, Path] = {}
    for place, node in enumerate(nodes):
        if not lone[place]:
            continue
        around = own.get(node.scope)
        if around is None:
            around = _around(whole, paths, before[place], place)
            if node.scope and not any(f"{scope}/".startswith(f"{node.scope}/") for scope in known):
                around = own[node.scope] = (*around, *_parts(node.scope)[-1:])
        paths[place] = around
    return [path or () for path in paths]


def _before(whole: Union) -> list[int]:
    """By place, the first one that it takes a value from, -1 for none."""
    before = [-1] * len(whole.places)
    for place, users in enumerate(whole.users):
        for user in users:
            before[user] = place if before[user] < 0 else before[user]
    return before


def _around(whole: Union, paths: Sequence[Path | None], before: int, place: int) -> Path:
    """What is around both neighbours of a place: the one before it, and the next one after it whose path is known."""
    after = place
    while paths[after] is None and whole.users[after]:
        after = whole.users[after][0]
    first, second = paths[before] if before >= 0 else None, paths[after]
    return _common(first, second) if first is not None and second is not None else first or second or ()


def _parts(scope: str) -> Path:
    return tuple(("scope", part) for part in scope.split("/") if part)


def _common(one: Path, two: Path) -> Path:
    return tuple(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))


# Blocks ------------------------------------------------------------------------------------------------------


def _with_blocks(whole: Union, nodes: Sequence[Node], scopes: Sequence[Path]) -> list[Path]:
    """The paths with the blocks that names speak of; what stands between two nodes of a block is in it too."""
    paths = [(*scope, *_block(node.name)) for node, scope in zip(nodes, scopes, strict=True)]
    takes: list[list[int]] = [[] for _ in nodes]
    for place, users in enumerate(whole.users):
        for user in users:
            takes[user].append(place)
    for place, scope in enumerate(scopes):
        if paths[place] == scope and takes[place] and whole.users[place]:
            shared = reduce(_common, (paths[other] for other in (*takes[place], *whole.users[place])))
            if len(shared) > len(scope) and shared[: len(scope)] == scope:
                paths[place] = shared
    return paths


def _block(name: str) -> Path:
    """The blocks that a name speaks of: ``conv3_block1_out`` is in ``conv3_block1``, which is in ``conv3``."""
    found: list[tuple[GroupKind, str]] = []
    at = 0
    while (part := _BLOCK.match(name, at)) and not _OP.fullmatch(part[1]):
        at = part.end()
        found.append(("name", name[: part.end(1)]))
    return tuple(found)
