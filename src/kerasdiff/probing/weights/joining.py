"""Which weights of one side does one of the other hold, joined: query, key and value, replicas, gates?

Sizes say which joins are possible, and prove none. Each is tried: the parts are drawn, the whole is made of them, and
where both models then compute the same for random values of all weights, they correspond. Where none does, nothing is
known, and nothing is claimed.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kerasdiff.align.pair import Correspondence, Joined, WeightTransfer
from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Weight
from kerasdiff.graph.joins import Join
from kerasdiff.graph.values import Array, Closeness
from kerasdiff.probing.prober import Prober, batches_of, output_comparisons
from kerasdiff.probing.weights.transfer import sure, with_pairs
from kerasdiff.side.observations import Recipe
from kerasdiff.side.protocol import Side

MOST, LEAST = 100, 12
"""Joins that are tried at most: both ways to deal eight arrays to two, in all orders of four gates, and transposed; of
large models as few as the orders of query, key and value, each transposed or not."""

MOST_DRAWN = 20_000_000
"""Values of all that is drawn for all tries."""

MOST_PARTS = 16
"""Parts of one weight at most."""

MOST_ORDERED = 4
"""Parts up to which all orders are tried: the gates of a cell."""

Shape = tuple[int, ...]


Way = tuple[Mapping[str, str], tuple[Joined, ...]]
"""Which weights correspond one to one, and which are joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """One way in which a weight of some shape may hold ``count`` others of the shape ``part``."""

    part: Shape
    count: int
    join: Join

    @property
    def odd(self) -> int:
        """How unusual it is."""
        return 2 * (self.join.blocks > 1) + self.join.transposed


def rejoined(sides: tuple[Side, Side], pair: Correspondence, transfer: WeightTransfer, seed: int) -> WeightTransfer:
    """The transfer by parts under which outputs agree on the first probe; else the one given.

    Args:
        sides: The models, to be run.
        pair: What the graphs say.
        transfer: One that leaves weights without a counterpart.
        seed: Of the probe and the weights.
    """
    return witnessed(sides, pair, transfer, _ways(pair, transfer), seed) or transfer


def witnessed(
    sides: tuple[Side, Side], pair: Correspondence, transfer: WeightTransfer, ways: Iterator[Way], seed: int
) -> WeightTransfer | None:
    """The first way under which outputs agree on the first probe; ``None`` where none does, of as many as are tried."""
    try:
        batches = first_probe(pair, seed)
        for pairs, joined in itertools.islice(ways, tries_of(pair)):
            made = _made(pair, transfer, pairs, joined, seed)
            seen = outputs_under(made, sides, batches)
            if all(close.equal for close in seen) and any(close.informative for close in seen):
                return made
    except EvaluateError:
        pass  # the inference rung meets the same failure, and says so
    return None


Batches = Mapping[str, tuple[Array, ...]]


def first_probe(pair: Correspondence, seed: int) -> Batches:
    """The probe on which a transfer is tried."""
    return dict(itertools.islice(batches_of(pair.descriptions[0].inputs, seed).items(), 1))


def outputs_under(transfer: WeightTransfer, sides: tuple[Side, Side], batches: Batches) -> list[Closeness]:
    """How close the outputs of both sides are on these probes, with weights that a transfer gives both.

    Raises:
        EvaluateError: If a side cannot be run.
    """
    run = Prober(sides, transfer, batches).precise(tuple(batches), training=False)
    return [item.closeness for item in output_comparisons(run)]


