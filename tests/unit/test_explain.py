"""Cut points, patched models and attributions of small graphs, computed by sides that are a dozen lines of numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from graph_builder import Build

from kerasdiff.align.correspondence import correspond
from kerasdiff.align.pair import Pair, WeightTransfer
from kerasdiff.errors import EvaluateError
from kerasdiff.explain.attempts import around
from kerasdiff.explain.attribution import Explained, above, attribute, depth, merged
from kerasdiff.explain.bench import Question, gradients_apart
from kerasdiff.explain.cut import Cut, CutPoint
from kerasdiff.explain.edited import numbers_in
from kerasdiff.explain.measuring import Measured
from kerasdiff.explain.patching import Patcher, levels_of
from kerasdiff.explain.records import Attribution, Depth, LocalDifference, Measure, NodeDistance
from kerasdiff.explain.rows import Rows, stacked
from kerasdiff.explain.search import Search, meets
from kerasdiff.explain.work import PRODUCT_S, Work, pair_s
from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Edge, Graph, Node, Port, TensorSpec
from kerasdiff.graph.values import Array
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.prober import Prober, projection
from kerasdiff.report.wording import sentence
from kerasdiff.side.observations import Evaluation, Stage, Staged
from kerasdiff.side.records import Description

OPS: Mapping[str, Callable[..., Array]] = {
    "relu": lambda x: np.maximum(x, 0.0),
    "double": lambda x: 2.0 * x,
    "lift": lambda x: x + 0.5,
    "rise": lambda x: 0.5 + x,
    "sine": np.sin,
    "cap": lambda x: np.minimum(x, 50.0),
    "scale": lambda x: x,
    "nearly double": lambda x: np.float64(np.float32(2.0 - 2e-7)) * x,
}


class NumpySide:
    """A model run node by node; gradients are central differences. A node's weight is a factor on what it computes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        names = dict.fromkeys(name for node in graph for name in node.weights)
        self.weights = {name: np.array(1.0 + 0.5 * number) for number, name in enumerate(names)}

    def stage(self, request: Stage) -> Staged:
        made = self._made(request, request.given, self.weights)
        values = {edge: made[edge.node] for edge in request.wanted}
        outputs = self._outputs(made, request.given) if request.outputs else ()
        if request.pull is None and request.pull_outputs is None:
            return Staged(values=values, outputs=outputs)
        pulled = {edge: self._slope(request, edge) for edge in request.given}
        gradients = {name: self._slope(request, name) for name in self.weights}
        return Staged(values=values, outputs=outputs, pulled=pulled, gradients=gradients)

    def submit(self, request: Any, *arguments: Any) -> Any:
        return SimpleNamespace(result=lambda: getattr(self, request.name)(*arguments))

    def evaluate(self, request: Any) -> Evaluation:
        outputs = tuple(self.stage(_whole(probe)).outputs for probe in request.probes)
        return Evaluation(outputs=outputs, repeated=True)

    def _made(self, request: Stage, given: Mapping[Edge, Array], weights: Mapping[str, Array]) -> dict[str, Array]:
        """What each node computes from its operands, even where its own value is given."""
        made: dict[str, Array] = {}
        inputs = iter(request.probe)
        for node in self.graph:
            operands = [given.get(edge, made[edge.node]) for edge in node.operands]
            value = next(inputs).astype(np.float64) if node.kind == "input" else OPS[node.op](*operands)
            made[node.id] = value * weights[node.weights[0]] if node.weights else value
        return made

    def _outputs(self, made: Mapping[str, Array], given: Mapping[Edge, Array]) -> tuple[Array, ...]:
        return tuple(given.get(edge, made[edge.node]) for edge in self.graph.outputs)

    def _slope(self, request: Stage, by: Edge | str) -> Array:
        """The gradient of what is pulled by a given value, or by a weight."""
        start = request.given[by] if isinstance(by, Edge) else self.weights[by]
        slope = np.zeros(start.shape)
        for index in np.ndindex(start.shape):
            ends = []
            for sign in (1.0, -1.0):
                moved = start.copy()
                moved[index] += sign * 1e-4
                ends.append(self._pulled(request, by, moved))
            slope[index] = (ends[0] - ends[1]) / 2e-4
        return slope

    def _pulled(self, request: Stage, by: Edge | str, moved: Array) -> float:
        given = {**request.given, by: moved} if isinstance(by, Edge) else request.given
        made = self._made(request, given, self.weights if isinstance(by, Edge) else {**self.weights, by: moved})
        values = sum(float(np.sum(seed * made[edge.node])) for edge, seed in (request.pull or {}).items())
        ends = zip(request.pull_outputs or (), self._outputs(made, given), strict=False)
        return values + sum(float(np.sum(seed * output)) for seed, output in ends)


