"""What is said of the effects of edits, and of what explanations leave open."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kerasdiff.explain.records import Attribution, Effect, Measure
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import Source
from kerasdiff.report.wording import explained, sentence

LIMITS = {Measure.OUTPUT: 1e-9}


def attribution(total: Mapping[Measure, float], remaining: Mapping[Measure, float], *, whole: bool) -> Attribution:
    return Attribution(
        effects=(Effect(sizes=total, harmless=False),),
        together=(),
        total=total,
        remaining=remaining,
        limits=LIMITS,
        explained=whole,
        divergence=None,
        local=(),
        one_way=(),
        reached=(),
        compared=3,
        mode="inference",
        notes=(),
        probes=("normal",),
        precision="float64",
    )


@pytest.mark.parametrize(
    ("total", "remaining", "whole", "text"),
    [
        (0.4, 0.0, True, "With this edit applied the two models agree to the last bit: nothing else differs."),
        (0.4, 3e-16, True, "With this edit applied the two models agree to 3e-16 of scale: nothing else differs."),
        (0.0, 0.0, False, "With this edit applied no output, gradient or state update changes beyond rounding."),
        (
            0.4,
            0.3,
            False,
            "With this edit applied they still differ (output by 3.0e-01, limit 1e-09): "
            "something differs that no edit names.",
        ),
    ],
)
def test_what_remains_is_said(total: float, remaining: float, whole: bool, text: str) -> None:
    assert explained(attribution({Measure.OUTPUT: total}, {Measure.OUTPUT: remaining}, whole=whole)) == text


def test_edits_that_could_not_be_applied_together_say_nothing() -> None:
    assert explained(attribution({}, {}, whole=False)) == ""


UNKNOWN = Finding(fact=Fact.EFFECTS_UNKNOWN, names=("inference", "training"), cause="it draws")
SITE = Site(node="greater", source=Source(file="m.py", line=3))


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (UNKNOWN, "what each edit does in inference and training mode is not known: it draws"),
        (Finding(fact=Fact.NOTHING_ATTRIBUTED, parts=(UNKNOWN,)), sentence(UNKNOWN)),
        (Finding(fact=Fact.NOTHING_ATTRIBUTED), "no graph of either mode could be aligned"),
        (
            Finding(fact=Fact.GRADIENTS_UNMEASURED, count=1305, of=200),
            "what each edit does to gradients is not measured: 1,305 aligned values are more than 200",
        ),
        (
            Finding(fact=Fact.ALWAYS_FALSE, side=SIDES[1], sites=(SITE,)),
            "greater in the candidate (m.py:3) is false for every value that was tried",
        ),
        (
            Finding(fact=Fact.ALWAYS_TRUE, side=SIDES[0], sites=(Site(node="less"),)),
            "less in the reference is true for every value that was tried",
        ),
        (Finding(fact=Fact.ON_PROBE, names=("large",)), "probe large"),
        (Finding(fact=Fact.LARGER_WEIGHTS, figures={"factor": 64.0}), "weights 64 times as large"),
        (Finding(fact=Fact.SCALED_INPUTS, figures={"factor": 1e-2}), "inputs times 0.01"),
        (Finding(fact=Fact.NEAR_CONSTANT, figures={"constant": 5.0}), "inputs around 5"),
        (Finding(fact=Fact.DRIVEN_UP, sites=(SITE,)), "uphill: inputs that drive up what goes into greater"),
        (Finding(fact=Fact.DRIVEN_DOWN, sites=(SITE,)), "uphill: inputs that drive down what goes into greater"),
    ],
)
def test_a_fact_of_an_explanation_reads_as_one_phrase(finding: Finding, text: str) -> None:
    assert sentence(finding) == text
