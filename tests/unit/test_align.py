"""Edit scripts: each kind of edit, and where it says it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aligning import MIRROR, Made, aligned, chain, step
from graph_builder import Build, renamed
from synthetic import Net

from kerasdiff.align.alignment import align
from kerasdiff.align.edits import (
    Aspect,
    Change,
    Edit,
    Insert,
    Move,
    OtherEnds,
    OtherOperands,
    OtherSharing,
    Rewire,
    Update,
)
from kerasdiff.align.expanded import proof
from kerasdiff.canonical.engine import live
from kerasdiff.findings import Site
from kerasdiff.graph import Edge, Graph, Node, Source, TensorSpec


def setting(name: str, one: object, two: object) -> Change:
    return Change(aspect=Aspect.SETTING, name=name, values=(one, two))


def changes(edit: Edit) -> tuple[Change, ...]:
    assert isinstance(edit, Update)
    return edit.changes


def wiring(edit: Edit) -> Any:
    assert isinstance(edit, Rewire)
    return edit.wiring


def taken(edit: Edit) -> list[list[str]]:
    """The nodes from which a rewired one takes its values, by side."""
    rewired = wiring(edit)
    assert isinstance(rewired, OtherOperands)
    return [[value.site.node for value in side] for side in rewired.takes]


def brief(edits: tuple[Edit, ...]) -> list[tuple[str, str]]:
    return [(edit.kind, edit.op) for edit in edits]


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_of_equal_blocks_the_one_whose_name_is_gone_is_deleted(gone: int) -> None:
    def blocks(*numbers: int) -> Made:
        b = Build()
        value = b.input()
        for number in numbers:
            held = [f"c{number}/kernel"]
            value = b.call("relu", b.call("conv2d", value, name=f"c{number}", weights=held), name=f"r{number}")
        return b.graph(b.call("flatten", value)), b

    left = [number for number in (1, 2, 3, 4) if number != gone]
    found = aligned(blocks(1, 2, 3, 4), blocks(*left))

    assert {edit.reference.node for edit in found.edits if edit.reference} == {f"c{gone}", f"r{gone}"}
    assert {edit.kind for edit in found.edits} == {"delete"}


def test_equal_graphs_need_no_edit() -> None:
    graph, b = chain("conv", "norm", "relu", "dense")
    found = aligned((graph, b), (renamed(graph), b))

    assert found.isomorphic
    assert found.edits == ()
    assert found.nodes == {node.id: f"other/{node.id}" for node in graph}
    assert found.weights == {name: name for name in b.weights}


def test_insertions_name_the_node_before_and_the_line() -> None:
    bare = chain("conv", "norm", "pool", "conv", "norm", "pool", "dense")
    full = chain("conv", "norm", "relu", "pool", "conv", "norm", "relu", "pool", "dense")

    found = aligned(bare, full)

    assert found.edits == tuple(
        Insert(
            op="relu",
            reference=None,
            candidate=Site(
                node=f"relu_{at}", origin=f"relu_{at}", op="relu", display="relu", source=Source(file="m.py", line=line)
            ),
            after=(f"norm_{at}", f"norm_{at}"),
            modes=("inference",),
            between=(f"norm_{at}", f"pool_{at}"),
        )
        for at, line in enumerate((3, 7))
    )
    assert len(found.weights) == 5
    assert not found.isomorphic


def test_deletions_stand_on_the_side_of_the_reference() -> None:
    found = aligned(chain("conv", "norm", "relu", "dense"), chain("conv", "norm", "dense"))

    assert brief(found.edits) == [("delete", "relu")]
    assert found.edits[0].candidate is None
    assert found.edits[0].reference is not None
    assert found.edits[0].reference.node == "relu_0"
    assert found.edits[0].after == ("norm_0", "norm_0")


def test_updates_name_the_attribute_with_both_values() -> None:
    found = aligned(
        chain("conv", ("norm", {"epsilon": 1e-3, "axis": -1}), "dense"),
        chain("conv", ("norm", {"epsilon": 1e-5, "axis": -1}), "dense"),
    )

    assert brief(found.edits) == [("update", "norm")]
    assert changes(found.edits[0]) == (setting("epsilon", 1e-3, 1e-5),)


def test_an_attribute_of_one_side_alone_is_an_update() -> None:
    found = aligned(chain("conv", ("relu", {"limit": 6}), "dense"), chain("conv", "relu", "dense"))

    assert changes(found.edits[0]) == (setting("limit", 6, None),)


def test_an_argument_of_the_call_is_told_from_a_setting() -> None:
    found = aligned(chain("conv", ("drop", {"call.training": True}), "dense"), chain("conv", "drop", "dense"))

    assert changes(found.edits[0]) == (Change(aspect=Aspect.CALL, name="training", values=(True, None)),)


def test_another_position_is_one_move() -> None:
    found = aligned(
        chain("conv", "norm", "relu", "pool", "dense", "tanh"), chain("conv", "relu", "norm", "pool", "dense", "tanh")
    )

    (edit,) = found.edits
    assert isinstance(edit, Move)
    assert edit.op in ("relu", "norm")
    assert [[site.op for site in side] for side in edit.behind] in ([["conv"], ["relu"]], [["norm"], ["conv"]])
    assert len(found.moved) == 1
    assert len(found.nodes) == 7


def towers(op: str, *order: int) -> Made:
    b = Build()
    x = b.input()
    made = (step(b, x, "dense", 1), step(b, x, "conv", 2), step(b, x, "norm", 3))
    merged = b.call(op, *(made[number] for number in order), line=4)
    return live(b.graph(step(b, merged, "tanh", 5))), b


def test_one_of_several_branches_is_an_update_in_whatever_order_they_are_called() -> None:
    def branches(sizes: tuple[int, ...], order: tuple[int, ...]) -> Made:
        b = Build()
        x = step(b, b.input(), "embed", 1)
        made: dict[int, Edge] = {}
        for number in order:
            conv = b.call("conv", x, name=f"conv_{number}", weights=[f"k{number}"], width=number, size=sizes[number])
            made[number] = b.call("relu", conv, name=f"relu_{number}")
        merged = b.call("concat", *(made[number] for number in sorted(order)))
        return b.graph(b.call("tanh", merged)), b

    found = aligned(branches((5, 5, 5), (0, 1, 2)), branches((5, 7, 5), (2, 1, 0)))

    assert brief(found.edits) == [("update", "conv")]
    assert changes(found.edits[0]) == (setting("size", 5, 7),)
    assert [found.nodes[f"{op}_{number}"] for op in ("conv", "relu") for number in range(3)] == [
        f"{op}_{number}" for op in ("conv", "relu") for number in range(3)
    ]


def test_a_layer_that_changed_size_is_found_by_what_uses_it_though_another_call_comes_first() -> None:
    def net(deleted: bool) -> Made:
        b = Build()
        x = b.input()
        made = {}
        for op in ("embed", "norm", "mask") if deleted else ("embed", "mask", "norm"):
            if op == "mask":
                made[op] = b.call("mask", x)
            elif op == "embed":
                made[op] = step(b, x, "conv")
            else:
                below = made["embed"] if deleted else b.call("lstm", made["embed"], made["mask"], weights=["lstm"])
                made[op] = b.call("norm", below, weights=["norm"], size=6 if deleted else 5)
        return b.graph(step(b, b.call("gru", made["norm"], made["mask"], weights=["gru"]), "dense")), b

    found = aligned(net(deleted=False), net(deleted=True))

    assert brief(found.edits) == [("delete", "lstm"), ("update", "norm")]


def test_a_layer_that_learns_nothing_moves_onto_another_shape() -> None:
    def net(*ops: str) -> Made:
        graph, b = chain(*ops)
        b.weights["seed"] = replace(b.weights["dense_0/kernel"], id="seed", name="seed_generator_state")
        noise = graph.by_id()["noise_0"]
        shape = (None, len(noise.operands[0].node))  # another one after another layer
        entry = Node(id="in0", op="input", kind="input", attributes={"index": 0}, outputs=noise.outputs)
        draw = Node(id="draw", op="RandomUniform", kind="op", operands=(Edge(node="in0"),), attributes={"shape": shape})
        ops_of_shape = Graph(nodes=(entry, draw), outputs=(Edge(node="draw"),))
        seen = replace(noise, kind="layer", weights=("seed",), attributes={"rate": 0.1}, lowering=ops_of_shape)
        before = replace(graph.by_id()[noise.operands[0].node], outputs=(TensorSpec(shape=shape, dtype="float32"),))
        new = {seen.id: seen, before.id: before}
        return replace(graph, nodes=tuple(new.get(node.id, node) for node in graph)), b

    found = aligned(net("norm", "dense", "noise", "conv"), net("norm", "noise", "dense", "conv"))

    assert brief(found.edits) == [("move", "noise")]


@pytest.mark.parametrize("op", ["concat", "subtract"])
def test_swapped_operands_are_one_rewire(op: str) -> None:
    found = aligned(towers(op, 0, 1, 2), towers(op, 1, 0, 2))

    assert brief(found.edits) == [("rewire", op)]
    assert taken(found.edits[0]) == [["dense_0", "conv_0"], ["conv_0", "dense_0"]]
    assert wiring(found.edits[0]).reordered


def test_another_source_is_one_rewire() -> None:
    def skip(source: int) -> Made:
        b = Build()
        values = [step(b, b.input(), "conv", 1)]
        values.append(step(b, values[0], "relu", 2))
        values.append(step(b, values[1], "norm", 3))
        merged = b.call("merge", values[source], step(b, values[2], "dense", 4), line=5)
        return b.graph(step(b, merged, "tanh", 6)), b

    found = aligned(skip(0), skip(1))

    assert brief(found.edits) == [("rewire", "merge")]
    assert taken(found.edits[0]) == [["conv_0"], ["relu_0"]]
    assert not wiring(found.edits[0]).reordered


def twice(shared: bool) -> Made:
    b = Build()
    value = b.call("dense", b.input(), name="first", weights=["first/kernel"], line=1)
    weight = "first/kernel" if shared else "second/kernel"
    value = b.call("dense", step(b, value, "relu", 2), name="second", weights=[weight], line=3)
    return b.graph(value), b


@pytest.mark.parametrize("shared", [False, True])
def test_shared_against_separate_weights_is_a_rewire(shared: bool) -> None:
    found = aligned(twice(shared), twice(not shared))

    assert brief(found.edits) == [("rewire", "dense")]
    assert sorted(len(side) for side in wiring(found.edits[0]).shares) == [0, 1]
    assert not wiring(found.edits[0]).generator
    assert not found.isomorphic


def test_sharing_with_another_says_with_which() -> None:
    def thrice(*held: str) -> Made:
        b = Build()
        value = b.input()
        for line, weight in enumerate(held, start=1):
            value = b.call("dense", value, name=f"{weight}_call", weights=[f"{weight}/kernel"], line=line)
            value = step(b, value, f"act{line}", 9)
        return b.graph(value), b

    found = aligned(thrice("one", "one", "two"), thrice("one", "two", "two"))

    (edit,) = found.edits
    rewired = wiring(edit)
    assert isinstance(rewired, OtherSharing)
    assert [[(item.site.node, item.counterpart) for item in side] for side in rewired.shares] == [
        [("one_call", "")],
        [("two_call:2", "two_call")],
    ]
    assert rewired.more == (0, 0)


def test_swapped_outputs_are_told() -> None:
    def heads(swapped: bool) -> Made:
        b = Build()
        x = step(b, b.input(), "conv", 1)
        made = (step(b, x, "dense", 2), step(b, x, "tanh", 3))
        return b.graph(*(made[::-1] if swapped else made)), b

    found = aligned(heads(False), heads(True))

    assert [edit.kind for edit in found.edits] == ["rewire"]
    rewired = wiring(found.edits[0])
    assert isinstance(rewired, OtherEnds)
    assert rewired.reordered
    assert [(end.number, end.reference.node, end.candidate.node) for end in rewired.ends] == [
        (0, "dense_0", "tanh_0"),
        (1, "tanh_0", "dense_0"),
    ]


def test_another_function_between_the_same_neighbours_is_one_update() -> None:
    found = aligned(chain("conv", "relu", "dense"), chain("conv", "tanh", "dense"))

    assert brief(found.edits) == [("update", "relu")]
    assert changes(found.edits[0]) == (Change(aspect=Aspect.OP),)


def test_nothing_in_common_is_all_deleted_and_inserted() -> None:
    found = aligned(chain("conv", "relu"), chain("dense", "tanh"))

    assert sorted(brief(found.edits)) == [
        ("delete", "conv"), ("delete", "relu"), ("insert", "dense"), ("insert", "tanh"),
    ]  # fmt: skip


def test_edits_come_in_the_order_of_the_models() -> None:
    found = aligned(
        chain(("conv", {"stride": 1}), "norm", "relu", "pool", ("dense", {"units": 3})),
        chain(("conv", {"stride": 2}), "norm", "pool", ("dense", {"units": 4})),
    )

    assert brief(found.edits) == [("update", "conv"), ("delete", "relu"), ("update", "dense")]


def test_modes_say_which_graph_was_looked_at() -> None:
    first, second = chain("conv", "relu"), chain("conv")
    found = align(first[0], second[0], (first[1].weights, second[1].weights), "training")

    assert found.edits[0].modes == ("training",)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["conv", "norm", "pool"], ["conv", "norm", "relu", "pool"]),
        (["conv", "relu", "norm", "dense"], ["conv", "norm", "relu", "dense"]),
        (["conv", "norm", "dense"], ["dense", "conv", "norm"]),
        (["conv", "conv", "dense", "relu"], ["conv", "relu", "dense"]),
    ],
)
def test_swapped_sides_name_the_same_sites(first: list[str], second: list[str]) -> None:
    def sites(edits: tuple[Edit, ...], swapped: bool) -> list[Any]:
        sides = [(e.kind, *(e.sites[::-1] if swapped else e.sites)) for e in edits]
        return sorted(
            (MIRROR[kind] if swapped else kind, a.node if a else "", b.node if b else "") for kind, a, b in sides
        )

    forward = aligned(chain(*first), chain(*second)).edits
    backward = aligned(chain(*second), chain(*first)).edits

    assert sites(forward, True) == sites(backward, False)


def test_what_differs_is_expanded_and_proved_and_no_more_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """A square spelt as a call of its own, deep in a network: proved op by op, with the far layers left closed."""

    def net(spelt: bool) -> Any:
        made = Net()
        value = made.input()
        for _ in range(6):
            value = made.call("conv", value)
        value = made.call("multiply", value, value) if spelt else made.call("square", value)
        for _ in range(6):
            value = made.call("conv", value)
        return made.done(value)

    (first, weights), (second, others) = net(True), net(False)
    labels = tuple({node.id: f"{node.op} {len(node.operands)}" for node in graph} for graph in (first, second))
    pairs = {one.id: two.id for one, two in zip(first, second, strict=True)}
    found = proof.expanded((first, second), labels, pairs, (weights, others), "inference", {})

    assert found.proof is not None
    assert len(found.proof.weights) == 24
    assert 0 < found.ops < sum(proof.size(node) for graph in (first, second) for node in graph)
    assert align(first, second, (weights, others), "inference").isomorphic
    monkeypatch.setattr(proof, "MOST", 5)
    monkeypatch.setattr("kerasdiff.align.alignment.MOST", 5)
    assert align(first, second, (weights, others), "inference").unexpanded > 5
    assert proof.expanded((first, second), labels, pairs, (weights, others), "inference", {}).proof is None