def _whole(probe: tuple[Array, ...]) -> Stage:
    return Stage(recipes=(), probe=probe, precision="float64", mode="inference", outputs=True)


def model(*ops: str, ends: tuple[int, ...] = (-1,)) -> Graph:
    """One call after the other, from the input; ``ends`` are positions of the outputs, the input being 0."""
    b = Build()
    values = [b.input()]
    for line, op in enumerate(ops, 1):
        scales = sum(node.op == "scale" for node in b.nodes)
        weights = [f"w{scales}"] if op == "scale" else []
        values.append(b.call(op, values[-1], line=line, weights=weights))
    return b.graph(*(values[end] for end in ends))


def described(graph: Graph, training: Graph | None = None) -> Description:
    spec = TensorSpec(shape=(None, 4), dtype="float32")
    port = Port(name="x", spec=spec)
    return Description(
        class_name="Model",
        inference=graph,
        training=training,
        weights=(),
        inputs=(port,),
        outputs=(port,) * len(graph.outputs),
        inferred=(),
        notes=(),
        unused_layers=(),
        environment={},
    )


def pair_of(reference: Graph, candidate: Graph) -> Pair:
    nothing = WeightTransfer(pairs={}, reference=(), candidate=(), complete=True, guessed=False)
    return correspond(described(reference), described(candidate)).with_transfer(nothing)


def cut_of(pair: Pair) -> Cut:
    graphs = tuple(side.inference for side in pair.descriptions)
    return Cut(pair.modes["inference"], graphs, dict(enumerate(pair.edits)))  # type: ignore[arg-type]


def question_of(pair: Pair, sides: tuple[Any, Any] | None = None) -> Question:
    first, second = (NumpySide(side.inference) for side in pair.descriptions if side.inference is not None)
    batch = (np.random.default_rng(0).standard_normal((8, 4)),)
    return Question(
        prober=Prober(sides or (first, second), pair.transfer, {"normal": batch, "small": (batch[0] * 1e-2,)}),
        worst={},
        precision="float64",
        tolerance=precision_tolerance("float64"),
        compiled=False,
        learns=True,
        computes=True,
        steps=True,
    )


def attributed(pair: Pair) -> Attribution:
    explained = attribute(pair, question_of(pair))
    assert isinstance(explained, Explained)
    assert explained.attribution is not None
    return explained.attribution


# Cut points ----------------------------------------------------------------------------------------------------


def test_aligned_nodes_and_outputs_are_cut_points() -> None:
    pair = pair_of(model("double", "relu", "sine"), model("double", "sine"))
    points = cut_of(pair).points

    assert [point.names[0] for point in points] == ["double", "sine", "output 0"]
    assert [point.output for point in points] == [None, None, 0]
    assert [point.edits for point in points] == [frozenset(), frozenset({0}), frozenset()]
    assert points[1].needs == (frozenset({Edge(node="double")}), frozenset({Edge(node="double")}))


def test_a_cut_point_that_is_dropped_joins_what_lies_around_it() -> None:
    cut = cut_of(pair_of(model("double", "relu", "sine"), model("double", "sine")))
    cut.drop(["sine"])

    assert [(point.names[0], point.edits) for point in cut.points] == [
        ("double", frozenset()),
        ("output 0", frozenset({0})),
    ]


def test_edits_between_the_same_cut_points_stand_together() -> None:
    steps = ("double", "relu", "lift", "sine", "relu", "double")
    near = cut_of(pair_of(model(*steps), model("double", "sine", "double")))

    assert sorted(map(sorted, near.groups())) == [[0, 1], [2]]


