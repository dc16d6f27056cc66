"""Refinement and sequences, against every possible answer on small examples."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasdiff.align.pairing import sequence
from kerasdiff.align.pairing.sequence import common, increasing
from kerasdiff.align.refinement import Coloured, Vertex, bijection

seeds = st.integers(0, 2**32 - 1)
steady = settings(derandomize=True, deadline=None)


def ring(*sizes: int) -> Coloured:
    """Rings of so many vertices that all look alike."""
    colours: dict[Vertex, Hashable] = {}
    links: list[tuple[Vertex, Vertex, Hashable]] = []
    for size in sizes:
        names = [("v", str(len(colours) + n)) for n in range(size)]
        colours.update(dict.fromkeys(names, "same"))
        for one, two in zip(names, names[1:] + names[:1], strict=True):
            links += [(one, two, 0), (two, one, 0)]
    return Coloured(colours=colours, links=links)


def drawn(draw: random.Random, size: int) -> Coloured:
    names = [("v", str(n)) for n in range(size)]
    pairs = [(a, b) for a in names for b in names if a != b and draw.random() < 0.4]
    return Coloured(
        colours={name: draw.randrange(2) for name in names}, links=[(a, b, draw.randrange(2)) for a, b in pairs]
    )


def renumbered(graph: Coloured, draw: random.Random) -> Coloured:
    names = list(graph.colours)
    new = dict(zip(names, draw.sample([("u", str(n)) for n in range(len(names))], len(names)), strict=True))
    links = [(new[a], new[b], tag) for a, b, tag in graph.links]
    return Coloured(colours={new[name]: graph.colours[name] for name in draw.sample(names, len(names))}, links=links)


def fits(found: dict[Vertex, Vertex], one: Coloured, two: Coloured) -> bool:
    links = sorted((found[a], found[b], repr(tag)) for a, b, tag in one.links)
    return (
        all(one.colours[a] == two.colours[b] for a, b in found.items())
        and set(found.values()) == set(two.colours)
        and links == sorted((a, b, repr(tag)) for a, b, tag in two.links)
    )


@steady
@given(seeds)
def test_a_renumbered_graph_is_found_again(seed: int) -> None:
    draw = random.Random(seed)
    one = drawn(draw, draw.randrange(1, 12))
    two = renumbered(one, draw)
    found = bijection(one, two)

    assert found is not None
    assert fits(found, one, two)


@steady
@given(seeds)
def test_an_answer_is_given_if_and_only_if_there_is_one(seed: int) -> None:
    draw = random.Random(seed)
    size = draw.randrange(1, 6)
    one, two = drawn(draw, size), drawn(draw, size)
    found = bijection(one, two)
    maps = (dict(zip(one.colours, order, strict=True)) for order in permutations(two.colours))

    assert (found is not None) == any(fits(one_map, one, two) for one_map in maps)


def test_what_refinement_alone_cannot_tell_apart_is_searched() -> None:
    """Two triangles and a hexagon: every vertex sees two like itself, however far it looks."""
    assert bijection(ring(6), ring(3, 3)) is None
    assert bijection(ring(3, 3), ring(6)) is None
    found = bijection(ring(6, 3, 3), renumbered(ring(3, 6, 3), random.Random(1)))
    assert found is not None


def test_the_search_gives_up() -> None:
    assert bijection(ring(12, 12), ring(8, 8, 8), limit=3) is None


def test_many_ties_take_time_in_proportion() -> None:
    """Five thousand pairs of twins, each settled by itself; a round over all for each would take minutes."""
    colours: dict[Vertex, Hashable] = {}
    links: list[tuple[Vertex, Vertex, Hashable]] = []
    for n in range(5_000):
        colours.update({f"{n}": n, f"{n}a": "twin", f"{n}b": "twin"})
        links += [(f"{n}", f"{n}a", ""), (f"{n}", f"{n}b", "")]
    graph = Coloured(colours=colours, links=links)

    assert bijection(graph, graph) == {name: name for name in colours}


# Sequences -------------------------------------------------------------------------------------------


def longest(first: Sequence[str], second: Sequence[str]) -> int:
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, two in enumerate(second):
            table[i + 1][j + 1] = table[i][j] + 1 if one == two else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


texts = st.text("abcd", max_size=14)


@pytest.mark.parametrize("cells", [sequence.CELLS, 4])
@settings(derandomize=True, deadline=None)
@given(texts, texts)
def test_a_longest_common_subsequence_is_found(cells: int, first: str, second: str) -> None:
    kept, sequence.CELLS = sequence.CELLS, cells
    try:
        found = common(first, second)
    finally:
        sequence.CELLS = kept

    assert len(found) == longest(first, second)
    assert all(first[i] == second[j] for i, j in found)
    assert increasing(found) == found


@steady
@given(st.permutations(range(9)))
def test_the_longest_increasing_pairs_are_found(order: list[int]) -> None:
    found = increasing(list(enumerate(order)))

    assert len(found) == longest([str(n) for n in order], [str(n) for n in range(9)])
    assert [two for _, two in found] == sorted(two for _, two in found)
