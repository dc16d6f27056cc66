"""Does one array hold another's values in another order of its axes? A transposed convolution as a product.

Sizes that agree are no evidence: (2, 2, 5, 3) and (3, 20) hold as many values, and what corresponds to what depends on
the code around them. Each order of the axes is tried, and where none makes the models agree, nothing is known.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kerasdiff.align.pair import Correspondence, Joined, WeightTransfer
from kerasdiff.graph import Weight
from kerasdiff.graph.joins import Join
from kerasdiff.probing.weights.joining import Way, witnessed
from kerasdiff.side.protocol import Side

MOST_AXES = 5
"""Axes of an array whose orders are tried."""

MOST = 48
"""Orders that are tried at most: twice all those of a kernel of a convolution."""

Shape = tuple[int, ...]
Pairs = tuple[tuple[str, str], ...]


def in_another_order(pair: Correspondence, pairs: Mapping[str, str]) -> Pairs:
    """The pairs of one size of which neither shape is the other's with neighbouring axes taken together.

    A matrix and its transpose are left to those who know them.
    """
    first, second = pair.weights
    return tuple(
        (one, two)
        for one, two in pairs.items()
        if one in first and two in second and _apart(first[one].shape, second[two].shape)
    )


def of_other_ranks(pair: Correspondence, pairs: Mapping[str, str]) -> Pairs:
    """The pairs of one size and another number of axes: taken together in order most likely, but in any order maybe."""
    first, second = pair.weights
    both = ((one, two) for one, two in pairs.items() if one in first and two in second)
    return tuple(
        (one, two)
        for one, two in both
        if first[one].size == second[two].size and len(first[one].shape) != len(second[two].shape)
    )


def _apart(one: Shape, two: Shape) -> bool:
    """Whether shapes of one size share no way to read them.

    >>> _apart((2, 2, 5, 3), (3, 20)), _apart((3, 3, 4, 5), (36, 5)), _apart((3, 5), (5, 3))
    (True, False, False)
    """
    bounds = set(itertools.accumulate(one, operator.mul)), set(itertools.accumulate(two, operator.mul))
    of_one_size = max(bounds[0], default=1) == max(bounds[1], default=1)
    nested = bounds[0] <= bounds[1] | {1} or bounds[1] <= bounds[0] | {1}
    return of_one_size and not nested and not (len(one) == len(two) == 2)


def relaid(
    sides: tuple[Side, Side], pair: Correspondence, transfer: WeightTransfer, odd: Pairs, seed: int
) -> WeightTransfer:
    """The transfer with these arrays in the orders under which outputs agree; one that claims nothing where none does.

    Args:
        sides: The models, to be run.
        pair: What the graphs say.
        transfer: One that pairs arrays by size alone.
        odd: Those.
        seed: Of the probe and the weights.
    """
    made = reordered(sides, pair, transfer, odd, seed)
    if made is not None:
        return made
    ones, twos = zip(*odd, strict=True)
    lacking = (*transfer.lacking[0], *ones), (*transfer.lacking[1], *twos)
    return replace(transfer, complete=False, regrouped=True, lacking=lacking)


def reordered(
    sides: tuple[Side, Side], pair: Correspondence, transfer: WeightTransfer, some: Pairs, seed: int
) -> WeightTransfer | None:
    """The transfer with these arrays in the orders under which outputs agree; ``None`` where none does."""
    return witnessed(sides, pair, transfer, itertools.islice(_ways(pair, transfer, some), MOST), seed)


def _ways(pair: Correspondence, transfer: WeightTransfer, odd: Pairs) -> Iterator[Way]:
    """As they are, then every order of the axes: one for all arrays of the same shapes."""
    yield dict(transfer.pairs), ()
    first, second = pair.weights
    weights = [(first[one], second[two]) for one, two in odd]
    shapes = tuple(dict.fromkeys((one.shape, two.shape) for one, two in weights))
    kept = {one: two for one, two in transfer.pairs.items() if (one, two) not in odd}
    for orders in itertools.product(*(_orders(_part(*both)) for both in shapes)):
        chosen = dict(zip(shapes, orders, strict=True))
        yield kept, tuple(_joined(one, two, chosen[one.shape, two.shape]) for one, two in weights)


def _orders(shape: Shape) -> Sequence[Shape]:
    axes = range(len(shape))
    return tuple(itertools.permutations(axes)) if len(shape) <= MOST_AXES else (tuple(axes),)


def _part(one: Shape, two: Shape) -> Shape:
    """The shape with more axes, whose order is free."""
    return one if len(one) >= len(two) else two


def _joined(one: Weight, two: Weight, order: Shape) -> Joined:
    side = 1 if len(one.shape) >= len(two.shape) else 0
    whole, part = (two, one) if side else (one, two)
    join = Join(axis=0, shape=tuple(part.shape[axis] for axis in order), order=order)
    return Joined(side=side, whole=whole.id, parts=(part.id,), join=join)