def test_what_a_line_computes_every_time_that_it_runs_is_a_cut_point() -> None:
    def twice(slope: float) -> Graph:
        b = Build()
        value = b.input()
        for _ in range(2):
            value = b.call("sine", b.call("leaky", value, line=7, slope=slope), line=8)
        return b.graph(value)

    pair = pair_of(twice(0.1), twice(0.2))
    graphs = tuple(side.inference for side in pair.descriptions)
    (told,) = pair.told
    points = Cut(pair.modes["inference"], graphs, {0: told}).points  # type: ignore[arg-type]

    assert told.times == 2
    assert [(point.names[0], sorted(point.edits)) for point in points] == [
        ("leaky", [0]),
        ("sine", []),
        ("leaky:2", [0]),
        ("sine:2", []),
        ("output 0", []),
    ]


def test_cut_points_that_wait_for_each_other_have_no_order() -> None:
    def point(name: str, needs: tuple[str, str], edits: frozenset[int]) -> CutPoint:
        wanted = tuple(frozenset({Edge(node=need)}) for need in needs)
        edge = Edge(node=name)
        return CutPoint(names=(name, name), traced=(edge, edge), needs=(wanted[0], wanted[1]), edits=edits)

    first, second = point("a", ("x", "b"), frozenset({0})), point("b", ("a", "x"), frozenset({1}))

    assert levels_of([first, second], frozenset({0, 1})) == [[second], [first]]
    assert levels_of([first, second], frozenset({0})) is None
    assert levels_of([first, second], frozenset({1})) == [[second]]


# Attribution ---------------------------------------------------------------------------------------------------


def test_each_edit_has_its_own_effect_and_all_together_are_the_candidate() -> None:
    pair = pair_of(model("sine", "relu", "double", "lift", "sine"), model("sine", "double", "sine"))
    attribution = attributed(pair)

    assert [edit.op for edit in pair.edits] == ["relu", "lift"]
    assert all(effect.sizes[Measure.OUTPUT] > 0.1 and not effect.harmless for effect in attribution.effects)
    assert attribution.remaining == {Measure.OUTPUT: 0.0}
    assert attribution.explained
    assert attribution.notes == ()
    assert attribution.probes == ("normal", "small")


def test_where_values_part_is_told_with_the_edits_before_it() -> None:
    attribution = attributed(pair_of(model("sine", "relu", "double", "sine"), model("sine", "double", "sine")))

    assert attribution.divergence is not None
    assert (attribution.divergence.nodes, attribution.divergence.edits) == (("double", "double"), (0,))
    assert [item.nodes[0] for item in attribution.local] == ["double"]
    assert attribution.compared == 3


def test_an_edit_without_effect_is_harmless() -> None:
    pair = pair_of(model("relu", "relu", "double"), model("relu", "double"))
    attribution = attributed(pair)

    assert [effect.harmless for effect in attribution.effects] == [True]
    assert not attribution.explained


def test_a_constant_that_one_side_rounds_is_harmless_where_rounding_accounts_for_outputs() -> None:
    pair = pair_of(model("double", "sine"), model("nearly double", "sine"))

    for settled, harmless in (({}, False), ({"inference": 1e-6}, True)):
        explained = attribute(pair, replace(question_of(pair), settled=settled))
        assert isinstance(explained, Explained)
        assert explained.attribution is not None
        assert all(effect.harmless is harmless for effect in explained.attribution.effects)


@pytest.mark.parametrize(
    ("reference", "candidate", "spare"),
    [
        ("sine relu double lift double", "sine double rise double", ["lift"]),
        ("sine double lift double", "sine double rise double", ["lift"]),
        ("sine relu double cap double", "sine double double", []),  # no value that is tried meets the bound
        ("sine relu double relu sine", "sine double sine", []),  # either does what the other does
        ("sine relu double lift relu double", "sine double rise double", []),  # one beside the other
    ],
)
def test_edits_are_spare_where_the_others_are_measured_to_be_all(reference, candidate, spare) -> None:
    pair = pair_of(model(*reference.split()), model(*candidate.split()))

    assert [pair.told[position].op for position in sorted(attributed(pair).spare)] == spare


def test_no_edit_is_spare_where_the_limit_comes_from_what_is_measured() -> None:
    pair = pair_of(model("sine", "relu", "double", "lift"), model("sine", "double", "rise"))
    float32 = replace(question_of(pair), precision="float32")
    found = attribute(pair, float32)

    assert isinstance(found, Explained)
    assert found.attribution is not None
    assert [effect.harmless for effect in found.attribution.effects] == [False, True]
    assert not found.attribution.spare


