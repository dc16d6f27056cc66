"""Every rewrite rule: where it fires, the look-alike it spares, and that what it leaves computes the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph_builder import Build
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasdiff.canonical import RULES, Canonical, Canonicaliser, expand
from kerasdiff.canonical.nodes import NODE_RULES
from kerasdiff.canonical.rules import Rule, apply_rules
from kerasdiff.graph import MODES, Edge, Graph, Mode, Node
from kerasdiff.target import parse_target

tf: Any = pytest.importorskip("tensorflow")

from kerasdiff.worker.describe import describe  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.load import Session  # noqa: E402

BY_OP: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _op in _rule.ops:
        BY_OP.setdefault(_op, []).append(_rule)


@dataclass(frozen=True)
class Case:
    """A graph of TF ops and the ops left of it in normal form."""

    rule: str
    build: Callable[[Build], Edge]
    left: tuple[str, ...]
    mode: Mode = "inference"
    fires: bool = True


def pool(b: Build, x: Edge, name: str = "MaxPool") -> Edge:
    settings = {"ksize": (1, 2, 2, 1), "strides": (1, 2, 2, 1), "padding": "VALID"}
    return b.op(name, x, shape=(None, 2, 2, 3), **settings)


def conv(b: Build, x: Edge, padding: str, size: int | None = 6, stride: int = 1, **attributes: Any) -> Edge:
    steps = (1, stride, stride, 1)
    kernel = b.input(3, 3, 2, 4)
    return b.op("Conv2D", x, kernel, shape=(None, size, size, 4), padding=padding, strides=steps, **attributes)


def image(b: Build, size: int | None = 6) -> Edge:
    return b.input(None, size, size, 2)


def padded(b: Build, x: Edge, paddings: Any, size: int = 8) -> Edge:
    return b.op("Pad", x, b.const(paddings), shape=(None, size, size, 2))


def twice(b: Build, inner: Edge, outer: Callable[[Edge], Edge]) -> Edge:
    """An inner value that is used once more beside ``outer``."""
    return b.op("ConcatV2", b.op("Neg", outer(inner)), b.op("Neg", inner), b.const(1), shape=(None, 8))


ONE = ((0, 0), (1, 1), (1, 1), (0, 0))
FLOAT = "float32"


def fires(rule: str, build: Callable[[Build], Edge], *left: str, mode: Mode = "inference") -> Case:
    return Case(rule, build, left, mode)


def spares(rule: str, build: Callable[[Build], Edge], *left: str, mode: Mode = "inference") -> Case:
    return Case(rule, build, left, mode, fires=False)


CASES = (
    fires("drop-identity-op", lambda b: b.op("Neg", b.op("Identity", b.input())), "Neg"),
    fires("drop-identity-op", lambda b: b.op("CheckNumerics", b.op("Neg", b.input())), "Neg", mode="training"),
    spares("drop-identity-op", lambda b: b.op("StopGradient", b.input()), "StopGradient", mode="training"),
    fires("drop-stop-gradient", lambda b: b.op("Neg", b.op("StopGradient", b.input())), "Neg"),
    spares("drop-stop-gradient", lambda b: b.op("StopGradient", b.input()), "StopGradient", mode="training"),
    fires("fold-constants", lambda b: b.op("AddV2", b.const(2), b.const(3), shape=(), dtype="int32")),
    spares("fold-constants", lambda b: b.op("AddV2", b.const(2.5), b.const(3.5), shape=()), "AddV2"),
    spares("fold-constants", lambda b: b.op("Neg", b.input(dtype="int32"), dtype="int32"), "Neg"),
    fires("shape-of-static", lambda b: b.op("Shape", b.input(2, 4), shape=(2,), dtype="int32")),
    spares("shape-of-static", lambda b: b.op("Shape", b.input(None, 4), shape=(2,), dtype="int32"), "Shape"),
    fires("reshape-spelling", lambda b: b.op("Reshape", b.input(None, 2, 2), b.const((-1, 4))), "Reshape"),
    fires("reshape-spelling", lambda b: b.op("ExpandDims", b.input(), b.const(1), shape=(None, 1, 4)), "Reshape"),
    fires("reshape-spelling", lambda b: b.op("Squeeze", b.input(None, 1, 4), squeeze_dims=(1,)), "Reshape"),
    fires("reshape-spelling", lambda b: b.op("Neg", b.op("Reshape", b.input(), b.const((-1, 4)))), "Neg"),
    fires(
        "reshape-spelling",
        lambda b: b.op(
            "Reshape", b.op("Reshape", b.input(None, 2, 6), b.const((-1, 4, 3)), shape=(None, 4, 3)),
            b.const((-1, 12)), shape=(None, 12),
        ),
        "Reshape",
    ),
    spares(
        "reshape-spelling",
        lambda b: b.op("Reshape", b.input(None, None, 4), b.const((-1, 7, 4)), shape=(None, None, 4)),
        "Reshape",
    ),
    spares(
        "reshape-spelling",
        lambda b: b.op("Transpose", b.input(None, 3, 3), b.const((0, 2, 1)), shape=(None, 3, 3)),
        "Transpose",
    ),
    fires("reduction-axes", lambda b: b.op("Mean", b.input(), b.const(-1), shape=(None,), keep_dims=False), "Mean"),
    fires(
        "reduction-axes",
        lambda b: b.op("Max", b.input(None, 3, 4), b.const((2, 1)), shape=(None, 1, 1), keep_dims=True),
        "Max",
    ),
    spares(
        "reduction-axes",
        lambda b: b.op("Mean", b.input(), b.input(1, dtype="int32"), shape=(None,), keep_dims=False),
        "Mean",
    ),
    fires(
        "concat-axis",
        lambda b: b.op("ConcatV2", b.input(), b.input(), b.const(-1), shape=(None, 8)),
        "ConcatV2",
    ),
    fires("concat-axis", lambda b: b.op("Neg", b.op("ConcatV2", b.input(), b.const(1))), "Neg"),
    spares(
        "concat-axis",
        lambda b: b.op("ConcatV2", b.input(), b.input(), b.input(dtype="int32"), shape=(None, 8)),
        "ConcatV2",
    ),
    fires(
        "compose-transposes",
        lambda b: b.op(
            "Transpose",
            b.op("Transpose", b.input(2, 3, 4), b.const((1, 2, 0)), shape=(3, 4, 2)), b.const((0, 2, 1)),
            shape=(3, 2, 4),
        ),
        "Transpose",
    ),
    fires(
        "compose-transposes",
        lambda b: b.op(
            "Neg",
            b.op(
                "Transpose",
                b.op("Transpose", b.input(2, 3, 4), b.const((2, 0, 1)), shape=(4, 2, 3)), b.const((1, 2, 0)),
                shape=(2, 3, 4),
            ),
            shape=(2, 3, 4),
        ),
        "Neg",
    ),
    spares(
        "compose-transposes",
        lambda b: b.op("Transpose", b.input(2, 2), b.input(2, dtype="int32"), shape=(2, 2)),
        "Transpose",
    ),
    fires("bias-add", lambda b: b.op("BiasAdd", b.input(), b.input(4), data_format="NHWC"), "AddV2"),
    fires("bias-add", lambda b: b.op("AddN", b.input(), b.input()), "AddV2"),
    fires("bias-add", lambda b: b.op("Neg", b.op("AddN", b.input())), "Neg"),
    spares(
        "bias-add",
        lambda b: b.op("BiasAdd", b.input(None, 3, 2, 2), b.input(3), shape=(None, 3, 2, 2), data_format="NCHW"),
        "BiasAdd",
    ),
    fires(
        "broadcast-bias",
        lambda b: b.op("Mul", b.input(), b.op("Reshape", b.input(4), b.const((1, 4)), shape=(1, 4))),
        "Mul",
    ),
    spares(
        "broadcast-bias",
        lambda b: b.op(
            "Mul", b.input(None, 4, 4), b.op("Reshape", b.input(4), b.const((1, 4, 1)), shape=(1, 4, 1)),
            shape=(None, 4, 4),
        ),
        "Reshape", "Mul",
    ),
    spares(
        "broadcast-bias",
        lambda b: b.op("Mul", b.input(4), b.op("Reshape", b.input(4), b.const((1, 4)), shape=(1, 4)), shape=(1, 4)),
        "Reshape", "Mul",
    ),
    fires("sum-of-many", lambda b: b.op("AddV2", b.op("AddV2", b.input(), b.input()), b.input()), "Sum*"),
    spares("sum-of-many", lambda b: b.op("AddV2", b.input(), b.input()), "AddV2"),
    spares(
        "sum-of-many",
        lambda b: twice(b, b.op("AddV2", b.input(), b.input()), lambda s: b.op("AddV2", s, b.input())),
        "AddV2", "AddV2", "Neg", "Neg", "ConcatV2",
    ),
    spares(
        "sum-of-many", lambda b: b.op("AddV2", b.op("AddV2", b.input(), b.input(4)), b.input()), "AddV2", "AddV2"
    ),
    fires("relu-spelling", lambda b: b.op("Maximum", b.input(), b.const(0.0)), "Relu"),
    fires("relu-spelling", lambda b: b.op("Maximum", b.const(0.0), b.input()), "Relu"),
    spares("relu-spelling", lambda b: b.op("Maximum", b.input(), b.const(0.1)), "Maximum"),
    spares("relu-spelling", lambda b: b.op("Minimum", b.input(), b.const(0.0)), "Minimum"),
    fires("relu6-spelling", lambda b: b.op("Minimum", b.op("Relu", b.input()), b.const(6.0)), "Relu6"),
    fires("relu6-spelling", lambda b: b.op("ClipByValue", b.input(), b.const(0.0), b.const(6.0)), "Relu6"),
    spares("relu6-spelling", lambda b: b.op("Minimum", b.op("Relu", b.input()), b.const(1.0)), "Relu", "Minimum"),
    spares("relu6-spelling", lambda b: b.op("Minimum", b.input(), b.const(6.0)), "Minimum"),
    spares("relu6-spelling", lambda b: b.op("ClipByValue", b.input(), b.const(-6.0), b.const(6.0)), "ClipByValue"),
    fires("leaky-relu-zero", lambda b: b.op("LeakyRelu", b.input(), alpha=0.0), "Relu"),
    spares("leaky-relu-zero", lambda b: b.op("LeakyRelu", b.input(), alpha=0.2), "LeakyRelu"),
    fires("square-spelling", lambda b: (lambda x: b.op("Mul", x, x))(b.input()), "Square"),
    fires("power-spelling", lambda b: b.op("Pow", b.input(), b.const(2.0)), "Square"),
    fires("power-spelling", lambda b: b.op("Pow", b.op("Square", b.input()), b.const(0.5)), "Square", "Sqrt"),
    fires("power-spelling", lambda b: b.op("Neg", b.op("Pow", b.input(), b.const(1.0))), "Neg"),
    spares("square-spelling", lambda b: b.op("Mul", b.input(), b.input()), "Mul"),
    spares("power-spelling", lambda b: b.op("Pow", b.input(), b.const(3.0)), "Pow"),
    fires("neutral-element", lambda b: b.op("Neg", b.op("Mul", b.const(1.0), b.input())), "Neg"),
    fires("neutral-element", lambda b: b.op("Neg", b.op("Sub", b.input(), b.const(0.0))), "Neg"),
    spares("neutral-element", lambda b: b.op("Sub", b.const(0.0), b.input()), "Sub"),
    spares("neutral-element", lambda b: b.op("RealDiv", b.const(1.0), b.input()), "RealDiv"),
    spares("neutral-element", lambda b: b.op("AddV2", b.input(4), b.const([[[0.0]]]), shape=(1, 1, 4)), "AddV2"),
    fires("divide-as-multiply", lambda b: b.op("RealDiv", b.input(), b.const(255.0)), "Scale"),
    spares("divide-as-multiply", lambda b: b.op("RealDiv", b.const(255.0), b.input()), "RealDiv"),
    spares("divide-as-multiply", lambda b: b.op("RealDiv", b.input(), b.const((1.0, 2.0, 3.0, 4.0))), "RealDiv"),
    spares("divide-as-multiply", lambda b: b.op("RealDiv", b.input(), b.const(0.0)), "RealDiv"),
    fires("multiply-as-scale", lambda b: b.op("Mul", b.const(0.5), b.input()), "Scale"),
    spares("multiply-as-scale", lambda b: b.op("Mul", b.input(), b.const((1.0, 2.0, 3.0, 4.0))), "Mul"),
    spares(
        "multiply-as-scale", lambda b: b.op("Mul", b.input(None, dtype="int32"), b.const(3), dtype="int32"), "Mul"
    ),
    spares("multiply-as-scale", lambda b: b.op("Mul", b.input(4), b.const([[[2.0]]]), shape=(1, 1, 4)), "Mul"),
    fires(
        "max-pool-and-monotone",
        lambda b: pool(b, b.op("Relu", b.input(None, 4, 4, 3), shape=(None, 4, 4, 3))),
        "MaxPool*",
    ),
    fires(
        "max-pool-and-monotone",
        lambda b: b.op("Tanh", pool(b, b.input(None, 4, 4, 3)), shape=(None, 2, 2, 3)),
        "MaxPool*",
    ),
    spares(
        "max-pool-and-monotone",
        lambda b: pool(b, b.op("Relu", b.input(None, 4, 4, 3), shape=(None, 4, 4, 3)), "AvgPool"),
        "Relu", "AvgPool",
    ),
    spares(
        "max-pool-and-monotone",
        lambda b: pool(b, b.op("Neg", b.input(None, 4, 4, 3), shape=(None, 4, 4, 3))),
        "Neg", "MaxPool",
    ),
    fires("pad-spelling", lambda b: padded(b, image(b), ONE), "Pad"),
    fires(
        "pad-spelling",
        lambda b: b.op("PadV2", image(b), b.const(ONE), b.const(0.0), shape=(None, 8, 8, 2)),
        "Pad",
    ),
    fires(
        "pad-spelling",
        lambda b: b.op("Neg", padded(b, image(b), ((0, 0),) * 4, 6), shape=(None, 6, 6, 2)),
        "Neg",
    ),
    spares(
        "pad-spelling",
        lambda b: b.op("PadV2", image(b), b.const(ONE), b.const(-1.0), shape=(None, 8, 8, 2)),
        "PadV2",
    ),
    fires("explicit-padding", lambda b: conv(b, image(b), "SAME"), "Conv2D"),
    fires("explicit-padding", lambda b: conv(b, image(b), "SAME", 3, 2), "Conv2D"),
    fires("explicit-padding", lambda b: conv(b, padded(b, image(b), ONE), "VALID"), "Conv2D"),
    fires("explicit-padding", lambda b: conv(b, image(b, None), "SAME", None), "Conv2D"),
    spares("explicit-padding", lambda b: conv(b, image(b, None), "SAME", None, 2), "Conv2D"),
    spares("explicit-padding", lambda b: conv(b, image(b), "SAME", data_format="NCHW"), "Conv2D"),
    spares("explicit-padding", lambda b: pool(b, b.op("Pad", image(b), b.const(ONE))), "Pad", "MaxPool"),
)  # fmt: skip


def made(case: Case) -> Graph:
    build = Build()
    return build.graph(case.build(build))


def ops(graph: Graph) -> tuple[str, ...]:
    return tuple(node.op for node in graph if node.kind == "op")


def reduced(name: str) -> Callable[..., Any]:
    function = getattr(tf, f"reduce_{name}")
    return lambda x, axis=None, axes=None, keep_dims=False: function(x, axis if axes is None else axes, keep_dims)


def conv2d(x: Any, kernel: Any, strides: Any, padding: str = "", pads: Any = None, dilations: Any = None) -> Any:
    given = padding or [(0, 0), *pads, (0, 0)]
    return tf.nn.conv2d(x, kernel, strides, given, dilations=(dilations or (1,) * 4)[1:3])


def pooled(x: Any, ksize: Any, strides: Any, padding: str, of: str = "Identity") -> Any:
    return COMPUTE[of](tf.nn.max_pool2d(x, ksize, strides, padding))


COMPUTE: dict[str, Callable[..., Any]] = {
    "Identity": tf.identity, "CheckNumerics": tf.identity, "StopGradient": tf.stop_gradient, "Neg": tf.negative,
    "AddV2": tf.add, "Sub": tf.subtract, "Mul": tf.multiply, "RealDiv": tf.divide, "Pow": tf.pow, "Square": tf.square,
    "Sqrt": tf.sqrt, "Maximum": tf.maximum, "Minimum": tf.minimum, "Relu": tf.nn.relu, "Relu6": tf.nn.relu6,
    "Tanh": tf.tanh, "ClipByValue": tf.clip_by_value, "LeakyRelu": tf.nn.leaky_relu, "Shape": tf.shape,
    "BiasAdd": lambda x, b, data_format: tf.nn.bias_add(x, b), "AddN": lambda *v: tf.add_n(v),
    "Sum*": lambda *v: tf.add_n(v), "Scale": lambda x, by: x * float(by),
    "Reshape": lambda x, shape=None, to=None: tf.reshape(x, shape if to is None else to),
    "ExpandDims": tf.expand_dims, "Squeeze": lambda x, squeeze_dims: tf.squeeze(x, squeeze_dims),
    "Mean": reduced("mean"), "Max": reduced("max"), "Conv2D": conv2d, "MaxPool": pooled, "MaxPool*": pooled,
    "ConcatV2": lambda *v, axis=None: tf.concat(v[:-1], v[-1]) if axis is None else tf.concat(v, axis),
    "Transpose": lambda x, order=None, perm=None: tf.transpose(x, order if perm is None else perm),
    "Pad": lambda x, amounts=None, paddings=None: tf.pad(x, amounts if paddings is None else paddings),
    "PadV2": lambda x, amounts, fill: tf.pad(x, amounts, constant_values=fill),
}  # fmt: skip
"""What the ops mean, those of the normal form too."""


def run(graph: Graph, inputs: list[Any]) -> list[Any]:
    """The values of a graph of TF ops."""
    values: dict[str, Any] = {}
    for node in graph:
        if node.kind == "input":
            values[node.id] = inputs[node.attributes["index"]]
        elif node.kind == "const":
            values[node.id] = tf.constant(node.attributes["value"], node.attributes["dtype"])
        else:
            values[node.id] = COMPUTE[node.op](*(values[edge.node] for edge in node.operands), **node.attributes)
    return [np.asarray(values[edge.node]) for edge in graph.outputs]


def probes(graph: Graph, seed: int = 0) -> list[Any]:
    generator = np.random.default_rng(seed)
    specs = [node.outputs[0] for node in graph if node.kind == "input"]
    shapes = [[5 if dim is None else dim for dim in spec.shape or ()] for spec in specs]
    return [(4 * generator.normal(size=shape)).astype(spec.dtype) for shape, spec in zip(shapes, specs, strict=True)]


NUMBERED = [pytest.param(case, id=f"{case.rule}-{number}") for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", NUMBERED)
def test_rule_fires_where_it_holds_and_spares_the_look_alike(case: Case) -> None:
    result, applied = apply_rules(made(case), case.mode, BY_OP)

    assert (case.rule in [item.rule for item in applied]) == case.fires
    assert ops(result) == case.left


@pytest.mark.parametrize("case", NUMBERED)
def test_normal_form_is_reached_at_once(case: Case) -> None:
    once, _ = apply_rules(made(case), case.mode, BY_OP)
    again, applied = apply_rules(once, case.mode, BY_OP)

    assert applied == ()
    assert again == once


@pytest.mark.parametrize("case", [param for param in NUMBERED if param.values[0].fires])
def test_what_a_rule_leaves_computes_the_same(case: Case) -> None:
    graph = made(case)
    result, applied = apply_rules(graph, case.mode, BY_OP)
    inputs = probes(graph)

    for before, after in zip(run(graph, inputs), run(result, inputs), strict=True):
        assert before.shape == after.shape
        loose = {"Conv2D", "Pow"} & set(ops(graph))  # another algorithm: equal but for the last bits
        if all(item.exact for item in applied) and not loose:
            np.testing.assert_array_equal(after, before)
        else:
            np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)


def test_every_rule_has_a_case_that_fires_and_one_that_must_not() -> None:
    for fire in (True, False):
        covered = {case.rule for case in CASES if case.fires == fire}
        assert covered == {rule.name for rule in RULES}
        assert {case.rule for case in NODE_CASES if case.fires == fire} == set(NODE_RULES)


def test_rules_say_what_they_use() -> None:
    assert len({rule.name for rule in RULES} | set(NODE_RULES)) == len(RULES) + len(NODE_RULES)
    assert all(rule.summary and rule.modes and rule.ops for rule in RULES)
    assert {rule.name for rule in RULES if rule.modes != MODES} == {"drop-stop-gradient"}


# Numbers ---------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(5, 11), st.integers(5, 11)),
    taps=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    step=st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)]),
    around=st.none() | st.tuples(*[st.integers(0, 2)] * 4),
    padding=st.sampled_from(["SAME", "VALID"]),
)
def test_explicit_padding_is_the_same_convolution(
    size: tuple[int, int], taps: tuple[int, int], step: tuple[int, int], around: Any, padding: str
) -> None:
    """Stride and dilation together are not in Keras, so only one of them differs from 1 here."""
    stride, dilation = step
    padding = "SAME" if any((n - 1) * dilation + 1 > 5 for n in taps) else padding
    build = Build()
    x = build.input(None, *size, 2)
    before = x
    if around is not None:
        top, bottom, left, right = around
        size = (size[0] + top + bottom, size[1] + left + right)
        x = build.op("Pad", x, build.const(((0, 0), (top, bottom), (left, right), (0, 0))), shape=(None, *size, 2))
    kernel = build.input(*taps, 2, 3)
    strides, dilations = (1, stride, stride, 1), (1, dilation, dilation, 1)
    made = build.op("Conv2D", x, kernel, shape=(), strides=strides, dilations=dilations, padding=padding)
    graph = build.graph(made)

    result, _ = apply_rules(graph, "inference", BY_OP)

    assert ops(result) == ("Conv2D",)
    assert result.nodes[-1].operands[0] == before
    inputs = probes(graph)
    np.testing.assert_allclose(run(result, inputs)[0], run(graph, inputs)[0], rtol=1e-5, atol=1e-4)


NUMPY: dict[str, Callable[..., Any]] = {
    "AddV2": np.add, "Sub": np.subtract, "Mul": np.multiply, "Maximum": np.maximum, "Minimum": np.minimum,
    "FloorDiv": np.floor_divide,
}  # fmt: skip


@given(
    name=st.sampled_from(sorted(NUMPY)),
    left=st.lists(st.integers(-99, 99), min_size=3, max_size=3),
    right=st.integers(-99, 99).filter(bool),
)
def test_constants_fold_as_numpy_says(name: str, left: list[int], right: int) -> None:
    build = Build()
    made = build.op(name, build.const(left), build.const(right), shape=(3,), dtype="int32")

    result, _ = apply_rules(build.graph(made), "inference", BY_OP)

    node = result.by_id()[result.outputs[0].node]
    assert node.kind == "const"
    assert node.attributes == {
        "shape": (3,),
        "dtype": "int32",
        "value": tuple(NUMPY[name](np.array(left, "int32"), np.int32(right)).tolist()),
    }


@given(
    values=st.lists(st.integers(0, 9), min_size=4, max_size=6),
    begin=st.integers(-4, 3),
    end=st.integers(-4, 6),
    step=st.sampled_from([-2, -1, 1, 2]),
    masks=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_slices_of_shapes_fold_as_tensorflow_says(
    values: list[int], begin: int, end: int, step: int, masks: tuple[bool, bool, bool]
) -> None:
    step = 1 if masks[2] else step
    names = dict(zip(("begin_mask", "end_mask", "shrink_axis_mask"), map(int, masks), strict=True))
    if masks[2]:
        names["begin_mask"] = 0
    build = Build()
    bounds = [build.const([number]) for number in (begin, end, step)]
    made = build.op("StridedSlice", build.const(values), *bounds, shape=None, dtype="int32", **names)

    result, _ = apply_rules(build.graph(made), "inference", BY_OP)

    wanted = tf.strided_slice(values, [begin], [end], [step], **names).numpy()
    assert np.array(result.by_id()[result.outputs[0].node].attributes["value"]).tolist() == wanted.tolist()


@given(first=st.permutations(range(4)), second=st.permutations(range(4)))
def test_two_transposes_are_one(first: list[int], second: list[int]) -> None:
    build = Build()
    shape = (2, 3, 4, 5)
    middle = tuple(shape[axis] for axis in first)
    inner = build.op("Transpose", build.input(*shape), build.const(first), shape=middle)
    outer = build.op("Transpose", inner, build.const(second), shape=tuple(middle[axis] for axis in second))
    graph = build.graph(outer)

    result, _ = apply_rules(graph, "inference", BY_OP)

    assert len(ops(result)) <= 1
    inputs = probes(graph)
    np.testing.assert_array_equal(run(result, inputs)[0], run(graph, inputs)[0])


# Rules on whole nodes, on traced models --------------------------------------------------------------

MODELS = """
import keras
from keras import layers

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
    opened = expand(done.graph, case.mode).graph
    assert expand(opened, case.mode).graph == opened


def test_split_activation_keeps_place_and_line(traced: Callable[[str, Mode], Graph]) -> None:
    dense, relu = Canonicaliser("inference").canonicalise(traced("fused", "inference")).graph.nodes[1:]

    assert dense.attributes["activation"] == "linear"
    assert (relu.id, relu.operands, relu.source) == (f"{dense.id}.activation", (Edge(node=dense.id),), dense.source)
    assert dense.source is not None


def test_opaque_nodes_stay_closed_when_a_graph_is_opened(traced: Callable[[str, Mode], Graph]) -> None:
    graph = Canonicaliser("inference").canonicalise(traced("fused", "inference")).graph
    dense = graph.nodes[1]

    opened = expand(graph, "inference", {dense.id: "the first"}).graph

    closed = opened.by_id()[dense.id]
    assert closed.attributes == {"label": "the first"}
    assert ops(opened) == ("Relu",)


def test_rules_leave_what_they_were_given_alone() -> None:
    graph = made(CASES[0])
    copy = replace(graph, nodes=tuple(replace(node) for node in graph))
    apply_rules(graph, "inference", BY_OP)

    assert graph == copy
    assert isinstance(graph.nodes[0], Node)
