"""Comparisons built by hand, for the tests of everything that only renders."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from kerasdiff.align.edits import (
    Aspect,
    Change,
    Delete,
    Edit,
    Insert,
    Move,
    Neighbour,
    OtherOperands,
    Rewire,
    Update,
)
from kerasdiff.comparison import Comparison, ModelInfo, Reason, Terms, Verdict
from kerasdiff.explain.records import Attribution, Effect, LocalDifference, Measure, Part
from kerasdiff.findings import Compared, Fact, Finding, Site, Subject
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.graph import MODES, Edge, Graph, Node, Port, Source, TensorSpec, Weight
from kerasdiff.graph.values import Closeness, Tolerance
from kerasdiff.rungs.records import ArchitectureFigures, NotChecked, NumberFigures, Rewrite, Row, RowState, Rung
from kerasdiff.side.locations import Location
from kerasdiff.side.records import Description
from kerasdiff.side.training import Answers, DataSource, Epoch, History, Trial, TrialSettings, TrialSide

ENVIRONMENT = {"device": "cpu", "kerasdiff": "0.1.0", "keras": "3.15.0", "python": "3.11.9", "tensorflow": "2.21.0"}


def node(name: str, op: str, shape: tuple[int | None, ...], file: str = "", line: int = 0) -> Node:
    return Node(
        id=name,
        op=op,
        kind="layer",
        outputs=(TensorSpec(shape=shape, dtype="float32"),),
        source=Source(file=file, line=line) if file else None,
        display=op,
    )


# reference, candidate, candidate line, op, shape, parameters; the order of the forum's call()
_FORUM: tuple[tuple[str, str, int, str, tuple[int | None, ...], int], ...] = (
    ("input", "input", 0, "input", (None, 32, 32, 3), 0),
    ("mdl/conv2d", "c2d_32", 25, "conv2d", (None, 30, 30, 32), 896),
    ("mdl/batch_normalization", "bnrm_1", 26, "batch_normalization", (None, 30, 30, 32), 128),
    ("", "relu", 27, "relu", (None, 30, 30, 32), 0),
    ("mdl/max_pooling2d", "mp_1", 28, "max_pooling2d", (None, 15, 15, 32), 0),
    ("mdl/conv2d_1", "c2d_64", 29, "conv2d", (None, 11, 11, 64), 51264),
    ("mdl/batch_normalization_1", "bnrm_2", 30, "batch_normalization", (None, 11, 11, 64), 256),
    ("", "relu_1", 31, "relu", (None, 11, 11, 64), 0),
    ("mdl/max_pooling2d_1", "mp_2", 32, "max_pooling2d", (None, 5, 5, 64), 0),
    ("mdl/conv2d_2", "c2d_128", 33, "conv2d", (None, 3, 3, 128), 73856),
    ("mdl/batch_normalization_2", "bnrm_3", 34, "batch_normalization", (None, 3, 3, 128), 512),
    ("", "relu_2", 35, "relu", (None, 3, 3, 128), 0),
    ("mdl/flatten", "flt", 36, "flatten", (None, 1152), 0),
    ("mdl/dense", "dns_64", 37, "dense", (None, 64), 73792),
    ("mdl/dense:activation", "dns_64:activation", 37, "relu", (None, 64), 0),
    ("mdl/dropout", "do", 38, "dropout", (None, 64), 0),
    ("mdl/dense_1", "dns_10", 39, "dense", (None, 10), 650),
)


def _forum_rows() -> tuple[Row, ...]:
    rows = []
    for reference, candidate, line, op, shape, parameters in _FORUM:
        left = node(reference, op, shape, "a.py" if line else "", 33) if reference else None
        right = node(candidate, op, shape, "b.py" if line else "", line)
        state: RowState = "rewritten" if ":" in candidate else "kept"
        rows.append(
            Row(
                state=state if left else "inserted",
                reference=left,
                candidate=right,
                reference_parameters=parameters if left else 0,
                candidate_parameters=parameters,
            )
        )
    return tuple(rows)


def _forum_edits() -> tuple[Edit, ...]:
    rows = (
        ("relu", "bnrm_1", "mp_1", "mdl/batch_normalization", 27),
        ("relu_1", "bnrm_2", "mp_2", "mdl/batch_normalization_1", 31),
        ("relu_2", "bnrm_3", "flt", "mdl/batch_normalization_2", 35),
    )
    return tuple(
        Insert(
            op="relu",
            reference=None,
            candidate=Site(node=name, op="relu", source=Source(file="b.py", line=line), display="relu"),
            after=(reference, before),
            between=(before, after),
        )
        for name, before, after, reference, line in rows
    )


def losses(start: float, decay: float, wobble: float, steps: int = 30) -> tuple[float, ...]:
    return tuple(start * math.exp(-decay * step) + wobble * math.sin(1.7 * step) for step in range(steps))


def _trial(side: TrialSide, seen: tuple[float, ...], reached: tuple[float, float, float]) -> Trial:
    epoch = Epoch(
        number=1,
        steps=len(seen),
        train_loss=seen[-1],
        train_accuracy=reached[0],
        test_accuracy=reached[1],
        test_loss=reached[2],
        seconds=1.0,
    )
    return Trial(
        side=side,
        seed=0,
        steps=30,
        history=History(losses=seen, epochs=(epoch,)),
        data=DataSource(kind="procedural", train=2_000, test=500, cifar10_missing=True),
        settings=TrialSettings(
            optimizer="adam",
            learning_rate=0.0003,
            loss=("SparseCategoricalCrossentropy(from_logits=True)",),
            targets=("sparse",),
            from_compile=False,
            batch_size=64,
            without_gradient=(),
            custom_train_step_ignored=False,
            steps=30,
            epochs=1,
            steps_per_epoch=31,
            test_rows=500,
        ),
        answers=Answers(predictions=np.zeros(1), digest=""),
    )


def _forum_fit() -> FitEvidence:
    reference = losses(3.912, 0.021, 0.06), (0.346, 0.318, 2.24131)
    return FitEvidence(
        trials=(
            _trial("reference", *reference),
            _trial("candidate", losses(4.271, 0.034, 0.05), (0.312, 0.295, 2.40112)),
            _trial("control", *reference),
        ),
        seeds=(0,),
        distance=0.4315,
        control_distance=0.0,
        first_parting=0,
        identical=False,
    )


_PORTS = (
    Port(name="input", spec=TensorSpec(shape=(None, 32, 32, 3), dtype="float32")),
    Port(name="output", spec=TensorSpec(shape=(None, 10), dtype="float32")),
)


def _inferred(target: str) -> tuple[Finding, ...]:
    settings = {"value": "(32, 32, 3)"}
    return (Finding(fact=Fact.ARGUMENT_FROM_DEFAULT, names=(target, "input_shape"), settings=settings),)


def closeness(size: float, scale: float, place: tuple[int, ...], beyond: int, count: int) -> Closeness:
    """A difference of ``size`` times ``scale``."""
    return Closeness(
        equal=not beyond,
        max_absolute=size * scale,
        max_relative=size,
        place=place,
        beyond=beyond,
        count=count,
        limit=1e-9,
        smallest_passing=size,
        scale=scale,
    )


def _inference() -> Rung:
    subject = Subject(quantity="output", probe="normal")
    close = closeness(0.77, 1.0, (0, 7), 640, 640)
    return Rung(
        name="inference",
        outcome="different",
        findings=(
            Finding(
                fact=Fact.VALUES_DIFFER,
                names=("output",),
                count=9,
                of=9,
                compared=Compared(subject=subject, closeness=close),
            ),
        ),
        figures=NumberFigures(
            compared=9,
            beyond=9,
            tolerance=Tolerance(limit=1e-9, grounds="float64"),
            precision="float64",
            max_absolute=close.max_absolute,
            max_relative=close.max_relative,
            place=close.place,
            smallest_passing=close.smallest_passing,
            argmax_agreement=None,
            where=subject,
            differing=(subject,),
            untaken=((), ()),
        ),
    )


def forum() -> Comparison:
    """The founding pair: three ReLUs that the reference lacks."""
    model = ModelInfo(
        target="examples/forum/a.py:ConvModel_1",
        class_name="ConvModel_1",
        parameters=201354,
        trainable_parameters=200906,
        nodes=14,
        interface=(_PORTS[0],),
        location=Location(directory="examples/forum"),
    )
    return Comparison(
        verdict=Verdict(outcome="different", basis="witness", reason=Reason.OUTPUTS),
        reference=model,
        candidate=replace(model, target="examples/forum/b.py:ConvModel_2", class_name="ConvModel_2", nodes=17),
        environment=ENVIRONMENT,
        terms=Terms(
            seed=0,
            limits={"inference": 1e-9, "training step": 1e-9},
            inferred=(_inferred("examples/forum/a.py:ConvModel_1"), _inferred("examples/forum/b.py:ConvModel_2")),
        ),
        rungs=(
            Rung(
                name="interface", outcome="equal", findings=(Finding(fact=Fact.SAME_INTERFACE, ports=_PORTS, count=1),)
            ),
            Rung(
                name="architecture",
                outcome="different",
                findings=(Finding(fact=Fact.EDITS, count=3, figures={"insert": 3}),),
                figures=ArchitectureFigures(edits=3, modes=MODES, isomorphic=False),
            ),
            Rung(
                name="weights",
                outcome="equal",
                findings=(Finding(fact=Fact.WEIGHTS_AGREE, count=18, names=("shape", "initializer", "regularizer")),),
            ),
            _inference(),
            Rung(
                name="fit",
                outcome="different",
                findings=(
                    Finding(
                        fact=Fact.TRIALS_APART,
                        figures={"first_parting": 0, "distance": 0.4315, "control_distance": 0.0},
                    ),
                ),
            ),
        ),
        edits=_forum_edits(),
        rewrites=(
            Rewrite(rule="split-activation", side="reference", node="mdl/dense", exact=True),
            Rewrite(rule="split-activation", side="candidate", node="dns_64", exact=True),
            Rewrite(rule="inline-nested-model", side="reference", node="mdl", exact=True),
        ),
        rows=_forum_rows(),
        fit=_forum_fit(),
        attribution=_forum_attribution(),
        not_checked=(
            NotChecked(rung="training step", reason=Finding(fact=Fact.REFUSED, cause="not part of this version")),
        ),
    )


def _forum_attribution() -> Attribution:
    pairs = (("mdl/max_pooling2d", "mp_1"), ("mdl/max_pooling2d_1", "mp_2"), ("mdl/flatten", "flt"))
    local = tuple(
        LocalDifference(
            nodes=nodes,
            probe="zeros",
            closeness=closeness(0.94 - 0.1 * number, 0.788, (0, 0, 0, 16), 13500, 28800),
            edits=(number,),
        )
        for number, nodes in enumerate(pairs)
    )
    return Attribution(
        effects=tuple(Effect(sizes={Measure.OUTPUT: size}, harmless=False) for size in (0.7712, 0.4129, 0.2087)),
        together=(),
        total={Measure.OUTPUT: 0.84, Measure.TRAINING_OUTPUT: 0.9, Measure.GRADIENT: 0.9},
        remaining={Measure.OUTPUT: 2.2e-15, Measure.TRAINING_OUTPUT: 0.0, Measure.GRADIENT: 3.1e-15},
        limits={Measure.OUTPUT: 1e-9, Measure.TRAINING_OUTPUT: 1e-9, Measure.GRADIENT: 1e-7},
        explained=True,
        uncompared=(Part.OPTIMIZER_STEP,),
        divergence=local[0],
        local=local,
        one_way=(),
        notes=(),
        compared=12,
        mode="inference",
        probes=("zeros", "normal"),
        precision="float64",
    )


_NO_FIT = Finding(fact=Fact.OPTION, names=("--no-fit",))


def _site(name: str, op: str = "conv2d") -> Site:
    return Site(node=name, op=op, display=op)


def every_state() -> Comparison:
    """One row of each state and one edit of each kind, with names that mean harm."""
    image = (None, 224, 224, 64)
    kept = node("stem/conv", "conv2d", image, "models/reference_net.py", 9)
    other = node("stem/conv2d_with_a_very_long_name_indeed", "conv2d", image, "models/candidate_net.py", 110)
    norm = node("stem/[red]bn[/red]", "batch_normalization", image, "models/reference_net.py", 10)
    hostile = node("stem/\x1b[2Jbn", "batch_normalization", image, "models/candidate_net.py", 111)
    wide = replace(other, id="层/卷积", outputs=(TensorSpec(shape=(None, 112, 112, 128), dtype="float16"),))
    rows = (
        Row(state="kept", reference=kept, candidate=other, reference_parameters=1792, candidate_parameters=1792),
        Row(state="rewritten", reference=norm, candidate=hostile),
        Row(state="inserted", reference=None, candidate=node("relu", "relu", image)),
        Row(state="deleted", reference=node("dropout", "dropout", image), candidate=None),
        Row(state="updated", reference=kept, candidate=wide, reference_parameters=1792, candidate_parameters=3584),
        Row(state="moved", reference=norm, candidate=hostile),
        Row(state="rewired", reference=node("add", "add", image), candidate=node("add", "add", image)),
    )
    first = Site(
        node="stem/[red]bn[/red]",
        op="batch_normalization",
        kind="layer",
        scope="stem",
        display="BatchNormalization",
        source=Source(file="models/reference_net.py", line=10),
    )
    second = replace(first, node="stem/\x1b[2Jbn", source=Source(file="models/candidate_net.py", line=111))
    settings = {"epsilon": (0.001, 1e-05), "axis": ("1", 1), "momentum": (float("nan"), 0.99)}
    op = "batch_normalization"
    after = ("stem/conv", "stem/conv")
    edits = (
        Update(
            op=op,
            reference=first,
            candidate=second,
            after=after,
            changes=tuple(Change(aspect=Aspect.SETTING, name=name, values=values) for name, values in settings.items()),
        ),
        Delete(op=op, reference=first, candidate=None, after=after, modes=("training",)),
        Move(
            op=op,
            reference=first,
            candidate=second,
            after=after,
            behind=((_site("stem/conv"),), (_site("relu", "relu"),)),
        ),
        Rewire(
            op=op,
            reference=first,
            candidate=second,
            wiring=OtherOperands(takes=((Neighbour(site=_site("a", "add")),), (Neighbour(site=_site("b", "add")),))),
        ),
        Update(
            op="conv2d",
            rung="weights",
            reference=_site("stem/conv"),
            candidate=_site("stem/conv"),
            owners=("stem/conv", "stem/conv"),
            changes=(Change(aspect=Aspect.WEIGHT, name="trainable", weight="kernel", values=(True, False)),),
        ),
    )
    rewrite = Rewrite(rule="fold-scale", side="candidate", node="stem/\x1b[2Jbn", exact=False)
    return replace(
        forum(),
        verdict=Verdict(outcome="inconclusive", basis=None, reason=Reason.OPEN),
        rows=rows,
        edits=edits,
        rewrites=(rewrite,) * 6,
        rungs=(
            Rung(name="interface", outcome="advisory", findings=(Finding(fact=Fact.OUTPUTS_UNKNOWN),)),
            replace(
                _inference(),
                outcome="failed",
                findings=(Finding(fact=Fact.REFUSED, cause="the candidate raised ValueError"),),
                figures=replace(_inference().figures, max_absolute=math.nan),  # type: ignore[type-var]
            ),
            Rung(name="fit", outcome="skipped", findings=(_NO_FIT,)),
        ),
        fit=None,
        not_checked=(NotChecked(rung="fit", reason=_NO_FIT),),
        attribution=Attribution(
            effects=(
                Effect(sizes={Measure.OUTPUT: math.inf}, harmless=False),
                Effect(sizes={}, harmless=False),
                Effect(sizes={Measure.OUTPUT: 0.0, Measure.LOSS: 0.0}, harmless=True),
                Effect(sizes={Measure.OUTPUT: math.inf}, harmless=False),
            ),
            together=((0, 2),),
            total={Measure.OUTPUT: 0.5},
            remaining={Measure.OUTPUT: 0.31},
            limits={Measure.OUTPUT: 1e-9},
            explained=False,
            divergence=None,
            local=tuple(
                LocalDifference(
                    nodes=("stem/[b]x", f"\x1b[2Jn{number}"), probe="normal", closeness=closeness(1.0, 1.0, (0,), 1, 1)
                )
                for number in range(12)
            ),
            one_way=(),
            notes=(),
            compared=1200,
            mode="training",
            probes=("normal",),
            precision="float64",
        ),
    )


def long(blocks: int = 40) -> Comparison:
    """A deep net that equals itself but for one setting in the middle."""
    rows = []
    for index in range(blocks):
        for name, op in (("conv", "conv2d"), ("bn", "batch_normalization"), ("relu", "relu")):
            side = node(f"block_{index}/{name}", op, (None, 56, 56, 64), "net.py", 20 + index)
            changed = index == blocks // 2 and name == "bn"
            rows.append(Row(state="updated" if changed else "kept", reference=side, candidate=side))
    fit = replace(forum().fit, identical=True, distance=0.0, first_parting=None)  # type: ignore[type-var]
    verdict = Verdict(outcome="equivalent", basis="proof", reason=Reason.PROOF)
    return replace(
        forum(), rows=tuple(rows), edits=(), rewrites=(), verdict=verdict, fit=fit, attribution=None, not_checked=()
    )


def deep(blocks: int = 40) -> Comparison:
    """The same net, of which the setting makes a difference."""
    verdict = Verdict(outcome="different", basis="witness", reason=Reason.OUTPUTS)
    return replace(long(blocks), verdict=verdict, edits=every_state().edits[:1])


def description() -> Description:
    """A traced graph with a shared layer, a seed state, a loss, an update and a layer never called."""
    spec = TensorSpec(shape=(None, 8), dtype="float32")
    kernel = Weight(id="d/kernel", path="d/kernel", name="kernel", shape=(8, 8), dtype="float32", trainable=True)
    seed = replace(kernel, id="s", path="s", name="seed_generator_state", shape=(2,), dtype="uint32", trainable=False)
    start = Node(id="ids", op="input", kind="input", outputs=(TensorSpec(shape=(None, 8), dtype="int32"),))
    source = Source(file="net.py", line=12)
    first = Node(
        id="dense",
        op="dense",
        kind="layer",
        operands=(Edge(node="ids"),),
        weights=("d/kernel",),
        outputs=(spec,),
        source=source,
    )
    again = replace(first, id="dense@2", operands=(Edge(node="dense", port=1),), roles=("mask",))
    graph = Graph(
        nodes=(start, first, again), outputs=(Edge(node="dense@2"),), effects=("dense",), losses=(Edge(node="dense"),)
    )
    return Description(
        class_name="Net",
        inference=graph,
        training=None,
        weights=(kernel, seed),
        inputs=(Port(name="ids", spec=TensorSpec(shape=(None, 8), dtype="int32"), low=0, high=100),),
        outputs=(Port(name="output", spec=spec),),
        inferred=(Finding(fact=Fact.RANGE_CUT, names=("net.py:Net", "ids"), figures={"last": 99}),),
        notes=(Finding(fact=Fact.NOT_TRACEABLE, names=("training",), cause="ValueError: [bold]no[/bold]"),),
        unused_layers=("head/spare",),
        environment=ENVIRONMENT,
    )