def test_where_edits_change_no_value_no_patched_model_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Patcher, "patched")
    pair = pair_of(model("relu", "relu", "double"), model("relu", "double"))

    assert [effect.sizes[Measure.OUTPUT] for effect in attributed(pair).effects] == [0.0]
    with pytest.raises(AttributeError):
        attributed(pair_of(model("sine", "relu", "double"), model("sine", "double")))


def test_gradients_of_a_patched_model_go_back_through_both_sides() -> None:
    ops = ("scale", "relu", "scale", "lift")
    pair = pair_of(model(*ops, ends=(2, 4)), model("scale", "scale", ends=(1, 2)))
    first, second = (NumpySide(side.inference) for side in pair.descriptions if side.inference is not None)
    plain = replace(_whole((np.random.default_rng(0).standard_normal((2, 4)),)), outputs=False)
    patcher = Patcher(cut_of(pair), (first, second), (plain, plain), {"w0": "w0", "w1": "w1"}, ())  # type: ignore[arg-type]
    every = frozenset(range(len(pair.edits)))
    patched, again = patcher.patched([every, every], gradients=True)

    assert patched is not None
    assert again is not None
    assert [value.tolist() for value in again.outputs] == [value.tolist() for value in patched.outputs]
    whole = second.stage(replace(plain, outputs=True))
    for one, two in zip(patched.outputs, whole.outputs, strict=True):
        np.testing.assert_array_equal(one, two)
    own = patcher.gradients(1, projection(patched.outputs))
    assert set(patched.gradients) == {"w0", "w1"}
    for name, slope in own.items():
        np.testing.assert_allclose(patched.gradients[name], slope, rtol=1e-6)


def test_a_side_that_cannot_be_run_in_parts_is_told_with_its_reason() -> None:
    class Refusing(NumpySide):
        def stage(self, request: Stage) -> Staged:
            raise EvaluateError("the call cannot be run in parts")

    pair = pair_of(model("double", "relu"), model("double"))
    sides = Refusing(model("double")), Refusing(model("double"))
    answer = attribute(pair, question_of(pair, sides))

    assert isinstance(answer, Finding)
    assert answer.fact is Fact.NOTHING_ATTRIBUTED
    assert sentence(answer) == ("what each edit does in inference mode is not known: the call cannot be run in parts")


# Distances along the depth ------------------------------------------------------------------------------------


def test_every_value_that_means_the_same_has_its_distances_and_what_is_equal_is_0() -> None:
    pair = pair_of(model("double", "relu", "sine", "lift"), model("double", "sine", "lift"))
    explained = attribute(pair, question_of(pair))

    assert isinstance(explained, Explained)
    assert explained.attribution is not None
    found = explained.depth
    assert found is not None
    assert (found.mode, found.precision, found.limit) == ("inference", "float64", 1e-9)
    assert set(found.probes) == {"normal", "small"}
    assert [one.nodes for one in found.nodes] == [("double", "double"), ("sine", "sine"), ("lift", "lift")]
    assert found.nodes[0] == NodeDistance(nodes=("double", "double"), overall=0.0, local=0.0)
    assert found.nodes[1].overall == found.nodes[1].local > 0.1
    assert found.nodes[2].overall > 0.1
    assert found.nodes[2].local == 0.0
    assert explained.attribution.compared == len(found.nodes)


def test_models_that_agree_are_measured_on_request() -> None:
    pair = pair_of(model("double", "sine"), model("double", "sine"))
    found = depth(pair, question_of(pair))

    assert found is not None
    assert found.nodes == tuple(NodeDistance(nodes=(name, name), overall=0.0, local=0.0) for name in ("double", "sine"))


def test_a_distance_is_infinite_where_one_side_alone_is_and_as_it_is_beside_a_reference_of_zeros() -> None:
    class Broken(NumpySide):
        def stage(self, request: Stage) -> Staged:
            staged = super().stage(request)
            return replace(
                staged, values={edge: v + (np.nan if edge.node == "sine" else 0) for edge, v in staged.values.items()}
            )

    reference, candidate = model("double", "relu", "sine"), model("double", "sine")
    pair = pair_of(reference, candidate)
    batch = (np.full((8, 4), -0.25),)

    def overall(side: NumpySide) -> float:
        prober = Prober((NumpySide(reference), side), pair.transfer, {"below": batch})  # type: ignore[arg-type]
        found = depth(pair, replace(question_of(pair), prober=prober))
        assert found is not None
        return found.nodes[1].overall

    assert overall(NumpySide(candidate)) == pytest.approx(np.sin(0.5))
    assert overall(Broken(candidate)) == np.inf


