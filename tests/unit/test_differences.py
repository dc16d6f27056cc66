"""What tells two nodes apart: which aspect is looked at first, and what it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from graph_builder import Build

from kerasdiff.align.differences import inside, inside_changed, settings_changed, weights_together
from kerasdiff.align.edits import Aspect, Change, Part
from kerasdiff.graph import Edge, Graph, Node, TensorSpec

NODE = Node(id="n", op="custom", kind="layer", display="Custom")


def setting(name: str, one: object, two: object) -> Change:
    return Change(aspect=Aspect.SETTING, name=name, values=(one, two))


def lowered(*ops: str | tuple[str, dict[str, Any]], constant: object = None, **fields: Any) -> Node:
    """A layer of these ops, one after the other."""
    b = Build()
    value = b.input()
    for item in ops:
        op, given = (item, {}) if isinstance(item, str) else item
        value = b.op(op, value, **given)
    if constant is not None:
        value = b.op("Mul", value, b.const(constant))
    return replace(NODE, lowering=b.graph(value), **fields)


def test_another_call_says_no_more() -> None:
    other = replace(NODE, op="relu", display="relu", attributes={"a": 1})

    assert settings_changed(NODE, other) == (Change(aspect=Aspect.OP),)


def test_a_layer_and_a_function_of_one_op_are_not_told_apart_by_settings() -> None:
    assert settings_changed(NODE, replace(NODE, kind="function", attributes={"a": 1})) == ()


def test_settings_come_in_order_of_their_names_and_graphs_are_none() -> None:
    graph = Graph(nodes=(), outputs=())
    one = replace(NODE, attributes={"b": 1, "a": 2.0, "same": 3, "body": graph})
    two = replace(NODE, attributes={"b": 2, "c": None, "same": 3, "call.training": True})

    assert settings_changed(one, two) == (
        setting("a", 2.0, None),
        setting("b", 1, 2),
        Change(aspect=Aspect.CALL, name="training", values=(None, True)),
    )


def test_inputs_differ_in_shape_and_dtype() -> None:
    one, two = (
        Node(id="in", op="input", kind="input", outputs=(TensorSpec(shape=(None, size), dtype=dtype),))
        for size, dtype in ((3, "float32"), (4, "int32"))
    )

    assert settings_changed(one, two) == (setting("shape", (None, 3), (None, 4)), setting("dtype", "float32", "int32"))


@pytest.mark.parametrize(
    ("one", "two", "changes"),
    [
        (
            lowered("Tanh", untracked=("float32 (3,) = 1",)),
            lowered("Relu"),
            (Change(aspect=Aspect.UNTRACKED, values=(("float32 (3,) = 1",), ())),),
        ),
        (
            lowered(("Sum", {"axis": 1}), ("Sum", {"axis": 1})),
            lowered(("Sum", {"axis": 2}), ("Sum", {"axis": 3, "keep": True})),
            (setting("axis", 1, 2), setting("keep", None, True)),
        ),
        (lowered("Elu"), lowered(("Elu", {"alpha": 2.0})), (setting("alpha", 1.0, 2.0),)),
        (
            lowered("Tanh", "Tanh", "Identity"),
            lowered("Tanh", "Erf"),
            (Change(aspect=Aspect.COMPUTATION, parts=((Part(op="tanh"),), (Part(op="erf"),))),),
        ),
        (
            lowered("Tanh", constant=2.0),
            lowered("Tanh", constant=3.0),
            (Change(aspect=Aspect.COMPUTATION, parts=((Part(constant=2.0),), (Part(constant=3.0),))),),
        ),
        (
            lowered("Tanh", outputs=(TensorSpec(shape=(), dtype="float32"),)),
            lowered("Tanh", outputs=(TensorSpec(shape=(), dtype="float16"),)),
            (Change(aspect=Aspect.DTYPE, values=(("float32",), ("float16",))),),
        ),
        (lowered("Tanh", "Relu"), lowered("Relu", "Tanh"), (Change(aspect=Aspect.WIRING),)),
    ],
    ids=["untracked", "settings of ops", "implied settings", "ops", "constants", "dtypes", "wiring"],
)
def test_the_first_aspect_that_differs_is_told(one: Node, two: Node, changes: tuple[Change, ...]) -> None:
    assert inside_changed(one, two) == changes


def test_a_constant_that_cannot_be_hashed_and_one_of_another_type_are_told_apart() -> None:
    first, second = (
        Node(id="n", op="n", kind="layer", lowering=Graph(nodes=(constant,), outputs=(Edge(node="c"),)))
        for value in ([1], [1.0])
        for constant in [Node(id="c", op="Const", kind="const", attributes={"value": value})]
    )

    assert inside_changed(first, second)[0].parts == ((Part(constant=[1]),), (Part(constant=[1.0]),))


def test_loop_bodies_are_inside() -> None:
    body = lowered("Tanh").lowering
    whole = lowered(("While", {"body": body}))

    assert [item.op for item in inside(whole)] == ["While", "Tanh"]


def test_weights_go_together_by_position_or_by_role() -> None:
    b = Build()
    one = replace(NODE, weights=(*map(b.weight, ("a/kernel", "a/bias")), "untracked"))
    two = replace(NODE, weights=(*map(b.weight, ("b/bias", "b/gamma", "b/kernel")), "untracked"))
    tables = b.weights, b.weights

    assert list(weights_together(one, two, tables, equal=True)) == [
        ("a/kernel", "b/bias"), ("a/bias", "b/gamma"), ("untracked", "b/kernel"),
    ]  # fmt: skip
    assert list(weights_together(one, two, tables, equal=False)) == [
        ("a/kernel", "b/kernel"), ("a/bias", "b/bias"), ("untracked", "untracked"),
    ]  # fmt: skip
