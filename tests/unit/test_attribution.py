"""What is said of the effects of edits, and of what explanations leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from kerasdiff.align.edits import Aspect, Change, Update
from kerasdiff.explain.records import Attribution, Effect, Measure, Part
from kerasdiff.findings import SIDES, Fact, Finding, Site
from kerasdiff.graph import Source
from kerasdiff.report.wording import explained, sentence
from kerasdiff.report.wording.explain import verified

CLIPPED = Update(op="relu", reference=None, candidate=None, changes=(Change(aspect=Aspect.SETTING, name="max_value"),))
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
        (0.4, 0.0, True, "With this edit applied both agree to the last bit: nothing else differs."),
        (0.4, 3e-16, True, "With this edit applied both agree to 3e-16 of the largest value: nothing else differs."),
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
    assert explained(attribution({Measure.OUTPUT: total}, {Measure.OUTPUT: remaining}, whole=whole), (CLIPPED,)) == text


def test_edits_that_could_not_be_applied_together_say_nothing() -> None:
    assert explained(attribution({}, {}, whole=False), ()) == ""


def test_edits_of_settings_are_told_beside_those_that_were_applied() -> None:
    one = attribution({Measure.OUTPUT: 0.4}, {Measure.OUTPUT: 0.0}, whole=True)
    regularizer = Change(aspect=Aspect.WEIGHT, name="regularizer", weight="kernel", values=("l2(l2=0.1)", None))
    frozen = Change(aspect=Aspect.WEIGHT, name="trainable", weight="kernel", values=(True, False))
    settings = [replace(CLIPPED, rung="weights", changes=(change,)) for change in (regularizer, frozen)]
    two = (CLIPPED, settings[0])

    said = "With edit 1 applied outputs agree to the last bit; edit 2 changes the regularizer's loss alone."
    assert explained(one, two) == said
    assert verified(one, two, brief=True) == "Edit 2 changes the regularizer's loss alone; nothing else differs."
    both = "edits 2 and 3 change the regularizer's loss and which weights are trained alone."
    assert explained(one, (CLIPPED, *settings)).endswith(both)
    assert verified(one, (CLIPPED,), brief=True) == "Nothing else differs."


@pytest.mark.parametrize(
    ("left", "brief", "rest"),
    [
        ((), "", ""),
        ((Part.OPTIMIZER_STEP,), " in outputs and gradients", "an optimizer step"),
        ((Part.GRADIENTS, Part.OPTIMIZER_STEP), " in outputs", "gradients and an optimizer step"),
        ((Part.TRAINING_STEP,), " in outputs at inference", "the training step"),
        (
            (Part.INFERENCE, Part.OPTIMIZER_STEP),
            " in training outputs and gradients",
            "outputs at inference and an optimizer step",
        ),
    ],
)
def test_nothing_else_differs_in_what_was_compared(left: tuple[Part, ...], brief: str, rest: str) -> None:
    measured = attribution({Measure.OUTPUT: 0.4}, {Measure.OUTPUT: 0.0}, whole=True)
    some, idle = replace(measured, uncompared=left), replace(measured, uncompared=left, spare=frozenset({0}))
    regularizer = Change(aspect=Aspect.WEIGHT, name="regularizer", weight="kernel", values=("l2(l2=0.1)", None))
    setting = replace(CLIPPED, rung="weights", changes=(regularizer,))
    said = f"nothing else differs{brief}" + (f"; not compared: {rest}" if rest else "")

    assert explained(some, (CLIPPED,)) == f"With this edit applied both agree to the last bit: {said}."
    assert verified(idle, (CLIPPED,)) == f"The other edit changes nothing, as measured; {said}."
    assert verified(some, (CLIPPED,), brief=True) == f"Nothing else differs{brief}."
    assert verified(some, (CLIPPED, setting), brief=True).endswith(f"alone; nothing else differs{brief}.")


def test_edits_that_change_nothing_are_counted_and_not_named() -> None:
    measured = attribution({Measure.OUTPUT: 0.4}, {Measure.OUTPUT: 0.0}, whole=True)
    two = replace(measured, effects=2 * measured.effects, spare=frozenset({1}))
    three = replace(measured, effects=3 * measured.effects, spare=frozenset({0, 2}))

    assert verified(two, (CLIPPED,) * 2) == "The other edit changes nothing, as measured; nothing else differs."
    assert verified(three, (CLIPPED,) * 3) == "The 2 other edits change nothing, as measured; nothing else differs."
    assert explained(three, (CLIPPED,) * 3).endswith(
        "Edits 1 and 3 change nothing, and without them the rest gives the whole difference."
    )


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
