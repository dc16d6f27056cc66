"""Which weights correspond, and how do both sides draw the same values for them?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

from kerasdiff.align.pair import Correspondence, WeightTransfer
from kerasdiff.findings import SIDES, Fact, Finding
from kerasdiff.graph import Node, Weight
from kerasdiff.side.observations import Recipe
from kerasdiff.side.records import Description

OWN_SEEDS = 100_000
"""Added to the seeds of the candidate's weights without a counterpart: beyond the number of weights of any model."""

Shape = tuple[int, ...]


def transfer_weights(pair: Correspondence, seed: int) -> WeightTransfer:
    """Plans one draw for each pair of corresponding weights.

    Weights the alignment leaves over are paired by order where their shapes agree one by one; if the models then
    compute the same function, that pairing is as good a witness as any.

    Args:
        pair: What the graphs say.
        seed: Of the first weight; each further one has the next.
    """
    first, second = pair.weights
    pairs = {one: two for one, two in pair.mapped.items() if one in first and two in second}
    by_order = _by_order(pair, pairs)
    pairs.update(by_order)
    other_size = [one for one, two in pairs.items() if first[one].size != second[two].size]
    left, right = ([w.id for w in weights if not w.is_seed] for weights in _unpaired(pair, pairs))
    lacking = (*other_size, *left), tuple(right)
    return with_pairs(
        WeightTransfer(
            pairs=pairs,
            reference=(),
            candidate=(),
            complete=not any(lacking),
            guessed=any(not first[one].is_seed for one in by_order),
            regrouped=_regrouped(
                [first[one].shape for one in lacking[0]],
                [second[two].shape for two in (*(pairs[one] for one in other_size), *right)],
            ),
            lacking=lacking,
        ),
        pair,
        pairs,
        seed,
    )


def incomplete(transfer: WeightTransfer) -> Finding:
    """The fact that weights lack a counterpart of their size."""
    parts = tuple(
        Finding(fact=Fact.NO_COUNTERPART, side=side, weights=names)
        for side, names in zip(SIDES, transfer.lacking, strict=True)
        if names
    )
    return Finding(fact=Fact.REGROUPED if transfer.regrouped else Fact.NO_COUNTERPART, parts=parts)


def _unpaired(pair: Correspondence, pairs: Mapping[str, str]) -> tuple[list[Weight], list[Weight]]:
    """The weights that a graph reads and that have no counterpart, by side; where there is no graph, all count."""
    known = set(pairs), set(pairs.values())
    first, second = (
        [w for w in side.weights if w.id not in known[n] and (not pair.modes or w.id in pair.read[n])]
        for n, side in enumerate(pair.descriptions)
    )
    return first, second


def _by_order(pair: Correspondence, pairs: Mapping[str, str]) -> dict[str, str]:
    """Unpaired weights by their order, those of each shape, where both sides have as many of each."""
    unpaired = _unpaired(pair, pairs)
    made: dict[str, str] = {}
    for is_seed in (True, False):
        ones, twos = ([w for w in weights if w.is_seed == is_seed] for weights in unpaired)
        for keyed in (_core, _turned):
            if Counter(keyed(one.shape) for one in ones) == Counter(keyed(two.shape) for two in twos):
                made.update(_in_turn(ones, twos, keyed))
                break
    return made


def _core(shape: Shape) -> Shape:
    """A kernel as a matrix: a Dense layer's is a full-size convolution's with the window flattened."""
    return (math.prod(shape[:-1]), shape[-1]) if len(shape) > 1 else shape


def _turned(shape: Shape) -> Shape:
    """The same for a matrix and its transpose."""
    return tuple(sorted(_core(shape)))


def _in_turn(ones: Sequence[Weight], twos: Sequence[Weight], keyed: Callable[[Shape], Shape]) -> dict[str, str]:
    """The weights of each kind in their order."""
    waiting: dict[Shape, list[str]] = {}
    for two in twos:
        waiting.setdefault(keyed(two.shape), []).append(two.id)
    return {one.id: waiting[keyed(one.shape)].pop(0) for one in ones}


def _regrouped(ones: Sequence[Shape], twos: Sequence[Shape]) -> bool:
    """Whether other numbers of arrays hold as many values: sizes do not say what is joined with what, or is not."""
    totals = [sum(math.prod(shape) for shape in shapes) for shapes in (ones, twos)]
    return len(ones) != len(twos) and totals[0] == totals[1] > 0


def with_pairs(
    transfer: WeightTransfer,
    pair: Correspondence,
    pairs: Mapping[str, str],
    seed: int,
    transposed: Set[str] | None = None,
) -> WeightTransfer:
    """The same with other pairs: each pair of one size is drawn from one seed, all other weights from their own.

    ``transposed`` are the reference ids of the matrices that the candidate holds transposed, by default the likeliest.
    """
    if transposed is None:
        transposed = layouts(pair, pairs)[0]
    weights = pair.descriptions[0].weights
    together = [
        replace(_recipe(pairs[weight.id], weight, seed + number), transposed=weight.id in transposed)
        for number, weight in enumerate(weights)
        if weight.id in pairs and weight.size == pair.weights[1][pairs[weight.id]].size
    ]
    known = {recipe.weight for recipe in together}
    own = [
        _recipe(weight.id, weight, seed + OWN_SEEDS + number)
        for number, weight in enumerate(pair.descriptions[1].weights)
        if weight.id not in known
    ]
    return replace(
        transfer,
        pairs=pairs,
        reference=own_recipes(pair.descriptions[0], seed),
        candidate=(*together, *own),
    )


