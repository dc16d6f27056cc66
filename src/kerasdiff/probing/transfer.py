"""Which weights correspond, and how both sides draw the same values for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from kerasdiff.graph import Node, Weight
from kerasdiff.graph.index import index
from kerasdiff.rungs.architecture import Structure
from kerasdiff.side.records import Description, Recipe

MOST_NAMED = 4
"""Weights named in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightTransfer:
    """Weights of both sides, drawn from the same seeds where they correspond.

    Attributes:
        pairs: Reference weight id to candidate weight id.
        complete: Whether every weight that is no random-generator state has a counterpart of its size.
        guessed: Whether some were paired by order and shape alone.
        regrouped: Whether those without a counterpart may be the same ones, joined on one side: query, key and value in
            one matrix.
    """

    pairs: Mapping[str, str]
    reference: tuple[Recipe, ...]
    candidate: tuple[Recipe, ...]
    complete: bool
    guessed: bool
    regrouped: bool = False
    reason: str = ""

    @property
    def transposed(self) -> frozenset[str]:
        """The candidate's weights that hold the transposed matrix of their counterpart."""
        return frozenset(recipe.weight for recipe in self.candidate if recipe.transposed)


def transfer_weights(structure: Structure, reference: Description, candidate: Description, seed: int) -> WeightTransfer:
    """Plans one draw for each pair of corresponding weights.

    Weights the alignment leaves over are paired by order where their shapes agree one by one; if the models then
    compute the same function, that pairing is as good a witness as any.
    """
    first = {weight.id: weight for weight in reference.weights}
    second = {weight.id: weight for weight in candidate.weights}
    pairs = {one: two for one, two in structure.weights.items() if one in first and two in second}
    taken = set(pairs.values())
    used = _read(structure) if structure.modes else (set(first), set(second))
    loose = [w for w in reference.weights if w.id not in pairs and w.id in used[0]]
    extra = [w for w in candidate.weights if w.id not in taken and w.id in used[1]]
    guessed = False
    for is_seed in (True, False):
        ones, twos = [w for w in loose if w.is_seed == is_seed], [w for w in extra if w.is_seed == is_seed]
        cores = [_core(w.shape) for w in ones], [_core(w.shape) for w in twos]
        if cores[0] == cores[1] or [*map(sorted, cores[0])] == [*map(sorted, cores[1])]:
            pairs.update({one.id: two.id for one, two in zip(ones, twos, strict=True)})
            guessed = guessed or (bool(ones) and not is_seed)
    left = [w.id for w in loose if w.id not in pairs and not w.is_seed]
    matched = set(pairs.values())
    right = [w.id for w in extra if w.id not in matched and not w.is_seed]
    sizes = [one for one, two in pairs.items() if first[one].size != second[two].size]
    problems = [f"{_some(names)} of the {side}" for side, names in
                (("reference", [*sizes, *left]), ("candidate", right)) if names]  # fmt: skip
    reason = f"no weight of the same shape stands for {' and for '.join(problems)}" if problems else ""
    odd = [first[one].shape for one in (*sizes, *left)]
    other = [second[two].shape for two in (*(pairs[one] for one in sizes), *right)]
    regrouped = len(odd) != len(other) and _joined(odd) == _joined(other)
    reason += ": the same may be joined in one array on one side, which is not carried over" if regrouped else ""
    plan = WeightTransfer(
        pairs=pairs,
        reference=(),
        candidate=(),
        complete=not problems,
        guessed=guessed,
        regrouped=regrouped,
        reason=reason,
    )
    return with_pairs(plan, structure, pairs, (reference, candidate), seed)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:MOST_NAMED])}{' and more' if len(names) > MOST_NAMED else ''}"


def with_pairs(
    plan: WeightTransfer,
    structure: Structure,
    pairs: Mapping[str, str],
    sides: tuple[Description, Description],
    seed: int,
    transposed: Set[str] | None = None,
) -> WeightTransfer:
    """The same with other pairs: each pair of one size is drawn from one seed, all other weights from their own.

    ``transposed`` are the reference ids of the matrices that the candidate holds transposed, by default the likeliest.
    """
    reference, candidate = sides
    second = {weight.id: weight for weight in candidate.weights}
    if transposed is None:
        transposed = layouts(structure, pairs, sides)[0]
    numbered = list(enumerate(reference.weights))
    transfer = [
        replace(_recipe(pairs[weight.id], weight, seed + number), transposed=weight.id in transposed)
        for number, weight in numbered
        if weight.id in pairs and weight.size == second[pairs[weight.id]].size
    ]
    known = {recipe.weight for recipe in transfer}
    own = [
        _recipe(weight.id, weight, seed + 100_000 + number)
        for number, weight in enumerate(candidate.weights)
        if weight.id not in known
    ]
    return replace(
        plan,
        pairs=pairs,
        reference=tuple(_recipe(weight.id, weight, seed + number) for number, weight in numbered),
        candidate=(*transfer, *own),
    )


def _recipe(target: str, like: Weight, seed: int) -> Recipe:
    """The draw for one weight, with the role and shape of ``like``."""
    return Recipe(weight=target, seed=seed, name=like.name, shape=like.shape, fan_in=like.fan_in)


