"""Edits that tell several as one change of the user's: their words, and how the script is put together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from graph_builder import Build
from test_wording_edits import CONV, NORM, RELU, STATE, deleted, inserted, rewired, setting, site, updated

from kerasdiff.align.edits import Aspect, Baked, Change, Edit, Formula, MaskLost, Residual, leaves
from kerasdiff.align.telling.folding import Fold, applied, nodes_of
from kerasdiff.align.telling.regions import regions
from kerasdiff.align.telling.structure import loops
from kerasdiff.align.telling.telling import MOST_EDITS, told
from kerasdiff.graph import SAME_AS, Edge, Graph, Node
from kerasdiff.report.wording.edits.sentences import MOST_SAID, message
from kerasdiff.report.wording.edits.settings import attributes

EXACT, TANH = (Formula(name="gelu", settings={"approximate": value}) for value in (False, True))
CLIPPED = Formula(name="hard_sigmoid", settings={"slope": 0.2})
CUT = Formula(name="hard_sigmoid", settings={"slope": 0.166667})
SOFTMAX = Formula(name="softmax", settings={"axis": -1})
GELU, TOLD = site("mul", "gelu", 5), site("mul_1", "gelu", 9)


def function(one: Formula, two: Formula, **more: object) -> Change:
    return Change(aspect=Aspect.FORMULA, formulas=(one, two), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (
            updated(function(EXACT, TANH), one=GELU, two=TOLD),
            "gelu in its exact form in the reference (m.py:5), by its tanh approximation in the candidate (m.py:9)",
        ),
        (
            updated(function(CLIPPED, CUT, within=True)),
            "stem/conv (Conv2D, m.py:3): computes hard_sigmoid with slope 0.2 in the reference, with slope 1/6 in the "
            "candidate",
        ),
        (
            updated(Change(aspect=Aspect.VARIANCE, values=(True, False))),
            "stem/conv (Conv2D, m.py:3): follows the variance of the batch times n / (n - 1) in the reference, the "
            "variance of the batch in the candidate",
        ),
        (
            updated(function(SOFTMAX, SOFTMAX, ways=(("softmax",), ("exp", "sum", "divide"))), one=RELU, two=RELU),
            "softmax over the last axis is computed as softmax in the reference, as exp, sum and divide in the "
            "candidate (m.py:7): the same in exact arithmetic alone",
        ),
        (
            updated(Change(aspect=Aspect.OP, ways=(("transpose", "matmul"), ())), one=RELU, two=CONV),
            "candidate has stem/conv (Conv2D, m.py:3) in the place of transpose and matmul (m.py:7)",
        ),
        (
            updated(
                Change(aspect=Aspect.CALL, name="training", values=(None, True)),
                two=site("augment", line=15),
                modes=("inference",),
                folded=(inserted(site("flip", display="RandomFlip")), inserted(NORM)),
            ),
            "candidate calls augment with training=True (m.py:15), so RandomFlip and BatchNormalization act in "
            "inference as in training",
        ),
        (
            updated(
                Change(aspect=Aspect.BAKED, baked=Baked(side="reference", weight="pos/table", site=CONV)),
                one=RELU,
                two=RELU,
            ),
            "the constant that relu_1 (m.py:7) takes in the reference is a trained weight of stem/conv (Conv2D, "
            "m.py:3) in the candidate",
        ),
        (
            rewired(MaskLost(side="candidate", maker=site("embedding"), lost=RELU, reader=site("lstm"))),
            "the mask of embedding is lost in the candidate at relu_1 (m.py:7): lstm reads the padding",
        ),
        (
            rewired(MaskLost(side="candidate", maker=site("embedding"), lost=RELU)),
            "the mask of embedding is lost in the candidate at relu_1 (m.py:7), which reads the padding; stem/conv "
            "(Conv2D, m.py:3) applies it in the reference",
        ),
        (
            rewired(Residual(pre="reference", count=2), one=NORM, two=NORM),
            "BatchNormalization stands before each residual branch (pre-norm) in the reference (m.py:4), after each "
            "addition (post-norm) in the candidate (m.py:4)",
        ),
        (
            deleted(site("add", line=8), branch=(CONV, NORM), operands=("x",)),
            "candidate lacks a branch: stem/conv (Conv2D, m.py:3) and norm (BatchNormalization, m.py:4) from x, joined "
            "by add (m.py:8) in the reference",
        ),
        (
            deleted(site("mask", "masking", 2, display="Masking"), unmasked=(STATE.site,)),
            "candidate lacks the Masking that reference applies (m.py:2), so lstm (LSTM) reads the padding unmasked",
        ),
        (
            inserted(site("flip", line=2), backwards=STATE.site),
            "candidate flips the sequence (m.py:2), but reference does not; lstm (LSTM, m.py:1) runs backwards "
            "(go_backwards=True)",
        ),
        (
            updated(setting("cells.1", "LSTMCell", {SAME_AS: "cells.0"})),
            "stem/conv (Conv2D, m.py:3): cells.0 and cells.1 are one object in the candidate, "
            "so they share their weights",
        ),
    ],
)
def test_one_change_in_one_sentence(edit: Edit, text: str) -> None:
    assert message(edit) == text


def test_no_sentence_is_longer_than_is_read() -> None:
    edit = updated(*(setting(f"setting_{number}", "x" * 60, "y" * 60) for number in range(9)))

    assert len(message(edit)) <= MOST_SAID
    assert len(attributes(edit)) == 9


def test_a_fold_stands_where_its_first_edit_stood_and_holds_what_it_tells() -> None:
    first, second, third = inserted(RELU), inserted(CONV), deleted(NORM)
    told = updated(setting("a", 1, 2), folded=(first, third))

    script = applied((first, second, third), [Fold(edits=(first, third), told=told)])

    assert script == (told, second)
    assert tuple(leaves(told)) == (first, third)
    assert nodes_of(script) == ({"norm"}, {"relu_1", "stem/conv"})


def test_what_another_fold_has_taken_is_left_alone() -> None:
    first, second = inserted(RELU), inserted(CONV)
    folds = [Fold(edits=(first,), told=deleted(NORM)), Fold(edits=(first, second), told=deleted(RELU))]

    assert applied((first, second), folds) == (deleted(NORM), second)


def test_a_line_that_runs_three_times_is_one_edit() -> None:
    same = [
        updated(setting("axis", -1, 1), one=site(f"s{n}", "softmax", 4), two=site(f"s{n}", "softmax", 6))
        for n in range(3)
    ]
    other = updated(setting("axis", -1, 1), one=site("s9", "softmax", 5), two=site("s9", "softmax", 6))

    (fold,) = loops([*same, other])

    assert fold.edits == tuple(same)
    assert message(fold.told).endswith(", 3 times")


def test_a_part_has_one_way_in_and_nothing_else_looks_inside() -> None:
    build = Build()
    x = build.input()
    root = build.op("Exp", x)
    half, double = build.op("Scale", root, by="0.5"), build.op("Scale", root, by="2")
    end = build.op("AddV2", half, double)
    graph = Graph(nodes=tuple(build.nodes), outputs=(end,))
    seen = Graph(nodes=tuple(build.nodes), outputs=(end, half))

    assert [region.entry for region in regions(graph, end, computed=False)] == [end, root, x]
    assert [region.entry for region in regions(seen, end, computed=False)] == [end]
    assert [region.entry for region in regions(graph, Edge(node=end.node), computed=True)] == [end]


def test_what_each_layer_computes_inside_is_told_however_many_do() -> None:
    source = Node(id="x", op="input", kind="input", attributes={"index": 0})
    fused = Node(
        id="fused", op="FusedBatchNormV3", kind="op", operands=(Edge(node="x"),), attributes={"is_training": True}
    )
    body = Graph(nodes=(source, fused), outputs=(Edge(node="fused", port=2),))
    plain = Graph(nodes=(source,), outputs=(Edge(node="x"),))
    names = [f"norm_{number}" for number in range(MOST_EDITS + 1)]
    nodes = tuple(
        {name: Node(id=name, op="batch_normalization", kind="layer", lowering=inner) for name in names}
        for inner in (body, plain)
    )
    script = [
        updated(Change(aspect=Aspect.COMPUTATION), one=site(name, line=1), two=site(name, line=1), modes=("training",))
        for name in names
    ]
    side = SimpleNamespace(traced=lambda mode: plain, notes=())
    aligned = SimpleNamespace(mode="training", nodes=nodes, graphs=(plain, plain))

    edits = told(script, {"training": aligned}, (side, side))  # type: ignore[arg-type, dict-item]

    assert [change.aspect for edit in edits for change in edit.changes] == [Aspect.VARIANCE] * len(names)
