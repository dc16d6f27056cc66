"""Rules on whole nodes, on traced models, and how nodes open into their TF ops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

from rule_cases import CASES

from kerasdiff.canonical import NODE_RULES, Canonical, Canonicaliser, expand
from kerasdiff.canonical.engine import apply_rules
from kerasdiff.graph import Edge, Graph, Mode, Node
from kerasdiff.graph.signature import graph_signature
from kerasdiff.side.targets import parse_input, parse_target
from kerasdiff.worker.describe import describe
from kerasdiff.worker.loading.session import Session

MODELS = """
import keras
import tensorflow as tf
from keras import layers, ops

def one(layer, *shape):
    return lambda: keras.Sequential([keras.Input(shape or (6,)), layer()])

fused = one(lambda: layers.Dense(3, activation="relu"))
fused_gelu = one(lambda: layers.Conv1D(3, 2, activation="gelu"), 6, 2)
plain_dense = one(lambda: layers.Dense(3))
gates = one(lambda: layers.LSTM(3, activation="relu"), 4, 2)
dropout = one(lambda: layers.Dropout(0.5))
identity = one(lambda: layers.Identity())
linear = one(lambda: layers.Activation("linear"))
no_dropout = one(lambda: layers.Dropout(0.0))
same_shape = one(lambda: layers.Reshape((6,)))
other_shape = one(lambda: layers.Reshape((2, 3)))
noise = one(lambda: layers.GaussianNoise(0.1))
relu_layer = one(lambda: layers.ReLU())
capped = one(lambda: layers.ReLU(max_value=3.0, negative_slope=0.1))
pooled = one(lambda: layers.GlobalAveragePooling1D(), 4, 2)
unit = one(lambda: layers.UnitNormalization())
masking_words = one(lambda: layers.Embedding(9, 3, mask_zero=True), 4)
masking_steps = one(lambda: layers.Masking(), 4, 2)
masked_pool = lambda: keras.Sequential([keras.Input((4, 2)), layers.Masking(), layers.GlobalAveragePooling1D()])

def compared_twice():
    x = keras.Input((4, 2))
    kept = ops.not_equal(x, 0.0)
    mean = layers.GlobalAveragePooling1D()(x, mask=ops.any(kept, axis=-1))
    return keras.Model(x, [mean, ops.all(kept, axis=1)])

class Averages(layers.Layer):
    def __init__(self, way, times=1):
        super().__init__()
        self.way, self.times = way, times
        self.mean = self.add_weight(shape=(6,), initializer="zeros", trainable=False)

    def call(self, x):
        for _ in range(self.times):
            self.way(self.mean.value, ops.mean(x, 0))
        return ops.sin(x)

def by_steps(v, x):
    v.assign_sub((v - x) * 0.01)

averages = one(lambda: Averages(by_steps))
averages_twice = one(lambda: Averages(by_steps, 2))
averages_added = one(lambda: Averages(lambda v, x: v.assign_add((x - v) * 0.01)))
averages_assigned = one(lambda: Averages(lambda v, x: v.assign(v * 0.99 + x * 0.01)))
averages_slower = one(lambda: Averages(lambda v, x: v.assign(v * 0.98 + x * 0.02)))
averages_backwards = one(lambda: Averages(lambda v, x: v.assign(v * 0.01 + x * 0.99)))
averages_corrected = one(lambda: Averages(lambda v, x: v.assign(v * 0.99 + x * 0.01 * 6 / 5)))

class Table(layers.Layer):
    def __init__(self, look):
        super().__init__()
        self.look = look

    def build(self, shape):
        self.table = self.add_weight(shape=(9, 3))

    def call(self, ids):
        return self.look(self.table, ids)

