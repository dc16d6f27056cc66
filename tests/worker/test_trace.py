"""What a traced model looks like: nodes, operands, scopes, lines, weights and notes, in every style of writing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Graph, Node, Source
from kerasdiff.side.records import Description
from kerasdiff.side.targets import parse_input, parse_target

keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.describe import describe  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.loading.session import Session  # noqa: E402
from kerasdiff.worker.tracing.names import Names  # noqa: E402
from kerasdiff.worker.tracing.naming import snake  # noqa: E402

MODELS = """
import keras
import tensorflow as tf
from keras import layers


def sequential():
    return keras.Sequential([
        keras.Input((8, 8, 3)),
        layers.Conv2D(4, 3, strides=2, name="first"),  # line: conv
        layers.BatchNormalization(momentum=0.9),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(2, kernel_regularizer="l2"),
    ])


class Functions(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(4)  # line: made

    def call(self, x):
        x = self.d(x)
        x = keras.activations.relu(x)  # line: activation
        x = keras.ops.tanh(x)  # line: keras op
        x = tf.nn.softplus(x)  # line: tf nn
        x = tf.math.log(x + 1.5)  # line: tf math
        return 2.0 * x  # line: operator


def functional_ops():
    x = keras.Input((4,))
    y = layers.Dense(4)(x)
    y = keras.ops.relu(y)  # line: functional relu
    return keras.Model(x, y + x)


class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.inner = layers.Dense(units)

    def call(self, x):
        return tf.nn.relu(self.inner(x))  # line: block


class Nested(keras.Model):
    def __init__(self):
        super().__init__()
        self.a = Block(4)
        self.b = Block(3)
        self.head = keras.Sequential([layers.Dense(2), keras.Sequential([layers.Dense(2), layers.ReLU()])])

    def call(self, x):
        return self.head(self.b(self.a(x)))


class Shared(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(4)

    def call(self, x):
        return self.d(self.d(x))


def several():
    a, b = keras.Input((4,), name="left"), keras.Input((5,), name="right")
    x, y = layers.Dense(3, name="p")(a), layers.Dense(3, name="q")(b)
    return keras.Model([a, b], [layers.Subtract()([x, y]), layers.Concatenate()([y, x])])


class Compiled(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(4)

    @tf.function
    def inside(self, x):
        return tf.nn.elu(self.d(x))  # line: tf.function

    def call(self, x):
        return self.inside(x)


class Unused(keras.Model):
    def __init__(self):
        super().__init__()
        self.used = layers.Dense(4)
        self.forgotten = layers.Dropout(0.5)  # line: forgotten

    def call(self, x):
        return self.used(x)


class Fresh(keras.Model):
    def call(self, x):
        return layers.ReLU()(x)


class FreshWeights(keras.Model):
    def call(self, x):
        return layers.Dense(2)(x)  # line: fresh weights


class Idle(keras.Model):
    def build(self, shape):
        self.scale = self.add_weight(shape=(4,), name="scale")  # line: idle

    def call(self, x):
        return x * 2.0


class Deaf(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = layers.Dropout(0.5)

    def call(self, x):
        return self.drop(x, training=True)  # line: deaf


class Table(keras.Model):
    def __init__(self):
        super().__init__()
        self.words = layers.Embedding(20, 4)

    def build(self, shape):
        self.words.build(shape)

    def call(self, ids):
        return tf.gather(self.words.embeddings, ids)


class MaskUnused(keras.Model):
    def __init__(self):
        super().__init__()
        self.words = layers.Embedding(20, 4, mask_zero=True)

    def call(self, ids):
        return tf.reduce_mean(self.words(ids), axis=1)  # line: mask unused


class MaskByHand(MaskUnused):
    def call(self, ids):
        words = self.words(ids)
        return tf.reduce_sum(words * tf.cast(words._keras_mask, words.dtype)[..., None], axis=1)


class OnData(keras.Model):
    def call(self, x):
        return x if tf.reduce_sum(x) > 0 else -x  # line: on data


class Masked(keras.Model):
    def __init__(self):
        super().__init__()
        self.words = layers.Embedding(20, 4, mask_zero=True)
        self.pool = layers.GlobalAveragePooling1D()

    def call(self, ids):
        return self.pool(self.words(ids))


class Losing(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(2)

    def call(self, x, training=None):
        x = self.d(x)
        if training:
            self.add_loss(tf.reduce_mean(tf.square(x)))
        return x


class Loose(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(2)
        self.scale = tf.Variable(2.0, name="loose")

    def call(self, x):
        return self.d(x) * self.scale


class Broken(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(2)

    def call(self, x, training=None):
        if training:
            raise ValueError("not made for training")
        return self.d(x)
"""
LINES = {text.split("# line: ")[1]: number for number, text in enumerate(MODELS.splitlines(), 1) if "# line: " in text}

Trace = Callable[..., Description]


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    path = Path(tmp_path_factory.mktemp("trace"), "models_to_trace.py")
    path.write_text(MODELS)
    known: dict[tuple[str, ...], Description] = {}

    def run(name: str, *inputs: str) -> Description:
        key = (name, *inputs)
        if key not in known:
            given = tuple(parse_input(text) for text in inputs)
            known[key] = describe(Session(parse_target(f"{path}:{name}"), given))
        return known[key]

    return run


def graph(description: Description, mode: str = "inference") -> Graph:
    found = getattr(description, mode)
    assert found is not None, description.notes
    return found


def calls(found: Graph) -> list[Node]:
    return [node for node in found if node.kind in ("layer", "function")]


def ops(found: Graph) -> list[str]:
    return [node.op for node in calls(found)]


def tf_ops(node: Node) -> list[str]:
    return [item.op for item in node.lowering or () if item.kind == "op"]


def is_topological(found: Graph) -> bool:
    seen: set[str] = set()
    for node in found:
        if any(edge.node not in seen for edge in node.operands):
            return False
        seen.add(node.id)
    return all(edge.node in seen for edge in found.roots())


def facts(description: Description) -> list[Fact]:
    return [note.fact for note in description.notes]


def line_of(mark: str) -> Source:
    return Source(file="models_to_trace.py", line=LINES[mark])


def layer(path: str, mark: str) -> Site:
    return Site(node=path, kind="layer", source=line_of(mark))


def test_layers_are_one_node_each_with_their_settings(trace: Trace) -> None:
    found = graph(trace("sequential"))

    assert ops(found) == ["conv2d", "batch_normalization", "flatten", "dropout", "dense"]
    first = calls(found)[0]
    assert (first.id, first.kind, first.display) == ("first", "layer", "Conv2D")
    assert (first.attributes["filters"], first.attributes["strides"]) == (4, (2, 2))
    assert first.outputs[0].shape == (None, 3, 3, 4)
    assert tf_ops(first)[0] == "Conv2D"
    assert first.weights == ("first/kernel", "first/bias")
    assert "kernel_regularizer" not in calls(found)[-1].attributes


def test_layers_name_the_line_that_makes_them(trace: Trace) -> None:
    node = calls(graph(trace("sequential")))[0]

    assert str(node.source) == f"models_to_trace.py:{LINES['conv']}"


@pytest.mark.parametrize(
    "layer",
    [keras.layers.ConvLSTM2D(2, 3), keras.layers.Conv2DTranspose(2, 3), keras.layers.LSTM(2), keras.layers.ReLU()],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_are_named_as_keras_names_them_whatever_was_made_before(layer: Any) -> None:
    again = type(layer).from_config({**layer.get_config(), "name": None})

    assert re.sub(r"_\d+$", "", layer.name) == snake(type(layer).__name__)
    assert [Names(keras.Sequential([one])).path(one) for one in (layer, again)] == [snake(type(layer).__name__)] * 2


def test_every_graph_is_topological_and_its_lowerings_too(trace: Trace) -> None:
    for name, inputs in (("sequential", ()), ("Functions", ("4",)), ("Nested", ("4",)), ("several", ())):
        for mode in ("inference", "training"):
            found = graph(trace(name, *inputs), mode)
            assert is_topological(found)
            assert all(is_topological(node.lowering) for node in calls(found) if node.lowering)
            assert all(len(node.roles) == len(node.operands) for node in calls(found))


def test_functions_are_named_as_the_user_calls_them(trace: Trace) -> None:
    found = calls(graph(trace("Functions", "4")))
    named = {node.source.line: node for node in found if node.source is not None}

    assert [node.kind for node in found] == ["layer", *["function"] * (len(found) - 1)]
    assert named[LINES["made"]].op == "dense"
    assert named[LINES["activation"]].op == "relu"
    assert named[LINES["keras op"]].op == "tanh"
    assert named[LINES["tf nn"]].op == "softplus"
    assert tf_ops(named[LINES["operator"]]) == ["Mul"]
    on_log = [tf_ops(node) for node in found if node.source and node.source.line == LINES["tf math"]]
    assert [op for listed in on_log for op in listed] == ["AddV2", "Log"]


def test_ops_in_a_functional_model_are_nodes(trace: Trace) -> None:
    found = graph(trace("functional_ops"))

    assert [tf_ops(node)[-1] for node in calls(found)][1:] == ["Relu", "AddV2"]
    dense, relu, _ = calls(found)
    assert dense.op == "dense"
    assert relu.source is not None
    assert relu.source.line == LINES["functional relu"]


def test_composites_open_up_under_their_scope(trace: Trace) -> None:
    found = calls(graph(trace("Nested", "4")))

    assert [node.id for node in found[:4]] == ["a/inner", "a/relu", "b/inner", "b/relu"]
    assert [node.scope for node in found[:4]] == ["a", "a", "b", "b"]
    assert {str(node.source) for node in (found[1], found[3])} == {f"models_to_trace.py:{LINES['block']}"}
    assert [node.op for node in found[4:]] == ["dense", "dense", "re_lu"]
    assert all(node.scope.startswith("head") for node in found[4:])
    assert found[5].scope == found[6].scope != found[4].scope
    assert len({node.id for node in found}) == len(found)


def test_a_layer_called_twice_is_two_nodes_with_the_same_weights(trace: Trace) -> None:
    found = calls(graph(trace("Shared", "4")))

    assert [node.id for node in found] == ["d", "d:2"]
    assert found[0].weights == found[1].weights == ("d/kernel", "d/bias")
    assert len(trace("Shared", "4").weights) == 2


def test_several_inputs_and_outputs_keep_their_order(trace: Trace) -> None:
    description = trace("several")
    found = graph(description)
    by_id = found.by_id()

    assert [port.name for port in description.inputs] == ["left", "right"]
    assert [node.attributes["index"] for node in found if node.kind == "input"] == [0, 1]
    assert [by_id[edge.node].op for edge in found.outputs] == ["subtract", "concatenate"]
    assert [edge.node for edge in by_id[found.outputs[0].node].operands] == ["p", "q"]
    assert [edge.node for edge in by_id[found.outputs[1].node].operands] == ["q", "p"]
    assert [port.spec.shape for port in description.outputs] == [(None, 3), (None, 6)]


def test_tf_function_inside_call_is_opened(trace: Trace) -> None:
    found = calls(graph(trace("Compiled", "4")))

    assert [node.op for node in found] == ["dense", "elu"]
    assert found[1].source is not None
    assert found[1].source.line == LINES["tf.function"]


def test_layers_that_are_never_called_are_noted(trace: Trace) -> None:
    description = trace("Unused", "4")

    assert description.unused_layers == ("forgotten",)
    assert Finding(fact=Fact.LAYER_NEVER_CALLED, sites=(layer("forgotten", "forgotten"),)) in description.notes
    assert trace("Shared", "4").unused_layers == ()
    assert trace("Nested", "4").unused_layers == ()


def test_layers_made_in_the_call_are_noted(trace: Trace) -> None:
    description = trace("Fresh", "4")

    assert ops(graph(description)) == ["re_lu"]
    assert Fact.LAYER_MADE_ANEW in facts(description)


def test_weights_made_in_the_call_are_noted_as_lost(trace: Trace) -> None:
    description = trace("FreshWeights", "4")
    (dense,) = calls(graph(description))

    assert description.notes == (Finding(fact=Fact.WEIGHTS_MADE_ANEW, sites=(layer("dense", "fresh weights"),)),)
    assert dense.untracked == (
        "made in the call: float32 (4, 2) from glorot_uniform",
        "made in the call: float32 (2,) from zeros",
    )
    assert description.weights == ()


def test_weights_that_are_never_read_are_noted(trace: Trace) -> None:
    idle = Finding(fact=Fact.WEIGHT_NEVER_READ, weights=("scale",), sources=(line_of("idle"),))

    assert idle in trace("Idle", "4").notes
    assert Fact.WEIGHT_NEVER_READ not in facts(trace("Table", "6:int32@0..20"))
    assert Fact.LAYER_NEVER_CALLED not in facts(trace("Table", "6:int32@0..20"))


def test_a_hard_coded_training_flag_is_noted_by_position_too(trace: Trace) -> None:
    assert trace("Deaf", "4").notes == (
        Finding(fact=Fact.MODE_HARD_CODED, sites=(layer("drop", "deaf"),), names=("inference",)),
    )


def test_a_mask_nobody_uses_is_noted_unless_it_is_used_by_hand(trace: Trace) -> None:
    ids = "6:int32@0..20"
    (unused,) = (note for note in trace("MaskUnused", ids).notes if note.fact is Fact.MASK_UNUSED)

    assert unused.sites[0].node == "words"
    assert unused.sites[1] == Site(node="", display="reduce_mean", source=line_of("mask unused"))
    for name in ("MaskByHand", "Masked"):
        assert not {Fact.MASK_LOST, Fact.MASK_UNUSED} & set(facts(trace(name, ids)))


def test_python_on_data_is_said_with_its_line(trace: Trace) -> None:
    description = trace("OnData", "4")

    assert (description.inference, description.training) == (None, None)
    (note,) = description.notes
    assert (note.fact, note.names) == (Fact.NOT_TRACEABLE, ("inference", "training"))
    assert note.sources == (line_of("on data"),)
    assert [part.fact for part in note.parts] == [Fact.DECIDES_ON_DATA]


def test_variables_outside_the_model_are_noted(trace: Trace) -> None:
    description = trace("Loose", "4")
    (note,) = (note for note in description.notes if note.fact is Fact.VARIABLE_UNTRACKED)

    assert "loose" in note.names[0]
    assert any(node.untracked for node in graph(description))


def test_masks_are_operands_with_a_role(trace: Trace) -> None:
    found = calls(graph(trace("Masked", "6:int32@0..20")))
    pool = next(node for node in found if node.op.startswith("global_average"))

    assert sorted(pool.roles) == ["", "mask"]
    values = [edge for edge, role in zip(pool.operands, pool.roles, strict=True) if role == ""]
    assert [edge.node for edge in values] == ["words"]
    assert all("mask" not in node.roles for node in calls(graph(trace("Shared", "4"))))


def test_modes_differ_where_the_model_does(trace: Trace) -> None:
    description = trace("sequential")
    inference, training = graph(description), graph(description, "training")

    assert (inference.effects, inference.losses) == ((), ())
    assert set(training.effects) >= {"batch_normalization"}
    dropout = {mode: next(n for n in calls(graph(description, mode)) if n.op == "dropout") for mode in
               ("inference", "training")}  # fmt: skip
    assert tf_ops(dropout["inference"]) == ["Identity"]
    assert len(tf_ops(dropout["training"])) > 1


def test_losses_added_in_the_call_are_roots_of_the_training_graph(trace: Trace) -> None:
    description = trace("Losing", "4")

    assert len(graph(description, "training").losses) == 1
    assert graph(description).losses == ()


def test_what_cannot_be_traced_is_said_with_its_reason(trace: Trace) -> None:
    description = trace("Broken", "4")

    assert description.inference is not None
    assert description.training is None
    (note,) = (note for note in description.notes if note.fact is Fact.NOT_TRACEABLE)
    assert (note.names, note.parts) == (("training",), ())
    assert "not made for training" in note.cause


def test_weights_carry_their_settings(trace: Trace) -> None:
    weights = {
        weight.path.rsplit("/", 1)[-1] + str(len(weight.shape)): weight for weight in trace("sequential").weights
    }

    kernel = weights["kernel2"]
    assert kernel.trainable
    assert kernel.regularizer == "l2(l2=0.01)"
    assert kernel.fan_in == 36
    assert not weights["moving_mean1"].trainable


def test_tracing_twice_gives_the_same_graph(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "models_to_trace.py"
    path.write_text(MODELS)
    again = describe(Session(parse_target(f"{path}:Nested"), (parse_input("4"),)))

    assert graph(again) == graph(trace("Nested", "4"))
