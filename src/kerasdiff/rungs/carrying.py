"""Which weights correspond, and how both sides draw the same values for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kerasdiff.graph import Node, Weight
from kerasdiff.rungs.architecture import Structure
from kerasdiff.side import Description, Recipe

MOST_NAMED = 4
"""Weights named in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Weights of both sides, drawn from the same seeds where they correspond.

    Attributes:
        pairs: Reference weight id to candidate weight id.
        complete: Whether every weight that is no random-generator state has a counterpart of its size.
        guessed: Whether some were paired by order and shape alone.
    """

    pairs: Mapping[str, str]
    reference: tuple[Recipe, ...]
    candidate: tuple[Recipe, ...]
    complete: bool
    guessed: bool
    reason: str = ""

    @property
    def turned(self) -> frozenset[str]:
        """The candidate's weights that hold the transposed matrix of their counterpart."""
        return frozenset(recipe.weight for recipe in self.candidate if recipe.turned)


def carry_over(structure: Structure, reference: Description, candidate: Description, seed: int) -> Carried:
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
        if [_core(w.shape) for w in ones] == [_core(w.shape) for w in twos]:
            pairs.update({one.id: two.id for one, two in zip(ones, twos, strict=True)})
            guessed = guessed or (bool(ones) and not is_seed)
    left = [w.id for w in loose if w.id not in pairs and not w.is_seed]
    matched = set(pairs.values())
    right = [w.id for w in extra if w.id not in matched and not w.is_seed]
    sizes = [one for one, two in pairs.items() if first[one].size != second[two].size]
    problems = [f"{_some(names)} of the {side}" for side, names in
                (("reference", [*sizes, *left]), ("candidate", right)) if names]  # fmt: skip
    reason = f"no weight of the same shape stands for {' and for '.join(problems)}" if problems else ""
    plan = Carried(pairs=pairs, reference=(), candidate=(), complete=not problems, guessed=guessed, reason=reason)
    return with_pairs(plan, structure, pairs, (reference, candidate), seed)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:MOST_NAMED])}{' and more' if len(names) > MOST_NAMED else ''}"


def with_pairs(
    plan: Carried, structure: Structure, pairs: Mapping[str, str], sides: tuple[Description, Description], seed: int
) -> Carried:
    """The same with other pairs: each pair of one size is drawn from one seed, all other weights from their own."""
    reference, candidate = sides
    first, second = ({weight.id: weight for weight in side.weights} for side in sides)
    turned = _turned(structure, {one: (first[one].shape, second[two].shape) for one, two in pairs.items()}, pairs)
    numbered = list(enumerate(reference.weights))
    carried = [
        replace(_recipe(pairs[weight.id], weight, seed + number), turned=weight.id in turned)
        for number, weight in numbered
        if weight.id in pairs and weight.size == second[pairs[weight.id]].size
    ]
    known = {recipe.weight for recipe in carried}
    own = [
        _recipe(weight.id, weight, seed + 100_000 + number)
        for number, weight in enumerate(candidate.weights)
        if weight.id not in known
    ]
    return replace(
        plan,
        pairs=pairs,
        reference=tuple(_recipe(weight.id, weight, seed + number) for number, weight in numbered),
        candidate=(*carried, *own),
    )


def _recipe(target: str, like: Weight, seed: int) -> Recipe:
    """The draw for one weight, with the role and shape of ``like``."""
    return Recipe(weight=target, seed=seed, name=like.name, shape=like.shape, fan_in=like.fan_in)


def _turned(
    structure: Structure, shapes: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]], pairs: Mapping[str, str]
) -> set[str]:
    """Reference ids of matrices that one side alone reads transposed, as PyTorch lays out those of a linear layer.

    A square one is taken so where others show by their shapes that this side lays them out the other way round: alone,
    its values fit in both ways, and those of a saved file go in as they are.
    """
    layouts = _transposed(structure, 0), _transposed(structure, 1)
    turned = {
        one
        for one, two in pairs.items()
        if (one in layouts[0]) != (two in layouts[1]) and all(len(shape) == 2 for shape in shapes[one])
    }
    shown = {one for one in turned if shapes[one][0] == shapes[one][1][::-1] != shapes[one][1]}
    return turned if shown else set()


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
        if item.op == "Reshape" and item.operands[0].node in names:  # a layout made explicit
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
    return position == 1 and any(settings.get(flag) for flag in ("transpose_b", "adj_y"))


def _core(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A kernel as a matrix: a Dense layer's is a full-size convolution's with the window flattened."""
    return (math.prod(shape[:-1]), shape[-1]) if len(shape) > 1 else shape


def _read(structure: Structure) -> tuple[set[str], set[str]]:
    found: tuple[set[str], set[str]] = (set(), set())
    for item in structure.modes.values():
        for side, graph in enumerate((item.reference.graph, item.candidate.graph)):
            found[side].update(weight for node in graph for weight in node.weights)
    return found