table_by_handle = one(lambda: Table(lambda table, ids: tf.gather(table.value, tf.cast(ids, "int32"))), 4)
table_from_the_end = one(lambda: Table(lambda table, ids: ops.take(table, ops.cast(ids, "int32"), axis=0)), 4)
words = lambda: keras.Sequential([keras.Input((4,), dtype="int32"), layers.Embedding(9, 3)])
words_in_floats = one(lambda: layers.Embedding(9, 3), 4)
computed_words = one(lambda: keras.Sequential([layers.Lambda(lambda x: x - 1), layers.Embedding(9, 3)]), 4)

class Masked(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed = layers.Embedding(9, 3, mask_zero=True)
        self.pool = layers.GlobalAveragePooling1D()

    def call(self, ids):
        return self.pool(self.embed(ids))
"""


@dataclass(frozen=True)
class NodeCase:
    """A model of one layer and the ops of its canonical graph."""

    rule: str
    model: str
    left: tuple[str, ...]
    mode: Mode = "inference"
    fires: bool = True


NODE_CASES = (
    NodeCase("split-activation", "fused", ("dense", "relu")),
    NodeCase("split-activation", "fused_gelu", ("conv1d", "gelu"), "training"),
    NodeCase("split-activation", "plain_dense", ("dense",), fires=False),
    NodeCase("split-activation", "gates", ("lstm",), fires=False),
    NodeCase("split-activation", "relu_layer", ("relu",), fires=False),
    NodeCase("split-mask", "masking_words", ("embedding",)),
    NodeCase("split-mask", "masking_steps", ("masking",)),
    NodeCase("split-mask", "gates", ("lstm",), fires=False),
    NodeCase("join-mask", "masked_pool", ("masking", "mask", "global_average_pooling1d")),
    NodeCase("join-mask", "compared_twice", ("not_equal", "any", "all", "global_average_pooling1d"), fires=False),
    NodeCase("drop-no-op", "dropout", ()),
    NodeCase("drop-no-op", "identity", (), "training"),
    NodeCase("drop-no-op", "linear", (), "training"),
    NodeCase("drop-no-op", "no_dropout", (), "training"),
    NodeCase("drop-no-op", "same_shape", (), "training"),
    NodeCase("drop-no-op", "noise", ()),
    NodeCase("drop-no-op", "dropout", ("dropout",), "training", fires=False),
    NodeCase("drop-no-op", "noise", ("gaussian_noise",), "training", fires=False),
    NodeCase("drop-no-op", "other_shape", ("reshape",), fires=False),
    NodeCase("one-spelling", "relu_layer", ("relu",)),
    NodeCase("one-spelling", "pooled", ("mean",)),
    NodeCase("one-spelling", "capped", ("re_lu",), fires=False),
    NodeCase("one-spelling", "unit", ("unit_normalization",), fires=False),
    NodeCase("one-spelling", "plain_dense", ("dense",), fires=False),
    NodeCase("lookup-of-a-weight", "table_by_handle", ("cast", "gather")),
    NodeCase("lookup-of-a-weight", "words", ("embedding",), fires=False),
    NodeCase("row-from-the-end", "words", ("embedding",)),
    NodeCase("row-from-the-end", "words_in_floats", ("embedding",), "training"),
    NodeCase("row-from-the-end", "computed_words", ("shift", "embedding"), fires=False),
    NodeCase("row-from-the-end", "table_from_the_end", ("cast", "take"), fires=False),
    NodeCase("update-as-assignment", "averages", ("mean", "run_op", "scale", "assign_sub", "sin")),
    NodeCase(
        "update-as-assignment", "averages_twice", (*("mean", "run_op", "scale", "assign_sub") * 2, "sin"), fires=False
    ),
)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Mode], Graph]:
    folder = tmp_path_factory.mktemp("canonical")
    path = Path(folder, "layers_of_canonical.py")
    path.write_text(MODELS)
    known: dict[str, Any] = {}

    def trace(name: str, mode: Mode) -> Graph:
        if name not in known:
            known[name] = describe(Session(parse_target(f"{path}:{name}")))
        graph = getattr(known[name], mode)
        assert graph is not None, known[name].notes
        return graph

    return trace


def ops(graph: Graph) -> tuple[str, ...]:
    return tuple(node.op for node in graph if node.kind == "op")


def calls(canonical: Canonical) -> tuple[str, ...]:
    return tuple(node.op for node in canonical.graph if node.kind in ("layer", "function"))


@pytest.mark.parametrize("case", NODE_CASES, ids=lambda case: f"{case.rule}-{case.model}-{case.mode}")
def test_node_rule_fires_where_it_holds(case: NodeCase, traced: Callable[[str, Mode], Graph]) -> None:
    normal = Canonicaliser(case.mode)
    done = normal.canonicalise(traced(case.model, case.mode))

    assert calls(done) == case.left
    assert (case.rule in [item.rule for item in done.applied]) == case.fires

    again = normal.canonicalise(done.graph)
    assert again.applied == ()
    assert again.graph == done.graph
    expanded = expand(done.graph, case.mode).graph
    assert expand(expanded, case.mode).graph == expanded


def test_ways_to_follow_a_mean_are_one_unless_they_weigh_it_otherwise(traced: Callable[[str, Mode], Graph]) -> None:
    def form(name: str) -> str:
        graph = Canonicaliser("training").canonicalise(traced(name, "training")).graph
        return graph_signature(expand(graph, "training").graph)

    wanted = form("averages")
    assert [form(f"averages_{way}") == wanted for way in ("assigned", "added")] == [True, True]
    others = ("twice", "slower", "backwards", "corrected")
    assert [form(f"averages_{way}") == wanted for way in others] == [False] * 4


def test_split_activation_keeps_place_and_line(traced: Callable[[str, Mode], Graph]) -> None:
    dense, relu = Canonicaliser("inference").canonicalise(traced("fused", "inference")).graph.nodes[1:]

    assert dense.attributes["activation"] == "linear"
    assert (relu.id, relu.operands, relu.source) == (f"{dense.id}.activation", (Edge(node=dense.id),), dense.source)
    assert dense.source is not None


def test_opaque_nodes_stay_closed_when_a_graph_is_opened(traced: Callable[[str, Mode], Graph]) -> None:
    graph = Canonicaliser("inference").canonicalise(traced("fused", "inference")).graph
    dense = graph.nodes[1]

    expanded = expand(graph, "inference", {dense.id: "the first"}).graph

    closed = expanded.by_id()[dense.id]
    assert closed.attributes == {"label": "the first"}
    assert ops(expanded) == ("Relu",)


def test_rules_leave_what_they_were_given_alone() -> None:
    graph = CASES[0].graph()
    copy = replace(graph, nodes=tuple(replace(node) for node in graph))
    apply_rules(graph, "inference")

    assert graph == copy
    assert isinstance(graph.nodes[0], Node)


def test_every_node_rule_has_a_case_that_fires_and_one_that_must_not() -> None:
    names = {rule.name for rule in NODE_RULES}
    assert {case.rule for case in NODE_CASES if case.fires} == names
    assert {case.rule for case in NODE_CASES if not case.fires} == names
    assert all("must not" in rule.summary for rule in NODE_RULES)


def test_a_mask_made_of_the_inputs_alone_is_a_node_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "masks_of_canonical.py"
    path.write_text(MODELS)
    graph = describe(Session(parse_target(f"{path}:Masked"), (parse_input("4:int32@0..8"),))).inference
    assert graph is not None
    done = Canonicaliser("inference").canonicalise(graph)
    embed, mask, pool = (node for node in done.graph if node.kind in ("layer", "function"))

    assert (embed.op, mask.op) == ("embedding", "not_equal")
    assert len(embed.outputs) == len(mask.outputs) == 1
    assert pool.operands == (Edge(node=embed.id), Edge(node=mask.id))
    assert [item.rule for item in done.applied] == ["split-mask", "row-from-the-end"]
