"""Which weights correspond, and how both sides draw the same values for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kerasdiff.graph import Weight
from kerasdiff.rungs.architecture import Structure
from kerasdiff.side import Description, Recipe


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
    problems = [*sizes, *left, *right]
    reason = f"weights without a counterpart of the same shape: {', '.join(problems[:4])}" if problems else ""
    plan = Carried(pairs=pairs, reference=(), candidate=(), complete=not problems, guessed=guessed, reason=reason)
    return with_pairs(plan, pairs, reference, candidate, seed)


def with_pairs(
    plan: Carried, pairs: Mapping[str, str], reference: Description, candidate: Description, seed: int
) -> Carried:
    """The same with other pairs: each pair of one size is drawn from one seed, all other weights from their own."""
    sizes = {weight.id: weight.size for weight in candidate.weights}
    numbered = list(enumerate(reference.weights))
    carried = [
        _recipe(pairs[weight.id], weight, seed + number)
        for number, weight in numbered
        if weight.id in pairs and weight.size == sizes[pairs[weight.id]]
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


def _core(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A kernel as a matrix: a Dense layer's is a full-size convolution's with the window flattened."""
    return (math.prod(shape[:-1]), shape[-1]) if len(shape) > 1 else shape


def _read(structure: Structure) -> tuple[set[str], set[str]]:
    found: tuple[set[str], set[str]] = (set(), set())
    for item in structure.modes.values():
        for side, graph in enumerate((item.reference.graph, item.candidate.graph)):
            found[side].update(weight for node in graph for weight in node.weights)
    return found
