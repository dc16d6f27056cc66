"""Which random numbers of two calls correspond? By the node that draws them, their distribution and their shape.

One side may draw a mask from the other end (``u < keep`` for ``u >= rate``), or step by step what the other draws at
once. So there may be several ways to give one side the numbers of the other: where the two agree in one of them, they
do the same with numbers that are as likely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Draw, Staged

Sides = tuple[Staged, Staged]

Numbers = Mapping[int, Array]
"""Numbers for the draws of a side, by position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corresponding:
    """Draws of two calls that correspond.

    Attributes:
        own: What the reference drew.
        given: The same for the candidate, in the shapes and dtypes of its own.
        others: What the candidate may be given instead.
        sure: Whether it is known which draws belong together: by aligned node, or alone of their kind.
    """

    own: Numbers
    given: Numbers
    others: tuple[Numbers, ...]
    sure: bool


def corresponding(
    drawn: Sides, nodes: Mapping[str, str], edited: Set[str] = frozenset(), *, mirrors: bool = False
) -> Corresponding | None:
    """What the candidate is given of the reference's random numbers.

    Args:
        drawn: What both drew.
        nodes: Those of the candidate that the reference's are aligned with.
        edited: Nodes of the candidate that do not do quite what theirs do, and may draw a mask from the other end.
        mirrors: Whether all nodes may.

    Returns:
        ``None`` where a side draws nothing, or out of reach, or the draws do not correspond.
    """
    if any(side.hidden or not side.draws for side in drawn):
        return None
    pairs = _pairs(drawn, nodes)
    if pairs is None:
        return _regrouped(drawn, nodes)
    where, sure = pairs
    straight = {two: _like(drawn[0].draws[one].value, drawn[1].draws[two].value) for one, two in where.items()}
    mirrored = _from_the_other_end(drawn, where, nodes, edited, mirrors=mirrors)
    mirror = {two: _mirrored(drawn[1].draws[two], v) if two in mirrored else v for two, v in straight.items()}
    return Corresponding(
        own={one: drawn[0].draws[one].value for one in where},
        given=straight,
        others=(mirror,) if mirrored else (),
        # Of several masks, a backend may draw some from the other end: what does not agree then is no witness.
        sure=sure and not mirrors,
    )


# One by one ----------------------------------------------------------------------------------------------


def _pairs(sides: Sides, nodes: Mapping[str, str]) -> tuple[dict[int, int], bool] | None:
    """Positions of the draws that correspond, and whether that is sure.

    A batch of single numbers corresponds to one of shape ``(n, 1, 1)``, but not for sure.

    ``None`` where one side draws the same numbers twice, by one key, and the other does not: what would be given to one
    that draws them apart would make them the same.
    """
    first, second = _kinds(sides[0].draws), _kinds(sides[1].draws)
    if {kind: len(some) for kind, some in first.items()} != {kind: len(some) for kind, some in second.items()}:
        return None
    pairs: dict[int, int] = {}
    sure = True
    for kind, ones in first.items():
        aligned = _aligned(ones, second[kind], sides, nodes)
        sure = sure and (aligned is not None or len(ones) == 1)
        pairs.update(dict(zip(ones, second[kind], strict=True)) if aligned is None else aligned)
    origins = _firsts(sides[0].draws), _firsts(sides[1].draws)
    if len(set(origins[0])) != len(set(origins[1])) or any(
        origins[1][pairs[origins[0][one]]] != origins[1][two] for one, two in pairs.items()
    ):
        return None
    shapes = [[draw.value.shape for draw in side.draws] for side in sides]
    return pairs, sure and all(shapes[0][one] == shapes[1][two] for one, two in pairs.items())


def _firsts(drawn: Sequence[Draw]) -> list[int]:
    """For each draw the first that gave the same numbers, itself where none did: those of one key do."""
    known: dict[tuple[str, bytes], int] = {}
    return [known.setdefault((draw.family, draw.value.tobytes()), position) for position, draw in enumerate(drawn)]


def _kinds(drawn: Sequence[Draw]) -> dict[tuple[str, tuple[int, ...]], list[int]]:
    kinds: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for position, draw in enumerate(drawn):
        shape = tuple(size for size in draw.value.shape if size != 1)
        kinds.setdefault((draw.family, shape), []).append(position)
    return kinds


