"""Do weights that correspond start alike? By initializers, the scale that these take, and the numbers they draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kerasdiff.align.edits import Aspect, Change
from kerasdiff.align.pair import Joined, Pair
from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Node, Weight
from kerasdiff.graph.chance import draws_from


def one_to_one(pair: Pair) -> list[tuple[str, str]]:
    """The pairs of weights that both models have."""
    first, second = pair.weights
    return [(one, two) for one, two in sorted(pair.transfer.pairs.items()) if one in first and two in second]


def other_initializer(one: Weight, two: Weight) -> bool:
    """Whether both initializers are known and read differently."""
    return None not in (one.initializer, two.initializer) and one.initializer != two.initializer


def scaled_otherwise(one: tuple[int, ...] | None, two: tuple[int, ...] | None) -> bool:
    """Whether an initializer takes another scale from these fans; of both it takes the mean."""
    return one is not None and two is not None and sum(one) != sum(two)


WHOLE = ("orthogonal", "identity")
"""Initializers that look at a whole matrix: of parts they make something else."""


def other_fans(pair: Pair, joined: Joined) -> list[Finding]:
    """Parts that start from another scale, or otherwise, than what stands for them in the whole."""
    whole = pair.weights[joined.side][joined.whole]
    one, *_ = (pair.weights[1 - joined.side][part] for part in joined.parts)
    names, fans = joined.pairs[0], (whole.fans, one.fans) if joined.side == 0 else (one.fans, whole.fans)
    if str(whole.initializer).startswith(WHOLE) and whole.initializer == one.initializer:
        return [Finding(fact=Fact.OTHER_WHOLE, weights=names, names=(str(whole.initializer),))]
    if not scaled_otherwise(*fans):
        return []
    return [Finding(fact=Fact.OTHER_FANS, weights=names, values=fans)]


def started(pair: Pair, *, shaped: bool = True) -> Mapping[str, tuple[Change]]:
    """Weights that start from the random numbers of another one on one side alone, or on both of another, with which.

    Where several share them, each is told with the first of those that have a counterpart. Those of one shape start
    equal, so that two layers may do the same; of other shapes (without ``shaped``) one draws on where the other ends.
    """
    order = {name: number for number, name in enumerate(pair.weights[0])}
    known = sorted(one_to_one(pair), key=lambda names: order[names[0]])
    firsts: tuple[dict[object, int], dict[object, int]] = ({}, {})
    changes = {}
    for number, names in enumerate(known):
        held = [table[name] for table, name in zip(pair.weights, names, strict=True)]
        if any(weight.is_seed or weight.initializer is None for weight in held):
            continue
        keys = [(weight.twin or weight.id, weight.shape if shaped else ()) for weight in held]
        at = [first.setdefault(key, number) for first, key in zip(firsts, keys, strict=True)]
        if at[0] != at[1]:
            one, two = (None if place == number else known[place][side] for side, place in enumerate(at))
            changes[names[0]] = (Change(aspect=Aspect.WEIGHT, name="start", values=(one, two), weight=held[0].name),)
    return changes


def drawn_on(pair: Pair) -> tuple[Finding, ...]:
    """Weights of several shapes that start from the same random numbers on one side alone."""
    told = started(pair, shaped=False)
    parts = tuple(Finding(fact=Fact.OTHER_NUMBERS, weights=(one,), values=told[one][0].values) for one in told)
    return (Finding(fact=Fact.START_NUMBERS, parts=parts),) if parts else ()


def twins(pair: Pair) -> Mapping[str, Change]:
    """Generators that draw the same numbers as others (equal seeds) on one side alone, with what each side does.

    Two Dropout layers with one seed drop the same units; seeds that differ, or none, are no difference.
    """
    groups = _alike(pair, 0), _alike(pair, 1)
    pairs = pair.transfer.pairs
    found = {}
    for one, two in sorted(pairs.items()):
        if one in groups[0] and two in groups[1] and {pairs.get(name) for name in groups[0][one]} != groups[1][two]:
            shared = [
                tuple(sorted(pair.weights[side][name].owner for name in groups[side][own] - {own}))
                for side, own in enumerate((one, two))
            ]
            found[one] = Change(aspect=Aspect.SEED, values=(shared[0], shared[1]))
    return found


def drawing_alike(pair: Pair) -> Iterator[tuple[tuple[Node, Node], Change]]:
    """The same for pairs of nodes that draw from generators which are no pair, as Keras's global one is with none."""
    groups = _alike(pair, 0), _alike(pair, 1)
    pairs, known = pair.transfer.pairs, set()
    for aligned in pair.modes.values():
        for nodes in aligned.pairs:
            if nodes[0].id in known or not all(map(draws_from, nodes)):
                continue
            known.add(nodes[0].id)
            if any(pairs.get(name) in nodes[1].seeds for name in nodes[0].seeds):
                continue
            shared = [_twins_of(node, pair.weights[side], groups[side]) for side, node in enumerate(nodes)]
            if bool(shared[0]) != bool(shared[1]):
                change = Change(aspect=Aspect.SEED, values=(shared[0], shared[1]))
                yield nodes, change


def _twins_of(node: Node, table: Mapping[str, Weight], groups: Mapping[str, set[str]]) -> tuple[str, ...]:
    """The owners of the other generators that draw the same numbers as a node does."""
    others = {other for name in node.seeds for other in groups.get(name, ())} - set(node.seeds)
    return tuple(sorted(table[name].owner for name in others))


def _alike(pair: Pair, side: int) -> Mapping[str, set[str]]:
    """For each generator that is drawn from, those of the same seed, itself among them."""
    table = pair.weights[side]
    seeds = {name: table[name].twin or name for name in pair.read[side] if name in table and table[name].is_seed}
    return {name: {other for other in seeds if seeds[other] == seed} for name, seed in seeds.items()}
