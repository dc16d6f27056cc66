"""What rungs make of models whose random numbers cannot be carried over."""

from __future__ import annotations

import pytest

from kerasdiff.findings import Fact
from kerasdiff.probing.draws.samples import Samples
from kerasdiff.probing.observations import Chance, FunctionObservation, LearningObservation, Observations
from kerasdiff.rungs.inference import _random
from kerasdiff.rungs.training_step import training_step


def samples(smallest_p: float) -> Samples:
    return Samples(smallest_p=smallest_p, tests=8, copies=2048, rows=1)


@pytest.mark.parametrize(
    ("repeated", "chance", "outcome", "fact"),
    [
        ((True, False), Chance(drawing=(False, True)), "different", Fact.UNSEEDED_ON_ONE_SIDE),
        ((True, False), Chance(drawing=(True, True)), "failed", Fact.TOO_LARGE_TO_SAMPLE),
        ((True, False), Chance(drawing=(True, True), samples=samples(0.5)), "advisory", Fact.DISTRIBUTIONS_AGREE),
        ((True, False), Chance(drawing=(True, True), samples=samples(1e-30)), "different", Fact.DISTRIBUTIONS_DIFFER),
        ((False, False), Chance(drawing=(True, True)), "failed", Fact.UNSEEDED_ON_BOTH_SIDES),
    ],
)
def test_who_controls_random_numbers_is_no_difference_where_both_draw(
    repeated: tuple[bool, bool], chance: Chance, outcome: str, fact: Fact
) -> None:
    seen = LearningObservation(repeated=repeated, chance=chance)

    rung = training_step(Observations(function=None, learning=seen, stored=None, searched=None))

    assert (rung.outcome, rung.findings[0].fact) == (outcome, fact)


@pytest.mark.parametrize(
    ("drawing", "outcome", "fact"),
    [
        ((False, True), "different", Fact.RANDOM_ON_ONE_SIDE),
        ((True, True), "failed", Fact.TOO_LARGE_TO_SAMPLE),
    ],
)
def test_a_side_that_repeats_itself_at_inference_may_draw_the_same(
    drawing: tuple[bool, bool], outcome: str, fact: Fact
) -> None:
    rung = _random(FunctionObservation(repeated=(True, False), chance=Chance(drawing=drawing)))

    assert (rung.outcome, rung.findings[0].fact) == (outcome, fact)
