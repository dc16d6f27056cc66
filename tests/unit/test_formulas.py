"""Well-known functions are known by their values, and told as their authors know them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from kerasdiff.align.edits import Aspect, Formula
from kerasdiff.align.telling.arithmetic import NotEvaluatedError, Values, entrywise, evaluated, knows
from kerasdiff.align.telling.formulas import Function, recognised
from kerasdiff.align.telling.within import change_within
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.report.wording.edits.formulas import both, told, values

SHAPE = (None, 5, 6)


def op(kind: str, id: str, *operands: str, **attributes: object) -> Node:
    edges = tuple(Edge(node=name) for name in operands)
    return Node(id=id, op=kind, kind="op", operands=edges, attributes=attributes)  # type: ignore[arg-type]


def const(id: str, value: object, shape: tuple[int, ...] = ()) -> Node:
    return Node(id=id, op="Const", kind="const", attributes={"value": value, "shape": shape})  # type: ignore[dict-item]


X = Node(id="x", op="input", kind="input", attributes={"index": 0})


def lowering(*nodes: Node) -> Graph:
    return Graph(nodes=(X, *nodes), outputs=(Edge(node=nodes[-1].id),))


def gelu_tanh(x: Values) -> Values:
    return np.asarray(0.5 * x * (1 + np.tanh(0.797884583 * (x + 0.0447149985 * x**3))))


@pytest.mark.parametrize(
    ("function", "name", "settings"),
    [
        (lambda x: x * 0.5 * special.erfc(-0.707106769 * x), "gelu", {"approximate": False}),
        (gelu_tanh, "gelu", {"approximate": True}),
        (lambda x: x * special.expit(x), "silu", {}),
        (lambda x: x * special.expit(1.702 * x), "silu", {"beta": 1.702}),
        (lambda x: np.clip(0.200000003 * x + 0.5, 0, 1), "hard_sigmoid", {"slope": 0.2}),
        (lambda x: np.clip(x + 3, 0, 6) * 0.166666672, "hard_sigmoid", {"slope": 0.166667}),
        (lambda x: x * np.clip(x + 3, 0, 6) * 0.166666672, "hard_silu", {"slope": 0.166667}),
        (lambda x: np.maximum(x, 0.300000012 * x), "leaky_relu", {"negative_slope": 0.3}),
        (lambda x: np.where(x > 0, x, np.expm1(x)), "elu", {"alpha": 1.0}),
        (lambda x: np.clip(x, 0, 20), "relu", {"max_value": 20.0}),
        (lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0), "softplus", {}),
    ],
)
def test_a_function_of_entries_is_known_however_it_is_written(
    function: Function, name: str, settings: dict[str, object]
) -> None:
    formula = recognised(function, SHAPE, entrywise=True)

    assert formula is not None
    assert (formula.name, formula.settings) == (name, settings)


@pytest.mark.parametrize(
    "function", [lambda x: x, lambda x: 2 * x, lambda x: 0 * x + 1, lambda x: x + 1, lambda x: x**5]
)
def test_what_has_no_name_gets_none(function: Function) -> None:
    assert recognised(function, SHAPE, entrywise=True) is None


@pytest.mark.parametrize("axis", [1, -1])
def test_a_softmax_by_hand_is_known_with_its_axis(axis: int) -> None:
    def by_hand(x: Values) -> Values:
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return np.asarray(e / e.sum(axis=axis, keepdims=True))

    assert recognised(by_hand, SHAPE, entrywise=False) == Formula(name="softmax", settings={"axis": axis})
    assert recognised(by_hand, (None, None, 6), entrywise=False) is None


def test_a_lowering_is_computed_op_by_op() -> None:
    graph = lowering(const("c", 3.0), op("Pow", "p", "x", "c"), op("Scale", "s", "p", by="0.5"), op("Relu", "r", "s"))

    (result,) = evaluated(graph, [np.array([-1.0, 2.0])])

    assert knows(graph)
    assert entrywise(graph)
    assert result.tolist() == [0.0, 4.0]


def test_a_reduction_is_computed_and_is_not_entry_by_entry() -> None:
    graph = lowering(op("Sum", "s", "x", axes=(1,), keep_dims=False), op("Reshape", "r", "s", to=(-1, 1)))

    (result,) = evaluated(graph, [np.ones((2, 3))])

    assert not entrywise(graph)
    assert result.tolist() == [[3.0], [3.0]]


@pytest.mark.parametrize(
    "graph",
    [
        lowering(op("Reshape", "r", "x", to=(7, 7))),
        lowering(op("Conv2D", "r", "x")),
        lowering(const("c", "a table's digest", (100,)), op("AddV2", "r", "x", "c")),
    ],
)
def test_what_cannot_be_computed_says_so(graph: Graph) -> None:
    with pytest.raises(NotEvaluatedError):
        evaluated(graph, [np.ones((2, 3))])


def test_functions_in_words() -> None:
    exact, approximate = (Formula(name="gelu", settings={"approximate": value}) for value in (False, True))
    old = Formula(name="hard_sigmoid", settings={"slope": 0.2})
    new = Formula(name="hard_sigmoid", settings={"slope": 0.166667})
    swish = Formula(name="silu", written="swish")

    assert both(exact, approximate) == ("gelu in its exact form", "by its tanh approximation")
    assert both(old, new) == ("hard_sigmoid with slope 0.2", "with slope 1/6")
    assert both(new, swish) == ("hard_sigmoid", "swish")
    assert told(Formula(name="softmax", settings={"axis": 1})) == "softmax over axis 1"
    assert values(old, new) == {"slope": (0.2, 0.166667)}
    assert values(new, swish) == {"function": ("hard_sigmoid", "swish")}


# Inside a layer ------------------------------------------------------------------------------------------------


def layer(*nodes: Node, output: int = 0) -> Node:
    body = Graph(nodes=(X, *nodes), outputs=(Edge(node=nodes[-1].id, port=output),))
    return Node(id="layer", op="layer", kind="layer", lowering=body)


def hard_sigmoid(slope: float, *, clipped: bool) -> tuple[Node, ...]:
    """Clipped, as Keras 2 computes it; or by ReLU6, as Keras 3."""
    if clipped:
        constants = (const("slope", slope), const("half", 0.5), const("one", 1.0), const("zero", 0.0))
        scaled = (op("Mul", "scaled", "slope", "x"), op("AddV2", "moved", "scaled", "half"))
        return (*constants, *scaled, op("Minimum", "low", "moved", "one"), op("Maximum", "end", "low", "zero"))
    constants = (const("three", 0.5 / slope), const("six", 1 / slope), const("zero", 0.0))
    return (
        *constants,
        op("AddV2", "moved", "x", "three"),
        op("Relu6", "cut", "moved"),
        op("RealDiv", "end", "cut", "six"),
    )


def test_a_layer_that_computes_another_function_inside_is_told_by_it() -> None:
    one, two = hard_sigmoid(0.2, clipped=True), hard_sigmoid(1 / 6, clipped=False)
    loop = op("While", "loop", "x", body=lowering(*one)), op("While", "loop", "x", body=lowering(*two))

    for first, second in ((layer(*one), layer(*two)), (layer(loop[0]), layer(loop[1]))):
        change = change_within(first, second)
        assert change is not None
        assert change.formulas is not None
        assert both(*change.formulas) == ("hard_sigmoid with slope 0.2", "with slope 1/6")


def test_the_same_function_in_another_form_is_no_change_inside() -> None:
    assert change_within(layer(*hard_sigmoid(1 / 6, clipped=True)), layer(*hard_sigmoid(1 / 6, clipped=False))) is None


def test_an_op_of_constants_alone_is_no_function() -> None:
    made = (const("a", 1.0), op("Neg", "b", "a"), op("AddV2", "end", "b", "x"))
    assert change_within(layer(*made), layer(*hard_sigmoid(0.2, clipped=True))) is None


@pytest.mark.parametrize(("port", "told_apart"), [(2, True), (0, False)])
def test_the_variance_of_a_fused_op_is_told_where_it_is_taken(port: int, told_apart: bool) -> None:
    fused = layer(op("FusedBatchNormV3", "fused", "x", is_training=True), output=port)

    change = change_within(fused, layer(op("Relu", "end", "x")))

    assert (change is not None and change.aspect is Aspect.VARIANCE) is told_apart
