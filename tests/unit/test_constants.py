"""Inputs hit the constants that a graph compares with, and look up every row of its tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from graph_builder import Build

from kerasdiff.align.pair import Correspondence
from kerasdiff.graph import Edge, Graph, Node, Port, TensorSpec, Weight
from kerasdiff.probing.inputs.constants import (
    AS_WRITTEN,
    AT_CONSTANTS,
    BETWEEN,
    BEYOND,
    EVERY_ID,
    at_constants,
    hitting,
)
from kerasdiff.probing.inputs.knots import between
from kerasdiff.probing.inputs.origins import Origins
from kerasdiff.side.records import Description


def lowered(build: Build, out: Edge, *operands: Edge, name: str = "call", weights: tuple[str, ...] = ()) -> Node:
    """A call that stands for the ops of ``build``."""
    spec = TensorSpec(shape=(None, 4), dtype="float32")
    return Node(
        id=name,
        op=name,
        kind="layer" if weights else "function",
        operands=operands,
        weights=weights,
        outputs=(spec,),
        lowering=build.graph(out),
    )


def correspondence_of(graph: Graph, *weights: Weight) -> Correspondence:
    """A model against itself."""
    side = Description(
        class_name="Net",
        inference=graph,
        training=None,
        weights=weights,
        inputs=(),
        outputs=(),
        inferred=(),
        notes=(),
        unused_layers=(),
        environment={},
    )
    return Correspondence(
        descriptions=(side, side), modes={}, edits=(), told=(), same_graphs=False, isomorphic=False, mapped={}
    )


def scaled() -> Graph:
    """``x / 255 >= 0.5``, in two calls."""
    outer, divided, compared = Build(), Build(), Build()
    x = outer.input(None, 6, 3)
    outer.nodes.append(lowered(divided, divided.op("RealDiv", divided.input(), divided.const(255.0)), x, name="divide"))
    half = compared.op("GreaterEqual", compared.input(), compared.const(0.5), dtype="bool")
    outer.nodes.append(lowered(compared, half, Edge(node="divide"), name="compare"))
    return outer.graph(Edge(node="compare"))


def looked_up(rows: int) -> tuple[Graph, Build]:
    """``table[x + 1]``."""
    outer, inner = Build(), Build()
    x = outer.input(None, 5, dtype="int32")
    table = inner.read("table", rows, 4)
    inner.nodes[-1] = replace(inner.nodes[-1], attributes={"index": 0})
    ids = inner.op("AddV2", inner.input(), inner.const(1))
    outer.nodes.append(lowered(inner, inner.op("GatherV2", table, ids, inner.const(0)), x, weights=("table",)))
    return outer.graph(Edge(node="call")), inner


FLOATS = Port(name="x", spec=TensorSpec(shape=(None, 6, 3), dtype="float32"))
IDS = Port(name="x", spec=TensorSpec(shape=(None, 5), dtype="int32"), low=0, high=9)


def test_what_is_scaled_before_it_is_compared_comes_from_the_value_that_becomes_the_constant() -> None:
    graph = scaled()
    compare = graph.nodes[-1]
    assert compare.lowering is not None
    item = compare.lowering.nodes[-1]

    (trail,) = Origins(graph).trails(compare, item.operands[0])

    assert trail.entry == Edge(node="in0")
    assert trail.origin(0.5) == 127.5
    assert Origins(graph).constant(compare, item.operands[1]) == (0.5,)
    (near,) = Origins(graph, {Edge(node="divide")}).trails(compare, item.operands[0])
    assert (near.entry, near.origin(0.5)) == (Edge(node="divide"), 0.5)


def test_a_constant_stands_alone_in_whole_steps_and_columns_and_everywhere() -> None:
    batch = hitting(np.zeros((4, 6, 8)), [-1.0, 2.0], np.random.default_rng(0))

    assert np.all(batch[2] == -1.0)
    assert np.all(batch[3] == 2.0)
    assert np.all(batch[0, 3] == -1.0)
    assert np.all(batch[0, :, 4] == -1.0)
    assert 0.0 in batch[0, 0]


def test_probes_hit_a_constant_as_float32_has_it_and_as_it_was_written() -> None:
    outer, inner = Build(), Build()
    x = outer.input(None, 6, 3)
    third = inner.const(float(np.float32(0.37)))
    outer.nodes.append(lowered(inner, inner.op("Equal", inner.input(), third, dtype="bool"), x))
    probes = at_constants(correspondence_of(outer.graph(Edge(node="call"))), (FLOATS,), 0)

    assert list(probes) == [AT_CONSTANTS, AS_WRITTEN, BETWEEN]
    assert np.all(probes[AT_CONSTANTS][0][1] == np.float32(0.37))
    assert np.all(probes[AS_WRITTEN][0][1] == 0.37)


def test_a_value_lies_in_each_gap_between_constants_and_beyond_both_ends() -> None:
    assert between([]) == []
    assert between([0.0]) == [-1.0, 1.0]
    assert between([30_000.0, 100.0, 100.0]) == [50.0, 15_050.0, 45_000.0]


def test_probes_go_beyond_a_bound_from_where_it_comes_but_not_beyond_rows_of_a_table_or_far_out() -> None:
    outer, inner = Build(), Build()
    x = outer.input(None, 6, 3)
    held = inner.op("Relu", inner.op("Sub", inner.op("Square", inner.input()), inner.const(2.5e7)))
    outer.nodes.append(lowered(inner, inner.op("Minimum", held, inner.const(1e30)), x))
    probes = at_constants(correspondence_of(outer.graph(Edge(node="call"))), (FLOATS,), 0)
    values = probes[BEYOND][0]

    assert list(probes) == [BETWEEN, BEYOND]
    assert 0.0 in probes[BETWEEN][0]
    assert (values.min(), values.max()) == (-7500.0, 7500.0)  # the square of 5,000 is 2.5e7


def test_ids_of_a_table_are_never_driven_beyond_it() -> None:
    graph, inner = looked_up(50)
    bounded = Build()
    outer = list(graph.nodes)
    call = lowered(bounded, bounded.op("Minimum", bounded.input(), bounded.const(1000)), Edge(node="in0"), name="more")
    more = replace(graph, nodes=(*outer, call))
    probes = at_constants(correspondence_of(more, *inner.weights.values()), (IDS,), 0)

    assert all(ids.max() <= 48 for (ids,) in probes.values())


@pytest.mark.parametrize(("rows", "every"), [(50, True), (100_000, True), (10**8, False)])
def test_every_row_of_a_table_is_looked_up_or_both_ends_and_some(rows: int, every: bool) -> None:
    graph, inner = looked_up(rows)
    ids = at_constants(correspondence_of(graph, *inner.weights.values()), (IDS,), 0)[EVERY_ID][0]

    assert (ids.min(), ids.max()) == (-1, rows - 2)
    assert (len(np.unique(ids)) == rows) is every


def test_a_range_that_the_user_gave_stays() -> None:
    graph, inner = looked_up(50)
    ids = at_constants(correspondence_of(graph, *inner.weights.values()), (replace(IDS, given=True),), 0)[EVERY_ID][0]

    assert (ids.min(), ids.max()) == (0, 9)
