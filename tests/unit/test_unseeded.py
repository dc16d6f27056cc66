"""What rungs make of models whose random numbers cannot be carried over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kerasdiff.findings import Fact
from kerasdiff.probing.draws.samples import Samples
from kerasdiff.probing.observations import Chance, FunctionObservation, LearningObservation, Observations
from kerasdiff.report.wording.findings.table import detail
from kerasdiff.rungs.inference import _random
from kerasdiff.rungs.numbers import distribution
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
    ("shown", "begins"),
    [
        ({"values": True}, "the outputs differ in distribution: 2,048 draws"),
        (
            {"over": ("row",)},
            "the outputs differ in distribution, in how values of one draw vary together over rows of",
        ),
        (
            {"of_inputs": True},
            "the outputs do not show it, but their gradients by the inputs differ in distribution: 2",
        ),
        (
            {"of_inputs": True, "over": ("step",)},
            "the outputs do not show it, but their gradients by the inputs differ",
        ),
    ],
)
def test_what_tells_samples_apart_is_said_without_contradiction(shown: dict[str, Any], begins: str) -> None:
    told = detail(distribution("training step", replace(samples(1e-30), **shown)))

    assert told.startswith(begins)
    assert "as only" not in told


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
