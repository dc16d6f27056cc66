"""Both modes put together: which edits and weights two descriptions have in common, and when that is a proof."""

from __future__ import annotations

from dataclasses import replace

from graph_builder import Build
from synthetic import Net

from kerasdiff.align.correspondence import correspond
from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.side.records import Description

Ops = tuple[str, ...]


def chain(*ops: str) -> tuple[Graph, Net]:
    net = Net()
    value = net.input()
    for op in ops:
        value = net.call(op, value)
    return net.done(value)[0], net


def described(inference: Ops | None, training: Ops | None) -> Description:
    """A model that does these calls, one after the other; ``None`` where it cannot be traced."""
    made = {mode: chain(*ops) for mode, ops in (("inference", inference), ("training", training)) if ops is not None}
    weights = {name: weight for _, net in made.values() for name, weight in net.weights.items()}
    return Description(
        class_name="Net",
        inference=made["inference"][0] if "inference" in made else None,
        training=made["training"][0] if "training" in made else None,
        weights=tuple(weights.values()),
        inputs=(),
        outputs=(),
        inferred=(),
        notes=(),
        unused_layers=(),
        environment={},
    )


PLAIN = ("conv", "norm", "pool", "dense")
BENT = ("conv", "norm", "relu", "pool", "dense")


def test_equal_graphs_of_both_modes_are_a_proof() -> None:
    model = described(PLAIN, BENT)
    found = correspond(model, model)

    assert found.isomorphic
    assert found.edits == ()
    assert tuple(found.modes) == ("inference", "training")
    assert found.mapped == {weight.id: weight.id for weight in model.weights}
    assert found.shown is found.modes["training"]


def test_an_edit_of_both_modes_comes_once() -> None:
    found = correspond(described(PLAIN, PLAIN), described(BENT, BENT))

    assert [(edit.kind, edit.op, edit.modes) for edit in found.edits] == [
        ("insert", "relu", ("inference", "training")),
    ]  # fmt: skip
    assert not found.isomorphic


def test_an_edit_of_one_mode_says_in_which() -> None:
    found = correspond(described(PLAIN, PLAIN), described(PLAIN, BENT))

    assert [(edit.kind, edit.modes) for edit in found.edits] == [("insert", ("training",))]
    assert found.modes["inference"].alignment.isomorphic
    assert not found.isomorphic


def test_one_mode_alone_proves_nothing() -> None:
    found = correspond(described(PLAIN, None), described(PLAIN, PLAIN))

    assert tuple(found.modes) == ("inference",)
    assert found.modes["inference"].alignment.isomorphic
    assert not found.isomorphic
    assert correspond(described(None, None), described(PLAIN, PLAIN)).modes == {}


def test_two_generations_that_look_up_rows_by_equal_graphs_are_no_proof() -> None:
    def of(keras: str, op: str) -> Description:
        b = Build()
        inner = (
            Node(id="in0", op="input", kind="input", attributes={"index": 0}),
            Node(id="w0", op="read", kind="read", attributes={"index": 0}),
            Node(id="c0", op="Const", kind="const", attributes={"value": 0}),
            Node(id="o0", op=op, kind="op", operands=tuple(Edge(node=name) for name in ("w0", "in0", "c0"))),
        )
        graph = b.graph(b.call("embedding", b.input(), name="words", weights=["table"]))
        held = Graph(nodes=inner, outputs=(Edge(node="o0"),))
        graph = replace(graph, nodes=(*graph.nodes[:-1], replace(graph.nodes[-1], lowering=held)))
        model = replace(described(None, None), inference=graph, training=graph, environment={"keras": keras})
        return replace(model, weights=tuple(b.weights.values()))

    across = correspond(of("2.15.0", "GatherV2"), of("3.15.1", "GatherV2"))

    assert across.same_graphs
    assert not across.isomorphic
    assert correspond(of("2.15.0", "Relu"), of("3.15.1", "Relu")).isomorphic
    assert correspond(of("3.11.3", "GatherV2"), of("3.15.1", "GatherV2")).isomorphic


def test_modes_that_pair_weights_differently_prove_nothing() -> None:
    def crossed(swapped: bool) -> Description:
        """Two layers one after the other; the candidate runs them the other way round while training."""
        graphs = []
        for mode in ("inference", "training"):
            b = Build()
            value = b.input()
            for name in ("one", "two")[:: -1 if swapped and mode == "training" else 1]:
                value = b.call("tanh", b.call("dense", value, name=name, weights=[f"{name}/kernel"]))
            graphs.append(b.graph(value))
        return replace(
            described(None, None), inference=graphs[0], training=graphs[1], weights=tuple(b.weights.values())
        )

    found = correspond(crossed(False), crossed(True))

    assert all(aligned.alignment.isomorphic for aligned in found.modes.values())
    assert not found.isomorphic


def test_a_setting_that_one_keras_does_not_have_is_told_only_where_no_other_tells() -> None:
    def of(keras: str, **settings: object) -> Description:
        b = Build()
        graph = b.graph(b.call("norm", b.input(), name="bn", weights=["gamma"], line=1, **settings))
        model = replace(described(("norm",), None), inference=graph, environment={"keras": keras})
        return replace(model, weights=tuple(b.weights.values()))

    def changed(one: Description, two: Description) -> list[str]:
        (edit,) = correspond(one, two).edits
        return [change.name for change in edit.changes]  # type: ignore[union-attr]

    new = of("3.15.1", momentum=0.9, renorm=False)
    assert changed(of("3.11.3", momentum=0.99), new) == ["momentum"]
    assert changed(of("3.15.1", momentum=0.99), new) == ["momentum", "renorm"]
    assert changed(of("3.11.3", momentum=0.9), new) == ["renorm"]
