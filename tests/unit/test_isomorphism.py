"""Exact isomorphism: what may differ (names, order where it commutes), what may not, and the weight map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from graph_builder import Build, renamed
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.align.isomorphism import Isomorphism, isomorphism
from kerasdiff.align.labels import used_ports
from kerasdiff.graph import Edge, Graph
from kerasdiff.graph.signature import commutes

Made = tuple[Graph, Build]


def build(draw: Callable[[Build], Graph]) -> Made:
    b = Build()
    return draw(b), b


def iso(first: Made, second: Made) -> Isomorphism | None:
    return isomorphism(first[0], second[0], (first[1].weights, second[1].weights))


def product(b: Build, x: Edge, weight: str) -> Edge:
    return b.op("MatMul", x, b.read(weight))


def chain(*weights: str, activation: str = "Relu") -> Made:
    def draw(b: Build) -> Graph:
        value = b.input()
        for weight in weights:
            value = b.op(activation, product(b, value, weight))
        return b.graph(value)

    return build(draw)


def merged(op: str, first: str, second: str) -> Made:
    return build(lambda b: (lambda x: b.graph(b.op(op, product(b, x, first), product(b, x, second))))(b.input()))


def test_names_do_not_count_and_weights_are_mapped() -> None:
    graph, b = chain("a", "b")
    other, c = chain("one", "two")

    found = iso((graph, b), (renamed(other), c))

    assert found is not None
    assert found.weights == {"a": "one", "b": "two"}
    assert found.nodes == {node.id: f"other/{name.id}" for node, name in zip(graph, other, strict=True)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (chain("a", "b"), chain("a")),
        (chain("a"), chain("a", activation="Tanh")),
        (build(lambda b: b.graph(b.op("Elu", b.input(), alpha=1.0))), build(lambda b: b.graph(b.op("Elu", b.input())))),
        (build(lambda b: b.graph(b.input(None, 4))), build(lambda b: b.graph(b.input(None, 5)))),
        (build(lambda b: b.graph(b.input())), build(lambda b: b.graph(b.input(dtype="float16")))),
        (
            build(lambda b: b.graph(b.op("MatMul", b.input(), b.read("a", 4, 4)))),
            build(lambda b: b.graph(b.op("MatMul", b.input(), b.read("a", 4, 5)))),
        ),
        (
            build(lambda b: b.graph(b.op("Cast", b.input(), dtype="float16"))),
            build(lambda b: b.graph(b.op("Cast", b.input(), dtype="bfloat16"))),
        ),
    ],
    ids=["length", "op", "attribute", "input-shape", "input-dtype", "weight-shape", "output-dtype"],
)
def test_what_is_not_the_same(first: Made, second: Made) -> None:
    assert iso(first, first) is not None
    assert iso(first, second) is None
    assert iso(second, first) is None


@pytest.mark.parametrize("op", ["AddV2", "Mul", "Maximum", "Minimum", "SquaredDifference", "Sum*"])
def test_operands_of_commutative_ops_may_change_places(op: str) -> None:
    found = iso(merged(op, "a", "b"), merged(op, "b", "a"))

    assert found is not None
    assert sorted(found.weights) == sorted(found.weights.values()) == ["a", "b"]


@pytest.mark.parametrize("op", ["Sub", "RealDiv", "ConcatV2", "MatMul", "Pow"])
def test_operands_of_other_ops_may_not(op: str) -> None:
    def draw(turned: bool) -> Made:
        def graph(b: Build) -> Graph:
            operands = [b.op("Relu", b.input()), b.op("Tanh", b.input())]
            return b.graph(b.op(op, *(operands[::-1] if turned else operands)))

        return build(graph)

    assert iso(draw(False), draw(False)) is not None
    assert iso(draw(False), draw(True)) is None


def test_symmetric_branches_tie_and_the_map_is_one_to_one() -> None:
    def tower(*weights: str) -> Made:
        def graph(b: Build) -> Graph:
            x = b.input()
            return b.graph(b.op("Sum*", *(product(b, x, weight) for weight in weights)))

        return build(graph)

    found = iso(tower("a", "b", "c", "d"), tower("d", "c", "b", "a"))

    assert found is not None
    assert sorted(found.weights.values()) == ["a", "b", "c", "d"]


def test_a_tie_keeps_to_what_is_paired_already() -> None:
    def draw(turned: bool) -> Made:
        def graph(b: Build) -> Graph:
            x = b.input()
            first, second = product(b, x, "a"), product(b, x, "b")
            both = (second, first) if turned else (first, second)
            return b.graph(first, b.op("AddV2", *both))

        return build(graph)

    found = iso(draw(False), draw(True))

    assert found is not None
    assert found.weights == {"a": "a", "b": "b"}


def test_shared_and_separate_weights_are_not_the_same() -> None:
    shared, separate = chain("a", "a"), chain("a", "b")

    assert iso(shared, shared) is not None
    assert iso(separate, separate) is not None
    assert iso(shared, separate) is None
    assert iso(separate, shared) is None


def test_crossed_sharing_is_not_the_same() -> None:
    """Both use two weights three times; which of them comes twice in a row differs."""
    assert iso(chain("a", "a", "b"), chain("a", "b", "b")) is None
    assert iso(chain("a", "b", "a"), chain("b", "a", "b")) is not None


def test_outputs_count_in_order_and_number() -> None:
    def heads(*order: int) -> Made:
        def graph(b: Build) -> Graph:
            x = b.input()
            made = (b.op("Relu", x), b.op("Tanh", x))
            return b.graph(*(made[number] for number in order))

        return build(graph)

    assert iso(heads(0, 1), heads(0, 1)) is not None
    assert iso(heads(0, 1), heads(1, 0)) is None
    assert iso(heads(0, 1), heads(0)) is None
    assert iso(heads(0, 0), heads(0, 1)) is None


def test_inputs_count_by_position() -> None:
    def difference(turned: bool) -> Made:
        def graph(b: Build) -> Graph:
            operands = (b.input(), b.input())
            return b.graph(b.op("Sub", *(operands[::-1] if turned else operands)))

        return build(graph)

    assert iso(difference(False), difference(True)) is None


def test_ports_of_one_node_are_told_apart() -> None:
    def half(port: int) -> Made:
        return build(lambda b: b.graph(Edge(node=b.op("Split", b.input()).node, port=port)))

    assert used_ports(half(1)[0])[half(1)[0].outputs[0].node] == (1,)
    assert iso(half(1), half(1)) is not None
    assert iso(half(0), half(1)) is None


def with_effects(*weights: str, add: str = "Relu", read: str = "") -> Made:
    def graph(b: Build) -> Graph:
        x = b.input()
        updates = [b.op("AssignVariableOp", b.read(weight), b.op(add, x)) for weight in weights]
        return b.graph(product(b, x, read) if read else x, effects=updates)

    return build(graph)


def test_effects_count_in_any_order() -> None:
    found = iso(with_effects("mean", "variance"), with_effects("variance", "mean"))

    assert found is not None
    assert sorted(found.weights) == ["mean", "variance"]


def test_effects_follow_the_weights_that_are_mapped_already() -> None:
    found = iso(with_effects("m", "v", read="v"), with_effects("v", "m", read="v"))

    assert found is not None
    assert found.weights == {"m": "m", "v": "v"}


def test_missing_or_other_effects_are_a_difference() -> None:
    assert iso(with_effects("m"), with_effects()) is None
    assert iso(with_effects(), with_effects("m")) is None
    assert iso(with_effects("m"), with_effects("m", add="Tanh")) is None
    assert iso(with_effects("m", read="m"), with_effects("m", read="v")) is None


def test_losses_count_in_any_order_but_all_of_them() -> None:
    def with_losses(*names: str) -> Made:
        def graph(b: Build) -> Graph:
            x = b.input()
            return b.graph(x, losses=[b.op(name, x) for name in names])

        return build(graph)

    assert iso(with_losses("Relu", "Tanh"), with_losses("Tanh", "Relu")) is not None
    assert iso(with_losses("Relu", "Tanh"), with_losses("Relu")) is None
    assert iso(with_losses("Relu", "Relu"), with_losses("Relu", "Tanh")) is None


def test_only_ops_listed_commute() -> None:
    b = Build()
    x = b.input()
    b.op("AddV2", x, x)
    b.op("Sub", x, x)
    b.call("add", x, x)

    assert [commutes(node) for node in b.nodes] == [False, True, False, False]


OPS = ("Relu", "Tanh", "AddV2", "Sub", "MatMul")


def random_graph(steps: list[tuple[str, int, int]]) -> Made:
    def graph(b: Build) -> Graph:
        values = [b.input(), b.input()]
        for op, first, second in steps:
            one, two = values[first % len(values)], values[second % len(values)]
            if op == "MatMul":
                values.append(product(b, one, f"w{second % 3}"))
            else:
                values.append(b.op(op, *((one, two) if op in ("AddV2", "Sub") else (one,))))
        return b.graph(values[-1])

    return build(graph)


steps = st.lists(st.tuples(st.sampled_from(OPS), st.integers(0, 20), st.integers(0, 20)), max_size=12)


@given(steps)
def test_a_graph_equals_itself_under_other_names(drawn: list[tuple[str, int, int]]) -> None:
    graph, b = random_graph(drawn)

    found = isomorphism(graph, renamed(graph), (b.weights, b.weights))

    assert found is not None
    assert all(two == f"other/{one}" for one, two in found.nodes.items())
    assert all(one == two for one, two in found.weights.items())


@given(steps, steps)
def test_swapping_the_sides_changes_nothing(
    first: list[tuple[str, int, int]], second: list[tuple[str, int, int]]
) -> None:
    one, two = random_graph(first), random_graph(second)
    forward, backward = iso(one, two), iso(two, one)

    assert (forward is None) == (backward is None)
    if forward is not None and backward is not None:
        assert len(forward.nodes) == len(backward.nodes)


def test_choices_that_decide_each_other_are_settled_together() -> None:
    """Both sums are symmetric by themselves; which operand of the one goes with which of the other is not free."""

    def crossed(*order: int) -> Made:
        def graph(b: Build) -> Graph:
            x = b.input()
            towers = [product(b, x, f"w{number}") for number in order]
            first = b.op("AddV2", b.op("Relu", towers[0]), b.op("Relu", towers[1]))
            second = b.op("AddV2", product(b, towers[2], "w0"), product(b, towers[3], "w1"))
            return b.graph(b.op("AddV2", first, second))

        return build(graph)

    assert iso(crossed(0, 1, 0, 1), crossed(1, 0, 0, 1)) is not None
    assert iso(crossed(0, 1, 0, 1), crossed(0, 1, 1, 0)) is None


def test_among_equals_weights_of_one_nature_go_together() -> None:
    def towers(frozen: int) -> Made:
        def graph(b: Build) -> Graph:
            x = b.input()
            for number in (0, 1):
                b.weight(f"w{number}", trainable=number != frozen)
                b.nodes.append(replace(b.nodes[0], id=f"read w{number}", kind="read", op="read", attributes={},
                                       weights=(f"w{number}",)))  # fmt: skip
            return b.graph(b.op("AddV2", *(b.op("MatMul", x, Edge(node=f"read w{number}")) for number in (0, 1))))

        return build(graph)

    same, turned, neither = towers(0), towers(1), towers(2)

    assert iso(same, turned) is not None
    assert iso(same, turned).weights == {"w0": "w1", "w1": "w0"}
    assert iso(same, neither) is not None


def test_weights_known_to_go_together_do_where_there_is_a_choice() -> None:
    made = merged("AddV2", "a", "b")
    weights = made[1].weights, made[1].weights
    crossed = {"a": "b", "b": "a"}

    assert isomorphism(made[0], made[0], weights, known=crossed).weights == crossed
    forced = chain("a", "b")
    assert isomorphism(forced[0], forced[0], (forced[1].weights,) * 2, known=crossed).weights == {"a": "a", "b": "b"}
