"""Which of several weights of one shape corresponds to which, where the graphs do not say?

Two heads that no rule proves, or the three kernels of an attention written by hand, may be declared in any order. The
pairing by order is then one of a few: the one under which both models compute the same is as good a witness of
equivalence as any other, so all of them are tried before a difference is claimed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from kerasdiff.align.pair import Correspondence, WeightTransfer
from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Weight
from kerasdiff.probing.weights.joining import first_probe, outputs_under, rejoined, tries_of
from kerasdiff.probing.weights.relaying import in_another_order, of_other_ranks, relaid, reordered
from kerasdiff.probing.weights.transfer import held_by_layers, layouts, sure, with_pairs
from kerasdiff.probing.weights.twins import Groups, Layer, twins
from kerasdiff.side.protocol import Side

MOST = 36
"""Ways to pair that are tried at most: all orders of four layers, or of three kernels and their biases."""


def choose(sides: tuple[Side, Side], pair: Correspondence, transfer: WeightTransfer, seed: int) -> WeightTransfer:
    """The pairing under which outputs agree on the first probe; the one by order where none does.

    Where more ways are possible than are tried, the pairing counts as guessed. Where all were tried, it does only if a
    weight is laid out by code of the user's own, as the gates of a recurrent cell written by hand may be.

    Args:
        sides: The models, to be run.
        pair: What the graphs say.
        transfer: The pairing by order.
        seed: Of the probe and the weights.
    """
    made = _laid_otherwise(sides, pair, transfer, seed)
    if made is not None:
        return made
    layers, single = _undecided(pair, transfer)
    count = _ways(layers) + _ways(single)
    if count <= MOST and transfer.guessed and _kept_by_keras(pair, transfer):
        transfer = replace(transfer, guessed=False)
    alike = [] if pair.same_graphs else _alike(pair, transfer.pairs, layers)
    if _ways(single) <= 1 and not alike and len(layouts(pair, transfer.pairs)) <= 1:
        return transfer
    beyond = _ways(single) > MOST or _ways(layers + alike) > MOST
    ways = itertools.chain(
        [dict(transfer.pairs)], _pairings(transfer.pairs, layers + alike), _pairings(transfer.pairs, single)
    )
    try:
        made = _agreeing(sides, pair, transfer, itertools.islice(ways, MOST + 1), seed)
    except EvaluateError:
        return replace(transfer, guessed=True)  # the inference rung meets the same failure, and says so
    return made or (replace(transfer, guessed=True) if beyond else transfer)


def _laid_otherwise(
    sides: tuple[Side, Side], pair: Correspondence, transfer: WeightTransfer, seed: int
) -> WeightTransfer | None:
    """The transfer where arrays are joined or have their axes in another order; ``None`` where neither shows."""
    if not transfer.complete:
        return rejoined(sides, pair, transfer, seed)
    if odd := in_another_order(pair, transfer.pairs):
        return relaid(sides, pair, transfer, odd, seed)
    flat = () if pair.same_graphs else of_other_ranks(pair, transfer.pairs)
    return reordered(sides, pair, transfer, flat, seed) if flat else None


def _agreeing(
    sides: tuple[Side, Side],
    pair: Correspondence,
    transfer: WeightTransfer,
    ways: Iterable[Mapping[str, str]],
    seed: int,
) -> WeightTransfer | None:
    """The first pairing under which outputs agree on the first probe, in any layout of its matrices."""
    batches = first_probe(pair, seed)
    for pairs in ways:
        for transposed in layouts(pair, pairs):
            made = with_pairs(transfer, pair, pairs, seed, transposed)
            if all(close.equal for close in outputs_under(made, sides, batches)):
                return made
    return None


def _kept_by_keras(pair: Correspondence, transfer: WeightTransfer) -> bool:
    """Whether all that was paired without its nodes is held by layers of Keras, in one role and shape on both sides."""
    held = held_by_layers(pair)
    known = sure(pair, transfer.pairs)
    unsure = [(pair.weights[0][one], pair.weights[1][two]) for one, two in transfer.pairs.items() if one not in known]
    return all(
        one.is_seed or (one.id in held[0] and two.id in held[1] and (one.name, one.shape) == (two.name, two.shape))
        for one, two in unsure
    )


def _ways(groups: Groups) -> int:
    """In how many ways the layers of each group can be paired."""
    return math.prod(math.factorial(len(group)) for group in groups)


def _alike(pair: Correspondence, pairs: Mapping[str, str], known: Groups) -> Groups:
    """The branches that could stand for each other, though they are aligned: all, or those in doubt if they are many.

    Those come without ``known``, whose layers are tried anyway.
    """
    tried = {one for group in known for layer in group for one, _ in layer}
    most = min(MOST, tries_of(pair))
    for settled in (True, False):
        groups = [
            group for group in twins(pair, pairs, settled=settled) if not any(one in tried for (one, _), *_ in group)
        ]
        if _ways(groups) <= most:
            break
    return groups


def _undecided(pair: Correspondence, transfer: WeightTransfer) -> tuple[Groups, Groups]:
    """What was paired without its nodes: layers as wholes, and weight by weight."""
    known = sure(pair, transfer.pairs)
    first, second = pair.weights
    owned: dict[str, list[tuple[str, str]]] = {}
    for one, two in transfer.pairs.items():
        if one not in known and not first[one].is_seed:
            owned.setdefault(first[one].owner, []).append((one, two))

    def grouped(layers: Iterable[Layer]) -> Groups:
        groups: dict[tuple[object, ...], list[Layer]] = {}
        for pairs in layers:
            groups.setdefault(tuple((first[one].shape, second[two].shape) for one, two in pairs), []).append(pairs)
        return [group for group in groups.values() if len(group) > 1]

    layers = [tuple(pairs) for pairs in owned.values()]
    whole = _whole(layers, pair.weights)
    return grouped(layers) if whole is None else whole, grouped((item,) for layer in layers for item in layer)


def _whole(layers: Sequence[Layer], tables: Sequence[Mapping[str, Weight]]) -> Groups | None:
    """The layers of either side against each other by the sizes of their weights, whatever is paired now.

    ``None`` where one side has more layers of some sizes than the other.
    """
    sides: list[dict[tuple[int, ...], list[list[str]]]] = []
    for side, table in enumerate(tables):
        undecided = {item[side] for layer in layers for item in layer}
        held: dict[str, list[str]] = {}
        for name, weight in table.items():
            if name in undecided:
                held.setdefault(weight.owner, []).append(name)
        by_sizes: dict[tuple[int, ...], list[list[str]]] = {}
        for names in held.values():
            by_sizes.setdefault(tuple(table[name].size for name in names), []).append(names)
        sides.append(by_sizes)
    if {sizes: len(some) for sizes, some in sides[0].items()} != {sizes: len(some) for sizes, some in sides[1].items()}:
        return None
    return [
        [tuple(zip(ones, twos, strict=True)) for ones, twos in zip(some, sides[1][sizes], strict=True)]
        for sizes, some in sides[0].items()
    ]


def _pairings(pairs: Mapping[str, str], groups: Groups) -> Iterator[dict[str, str]]:
    """Every way to pair the layers of each group."""
    for orders in itertools.product(*(itertools.permutations(group) for group in groups)):
        made = dict(pairs)
        for group, order in zip(groups, orders, strict=True):
            for layer, counterpart in zip(group, order, strict=True):
                made.update((one, two) for (one, _), (_, two) in zip(layer, counterpart, strict=True))
        yield made