def test_sides_that_cannot_be_run_in_parts_have_no_depth() -> None:
    class Refusing(NumpySide):
        def stage(self, request: Stage) -> Staged:
            raise EvaluateError("the call cannot be run in parts")

    pair = pair_of(model("double"), model("double"))
    with pytest.raises(EvaluateError):
        depth(pair, question_of(pair, (Refusing(model("double")), Refusing(model("double")))))


def one_mode(mode: Any, sizes: Mapping[Measure, float], **given: Any) -> Measured:
    plain: dict[str, Any] = {
        "groups": (),
        "total": sizes,
        "remaining": dict.fromkeys(sizes, 0.0),
        "limits": dict.fromkeys(sizes, 1e-9),
        "divergence": None,
        "local": (),
        "compared": 3,
        "one_way": (),
        "probes": ("normal",),
        "gradients": True,
        "reached": (),
        "depth": Depth(mode=mode, probes=("normal",), precision="float64", limit=1e-9, nodes=()),
    }
    return Measured(mode=mode, effects={0: sizes}, **{**plain, **given})


def test_both_modes_make_one_attribution() -> None:
    pair = pair_of(model("double", "relu"), model("double"))
    always = Finding(fact=Fact.ALWAYS_TRUE, side="reference", sites=(Site(node="greater"),))
    parted = LocalDifference(
        nodes=("a", "b"),
        probe="normal",
        closeness=compare_values(np.zeros(2), np.ones(2), precision_tolerance("float64")),
    )
    modes = [
        one_mode("inference", {Measure.OUTPUT: 0.0}, one_way=(always,)),
        one_mode("training", {Measure.TRAINING_OUTPUT: 0.5}, one_way=(always,), divergence=parted, groups=((0, 1),)),
    ]
    attribution = merged(modes, 2, question_of(pair), ())

    assert dict(attribution.effects[0].sizes) == {Measure.OUTPUT: 0.0, Measure.TRAINING_OUTPUT: 0.5}
    assert dict(attribution.effects[1].sizes) == {}
    assert (attribution.mode, attribution.divergence) == ("training", parted)
    assert attribution.one_way == (always,)
    assert attribution.together == ((0, 1),)
    assert attribution.explained


def test_an_edit_that_may_do_what_was_not_measured_is_not_harmless() -> None:
    pair = pair_of(model("double", "relu"), model("double"))
    modes = [one_mode("inference", {Measure.OUTPUT: 0.0})]

    assert merged(modes, 1, question_of(pair), ()).effects[0].harmless
    unseen = merged(modes, 1, question_of(pair), (), unseen=frozenset({0}))
    assert not unseen.effects[0].harmless
    assert not unseen.remaining


def test_gradients_are_compared_by_their_norms() -> None:
    assert gradients_apart({"w": np.full(4, 2.0)}, {"w": np.full(4, 1.0)}) == pytest.approx(0.5)
    assert gradients_apart({"w": np.ones(4)}, {}) == pytest.approx(1.0)
    assert gradients_apart({}, {"w": np.ones(4)}) == pytest.approx(2.0)


@pytest.mark.parametrize(("inner", "found"), [("AssignVariableOp", {"cell"}), ("TanhOp", set()), (None, {"cell"})])
def test_a_loop_that_writes_nothing_is_no_effect_of_a_call(inner: str | None, found: set[str]) -> None:
    body = None if inner is None else Graph(nodes=(Node(id="b", op=inner, kind="op"),), outputs=())
    loop = Node(id="o", op="While", kind="op", attributes={"body": body})
    lowering = Graph(nodes=(loop,), outputs=(Edge(node="o"),))
    cell = Node(id="cell", op="lstm", kind="layer", lowering=lowering)

    assert above(Graph(nodes=(cell,), outputs=(Edge(node="cell"),), effects=("cell",))) == found