def own_recipes(description: Description, seed: int) -> tuple[Recipe, ...]:
    """How the weights of one model are drawn, as those of the reference of any pair are."""
    return tuple(_recipe(weight.id, weight, seed + number) for number, weight in enumerate(description.weights))


def _recipe(target: str, like: Weight, seed: int) -> Recipe:
    """The draw for one weight, with the role and shape of ``like``."""
    return Recipe(weight=target, seed=seed, name=like.name, shape=like.shape, fan_in=like.fan_in)


def layouts(pair: Correspondence, pairs: Mapping[str, str]) -> tuple[frozenset[str], ...]:
    """Which matrices the candidate may hold transposed, as PyTorch lays out those of a linear layer.

    Shapes tell, but not of a square matrix. One whose nodes correspond goes in as it is, as the values of a saved file
    do, unless the shapes of others show that this side lays them out the other way round; so does one of one name that
    both sides read in code of their own. Another is held as it is read: where a layer of Keras was written by hand, its
    layout is free. The ops may hide how they read it, so further ways are tried.

    Returns:
        Reference ids, way by way, the likeliest first.
    """
    mirrored = {one for one, two in pairs.items() if _mirrored(pair.weights[0][one].shape, pair.weights[1][two].shape)}
    square = {one for one in mirrored if len(set(pair.weights[0][one].shape)) == 1}
    if not mirrored:
        return (frozenset(),)
    built_in = held_by_layers(pair)
    named = {one for one in square if pairs[one] == one and one not in built_in[0] | built_in[1]}
    free = square - named - sure(pair, pairs, whole=True)
    read = _read_transposed(pair, 0), _read_transposed(pair, 1)
    hinted = {one for one in square if (one in read[0]) != (pairs[one] in read[1])}
    shown = mirrored - square
    likely = shown | (hinted if shown else hinted & free)
    return tuple(dict.fromkeys(frozenset(way) for way in (likely, likely - free, likely | free)))


def _mirrored(one: Shape, two: Shape) -> bool:
    return len(one) == len(two) == 2 and one == two[::-1]


def held_by_layers(pair: Correspondence) -> tuple[set[str], set[str]]:
    """The weights that built-in layers hold, by side."""
    first, second = (
        {
            weight
            for aligned in pair.modes.values()
            for node in aligned.graphs[side]
            if node.kind == "layer"
            for weight in node.weights
        }
        for side in (0, 1)
    )
    return first, second


def sure(pair: Correspondence, pairs: Mapping[str, str], *, whole: bool = False) -> set[str]:
    """Reference weights whose node is aligned with the node of their counterpart, or equal to it op by op.

    The candidate's node may do more with its weight, unless ``whole``.
    """
    certain: set[str] = set()
    for aligned in pair.modes.values():
        covered = aligned.alignment.covered
        equal = {name for node in aligned.graphs[1] if node.id in covered[1] for name in node.weights}
        for node in aligned.graphs[0]:
            counterpart = aligned.nodes[1].get(aligned.alignment.nodes.get(node.id, ""))
            held = {*counterpart.weights} if counterpart is not None else set()
            if node.id in covered[0]:
                held |= equal if whole else set(pairs.values())
            certain.update(weight for weight in node.weights if pairs.get(weight) in held)
    return certain


def _read_transposed(pair: Correspondence, side: int) -> set[str]:
    """The matrices that are transposed wherever they are read."""
    ways: dict[str, set[bool]] = {}
    for aligned in pair.modes.values():
        for name, transposes in _reads(aligned.graphs[side]):
            ways.setdefault(name, set()).add(transposes)
    return {name for name, seen in ways.items() if seen == {True}}


def _reads(nodes: Iterable[Node]) -> Iterator[tuple[str, bool]]:
    """Each read of a weight, and whether it is of the transposed matrix."""
    for node in nodes:
        lowering = tuple(node.lowering or ())
        names = {item.id: node.weights[item.whole("index")] for item in lowering if item.kind == "read"}
        for item in lowering:
            if item.op in ("Cast", "Reshape") and item.operands[0].node in names:
                names[item.id] = names[item.operands[0].node]  # another dtype, a layout made explicit
                continue
            for position, edge in enumerate(item.operands):
                if edge.node in names:
                    yield names[edge.node], _transposes(item, position)


def _transposes(item: Node, position: int) -> bool:
    """Whether an op takes this operand, a matrix, transposed."""
    settings = item.attributes
    if item.op == "Transpose":
        return item.wholes("perm", ()) == (1, 0)
    if item.op == "Einsum":
        terms, _, result = str(settings.get("equation", "")).replace(" ", "").partition("->")
        own = terms.split(",")[position]
        return len(own) == 2 and own[0] in result and own[1] not in result
    if position == 0:  # the matrix before the vector: what is summed over is its last axis
        return "MatMul" in item.op and not any(settings.get(flag) for flag in ("transpose_a", "adj_x"))
    return any(settings.get(flag) for flag in ("transpose_b", "adj_y"))
