"""One graph that holds both models: in order, without circles, with groups that fold without making any."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import drawn_samples as drawn
import pytest
import report_samples as samples
from aligning import chain, step
from graph_builder import Build

from kerasdiff.align.edits import Aspect, Change, Update
from kerasdiff.drawing import WeightDistance
from kerasdiff.findings import Site
from kerasdiff.graph import Graph, Node
from kerasdiff.report.html.graphs import graph_data, inspected_data
from kerasdiff.report.html.graphs.groups import grouped
from kerasdiff.report.html.graphs.union import Side, side_of, union
from kerasdiff.report.html.rendering import data

PAIRS = {
    "equal": (drawn.residual(), drawn.residual()),
    "a skip connection elsewhere": (drawn.residual(), drawn.residual(skip=3)),
    "an activation lost": (drawn.residual(lost=2), drawn.residual()),
    "an activation moved": (drawn.moved(2), drawn.moved(5)),
    "large": (drawn.residual(20), drawn.residual(20, epsilon=11)),
    "nothing alike": (chain("conv", "relu"), chain("dense", "tanh", "pool")),
}


def told(name: str) -> dict[str, Any]:
    found = graph_data(drawn.compared(*PAIRS[name]))
    return json.loads(json.dumps(found))


def links(graph: dict[str, Any]) -> list[tuple[int, int]]:
    """From the place that gives a value to the place that takes it."""
    found = []
    for side, model in enumerate(graph["sides"]):
        at = {place[side]: number for number, place in enumerate(graph["union"]["places"])}
        found += [(at[used], at[n]) for n, node in enumerate(model["nodes"]) for used, _, _ in node.get("operands", ())]
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_every_node_stands_in_one_place_after_all_that_it_takes(name: str) -> None:
    graph = told(name)
    places = graph["union"]["places"]

    for side, model in enumerate(graph["sides"]):
        assert sorted(p[side] for p in places if p[side] is not None) == list(range(len(model["nodes"])))
    assert all(before < after for before, after in links(graph))
    ones, twos = ([node["id"] for node in model["nodes"]] for model in graph["sides"])
    paired = {(ones[one], twos[two]) for one, two in places if None not in (one, two)}
    moved = {(ones[places[one][0]], twos[places[two][1]]) for one, two in graph["union"]["moves"]}
    rows = [(row.reference, row.candidate) for row in drawn.compared(*PAIRS[name]).rows]
    assert paired | moved == {(one.id, two.id) for one, two in rows if one is not None and two is not None}


@pytest.mark.parametrize("name", PAIRS)
def test_no_value_leaves_a_block_or_a_run_and_comes_back(name: str) -> None:
    graph = told(name)
    groups, of = graph["union"]["groups"], graph["union"]["of"]

    for number in range(len(groups)):
        inside = {place for place, group in enumerate(of) if number in around(groups, group)}
        assert len(inside) > 1
        reached = {after for before, after in links(graph) if before in inside and after not in inside}
        for before, after in sorted(links(graph)):
            if before in reached:
                assert after not in inside, (groups[number], before, after)
                reached.add(after)


def around(groups: list[dict[str, Any]], group: int) -> list[int]:
    found = []
    while group >= 0:
        found.append(group)
        group = groups[group]["parent"]
    return found


def test_a_moved_node_is_two_with_an_arrow_between_them() -> None:
    graph = told("an activation moved")
    ((one, two),) = graph["union"]["moves"]

    assert [place[0] is None for place in (graph["union"]["places"][one], graph["union"]["places"][two])] == [
        False,
        True,
    ]
    assert graph["sides"][0]["nodes"][graph["union"]["places"][one][0]]["state"] == "moved"


def test_pairs_that_cross_are_split_until_there_is_no_circle() -> None:
    ones, twos = (side_of(made[0]) for made in (chain("a", "b", "c", "d"), chain("d", "c", "b", "a")))
    rows = [(0, 0), (1, 4), (2, 3), (3, 2), (4, 1)]

    whole = union([ones, twos], rows, frozenset())

    assert len(whole.places) == 8
    assert len(whole.moves) == 3
    assert all(user > place for place, users in enumerate(whole.users) for user in users)


@pytest.mark.parametrize("seed", range(30))
def test_any_pairing_has_an_order(seed: int) -> None:
    chance = random.Random(seed)

    def made() -> Side:
        b = Build()
        values = [b.input(None, 4)]
        for _ in range(14):
            values.append(b.call("add", *chance.sample(values, min(2, len(values)))))
        return side_of(b.graph(values[-1]))

    sides = [made(), made()]
    ones, twos = (chance.sample(range(15), 15) for _ in sides)
    paired = [(one, two) for one, two in zip(ones[:9], twos[:9], strict=True)]
    rows = [*paired, *((one, None) for one in ones[9:]), *((None, two) for two in twos[9:])]

    whole = union(sides, sorted(rows, key=lambda row: (row[0] is None, row)), frozenset())

    for number in (0, 1):
        at = [place[number] for place in whole.places if place[number] is not None]
        assert sorted(at) == list(range(15))
        order = {node: position for position, node in enumerate(at)}
        assert all(order[u] < order[n] for n, used in enumerate(sides[number].operands) for u, _, _ in used)
    assert all(user > place for place, users in enumerate(whole.users) for user in users)


def test_what_is_equal_starts_folded_and_what_differs_is_open() -> None:
    graph = told("large")
    groups, of = graph["union"]["groups"], graph["union"]["of"]
    (changed,) = (
        number
        for number, (one, _) in enumerate(graph["union"]["places"])
        if one is not None and graph["sides"][0]["nodes"][one]["state"] == "updated"
    )

    assert [groups[group]["label"] for group in around(groups, of[changed])] == ["stage3_block11", "stage3"]
    assert {group["label"] for group in groups if not group["folded"] and group["kind"] == "name"} == {
        "stage3",
        "stage3_block11",
    }


def test_of_few_nodes_none_start_folded() -> None:
    groups = told("a skip connection elsewhere")["union"]["groups"]

    assert [group["label"] for group in groups if group["label"].startswith("stage1_")] == [
        f"stage1_block{number}" for number in range(1, 5)
    ]
    assert not any(group["folded"] for group in groups)


def test_a_long_run_without_a_change_folds_but_for_its_ends() -> None:
    ops = ["conv", "norm", "relu"] * 20
    lost = [*ops[:30], "tanh", *ops[30:]]
    graph = json.loads(json.dumps(graph_data(drawn.compared(chain(*ops), chain(*lost)))))

    runs = [number for number, group in enumerate(graph["union"]["groups"]) if group["kind"] == "run"]

    assert [graph["union"]["of"].count(run) for run in runs] == [29, 28]
    assert all(graph["union"]["groups"][run]["folded"] for run in runs)


def test_names_of_layers_that_say_what_they_do_are_no_blocks() -> None:
    b = Build()
    value = b.input(None, 8)
    for number in range(6):
        value = b.call("conv", value, name=f"conv2d_{number}", weights=[f"conv2d_{number}/kernel"])
    side = side_of(b.graph(value))

    assert grouped(union([side], [(n, None) for n in range(7)], frozenset()), [side], [False] * 7).groups == []


def test_composites_fold_and_the_model_itself_does_not() -> None:
    def scoped(graph: Graph, scope: str) -> Graph:
        def inside(number: int, node: Node) -> Node:
            return node if node.kind == "input" else replace(node, scope=f"{scope}/{'head' if number > 3 else 'body'}")

        return replace(graph, nodes=tuple(inside(number, node) for number, node in enumerate(graph)))

    made = chain("conv", "norm", "relu", "dense", "relu")
    graph = graph_data(drawn.compared((scoped(made[0], "net"), made[1]), (scoped(made[0], "other"), made[1])))

    assert [group["label"] for group in json.loads(json.dumps(graph))["union"]["groups"]] == ["body", "head"]


def test_nodes_tell_what_they_hold_once_for_all_that_hold_the_same() -> None:
    graph = told("large")
    first, second = graph["sides"]

    norms = [node for node in first["nodes"] if node["op"] == "norm"]
    assert {node["attributes"] for node in norms} == {norms[0]["attributes"]}
    assert graph["settings"][norms[0]["attributes"]] == [["epsilon", "0.001"]]
    assert graph["lines"][norms[0]["line"]] == ["m.py", 11, ""]
    changed = next(node for node in second["nodes"] if node["state"] == "updated")
    assert graph["settings"][changed["attributes"]] == [["epsilon", "1e-05"]]
    assert graph["edits"][0]["nodes"] == [[second["nodes"].index(changed)]] * 2
    path, kind, gradient = changed["weights"][0]
    assert (path, gradient) == ("stage3_block11/gamma", None)
    assert graph["kinds"][kind] == ["(4, 4)", "float32", True, None, None, None]


def test_distances_stand_with_the_nodes_of_both_sides() -> None:
    distances = [("stem_conv", "stem_conv", 1.23456e-7, 0.0), ("dense_0", "dense_0", float("inf"), None)]
    graph = graph_data(drawn.compared(*PAIRS["an activation lost"], distances))
    assert graph is not None

    for side in json.loads(json.dumps(graph))["sides"]:
        known = {node["id"]: (node.get("overall"), node.get("local")) for node in side["nodes"]}
        assert known["stem_conv"] == (1.235e-7, 0.0)
        assert known["dense_0"] == ("Infinity", None)
    assert graph["limit"] == 1e-5
    data(graph)  # is JSON without what is not finite


def test_weights_that_are_read_and_constants_stand_with_the_nodes_that_use_them() -> None:
    b = Build()
    value = b.op("AddV2", b.input(None, 4), b.read("bias", 4))
    side = side_of(b.graph(step(b, b.op("Mul", value, b.const(2.0)), "relu")))

    assert [node.op for node in side.nodes] == ["input", "AddV2", "Mul", "relu"]
    assert side.operands == ((), ((0, 0, ""),), ((1, 0, ""),), ((2, 0, ""),))
    assert side.read == ((), ("bias",), (), ())


def test_what_is_told_is_the_same_every_time() -> None:
    assert json.dumps(graph_data(drawn.compared(*PAIRS["large"]))) == json.dumps(
        graph_data(drawn.compared(*PAIRS["large"]))
    )


def test_a_comparison_without_graphs_draws_none() -> None:
    assert graph_data(samples.forum()) is None


def test_one_model_is_a_union_of_its_own() -> None:
    graph, built = drawn.residual(12)
    description = replace(samples.description(), inference=graph, weights=tuple(built.weights.values()))
    found = json.loads(json.dumps(inspected_data(description, "inference")))

    assert [side["title"] for side in found["sides"]] == ["model"]
    assert found["union"]["places"] == [[number, None] for number in range(len(graph))]
    assert {group["label"] for group in found["union"]["groups"] if group["parent"] < 0} == {
        "stage1",
        "stage2",
        "stage3",
    }
    assert inspected_data(replace(description, training=None), "training") is None


def test_weights_of_one_path_keep_their_own_gradients() -> None:
    """Keras gives one path to layers of one name that a model holds."""
    b = Build()
    value = b.input()
    for number in range(2):
        value = b.call("dense", value, name=f"dense_{number}", weights=[f"kernel_{number}"])
    b.weights.update({name: replace(weight, path="m/dense/kernel") for name, weight in b.weights.items()})
    comparison = drawn.compared((b.graph(value), b), (b.graph(value), b))
    far = [
        WeightDistance(weights=("m/dense/kernel",) * 2, ids=(f"kernel_{n}",) * 2, relative=0.1 + n, limit=1e-7)
        for n in range(2)
    ]
    assert comparison.drawing is not None
    graph = graph_data(replace(comparison, drawing=replace(comparison.drawing, gradients=tuple(far))))

    nodes: Any = graph["sides"][1]["nodes"]  # type: ignore[index, call-overload]
    assert [node["weights"][0][2] for node in nodes if "weights" in node] == [0.1, 1.1]


def test_a_node_whose_weights_alone_differ_is_not_drawn_as_equal() -> None:
    comparison = drawn.compared(*PAIRS["equal"])
    site = Site.of(next(row.reference for row in comparison.rows if row.reference and row.reference.weights))
    change = Change(aspect=Aspect.SETTING, name="kernel_initializer", values=("zeros", "ones"))
    edit = Update(op="conv", rung="weights", reference=site, candidate=site, changes=(change,))
    graph: Any = graph_data(replace(comparison, edits=(edit,)))

    for side in graph["sides"]:
        assert {node["id"]: node["state"] for node in side["nodes"] if node["state"] != "kept"} == {
            site.node: "updated"
        }