def tries_of(pair: Correspondence) -> int:
    """How many ways are tried: fewer of large models."""
    return max(LEAST, min(MOST, MOST_DRAWN // max(1, sum(pair.parameters))))


def _ways(pair: Correspondence, transfer: WeightTransfer) -> Iterator[Way]:
    """The joins that are possible, the likeliest first: of what is left over, then of all that is not sure."""
    first, second = pair.weights
    fitting = {one: two for one, two in transfer.pairs.items() if first[one].size == second[two].size}
    known = sure(pair, fitting, whole=True)
    alike = {one: two for one, two in fitting.items() if one in known and first[one].shape == second[two].shape}
    tried: list[Mapping[str, str]] = []
    for kept in (fitting, alike):
        if kept in tried:
            continue
        tried.append(kept)
        seeds = {one: two for one, two in fitting.items() if first[one].is_seed}
        free = _free(pair, kept)
        for side in (0, 1):
            for joined, single in _dealt(free[side], free[1 - side], side):
                pairs = {**kept, **seeds, **(single if side == 0 else {two: one for one, two in single.items()})}
                yield pairs, joined


def _free(pair: Correspondence, kept: Mapping[str, str]) -> tuple[list[Weight], list[Weight]]:
    """The weights of either side that are to be joined, in the order in which they were made."""
    taken = set(kept), set(kept.values())
    first, second = (
        [w for w in pair.descriptions[n].weights if w.id not in taken[n] and w.id in pair.read[n] and not w.is_seed]
        for n in (0, 1)
    )
    return first, second


def _dealt(
    wholes: Sequence[Weight], parts: Sequence[Weight], side: int
) -> Iterator[tuple[tuple[Joined, ...], dict[str, str]]]:
    """The ways to make all of one side of all of the other; with those that stand for one alone."""
    if not 0 < len(wholes) < len(parts) or sum(w.size for w in wholes) != sum(p.size for p in parts):
        return
    at_hand = Counter(part.shape for part in parts)
    shapes = tuple(dict.fromkeys(whole.shape for whole in wholes))
    options = [list(_options(shape, at_hand)) for shape in shapes]
    combined = sorted(
        itertools.islice(itertools.product(*options), 4096), key=lambda chosen: sum(one.odd for one in chosen)
    )
    for chosen in combined:
        by_shape = dict(zip(shapes, chosen, strict=True))
        count = _replicas(chosen)
        if count and _used(wholes, by_shape) == at_hand:
            yield from _ordered(wholes, parts, by_shape, count, side)


def _replicas(chosen: Sequence[_Option]) -> int:
    """Of how many parts all wholes are, block by block alike; 0 where they are not of one number."""
    many = [one for one in chosen if one.count > 1]
    counts, blocks = {one.count for one in many}, {one.join.blocks for one in many}
    return counts.pop() if len(counts) == len(blocks) == 1 else 0


def _used(wholes: Sequence[Weight], by_shape: Mapping[Shape, _Option]) -> Counter[Shape]:
    """How many parts of each shape it takes."""
    used: Counter[Shape] = Counter()
    for whole in wholes:
        used[by_shape[whole.shape].part] += by_shape[whole.shape].count
    return used


def _options(shape: Shape, at_hand: Counter[Shape]) -> Iterator[_Option]:
    """The joins that give this shape, of parts at hand."""
    for part in at_hand:
        if _merges(part, shape) or _merges(shape, part):
            yield _Option(part=part, count=1, join=Join(axis=0, shape=shape or (1,)))
        for transposed in (False, True) if len(part) == 2 else (False,):
            laid = part[::-1] if transposed else part
            for axis, size in enumerate(shape):
                yield from _along(shape, axis, size, part, laid, transposed=transposed, most=at_hand[part])


def _along(
    shape: Shape, axis: int, size: int, part: Shape, laid: Shape, *, transposed: bool, most: int
) -> Iterator[_Option]:
    rest = shape[:axis], shape[axis + 1 :]
    whole, beside = math.prod(laid), math.prod((*rest[0], *rest[1]))
    if not beside or not whole or whole % beside:
        return
    width = whole // beside
    count = size // width if width and size % width == 0 else 0
    stands = (*rest[0], width, *rest[1])
    if not 1 < count <= min(most, MOST_PARTS) or not _merges(laid, stands):
        return
    for blocks in (1,) if transposed else (b for b in range(1, width + 1) if width % b == 0):
        join = Join(axis=axis, shape=stands, blocks=blocks, transposed=transposed)
        yield _Option(part=part, count=count, join=join)


def _merges(fine: Shape, coarse: Shape) -> bool:
    """Whether axes that lie side by side make up each axis of another shape, as heads and their sizes do.

    >>> _merges((16, 2, 4), (16, 8)), _merges((4, 2), (2, 4)), _merges((1, 8), (8,))
    (True, False, True)
    """
    axes = [size for size in fine if size != 1]
    for size in coarse:
        product = 1
        while product < size and axes:
            product *= axes.pop(0)
        if product != size:
            return False
    return not axes


def _ordered(
    wholes: Sequence[Weight], parts: Sequence[Weight], by_shape: Mapping[Shape, _Option], count: int, side: int
) -> Iterator[tuple[tuple[Joined, ...], dict[str, str]]]:
    """The orders in which parts may come: whole by whole or by turns, and those of each whole in any one order."""
    orders = itertools.permutations(range(count)) if count <= MOST_ORDERED else iter([tuple(range(count))])
    for order in orders:
        seen: list[tuple[Joined, ...]] = []
        for turns in (False, True):
            joined, single = _assigned(wholes, parts, by_shape, order, side, turns=turns)
            if joined not in seen:
                seen.append(joined)
                yield joined, single


def _assigned(
    wholes: Sequence[Weight],
    parts: Sequence[Weight],
    by_shape: Mapping[Shape, _Option],
    order: Sequence[int],
    side: int,
    *,
    turns: bool,
) -> tuple[tuple[Joined, ...], dict[str, str]]:
    joined: list[Joined] = []
    single: dict[str, str] = {}
    for shape in dict.fromkeys(part.shape for part in parts):
        group = [part.id for part in parts if part.shape == shape]
        takers = [whole for whole in wholes if by_shape[whole.shape].part == shape]
        many = [whole for whole in takers if by_shape[whole.shape].count > 1]
        for whole in takers:
            if whole not in many:
                single[whole.id] = group.pop(0)
        for number, whole in enumerate(many):
            own = group[number :: len(many)] if turns else group[number * len(order) : (number + 1) * len(order)]
            own = [own[at] for at in order]
            joined.append(Joined(side=side, whole=whole.id, parts=tuple(own), join=by_shape[whole.shape].join))
    return tuple(joined), single


def _made(
    pair: Correspondence, transfer: WeightTransfer, pairs: Mapping[str, str], joined: tuple[Joined, ...], seed: int
) -> WeightTransfer:
    """The transfer of these pairs and joins: a whole is drawn part by part, as the other side draws them."""
    base = with_pairs(transfer, pair, pairs, seed)
    recipes = [{recipe.weight: recipe for recipe in side} for side in base.recipes]
    for one in joined:
        own, other = recipes[one.side], recipes[1 - one.side]
        parts: tuple[Recipe, ...] = tuple(other[part] for part in one.parts)
        own[one.whole] = replace(own[one.whole], parts=parts, join=one.join)
    return replace(
        base,
        reference=tuple(recipes[0].values()),
        candidate=tuple(recipes[1].values()),
        joined=joined,
        complete=True,
        guessed=False,
        regrouped=False,
        lacking=((), ()),
    )