# Rows ----------------------------------------------------------------------------------------------------------


def test_rows_of_probes_are_stacked_and_the_worst_probe_is_told() -> None:
    batches = {"normal": (np.ones((3, 2)),), "tiny": (np.ones((5, 2)),), "left": (np.ones((2, 2)),)}
    batch, probes = stacked(batches, 6, fixed=False)

    assert batch[0].shape == (6, 2)
    assert probes == {"normal": slice(0, 3), "tiny": slice(3, 6)}
    tolerance = precision_tolerance("float64")
    rows = Rows(batch=batch, probes=probes, tolerance=tolerance, overall=tolerance)
    other = batch[0].copy()
    other[4] += 1.0
    assert rows.compare(batch[0], other).subject.probe == "tiny"
    assert list(stacked(batches, 6, fixed=True)[1]) == ["normal"]


# Search --------------------------------------------------------------------------------------------------------


def test_a_search_finds_the_input_that_a_bound_needs() -> None:
    pair = pair_of(model("double", "cap"), model("double"))
    search = Search(question_of(pair).prober, pair, budget=60.0)
    answer = search.run()

    assert answer is not None
    witness, close = answer
    assert witness.how.fact is Fact.SCALED_INPUTS
    assert sentence(witness.how) == "inputs times 100"
    assert not close.equal
    assert search.tried > 1
    assert not search.ended_early


def test_a_search_without_time_ends_early() -> None:
    pair = pair_of(model("double", "cap"), model("double"))
    search = Search(question_of(pair).prober, pair, budget=-1.0)

    assert search.run() is None
    assert search.ended_early
    assert search.tried == 0


def pair_with_kernel(graph: Graph, shape: tuple[int, ...]) -> Any:
    """Both sides the same graph, with a kernel of this shape."""
    weights = {"k": SimpleNamespace(shape=shape, size=math.prod(shape))}
    return SimpleNamespace(descriptions=(described(graph), described(graph)), weights=(weights, weights))


def test_products_with_a_kernel_are_work() -> None:
    def seconds(op: str) -> float:
        b, inner = Build(), Build()
        graph = b.graph(b.call("conv2d", b.input(), weights=["k"]))
        large = TensorSpec(shape=(None, 56, 56, 64), dtype="float32")
        lowering = inner.graph(inner.op(op))
        nodes = [replace(node, outputs=(large,), lowering=lowering) if node.weights else node for node in graph]
        return pair_s(pair_with_kernel(replace(graph, nodes=tuple(nodes)), (3, 3, 64, 64)), rows=4)

    assert seconds("BiasAdd") < 0.1
    assert seconds("Conv2D") == pytest.approx(seconds("BiasAdd") + 4 * 56 * 56 * 9 * 64 * 64 * PRODUCT_S)


def test_weights_that_are_drawn_anew_are_work() -> None:
    pair = pair_with_kernel(model("double"), (5_000, 10_000))

    def tried(*moved: float) -> int:
        work = Work(pair, rows=4, seconds=6.0)
        count = 0
        while not work.done:
            work.evaluate(("float64", 1.0, moved[count % len(moved)]))
            count += 1
        return count

    assert tried(0.0) > 20
    assert tried(0.0, 1e-8) == 3


def test_numbers_are_taken_from_settings_of_any_depth() -> None:
    assert list(numbers_in({"a": (1, [2.5, "x", True]), "b": None})) == [1.0, 2.5]


def test_inputs_around_a_constant_lie_on_both_sides_of_it() -> None:
    at, above, below = around(6.0, (3,))

    assert below < at == 6.0 < above


def test_what_comes_near_a_mask_meets_it_and_the_mask_itself_does_not() -> None:
    assert meets(np.array([1.0, -3e8]), [1e9])
    assert not meets(np.array([1.0, -1e9 + 5.0]), [1e9])
    assert not meets(np.array([1, 2]), [1e9])


def test_gradients_that_are_nan_on_both_sides_are_no_difference() -> None:
    one = {"w": np.array([np.nan, 3.0, np.inf])}

    assert gradients_apart(one, one) == 0.0
    assert gradients_apart(one, {"w": np.array([np.nan, 3.3, np.inf])}) == pytest.approx(0.1)
    assert gradients_apart(one, {"w": np.array([0.0, 3.0, np.inf])}) == np.inf