def layouts(
    structure: Structure, pairs: Mapping[str, str], sides: tuple[Description, Description]
) -> tuple[frozenset[str], ...]:
    """Which matrices the candidate may hold transposed, as PyTorch lays out those of a linear layer.

    Shapes tell, but not of a square matrix. One whose nodes correspond goes in as it is, as the values of a saved file
    do, unless the shapes of others show that this side lays them out the other way round; so does one of one name that
    both sides read in code of their own. Another is held as it is read: where a layer of Keras was written by hand, its
    layout is free. The ops may hide how they read it, so further ways are open.

    Returns:
        Reference ids, way by way, the likeliest first.
    """
    tables = tuple({weight.id: weight for weight in side.weights} for side in sides)
    shapes = {one: (tables[0][one].shape, tables[1][two].shape) for one, two in pairs.items()}
    flipped = {one for one, (a, b) in shapes.items() if len(a) == len(b) == 2 and a == b[::-1]}
    square = {one for one in flipped if shapes[one][0] == shapes[one][1]}
    if not flipped:
        return (frozenset(),)
    nodes = (
        node for item in structure.modes.values() for side in (item.reference, item.candidate) for node in side.graph
    )
    built_in = {weight for node in nodes if node.kind == "layer" for weight in node.weights}
    named = {one for one in square if pairs[one] == one and one not in built_in}
    loose = square - named - sure(structure, pairs, whole=True)
    read = _transposed(structure, 0), _transposed(structure, 1)
    hinted = {one for one in square if (one in read[0]) != (pairs[one] in read[1])}
    shown = flipped - square
    likely = shown | (hinted if shown else hinted & loose)
    ways = (likely, likely - loose, likely | loose)
    return tuple(dict.fromkeys(frozenset(way) for way in ways))


def sure(structure: Structure, pairs: Mapping[str, str], *, whole: bool = False) -> set[str]:
    """Reference weights whose node is aligned with the node of their counterpart, or equal to it op by op.

    The candidate's node may do more with its weight, unless ``whole``.
    """
    found: set[str] = set()
    for item in structure.modes.values():
        right = index(item.candidate.graph).nodes
        same = {name for node in right.values() if node.id in item.alignment.covered[1] for name in node.weights}
        for node in item.reference.graph:
            other = right.get(item.alignment.nodes.get(node.id, ""))
            held = {*other.weights} if other is not None else set()
            if node.id in item.alignment.covered[0]:
                held |= same if whole else set(pairs.values())
            found.update(weight for weight in node.weights if pairs.get(weight) in held)
    return found


def _transposed(structure: Structure, side: int) -> set[str]:
    """The matrices that are transposed wherever they are read."""
    ways: dict[str, set[bool]] = {}
    for item in structure.modes.values():
        for node in (item.reference, item.candidate)[side].graph:
            for name, turns in _reads(node):
                ways.setdefault(name, set()).add(turns)
    return {name for name, found in ways.items() if found == {True}}


def _reads(node: Node) -> Iterator[tuple[str, bool]]:
    """Each read of a weight in a node, and whether it is of the transposed matrix."""
    lowering = tuple(node.lowering or ())
    names = {item.id: node.weights[int(item.attributes["index"])] for item in lowering if item.kind == "read"}
    for item in lowering:
        if item.op in ("Cast", "Reshape") and item.operands[0].node in names:  # another dtype, a layout made explicit
            names[item.id] = names[item.operands[0].node]
            continue
        for position, edge in enumerate(item.operands):
            if edge.node in names:
                yield names[edge.node], _turns(item, position)


def _turns(item: Node, position: int) -> bool:
    """Whether an op takes this operand, a matrix, transposed."""
    settings = item.attributes
    if item.op == "Transpose":
        return tuple(settings.get("perm", ())) == (1, 0)
    if item.op == "Einsum":
        terms, _, result = str(settings.get("equation", "")).replace(" ", "").partition("->")
        own = terms.split(",")[position]
        return len(own) == 2 and own[0] in result and own[1] not in result
    if position == 0:  # the matrix before the vector: what is summed over is its last axis
        return "MatMul" in item.op and not any(settings.get(flag) for flag in ("transpose_a", "adj_x"))
    return any(settings.get(flag) for flag in ("transpose_b", "adj_y"))


def _joined(shapes: list[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    """The last axes of all weights together, by the axes before them."""
    found: dict[tuple[int, ...], int] = {}
    for shape in shapes:
        found[shape[:-1]] = found.get(shape[:-1], 0) + (shape[-1] if shape else 1)
    return found


def _core(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A kernel as a matrix: a Dense layer's is a full-size convolution's with the window flattened."""
    return (math.prod(shape[:-1]), shape[-1]) if len(shape) > 1 else shape


def _read(structure: Structure) -> tuple[set[str], set[str]]:
    found: tuple[set[str], set[str]] = (set(), set())
    for item in structure.modes.values():
        for side, graph in enumerate((item.reference.graph, item.candidate.graph)):
            found[side].update(weight for node in graph for weight in node.weights)
    return found
