"""A small seeded sample of the mutants and re-expressions that ``score_mutants.py`` runs by the hundred."""

from __future__ import annotations

import pytest
import score_mutants
from mutation.drawing import Drawn, contradiction, random_pair, random_sample, sample
from mutation.models import full_key, mutant, original
from mutation.neutral import expressions
from mutation.zoo import ARCHITECTURES

from kerasdiff.worker.mutating.changes import changes

SEED = 3
MUTANTS, NEUTRAL = 14, 7
"""A mutant of each architecture, and a re-expression of every other."""

LONGEST = frozenset({6, 7, 28, 44, 47, 55, 59, 74, 82, 85, 88, 90, 95, 100, 102, 103, 111, 115, 116})
"""Pairs of random networks that took two to six times the processor time of others, measured one after the other."""

RANDOM = tuple(number for number in range(119) if number not in LONGEST)
"""50 mutants and 50 re-expressions of random networks: so many in each run, a thousand each by hand."""


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    return sample(MUTANTS, NEUTRAL, SEED)


@pytest.mark.parametrize("number", range(MUTANTS + NEUTRAL))
def test_a_mutant_is_seen_and_a_re_expression_is_not(drawn: list[Drawn], number: int) -> None:
    pair = drawn[number]
    result = score_mutants.run(pair)

    assert not result.wrong, (pair.reference, pair.candidate, result.summary, result.error)
    if result.outcome == "different":
        assert result.named, (pair.reference, pair.candidate, result.edits)


@pytest.mark.parametrize("number", RANDOM)
def test_random_networks(number: int) -> None:
    """No mutant is equivalent, no re-expression different; only what Keras bears out counts."""
    pair = random_pair(number)
    assert pair is not None  # else fewer are tried than are asked for
    result = score_mutants.run(pair)

    assert not result.wrong or contradiction(pair), (pair.reference, pair.candidate, result.summary, result.error)


def test_a_random_sample_is_of_these() -> None:
    assert sum(number % 2 == 0 for number in RANDOM) == sum(number % 2 for number in RANDOM) == 50
    assert list(random_sample(3, 2, 0)) == [random_pair(number) for number in range(5)]


def test_sample_covers_every_architecture(drawn: list[Drawn]) -> None:
    assert {pair.architecture for pair in drawn} == set(ARCHITECTURES)
    assert sum(pair.is_mutant for pair in drawn) == MUTANTS
    assert len({(pair.reference, pair.candidate) for pair in drawn}) == MUTANTS + NEUTRAL


def test_sample_is_the_same_every_time() -> None:
    assert sample(6, 4, SEED, ("siamese", "convnet")) == sample(6, 4, SEED, ("siamese", "convnet"))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_keys_are_unique(name: str) -> None:
    blueprint = original(name)
    keys = [full_key(change) for change in changes(blueprint)]
    neutral = [full_key(change) for change in expressions(blueprint)]

    assert len(set(keys)) == len(keys) >= 100
    assert len(set(neutral)) == len(neutral) >= 10


def test_a_mutant_differs_in_one_setting_alone() -> None:
    before = original("convnet")
    change = next(item for item in changes(before) if full_key(item) == "dropout.rate 0.4 -> 0.5")
    after = change.apply(before)

    differing = {name for name, part in before.parts.items() if part.data != after.parts[name].data}
    assert differing == {"dropout"}
    assert after.parts["dropout"].config == {**before.parts["dropout"].config, "rate": 0.5}
    assert after.calls == before.calls
    assert mutant("convnet", "dropout.rate 0.4 -> 0.5").get_layer("dropout").rate == 0.5
