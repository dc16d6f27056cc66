"""Draws mutants and re-expressions from a seed: those that can be built, and can matter."""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
from mutation.models import FORMS, find, forms, full_key, given, original
from mutation.neutral import expressions, other_name
from mutation.random_nets import PREFIX
from mutation.zoo import ARCHITECTURES, UNDECLARED

from kerasdiff.worker.mutating.blueprint import Blueprint
from kerasdiff.worker.mutating.change import Change
from kerasdiff.worker.mutating.changes import changes
from kerasdiff.worker.mutating.independent import in_float64, other_names, parting
from kerasdiff.worker.mutating.rebuilding import SETTINGS, drawn


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One comparison to run.

    Attributes:
        operator: What kind of change.
        nodes, added: Names that an edit may use, of the reference and of the candidate; empty where no edit is due.
    """

    architecture: str
    operator: str
    reference: str
    candidate: str
    nodes: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def is_mutant(self) -> bool:
        """Whether the two sides differ."""
        return bool(self.nodes or self.added)


def _target(maker: str, **arguments: Any) -> str:
    return f"mutation.models:{maker}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"


def _common(name: str) -> dict[str, Any]:
    declared = UNDECLARED.get(name)
    inputs = () if declared is None else (f"{','.join(map(str, declared[0]))}:{declared[1]}",)
    return {"architecture": name, "reference": _target("reference", of=name), "inputs": inputs}


def mutants(name: str, count: int, seed: int) -> Iterator[Drawn]:
    """Distinct mutants of an architecture; each kind of change is as likely as any other."""
    blueprint, draw = original(name), random.Random(f"{seed}/{name}/mutants")
    for change, changed in itertools.islice(drawn(blueprint, draw), count):
        rename = draw.random() < 0.5
        parts = change.at(changed).parts.items()
        names = {part: other_name(at, part, it) for at, (part, it) in enumerate(parts)} if rename else {}
        added = tuple(names.get(part, part) for part in (*change.nodes, *change.added))
        arguments = {"of": name, "change": full_key(change)} | ({"rename": True} if rename else {})
        yield Drawn(
            **_common(name),
            operator=change.operator,
            candidate=_target("mutant", **arguments),
            nodes=change.nodes,
            added=added,
        )


def neutrals(name: str, count: int, seed: int) -> Iterator[Drawn]:
    """Distinct re-expressions of an architecture: one to three steps in one of the forms."""
    draw, written = random.Random(f"{seed}/{name}/neutral"), original(name)
    seen: set[str] = set()
    while len(seen) < count:
        blueprint, steps, kinds = written, [], []
        for _ in range(draw.randint(1, 3)):
            pool: dict[str, list[Change]] = {}
            for change in expressions(blueprint):
                pool.setdefault(change.operator, []).append(change)
            operator = draw.choice(sorted(pool))
            change = draw.choice(pool[operator])
            try:
                changed = change.apply(blueprint)
                changed.build()
            except Exception:  # e.g. a name used twice
                continue
            blueprint = changed
            steps.append(full_key(change))
            kinds.append(operator)
        form = draw.choice(forms(blueprint))
        candidate = _target("neutral", of=name, steps=tuple(steps), form=form)
        if steps and candidate not in seen:
            seen.add(candidate)
            yield Drawn(**_common(name), operator="+".join([*kinds, form]), candidate=candidate)


def sample(mutant_count: int, neutral_count: int, seed: int, only: tuple[str, ...] = ()) -> list[Drawn]:
    """Mutants and re-expressions spread evenly over the architectures, one of each in turn."""
    names = [name for name in ARCHITECTURES if not only or name in only]
    columns = []
    for number, name in enumerate(names):
        for draw, count in ((mutants, mutant_count), (neutrals, neutral_count)):
            columns.append(list(draw(name, count // len(names) + (number < count % len(names)), seed)))
    return [drawn for row in itertools.zip_longest(*columns) for drawn in row if drawn is not None]


def contradiction(drawn: Drawn) -> str:
    """Where Keras itself does not bear out what a drawn pair is said to be; empty where it does."""
    made = ast.parse(drawn.candidate.partition(":")[2], mode="eval").body
    assert isinstance(made, ast.Call)
    arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in made.keywords}
    with in_float64():
        before = original(drawn.architecture)
        if not drawn.is_mutant:
            return _unequal_step(before, arguments["steps"], arguments["form"])
        change = find(changes(before), arguments["change"])
        fact = parting(given(before), FORMS[change.form](before), FORMS[change.form](change.apply(before)))
    return "" if fact or change.operator in SETTINGS else "nothing differs"


def _unequal_step(before: Blueprint, steps: tuple[str, ...], form: str) -> str:
    for step in steps:
        change = find(expressions(before), step)
        after = change.apply(before)
        names = other_names(before, after) if change.operator == "rename" else {}
        fact = parting(given(before), before.build(), after.build(), names)
        if fact:
            return f"{step}: {fact}"
        before = after
    fact = parting(given(before), before.build(), FORMS[form](before))
    return f"{form}: {fact}" if fact else ""


def random_pair(number: int, seed: int = 0) -> Drawn | None:
    """A mutant of a random network with an even number, a re-expression of one with an odd; ``None`` where none is."""
    keras.backend.clear_session()  # what was built before is not needed
    draw = neutrals if number % 2 else mutants
    return next(draw(f"{PREFIX}{seed * 1_000_000 + number}", 1, seed), None)


def _random_pairs(first: int, seed: int) -> Iterator[Drawn]:
    """Pairs without end, each of the next random network of its kind."""
    pairs = (random_pair(number, seed) for number in itertools.count(first, 2))
    return (pair for pair in pairs if pair is not None)


def random_sample(
    mutant_count: int, neutral_count: int, seed: int, fits: Callable[[Drawn], bool] = lambda drawn: True
) -> Iterator[Drawn]:
    """Pairs of random networks, one network each: a mutant and a re-expression in turn while both are wanted."""
    columns = (
        itertools.islice(filter(fits, _random_pairs(kind, seed)), count)
        for kind, count in enumerate((mutant_count, neutral_count))
    )
    return (drawn for row in itertools.zip_longest(*columns) for drawn in row if drawn is not None)