def _aligned(ones: Sequence[int], twos: Sequence[int], sides: Sides, nodes: Mapping[str, str]) -> dict[int, int] | None:
    left = list(twos)
    pairs = {}
    for one in ones:
        home = nodes.get(sides[0].draws[one].node)
        two = next((position for position in left if sides[1].draws[position].node == home), None)
        if two is None:
            return None
        left.remove(two)
        pairs[one] = two
    return pairs


def _like(value: Array, other: Array) -> Array:
    """Numbers in the shape and dtype of others, which are as many."""
    return np.asarray(value.reshape(other.shape).astype(other.dtype))


# From the other end --------------------------------------------------------------------------------------


def _from_the_other_end(
    drawn: Sides, where: Mapping[int, int], nodes: Mapping[str, str], edited: Set[str], *, mirrors: bool
) -> set[int]:
    """Draws of the candidate that may be from the other end; none where some of one key may and others may not."""

    def may(one: int, two: int) -> bool:
        home = drawn[1].draws[two].node
        if mirrors:
            return drawn[1].draws[two].family == "uniform"
        return nodes.get(drawn[0].draws[one].node) != home or home in edited

    found = {two for one, two in where.items() if may(one, two)}
    keys = _firsts(drawn[1].draws)
    parted = {keys[two] for two in found} & {keys[two] for two in where.values() if two not in found}
    return set() if parted else found


def _mirrored(draw: Draw, value: Array) -> Array:
    """Numbers as likely as these: the distributions are symmetric, about 1/2 or about 0."""
    return np.asarray(1 - value if draw.family == "uniform" else -value)


# At once, or step by step --------------------------------------------------------------------------------


def _regrouped(drawn: Sides, nodes: Mapping[str, str]) -> Corresponding | None:
    """What aligned nodes draw at once on one side, and in several parts on the other: of the batch, or of its rows."""
    homes = [_homes(side.draws) for side in drawn]
    if {nodes.get(node) for node in homes[0]} != {*homes[1]} or len(homes[0]) != len(homes[1]):
        return None
    if any(len({*_firsts(side.draws)}) < len(side.draws) for side in drawn):
        return None  # numbers that are drawn twice by one key
    ways = [dict(_given_parts(drawn, homes, nodes, axis)) for axis in (1, 0)]
    if any(len(way) < len(drawn[1].draws) for way in ways):
        return None
    own = {position: draw.value for position, draw in enumerate(drawn[0].draws)}
    return Corresponding(own=own, given=ways[0], others=(ways[1],), sure=False)


def _homes(drawn: Sequence[Draw]) -> dict[str, list[int]]:
    """The draws by the node that makes them."""
    homes: dict[str, list[int]] = {}
    for position, draw in enumerate(drawn):
        homes.setdefault(draw.node, []).append(position)
    return homes


def _given_parts(
    drawn: Sides, homes: Sequence[Mapping[str, list[int]]], nodes: Mapping[str, str], axis: int
) -> Iterator[tuple[int, Array]]:
    """What the draws of the candidate are given, as far as they correspond."""
    for node, ones in homes[0].items():
        twos = homes[1][nodes[node]]
        first, second = ([side.draws[at] for at in some] for side, some in zip(drawn, (ones, twos), strict=True))
        if len({draw.family for draw in (*first, *second)}) == 1:
            values = _parts([draw.value for draw in first], [draw.value for draw in second], axis)
            yield from zip(twos, values, strict=False)


def _parts(ones: Sequence[Array], twos: Sequence[Array], axis: int) -> list[Array]:
    """The numbers of some draws as those of others, one of which stands for all along an axis; else nothing."""
    shapes = [[value.shape for value in values] for values in (ones, twos)]
    if shapes[0] == shapes[1]:
        return [_like(*pair) for pair in zip(ones, twos, strict=True)]
    if sum(value.size for value in ones) != sum(value.size for value in twos):
        return []
    many = ones if len(twos) == 1 else twos
    if 1 not in (len(ones), len(twos)) or len({value.shape for value in many}) > 1:
        return []
    shape, at = many[0].shape, min(axis, many[0].ndim)
    if many is ones:
        return [_like(np.stack(ones, axis=at), twos[0])]
    whole = ones[0].reshape(*shape[:at], len(many), *shape[at:])
    return [_like(whole.take(number, axis=at), two) for number, two in enumerate(twos)]
