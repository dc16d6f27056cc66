"""Single changes × rungs: every rung catches what the ones above it cannot.

A row says what must come of each rung, and which comparisons of the rung that catches the change may differ: all of
them, and no others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from command import Answer

OUTCOMES = ("weights", "inference", "training step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One change.

    Attributes:
        outcomes: Of weights, inference and training step.
        inference, training: Expressions that the names of the comparisons that differ must match, each at least once;
            an empty one where none may differ.
        size: Bounds of the largest difference of outputs at inference, as a fraction of scale.
    """

    id: str
    reference: str
    candidate: str
    inputs: tuple[str, ...] = ()
    outcomes: tuple[str, str, str]
    inference: str = ""
    training: str = ""
    size: tuple[float, float] = (0.0, float("inf"))
    verdict: str = "different"


E, D = "equal", "different"
WORDS = ("6:int32@0..20",)

TABLE = (
    Row(
        id="initializer: the weights rung alone",
        reference="single.py:image",
        candidate="single.py:image(initializer='he_normal')",
        outcomes=(D, E, E),
    ),
    Row(
        id="L2 dropped: losses and gradients",
        reference="single.py:image(penalty=0.01)",
        candidate="single.py:image",
        outcomes=(D, E, D),
        training="regularizer loss of conv/kernel|gradient of conv/kernel",
    ),
    Row(
        id="layer frozen: gradients",
        reference="single.py:image",
        candidate="single.py:image(frozen=True)",
        outcomes=(D, E, D),
    ),
    Row(
        id="batch normalisation's epsilon: outputs",
        reference="single.py:image",
        candidate="single.py:image(epsilon=1e-5)",
        outcomes=(E, D, D),
        inference=r"probe \S+",
        training="training output of probe .*|gradient of .*",
        size=(1e-6, 1.0),
    ),
    Row(
        id="training=True hard-coded: outputs",
        reference="single.py:Dropped",
        candidate="single.py:Dropped(training=True)",
        inputs=("12",),
        outcomes=(E, D, E),
        inference=r"probe \S+",
    ),
    Row(
        id="ReLU6 for ReLU: large values alone",
        reference="single.py:image",
        candidate="single.py:image(activation='relu6')",
        outcomes=(E, D, E),
        inference="probe (large|image|many-rows)",
    ),
    Row(
        id="mask lost: padding ids alone",
        reference="single.py:Words",
        candidate="single.py:Words(lost=True)",
        inputs=WORDS,
        outcomes=(E, D, D),
        inference="probe (ids|one-row|many-rows|zeros|at-constants|between-constants|every-id)",
        training="training output of probe (ids|many-rows|zeros|(at|between)-constants|every-id)|gradient of .*",
    ),
    Row(
        id="GELU by tanh for erf: 1e-4 of scale",
        reference="single.py:gelu",
        candidate="single.py:gelu(approximate=True)",
        outcomes=(E, D, D),
        inference=r"probe \S+",
        training="training output of probe .*|gradient of .*",
        size=(1e-5, 1e-2),
    ),
    Row(
        id="softmax in float16: beyond the calibrated limit",
        reference="single.py:softmax",
        candidate="single.py:softmax(dtype='float16')",
        outcomes=(E, D, D),
        inference=r"probe \S+",
        training="(training output of probe|gradient of) .*",
        size=(1e-5, 1e-1),
    ),
    Row(
        id="dropout added: training outputs",
        reference="single.py:image",
        candidate="single.py:image(dropout=0.3)",
        outcomes=(E, E, D),
        training="training output of probe .*|gradient of .*",
    ),
    Row(
        id="batch normalisation's momentum: its state",
        reference="single.py:image",
        candidate="single.py:image(momentum=0.9)",
        outcomes=(E, E, D),
        training="state of norm/moving_(mean|variance)",
    ),
    Row(
        id="gradient stopped: gradients that are absent",
        reference="single.py:image",
        candidate="single.py:image(stopped=True)",
        outcomes=(E, E, D),
    ),
)


def differing(rung: dict, pattern: str) -> None:
    """Every difference fits the pattern, and every alternative of the pattern is there."""
    found = rung["figures"].get("differing", [])
    assert all(re.fullmatch(pattern, name) for name in found), (pattern, found)
    if pattern and "(" not in pattern:
        missing = [part for part in pattern.split("|") if not any(re.fullmatch(part, name) for name in found)]
        assert missing == [], (missing, found)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
def test_rung_catches_its_own(compare: Callable[..., Answer], row: Row) -> None:
    report = compare(row.reference, row.candidate, row.inputs).report
    rungs = {rung["name"]: rung for rung in report["rungs"]}

    assert tuple(rungs[name]["outcome"] for name in OUTCOMES) == row.outcomes, [rungs[n]["detail"] for n in OUTCOMES]
    assert report["verdict"]["outcome"] == row.verdict
    differing(rungs["inference"], row.inference)
    if row.training:
        differing(rungs["training step"], row.training)
    if row.outcomes[1] == D:
        low, high = row.size
        assert low <= rungs["inference"]["figures"]["max_relative"] <= high


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("frozen=True", "conv/kernel is trainable in the reference and frozen in the candidate"),
        ("stopped=True", "conv/kernel gets no gradient in the candidate, where"),
    ],
)
def test_absent_gradient_is_named_with_its_reason(compare: Callable[..., Answer], change: str, says: str) -> None:
    report = compare("single.py:image", f"single.py:image({change})").report
    detail = next(rung["detail"] for rung in report["rungs"] if rung["name"] == "training step")

    assert says in detail
