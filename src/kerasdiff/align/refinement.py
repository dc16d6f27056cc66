"""Are two small coloured graphs the same, where many of their vertices look alike?

Colours are refined until vertices of one colour see the same colours around them (1-dimensional Weisfeiler-Leman).
Where a colour is left on several vertices of each side, one pair of them is singled out and the refinement goes on.
A wrong choice shows as a colour that the sides hold unequally often: it is taken back and the next one is tried. On
graphs as networks make them the first choice is right (one colour, one orbit); ``LIMIT`` keeps the others from
taking exponential time.

Why a list of what changed, and not rounds over everything? A round costs the size of the graph, and a long pair of
twin branches needs a round a node. Looking only at the neighbours of what changed costs ``O(m log n)`` for all
rounds and choices together (J. Hopcroft, "An n log n algorithm for minimizing states in a finite automaton", 1971;
R. Paige and R. Tarjan, "Three partition refinement algorithms", 1987).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

LIMIT = 1_000
"""Choices that may turn out wrong before the search gives up. No network met so far needed one."""


Vertex: TypeAlias = "tuple[str, str]"
"""A kind and a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coloured:
    """One side.

    Attributes:
        colours: Every vertex with what it is by itself, in the order in which ties are settled.
        links: ``(from, to, tag)``; seen from both ends.
    """

    colours: Mapping[Vertex, Hashable]
    links: Sequence[tuple[Vertex, Vertex, Hashable]]


@dataclass
class Choice:
    """A vertex of the first side, who of the second it may still be, and how long the trail was before."""

    vertex: int
    options: Iterator[int]
    mark: int


def bijection(first: Coloured, second: Coloured, limit: int = LIMIT) -> dict[Vertex, Vertex] | None:
    """Finds a one-to-one map of vertices that keeps colours and links.

    Returns:
        The map, or ``None`` where there is none or more than ``limit`` choices were wrong.
    """
    if len(first.colours) != len(second.colours) or len(first.links) != len(second.links):
        return None
    return _Search(first, second, limit).run()


class _Search:
    """Vertices are numbers; those of the second side begin at ``size``."""

    def __init__(self, first: Coloured, second: Coloured, limit: int) -> None:
        self.names = (*first.colours, *second.colours)
        self.size = len(first.colours)
        self.left = limit
        tags: dict[Hashable, int] = {}
        self.links: list[list[tuple[int, int]]] = [[] for _ in self.names]
        for side, start in ((first, 0), (second, self.size)):
            number = {name: start + index for index, name in enumerate(side.colours)}
            for one, two, tag in side.links:
                self.links[number[one]].append((tags.setdefault((tag, "down"), len(tags)), number[two]))
                self.links[number[two]].append((tags.setdefault((tag, "up"), len(tags)), number[one]))
        shades: dict[Hashable, int] = {}
        self.colour = [
            shades.setdefault(shade, len(shades)) for shade in (*first.colours.values(), *second.colours.values())
        ]
        self.members: dict[int, dict[int, None]] = defaultdict(dict)
        for vertex, shade in enumerate(self.colour):
            self.members[shade][vertex] = None
        self.fresh = len(shades)
        self.trail: list[tuple[int, int]] = []

    def run(self) -> dict[Vertex, Vertex] | None:
        if not all(map(self._even, self.members.values())) or not self._refine(set(range(len(self.names)))):
            return None
        stack: list[Choice] = []
        vertex = self._tied(0)
        while vertex < self.size:
            stack.append(Choice(vertex=vertex, options=iter(self._options(vertex)), mark=len(self.trail)))
            while not self._choose(stack[-1]):
                stack.pop()
                if not stack or self.left < 0:
                    return None
                self._undo(stack[-1].mark)
            vertex = self._tied(stack[-1].vertex)
        return {self.names[one]: self.names[max(self.members[self.colour[one]])] for one in range(self.size)}

    def _tied(self, vertex: int) -> int:
        """The first vertex from here on that has more than one to go with."""
        while vertex < self.size and len(self.members[self.colour[vertex]]) == 2:
            vertex += 1
        return vertex

    def _options(self, vertex: int) -> list[int]:
        """Who a vertex may go with: its namesake first, then in order."""
        name = self.names[vertex]
        own = (other for other in self.members[self.colour[vertex]] if other >= self.size)
        return sorted(own, key=lambda other: (self.names[other] != name, other))

    def _choose(self, choice: Choice) -> bool:
        """Takes the next option of a choice that holds, if any does."""
        for option in choice.options:
            pair = [choice.vertex, option]
            self._recolour(self.colour[option], pair)
            if self._refine({other for vertex in pair for _, other in self.links[vertex]}):
                return True
            self._undo(choice.mark)
            self.left -= 1
            if self.left < 0:
                break
        return False

    def _refine(self, changed: set[int]) -> bool:
        """Splits colours until equal ones see equal ones; false where the sides come out unequal.

        Args:
            changed: Every vertex beside one whose colour is new.
        """
        while changed:
            split: dict[int, dict[tuple[tuple[int, int], ...], list[int]]] = defaultdict(lambda: defaultdict(list))
            for vertex in sorted(changed):
                seen = tuple(sorted((tag, self.colour[other]) for tag, other in self.links[vertex]))
                split[self.colour[vertex]][seen].append(vertex)
            moved: list[int] = []
            for colour, groups in split.items():
                parts = list(groups.values())
                rest = len(self.members[colour]) - sum(map(len, parts))
                if not all(map(self._even, parts)):
                    return False
                if 0 < rest <= max(map(len, parts)):
                    parts.append([vertex for vertex in self.members[colour] if vertex not in changed])
                    rest = 0
                if not rest:
                    parts.remove(max(parts, key=len))
                for part in parts:
                    self._recolour(colour, part)
                    moved += part
            changed = {other for vertex in moved for _, other in self.links[vertex]}
        return True

    def _recolour(self, old: int, part: Iterable[int]) -> None:
        for vertex in part:
            del self.members[old][vertex]
            self.members[self.fresh][vertex] = None
            self.colour[vertex] = self.fresh
            self.trail.append((vertex, old))
        self.fresh += 1

    def _undo(self, mark: int) -> None:
        while len(self.trail) > mark:
            vertex, old = self.trail.pop()
            del self.members[self.colour[vertex]][vertex]
            self.members[old][vertex] = None
            self.colour[vertex] = old

    def _even(self, group: Iterable[int]) -> bool:
        """Whether as many vertices are of one side as of the other."""
        return sum(1 if vertex < self.size else -1 for vertex in group) == 0
