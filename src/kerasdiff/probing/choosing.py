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

from kerasdiff.errors import EvaluateError
from kerasdiff.graph import Weight
from kerasdiff.probing.prober import Prober, batches_of, closeness
from kerasdiff.probing.transfer import WeightTransfer, layouts, sure, with_pairs
from kerasdiff.rungs.architecture import Structure
from kerasdiff.side.protocol import Side
from kerasdiff.side.records import Description

MOST = 36
"""Ways to pair that are tried at most: all orders of four layers, or of three kernels and their biases."""


def choose(
    sides: tuple[Side, Side],
    descriptions: tuple[Description, Description],
    structure: Structure,
    transfer: WeightTransfer,
    seed: int,
) -> WeightTransfer:
    """The pairing under which outputs agree on the first probe; the one by order where none does.

    Where more ways are open than are tried, the pairing counts as guessed. Where all were tried, it does only if a
    weight is laid out by code of the user's own, as the gates of a recurrent cell written by hand may be.
    """
    layers, single = _open(structure, transfer, descriptions)
    wholes, count = (math.prod(math.factorial(len(group)) for group in groups) for groups in (layers, single))
    if not transfer.complete:
        return transfer
    if wholes + count <= MOST and transfer.guessed and _kept_by_keras(structure, transfer, descriptions):
        transfer = replace(transfer, guessed=False)
    if count <= 1 and len(layouts(structure, transfer.pairs, descriptions)) <= 1:
        return transfer
    ways = itertools.chain([dict(transfer.pairs)], _pairings(transfer.pairs, layers), _pairings(transfer.pairs, single))
    try:
        batches = batches_of(descriptions[0].inputs, seed)
        name = next(iter(batches))
        for pairs in itertools.islice(ways, MOST + 1):
            for transposed in layouts(structure, pairs, descriptions):
                made = with_pairs(transfer, structure, pairs, descriptions, seed, transposed)
                run = Prober(sides, made, {name: batches[name]}).precise((name,), training=False)
                if all(close.equal for _, close in closeness(run)):
                    return made
    except EvaluateError:
        return replace(transfer, guessed=True)  # the inference rung meets the same failure, and says so
    return replace(transfer, guessed=True) if count > MOST else transfer


def _kept_by_keras(
    structure: Structure, transfer: WeightTransfer, descriptions: tuple[Description, Description]
) -> bool:
    """Whether all that was paired without its nodes is held by layers of Keras, in one role and shape on both sides."""
    held = tuple(
        {
            weight
            for item in structure.modes.values()
            for node in (item.reference, item.candidate)[side].graph
            if node.kind == "layer"
            for weight in node.weights
        }
        for side in (0, 1)
    )
    tables = tuple({weight.id: weight for weight in side.weights} for side in descriptions)
    known = sure(structure, transfer.pairs)
    loose = [(tables[0][one], tables[1][two]) for one, two in transfer.pairs.items() if one not in known]
    return all(
        one.is_seed or (one.id in held[0] and two.id in held[1] and (one.name, one.shape) == (two.name, two.shape))
        for one, two in loose
    )


Layer = tuple[tuple[str, str], ...]
"""Pairs of weights that stay together."""
Groups = list[list[Layer]]
"""Layers of which each could stand for each other."""


def _open(
    structure: Structure, transfer: WeightTransfer, descriptions: tuple[Description, Description]
) -> tuple[Groups, Groups]:
    """What was paired without its nodes: layers as wholes, and weight by weight."""
    known = sure(structure, transfer.pairs)
    tables = tuple({weight.id: weight for weight in side.weights} for side in descriptions)
    owned: dict[str, list[tuple[str, str]]] = {}
    for one, two in transfer.pairs.items():
        if one not in known and not tables[0][one].is_seed:
            owned.setdefault(_owner(tables[0][one]), []).append((one, two))

    def grouped(layers: Iterable[Layer]) -> Groups:
        groups: dict[tuple[object, ...], list[Layer]] = {}
        for pairs in layers:
            shapes = tuple((tables[0][one].shape, tables[1][two].shape) for one, two in pairs)
            groups.setdefault(shapes, []).append(pairs)
        return [group for group in groups.values() if len(group) > 1]

    layers = [tuple(pairs) for pairs in owned.values()]
    whole = _whole(layers, tables)
    return grouped(layers) if whole is None else whole, grouped((pair,) for layer in layers for pair in layer)


def _whole(layers: Sequence[Layer], tables: Sequence[Mapping[str, Weight]]) -> Groups | None:
    """The layers of either side against each other by the sizes of their weights, whatever is paired now.

    ``None`` where one side has more layers of some sizes than the other.
    """
    sides: list[dict[tuple[int, ...], list[list[str]]]] = []
    for side, table in enumerate(tables):
        held: dict[str, list[str]] = {}
        open_ = {pair[side] for layer in layers for pair in layer}
        for name, weight in table.items():
            if name in open_:
                held.setdefault(_owner(weight), []).append(name)
        found: dict[tuple[int, ...], list[list[str]]] = {}
        for names in held.values():
            found.setdefault(tuple(table[name].size for name in names), []).append(names)
        sides.append(found)
    if {sizes: len(some) for sizes, some in sides[0].items()} != {sizes: len(some) for sizes, some in sides[1].items()}:
        return None
    return [
        [tuple(zip(ones, twos, strict=True)) for ones, twos in zip(some, sides[1][sizes], strict=True)]
        for sizes, some in sides[0].items()
    ]


def _owner(weight: Weight) -> str:
    return weight.id.rpartition("/")[0]


def _pairings(pairs: Mapping[str, str], groups: Groups) -> Iterator[dict[str, str]]:
    """Every way to pair the layers of each group."""
    for orders in itertools.product(*(itertools.permutations(group) for group in groups)):
        made = dict(pairs)
        for group, order in zip(groups, orders, strict=True):
            for layer, other in zip(group, order, strict=True):
                made.update((one, two) for (one, _), (_, two) in zip(layer, other, strict=True))
        yield made
