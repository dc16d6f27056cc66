"""What follows from which evidence: the table of cases, and that silence is never taken for equality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np
import pytest
import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.align.edits import (
    Aspect,
    Change,
    Delete,
    Edit,
    EditKind,
    Insert,
    MaskIgnored,
    Move,
    Rewire,
    Update,
)
from kerasdiff.align.pair import WeightTransfer
from kerasdiff.comparison import EXIT_CODES, Comparison, ModelInfo, Reason, Terms, Verdict
from kerasdiff.findings import Compared, Fact, Finding, RungName, Site, Subject
from kerasdiff.graph import Source
from kerasdiff.graph.chance import Drawn
from kerasdiff.graph.values import Tolerance
from kerasdiff.judge import TABLE as ROWS
from kerasdiff.judge import UNIMPLIED, Evidence, judge
from kerasdiff.options import STRENGTHS, Required
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.report import wording
from kerasdiff.report.wording.verdict import answer
from kerasdiff.rungs.records import Rung


def edit(kind: EditKind, op: str = "relu", line: int = 7, **settings: Any) -> Edit:
    """An edit of a call; an update without settings puts another call in its place."""
    site = Site(node=f"net/{op}", op=op, scope="net", display=op, source=Source(file="m.py", line=line))
    after = ("norm", "norm_1")
    if kind == "insert":
        return Insert(op=op, reference=None, candidate=site, after=after)
    if kind == "delete":
        return Delete(op=op, reference=site, candidate=None, after=after)
    if kind == "update":
        changes = tuple(Change(aspect=Aspect.SETTING, name=name, values=pair) for name, pair in settings.items())
        other = changes or (Change(aspect=Aspect.OP),)
        return Update(op=op, reference=site, candidate=site, after=after, changes=other)
    if kind == "move":
        return Move(op=op, reference=site, candidate=site, after=after, behind=((), (site,)))
    return Rewire(op=op, reference=site, candidate=site, after=after, wiring=MaskIgnored(applied_by="reference"))


def said(text: str) -> Finding:
    """A fact that is told in these words."""
    return Finding(fact=Fact.REFUSED, cause=text)


def case(
    *,
    edits: tuple[Edit, ...] = (),
    proved: bool = False,
    complete: bool = True,
    guessed: bool = False,
    sizes: tuple[int, int] = (5, 5),
    unseen: tuple[str, ...] = (),
    require: Required = "statistical",
    gates: tuple[RungName, ...] = UNIMPLIED,
    spelled: bool = False,
    **rungs: str,
) -> Evidence:
    named = {name.replace("_", " "): outcome for name, outcome in rungs.items()}
    made = {
        name: Rung(name=name, outcome=outcome, findings=(said(f"detail of {name}"),))  # type: ignore[arg-type]
        for name, outcome in named.items()
    }
    if spelled:
        named_apart = Finding(fact=Fact.SPELLED, names=("optimizer",), values=("AdamW", "Adam"))
        alike = Finding(fact=Fact.SPELLED_OTHERWISE, parts=(named_apart,))
        made["weights"] = replace(made["weights"], findings=(*made["weights"].findings, alike))
    return Evidence(
        rungs=made,  # type: ignore[arg-type]
        edits=edits,
        isomorphic=proved,
        transfer=WeightTransfer(pairs={}, reference=(), candidate=(), complete=complete, guessed=guessed),
        parameters=sizes,
        unseen=tuple(map(said, unseen)),
        require=require,
        gates=gates,
    )


MODEL = ModelInfo(target="m.py:M", class_name="M", parameters=5, trainable_parameters=5, nodes=2)


def told(evidence: Evidence, verdict: Verdict) -> str:
    """The summary that a report gives."""
    comparison = Comparison(
        verdict=verdict,
        reference=MODEL,
        candidate=MODEL,
        environment={},
        terms=Terms(require=evidence.require),
        rungs=tuple(evidence.rungs.values()),
        edits=evidence.edits,
        rewrites=(),
        rows=(),
        fit=None,
        not_checked=(),
    )
    return wording.summary(comparison)


EQUAL = {"interface": "equal", "weights": "equal", "inference": "equal", "training_step": "equal"}
SKIPPED = {**EQUAL, "inference": "skipped", "training_step": "skipped"}
APART = {**EQUAL, "inference": "different", "training_step": "different"}
REMARK = {**EQUAL, "weights": "advisory"}
GATED: tuple[RungName, ...] = (*UNIMPLIED, "checkpoint")
RELU = (edit("insert"),)
SWAP = (edit("insert", "gelu"), edit("delete", "relu"))


def holding_others(evidence: Evidence) -> Evidence:
    """The same of two saved files that hold other values."""
    close = compare_values(np.ones(3), np.zeros(3), Tolerance(limit=1e-6, grounds="float32"))
    compared = Compared(subject=Subject(quantity="stored value", weight="dense/kernel"), closeness=close)
    finding = Finding(
        fact=Fact.STORED_VALUES_DIFFER, count=1, of=2, weights=("dense/kernel",), compared=compared, parts=()
    )
    rung = replace(evidence.rungs["weights"], outcome="different", findings=(finding,))
    return replace(evidence, rungs={**evidence.rungs, "weights": rung})


@dataclass(frozen=True)
class Row:
    """Evidence, and what must follow from it."""

    id: str
    case: Evidence
    outcome: str
    basis: str | None
    says: str


TABLE = (
    Row("proof", case(proved=True, **EQUAL), "equivalent", "proof", "the two graphs are identical"),
    Row("proof-without-numbers", case(proved=True, **SKIPPED), "equivalent", "proof", "the two graphs"),
    Row(
        "proof-with-something-unseen",
        case(proved=True, unseen=("train_step is overridden in the candidate alone",), **EQUAL),
        "inconclusive",
        None,
        "train_step is overridden in the candidate alone",
    ),
    Row("numbers-with-a-branch-unseen", case(unseen=("a branch",), **EQUAL), "inconclusive", None, "a branch"),
    Row(
        "different-whatever-is-unseen", case(edits=RELU, unseen=("a branch",), **APART), "different", "witness", "relu"
    ),
    Row("proof-refuted", case(proved=True, **APART), "inconclusive", None, "bug in kerasdiff"),
    Row(
        "proof-refuted-in-training",
        case(proved=True, **{**EQUAL, "training_step": "different"}),
        "inconclusive",
        None,
        "bug in kerasdiff",
    ),
    Row(
        "proof-but-other-start",
        case(proved=True, **{**EQUAL, "weights": "different"}),
        "different",
        "witness",
        "Same function, but it starts or learns otherwise: detail of weights",
    ),
    Row(
        "other-settings-and-other-outputs",
        case(edits=RELU, **{**APART, "weights": "different"}),
        "different",
        "witness",
        "Candidate applies relu",
    ),
    Row(
        "same-graphs-by-two-tensorflows",
        case(architecture="equal", **EQUAL),
        "equivalent",
        "numeric",
        "the two graphs are identical, and what both sides compute",
    ),
    Row(
        "same-graphs-of-which-one-tensorflow-computes-something-else",
        case(architecture="equal", **APART),
        "different",
        "witness",
        "",
    ),
    Row("numeric", case(**EQUAL), "equivalent", "numeric", "equal on every input tried"),
    Row("numeric-with-edits", case(edits=SWAP, **EQUAL), "equivalent", "numeric", "equal on every input tried"),
    Row(
        "numeric-with-a-bound-one-side-lacks",
        case(edits=(edit("update", max_value=(None, 6.0)),), **EQUAL),
        "inconclusive",
        None,
        "No input that was tried tells them apart, but settings differ",
    ),
    Row(
        "numeric-with-an-attribute-one-side-lacks",
        case(edits=(edit("update", constants=((0,), None), strict=(None, True)),), **EQUAL),
        "equivalent",
        "numeric",
        "equal on every input tried",
    ),
    Row("numeric-incomplete", case(complete=False, **EQUAL), "inconclusive", None, "Neither proved nor refuted"),
    Row(
        "numeric-half",
        case(**{**EQUAL, "training_step": "skipped"}),
        "inconclusive",
        None,
        "training step: detail of training step",
    ),
    Row("numeric-failed", case(**{**EQUAL, "inference": "failed"}), "inconclusive", None, "inference: detail"),
    Row(
        "interface",
        case(proved=True, **{**EQUAL, "interface": "different"}),
        "different",
        "witness",
        "The interfaces differ: detail of interface",
    ),
    Row("outputs", case(**APART), "different", "witness", "The outputs differ: detail of inference"),
    Row("outputs-told-by-edit", case(edits=RELU, **APART), "different", "witness", "Candidate applies relu (m.py:7)"),
    Row(
        "training-alone",
        case(**{**EQUAL, "training_step": "different"}),
        "different",
        "witness",
        "The training steps differ: detail of training step",
    ),
    Row(
        "outputs-under-guessed-weights",
        case(guessed=True, **APART),
        "inconclusive",
        None,
        "which weights correspond had to be guessed",
    ),
    Row(
        "outputs-under-guessed-weights-with-two-sided-edits",
        case(guessed=True, edits=SWAP, **APART),
        "inconclusive",
        None,
        "Unmatched: ",
    ),
    Row(
        "guessed-but-explained",
        case(guessed=True, edits=(edit("update"),), **APART),
        "different",
        "witness",
        "in the place of",
    ),
    Row("guessed-but-one-sided", case(guessed=True, edits=RELU, **APART), "different", "witness", "applies relu"),
    Row(
        "not-carried-over-and-one-sided",
        case(complete=False, edits=RELU, sizes=(5, 6), **SKIPPED),
        "different",
        "witness",
        "applies relu",
    ),
    Row(
        "not-carried-over-and-two-sided",
        case(complete=False, edits=SWAP, **SKIPPED),
        "inconclusive",
        None,
        "Unmatched: ",
    ),
    Row("proof-of-nothing", case(proved=True), "inconclusive", None, "interface: did not run; weights: did not run"),
    Row(
        "proof-with-failed-weights",
        case(proved=True, **{**EQUAL, "weights": "failed"}),
        "inconclusive",
        None,
        "weights: detail of weights",
    ),
    Row("proof-with-weights-to-remark-on", case(proved=True, **REMARK), "equivalent", "proof", "the two graphs"),
    Row("numbers-without-a-face", case(**{**EQUAL, "interface": "skipped"}), "inconclusive", None, "interface: detail"),
    Row(
        "numbers-where-proof-is-required",
        case(require="proof", **EQUAL),
        "inconclusive",
        None,
        "the evidence is numeric and proof is required: Not proved by rewrites",
    ),
    Row("proof-where-proof-is-required", case(proved=True, require="proof", **EQUAL), "equivalent", "proof", ""),
    Row("proof-where-numbers-are-required", case(proved=True, require="numeric", **EQUAL), "equivalent", "proof", ""),
    Row("numbers-where-numbers-are-required", case(require="numeric", **EQUAL), "equivalent", "numeric", ""),
    Row("required-and-different", case(edits=RELU, require="proof", **APART), "different", "witness", "relu"),
    Row(
        "proof-with-settings-spelled-otherwise",
        case(proved=True, spelled=True, **EQUAL),
        "equivalent",
        "numeric",
        "in every figure that was tried: optimizer AdamW against Adam",
    ),
    Row(
        "numbers-with-settings-spelled-otherwise",
        case(spelled=True, **EQUAL),
        "equivalent",
        "numeric",
        "every input tried",
    ),
    Row(
        "settings-spelled-otherwise-where-proof-is-required",
        case(proved=True, spelled=True, require="proof", **EQUAL),
        "inconclusive",
        None,
        "the evidence is numeric and proof is required",
    ),
    Row(
        "files-that-hold-other-values",
        holding_others(case(proved=True, **EQUAL)),
        "different",
        "witness",
        "1 of 2 stored weights hold other values, most dense/kernel by up to 1",
    ),
    Row(
        "files-of-other-networks",
        holding_others(case(edits=RELU, **APART)),
        "different",
        "witness",
        "reference applies none after norm. 1 of 2 stored weights",
    ),
    Row("checkpoint-advisory", case(proved=True, checkpoint="advisory", **EQUAL), "equivalent", "proof", ""),
    Row("checkpoint-failed", case(proved=True, checkpoint="failed", **EQUAL), "equivalent", "proof", ""),
    Row(
        "checkpoint-required-and-failed",
        case(proved=True, checkpoint="failed", gates=GATED, **EQUAL),
        "inconclusive",
        None,
        "checkpoint: detail of checkpoint",
    ),
    Row("checkpoint-required-and-absent", case(gates=GATED, **EQUAL), "inconclusive", None, "checkpoint: did not run"),
    Row(
        "checkpoint-required-and-different",
        case(proved=True, checkpoint="different", gates=GATED, **EQUAL),
        "different",
        "witness",
        "Same function, other stored weights: detail of checkpoint",
    ),
    Row(
        "checkpoint-different-and-else-open",
        case(checkpoint="different", gates=GATED, **SKIPPED),
        "different",
        "witness",
        "The stored weights differ: detail of checkpoint",
    ),
    Row("nothing-compared", case(), "inconclusive", None, "Neither proved nor refuted"),
    Row("all-skipped", case(**SKIPPED), "inconclusive", None, "inference: detail of inference"),
    Row(
        "all-failed",
        case(**dict.fromkeys(EQUAL, "failed")),
        "inconclusive",
        None,
        "interface: detail of interface; weights: detail of weights",
    ),
    Row("advisory-only", case(**{**SKIPPED, "weights": "advisory"}), "inconclusive", None, "Neither"),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
def test_table(row: Row) -> None:
    verdict = judge(row.case)
    text = told(row.case, verdict)

    assert (verdict.outcome, verdict.basis) == (row.outcome, row.basis), text
    assert row.says in text


def test_every_outcome_and_every_basis_without_fits_is_in_the_table() -> None:
    """``statistical`` rests on fits, which the table does not hold."""
    assert {row.outcome for row in TABLE} == {"equivalent", "different", "inconclusive"}
    assert {row.basis for row in TABLE} == {"proof", "numeric", "witness", None}


def test_exit_codes() -> None:
    assert EXIT_CODES == {"equivalent": 0, "different": 1, "inconclusive": 3}


outcomes = st.sampled_from(["equal", "different", "advisory", "skipped", "failed"])
rungs = st.dictionaries(
    st.sampled_from(["interface", "architecture", "weights", "inference", "training_step", "checkpoint", "fit"]),
    outcomes,
)
edits = st.lists(st.sampled_from([*SWAP, edit("update"), edit("move"), edit("rewire")]), max_size=4).map(tuple)


@given(rungs, edits, st.booleans(), st.booleans(), st.booleans(), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_equality_is_only_claimed_on_evidence(
    found: dict[str, str],
    script: tuple[Edit, ...],
    proved: bool,
    complete: bool,
    guessed: bool,
    sizes: tuple[int, int],
) -> None:
    evidence = case(edits=script, proved=proved, complete=complete, guessed=guessed, sizes=sizes, **found)
    verdict = judge(evidence)

    if verdict.outcome == "equivalent":
        numeric = complete and found.get("inference") == found.get("training_step") == "equal"
        assert "different" not in {found.get(name) for name in ("interface", "weights", "inference", "training_step")}
        assert verdict.basis == ("proof" if proved else "numeric")
        assert proved or numeric
        assert {found.get("interface"), found.get("weights")} <= {"equal", "advisory"}
    if verdict.outcome == "different":
        assert verdict.basis == "witness"
        assert "different" in found.values() or script
    assert (verdict.outcome == "inconclusive") == (verdict.basis is None)
    assert told(evidence, verdict).strip().endswith(".")


ANY = (None, "equal", "different", "advisory", "skipped", "failed")
CHECKED = ("interface", "weights", "inference", "training_step", "checkpoint", "fit")


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize(("proved", "complete"), list(product((False, True), repeat=2)))
def test_no_combination_of_rungs_passes_without_evidence(proved: bool, complete: bool, gated: bool) -> None:
    """All of them, without edits: each rung absent or with any outcome; the fit, which gates nothing, with three."""
    gates = ("interface", "weights", "checkpoint") if gated else ("interface", "weights")
    passed = 0
    for outcomes in product(*[ANY] * 5, (None, "equal", "different")):
        found = {name: one for name, one in zip(CHECKED, outcomes, strict=True) if one is not None}
        verdict = judge(case(proved=proved, complete=complete, gates=GATED if gated else UNIMPLIED, **found))
        if verdict.outcome == "equivalent":
            passed += 1
            assert proved or (complete and found.get("inference") == found.get("training_step") == "equal")
            assert "different" not in outcomes
            assert {found.get(name) for name in gates} <= {"equal", "advisory"}
        if verdict.outcome == "different":
            assert "different" in outcomes
    assert (passed > 0) == (proved or complete)


@given(rungs, st.booleans(), st.sampled_from(STRENGTHS))
def test_a_requirement_only_ever_takes_an_equivalence_away(found: dict[str, str], proved: bool, need: Required) -> None:
    bounded = case(proved=proved, require=need, **found)
    free, bound = judge(case(proved=proved, **found)), judge(bounded)

    if free.outcome != "equivalent" or STRENGTHS.index(free.basis) <= STRENGTHS.index(need):  # type: ignore[arg-type]
        assert bound == free
    else:
        assert (bound.outcome, bound.basis) == ("inconclusive", None)
        assert free.basis is not None
        assert f"the evidence is {free.basis} and {need} is required" in told(bounded, bound)


def test_a_fit_that_differs_or_not_does_not_decide_alone() -> None:
    for outcome in ("equal", "different"):
        assert judge(case(**SKIPPED, fit=outcome)).outcome == "inconclusive"


def test_every_row_of_the_judge_applies_to_something() -> None:
    reasons = {judge(row.case).reason for row in TABLE}

    assert {row.reason for row in ROWS} - reasons == {Reason.FIT_APART}  # the fit below


def masked(kind: Literal["layer", "function"] = "layer", setting: str = "dropout") -> tuple[Edit, ...]:
    """A layer whose masks are drawn for each time step in the reference and once a sequence in the candidate."""
    site = Site(node="lstm", op="lstm", kind=kind, display="LSTM")
    first, second = (
        Drawn(setting=setting, axes=axes) for axes in (("row", "time step", "channel"), ("row", "channel"))
    )
    change = Change(aspect=Aspect.DRAWN, values=(("(?, 5)",), ("(?, 5)",)), drawn=((first,), (second,)))
    return (Update(op="lstm", reference=site, candidate=site, changes=(change,)),)


@pytest.mark.parametrize(
    ("edits", "training", "outcome"),
    [
        (masked(), "skipped", "different"),
        (masked(), "equal", "equivalent"),
        (masked("function"), "skipped", "inconclusive"),
        (masked(setting=""), "skipped", "inconclusive"),
    ],
)
def test_masks_of_a_layer_that_are_drawn_otherwise_are_a_witness(
    edits: tuple[Edit, ...], training: str, outcome: str
) -> None:
    verdict = judge(case(edits=edits, **{**EQUAL, "architecture": "different", "training_step": training}))

    assert verdict.outcome == outcome


def test_trials_that_learn_alike_do_not_contradict_masks_that_are_drawn_otherwise() -> None:
    within = Finding(
        fact=Fact.DECIDED,
        names=("equivalent", ""),
        figures={"p_different": 1.0, "pairs": 6, "margin": 0.02, "level": 0.9, "low": -0.01, "high": 0.01},
    )
    verdict = Verdict(outcome="equivalent", basis="statistical", reason=Reason.TRIALS, findings=(within,))

    one, other = (answer.summary(replace(samples.forum(), verdict=verdict, edits=edits)) for edits in ((), masked()))

    assert other.startswith(f"{one} They are not the same, though: lstm (LSTM): the mask of `dropout` is drawn for")


def test_trials_that_part_withhold_what_all_else_shows() -> None:
    assert judge(case(proved=True, **EQUAL, fit="different")).reason is Reason.FIT_APART
    assert judge(case(**EQUAL, fit="different")).reason is Reason.FIT_APART


def summary(*script: Edit) -> str:
    evidence = case(edits=script, **APART)
    return told(evidence, judge(evidence))


def test_insertions_of_one_op_are_told_together() -> None:
    text = summary(*(edit("insert", line=line) for line in (3, 5, 9)))

    assert text == "Reference lacks relu after norm, but candidate applies it (m.py:3, 5, 9)."


def test_long_lists_are_cut_and_counted() -> None:
    text = summary(*(edit("insert", line=line) for line in range(1, 10)))
    many = summary(*(edit("update", f"op{number}") for number in range(6)))

    assert "m.py:1, 2, 3, 4, 5 and 4 more" in text
    assert many.endswith("; and 3 more edits.")


def test_a_variance_that_follows_another_one_is_not_equivalent_whatever_numbers_say() -> None:
    inside = replace(edit("update", "batch_normalization"), changes=(Change(aspect=Aspect.COMPUTATION),))
    shown = replace(inside, changes=(Change(aspect=Aspect.VARIANCE, values=(True, False)),), folded=(inside,))
    agrees = case(edits=(inside,), interface="equal", architecture="advisory", weights="equal", inference="equal",
                  training_step="equal")  # fmt: skip

    assert judge(agrees).outcome == "equivalent"
    assert judge(replace(agrees, followed=(shown,))).reason is Reason.BOUND
