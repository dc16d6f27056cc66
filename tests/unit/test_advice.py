"""What a verdict says beside the cause: what would mend it, where it shows, in which order edits are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
import report_samples as samples

from kerasdiff.align.edits import (
    Aspect,
    Change,
    Delete,
    Edit,
    Insert,
    Move,
    Neighbour,
    OtherOperands,
    OtherSharing,
    Part,
    Rewire,
    Update,
)
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.explain.records import Effect, LocalDifference, Measure
from kerasdiff.findings import Fact, Finding, Site, Subject
from kerasdiff.graph import Edge, Node, Port, Source, TensorSpec
from kerasdiff.graph.chance import Drawn
from kerasdiff.report.wording.verdict.advice import advice
from kerasdiff.report.wording.verdict.answer import summary
from kerasdiff.report.wording.verdict.causes import groups, told
from kerasdiff.report.wording.verdict.shows import where_it_shows
from kerasdiff.rungs.records import NumberFigures, Row, Rung


def node(name: str, op: str, *operands: str, file: str = "b.py", line: int = 1, **attributes: int) -> Node:
    edges = tuple(Edge(node=operand) for operand in operands)
    return Node(
        id=name, op=op, kind="layer", operands=edges, source=Source(file=file, line=line), attributes=attributes
    )


def row(reference: Node | None, candidate: Node | None) -> Row:
    return Row(state="kept", reference=reference, candidate=candidate)


ROWS = (
    row(node("x", "input", file="a.py"), node("x", "input")),
    row(node("c", "conv2d", "x", file="a.py", line=3), node("conv", "conv2d", "x", line=13)),
    row(node("bn", "batch_norm", "c", file="a.py", line=4), node("norm", "batch_norm", "conv", line=14)),
    row(node("act", "relu", "bn", file="a.py", line=5, slope=1), None),
    row(node("out", "dense", "act", file="a.py", line=6), node("head", "dense", "norm", line=16)),
)
SITES: Mapping[str, Site] = {
    item.id: replace(Site.of(item), kind="function", display=item.op)
    for one in ROWS
    for item in (one.reference, one.candidate)
    if item is not None
}


def differing(*edits: Edit, reason: Reason = Reason.OUTPUTS, explained: bool = True) -> Comparison:
    """Models that differ by edits of which measuring has shown that they are all, or not."""
    whole = samples.forum()
    assert whole.attribution is not None
    effects = tuple(Effect(sizes={Measure.OUTPUT: 0.5}, harmless=False) for _ in edits)
    return replace(
        whole,
        verdict=Verdict(outcome="different", basis="witness", reason=reason),
        rows=ROWS,
        edits=edits,
        attribution=replace(whole.attribution, effects=effects, explained=explained, local=(), divergence=None),
    )


LOST = Delete(op="relu", reference=SITES["act"], candidate=None, after=("bn", "norm"), between=("bn", "out"))
STRIDES = Update(
    op="conv2d",
    reference=SITES["c"],
    candidate=SITES["conv"],
    changes=(Change(aspect=Aspect.SETTING, name="strides", values=(2, 1)),),
)
FROZEN = Update(
    op="dense",
    rung="weights",
    reference=SITES["out"],
    candidate=SITES["head"],
    owners=("out", "head"),
    changes=(
        Change(aspect=Aspect.WEIGHT, name="trainable", weight="kernel", values=(True, False)),
        Change(aspect=Aspect.WEIGHT, name="initializer", weight="kernel", values=("he_normal", "zeros")),
    ),
)
DRAWN = Update(
    op="batch_norm",
    reference=SITES["bn"],
    candidate=SITES["norm"],
    changes=(Change(aspect=Aspect.GENERATOR, values=("kernel", "own")),),
)
DRAWN_ALIKE = replace(DRAWN, changes=(Change(aspect=Aspect.GENERATOR, values=("fixed", "own")),))
MOVED = Move(op="dense", reference=SITES["out"], candidate=SITES["head"], behind=((SITES["c"],), (SITES["norm"],)))
FED = Rewire(
    op="dense",
    reference=SITES["out"],
    candidate=SITES["head"],
    wiring=OtherOperands(takes=((Neighbour(site=SITES["c"]),), (Neighbour(site=SITES["norm"]),))),
)
SHARED = Rewire(
    op="dense",
    reference=SITES["out"],
    candidate=SITES["head"],
    wiring=OtherSharing(shares=((Neighbour(site=SITES["c"]),), ())),
)


def test_edits_that_change_nothing_are_neither_told_nor_to_be_made() -> None:
    two = differing(STRIDES, MOVED)
    assert two.attribution is not None
    spare = replace(two, attribution=replace(two.attribution, spare=frozenset({1})))

    assert advice(spare) == "To make them agree, change the candidate: give `conv` strides=2 (b.py:13)."
    assert told(spare) == (
        "c (conv2d, a.py:3) → conv (conv2d, b.py:13): strides 2 in the reference, 1 in the candidate."
    )
    assert "dense" in told(two)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (LOST, "apply relu as in a.py:5 to the output of `norm` (b.py:14)"),
        (STRIDES, "give `conv` strides=2 (b.py:13)"),
        (
            replace(
                STRIDES,
                changes=(Change(aspect=Aspect.SETTING, name="cells.1", values=("GRUCell", {"same_as": "cells.0"})),),
            ),
            "give `conv` an object of its own as cells.1 (b.py:13)",
        ),
        (FROZEN, "give `head` trainable=True and kernel_initializer=keras.initializers.HeNormal() (b.py:16)"),
        (
            replace(STRIDES, changes=(Change(aspect=Aspect.CALL, name="training", values=(None, False)),)),
            "call `conv` without `training=False` (b.py:13)",
        ),
        (MOVED, "move `head` right after `conv` (b.py:16)"),
        (FED, "give `head` the output of `conv` in place of that of `norm` (b.py:16)"),
        (SHARED, "let `head` use the layer of `conv` (b.py:16)"),
        (
            Update(op="relu", reference=SITES["act"], candidate=SITES["norm"], changes=(Change(aspect=Aspect.OP),)),
            "use relu as in a.py:5 in the place of `norm` (b.py:14)",
        ),
    ],
)
def test_each_kind_of_edit_has_a_form(edit: Edit, text: str) -> None:
    assert advice(differing(edit)) == f"To make them agree, change the candidate: {text}."


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("regularizer", "l1_l2(l1=0.1, l2=1e-05)", "keras.regularizers.L1L2(l1=0.1, l2=1e-05)"),
        ("constraint", "max_norm(axis=0, max_value=2)", "keras.constraints.MaxNorm(axis=0, max_value=2)"),
        ("initializer", "constant(value=[1, 2])", "constant(value=[1, 2])"),
        ("regularizer", "mine", "'mine'"),
    ],
)
def test_what_keras_is_given_is_written_as_code_where_its_text_tells_it(name: str, text: str, code: str) -> None:
    edit = replace(FROZEN, changes=(Change(aspect=Aspect.WEIGHT, name=name, weight="kernel", values=(text, None)),))

    said = f"To make them agree, change the candidate: give `head` kernel_{name}={code} (b.py:16)."
    assert advice(differing(edit)) == said


def test_what_the_candidate_has_more_of_is_added_to_the_reference() -> None:
    rows = (*ROWS[:2], row(None, ROWS[2].candidate), row(node("out", "dense", "c", file="a.py"), ROWS[4].candidate))
    more = Insert(op="norm", reference=None, candidate=SITES["norm"], after=("c", "conv"), between=("conv", "head"))
    said = "To make them agree, change the reference: apply batch_norm to the output of `c` (a.py:3)."

    assert advice(replace(differing(more), rows=rows)) == said
    elsewhere = (*rows[:3], row(node("out", "dense", "x", file="a.py"), ROWS[4].candidate))
    assert advice(replace(differing(more), rows=elsewhere)) is None  # what takes it takes another value here
    assert advice(samples.forum()) is None  # its rows say nothing of operands


def test_what_gives_an_output_another_shape_is_told_before_the_interface() -> None:
    ports = tuple(Port(name="out", spec=TensorSpec(shape=(None, units), dtype="float32")) for units in (5, 7))
    apart = Finding(fact=Fact.PORT_DIFFERS, names=("output",), count=0, ports=ports)
    units = Update(
        op="dense",
        reference=SITES["out"],
        candidate=SITES["head"],
        changes=(Change(aspect=Aspect.SETTING, name="units", values=(5, 7)),),
    )
    ends = [
        replace(one, outputs=(port.spec,))
        for one, port in zip((ROWS[4].reference, ROWS[4].candidate), ports, strict=True)
        if one is not None
    ]
    whole = differing(STRIDES, units, reason=Reason.INTERFACE)
    first = Rung(name="interface", outcome="different", findings=(apart,))
    rungs = (first, *(rung for rung in whole.rungs if rung.name != "interface"))
    pair = replace(whole, rungs=rungs, rows=(*ROWS[:4], row(*ends)), attribution=None)

    told = summary(pair)
    assert told.startswith("out (dense, a.py:6) → head (dense, b.py:16): units 5 in the reference, 7 in the candidate.")
    assert "The interfaces differ: output 0: out float32 (None, 5) in the reference" in told


@pytest.mark.parametrize(
    "comparison",
    [
        differing(LOST, explained=False),
        differing(LOST, reason=Reason.INTERFACE),
        differing(replace(LOST, mask="with")),
        differing(replace(LOST, inside=("mul",))),
        differing(replace(LOST, reference=SITES["out"])),
        differing(replace(STRIDES, changes=(Change(aspect=Aspect.WIRING),))),
        differing(replace(STRIDES, changes=(Change(aspect=Aspect.SETTING, name="by", values=(1, 2)),))),
        differing(LOST, STRIDES, MOVED, FED),
        replace(differing(LOST), verdict=Verdict(outcome="inconclusive", basis=None, reason=Reason.OPEN)),
    ],
)
def test_no_advice_that_is_not_known_to_help(comparison: Comparison) -> None:
    assert advice(comparison) is None


def test_settings_alone_are_mended_without_a_measurement() -> None:
    alone = replace(differing(FROZEN, reason=Reason.SETTINGS_ALONE), attribution=None)

    assert advice(alone) is not None
    assert advice(replace(alone, edits=(FROZEN, LOST))) is None


# Order and length --------------------------------------------------------------------------------------------


def test_another_generator_is_no_cause_and_needs_no_change() -> None:
    comparison = differing(DRAWN, LOST)
    lost = advice(differing(LOST))

    assert lost is not None
    assert advice(comparison) == lost
    assert told(comparison).startswith("reference applies relu between bn and out (a.py:5), but candidate applies none")
    assert told(comparison).endswith("; 1 other edit only takes random numbers from another generator.")
    assert told(differing(LOST, DRAWN, DRAWN)).endswith(
        "; 2 other edits only take random numbers from another generator."
    )


def test_masks_that_are_drawn_over_other_axes_are_told_once() -> None:
    def drawn(name: str, line: int, *rates: str) -> Update:
        site = Site(node=name, op="lstm", kind="layer", display="LSTM", source=Source(file="m.py", line=line))
        steps = tuple(Drawn(setting=rate, axes=("row", "time step", "channel")) for rate in rates)
        once = tuple(Drawn(setting=rate, axes=("row", "channel")) for rate in rates)
        change = Change(aspect=Aspect.DRAWN, values=((rates,), (rates,)), drawn=(steps, once))
        return Update(op="lstm", reference=site, candidate=site, changes=(change,))

    both = "the masks of `dropout` and `recurrent_dropout` are drawn for each time step in the reference"
    said = told(differing(drawn("one", 3, "dropout", "recurrent_dropout"), drawn("two", 4, "dropout")))

    assert said == (
        f"one (LSTM, m.py:3): {both} and once a sequence in the candidate, and likewise `dropout` of two (m.py:4)."
    )


def test_a_generator_that_draws_the_same_in_each_call_is_a_cause() -> None:
    comparison = differing(LOST, DRAWN_ALIKE)

    assert "only takes" not in told(comparison)
    assert advice(comparison) is None
    assert advice(differing(DRAWN)) is None


def test_what_names_nothing_comes_after_what_does_where_neither_was_measured() -> None:
    ops = Change(aspect=Aspect.COMPUTATION, parts=((Part(op="gather"),), (Part(op="less"),)))
    comparison = differing(replace(STRIDES, changes=(ops,)), LOST)
    assert comparison.attribution is not None
    unknown = (Effect(sizes={}, harmless=False),) * 2
    unmeasured = replace(comparison, attribution=replace(comparison.attribution, effects=unknown))

    assert [group.positions for group in groups(unmeasured)] == [(1,), (0,)]
    assert [group.positions for group in groups(comparison)] == [(0,), (1,)]


def test_what_differs_locally_comes_first_then_the_largest_and_what_is_harmless_last() -> None:
    edits = (STRIDES, MOVED, LOST, FED)
    comparison = differing(*edits)
    assert comparison.attribution is not None
    sizes = (0.0, 0.1, 0.3, 0.9)
    effects = tuple(Effect(sizes={Measure.OUTPUT: size}, harmless=size == 0.0) for size in sizes)
    close = samples.closeness(1.0, 1.0, (0,), 1, 1)
    local = (LocalDifference(nodes=("out", "head"), probe="normal", closeness=close, edits=(1,)),)
    ranked = replace(comparison, attribution=replace(comparison.attribution, effects=effects, local=local))

    assert [group.positions for group in groups(ranked)] == [(1,), (3,), (2,), (0,)]


def test_edits_alike_are_told_together_and_the_rest_is_counted() -> None:
    second = replace(STRIDES, candidate=replace(SITES["norm"], node="other"))

    assert told(differing(STRIDES, second)).endswith("1 in the candidate, and likewise c.")
    long = replace(STRIDES, reference=replace(SITES["norm"], node="c" * 200))
    assert told(differing(STRIDES, long, long)).endswith("1 in the candidate, and likewise 1 more.")
    assert told(differing(LOST, STRIDES, MOVED, FED), 100).endswith("; and 3 more edits.")
    assert all(len(told(differing(LOST, STRIDES, MOVED, FED), room)) <= room for room in range(60, 400, 20))


# Where it shows ----------------------------------------------------------------------------------------------


def shown(*subjects: Subject, compared: int = 9, how: Finding | None = None) -> str:
    whole = samples.forum()
    rung = next(rung for rung in whole.rungs if rung.name == "inference")
    assert isinstance(rung.figures, NumberFigures)
    figures = replace(rung.figures, compared=compared, beyond=len(subjects), differing=subjects, found_by=how)
    return where_it_shows(replace(whole, rungs=(replace(rung, figures=figures),)))


def on(*probes: str, scale: float = 1.0) -> tuple[Subject, ...]:
    return tuple(Subject(quantity="output", probe=probe, weight_scale=scale) for probe in probes)


@pytest.mark.parametrize(
    ("subjects", "text"),
    [
        (on("other-size"), "It shows only for inputs of another size than usual, such as an odd one."),
        (on("zeros", "constant"), "It shows only where all inputs are equal."),
        (on("large"), "It shows only for large inputs."),
        (on("ids", "one-row", "zeros"), "It shows only where an id is 0, as in padding."),
        (on("one-row"), "It shows only for a batch of one row."),
        (on("normal", scale=64.0), "It shows only with larger weights, such as 64 times as large."),
        (on("normal", "large"), ""),
        ((*on("zeros"), Subject(quantity="gradient", weight="k")), ""),
    ],
)
def test_inputs_on_which_alone_models_differ_are_named(subjects: tuple[Subject, ...], text: str) -> None:
    assert shown(*subjects) == text


def test_an_input_that_was_searched_for_is_named() -> None:
    how = Finding(fact=Fact.NEAR_CONSTANT, figures={"constant": 6.0})

    assert shown(how=how) == "It shows only for inputs around 6; on ordinary inputs the outputs agree."
