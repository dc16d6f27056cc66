"""The whole normal form on random programs: the same numbers, reached at once, whatever the names and the order."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

tf: Any = pytest.importorskip("tensorflow")

from random_graphs import BOTH, Random, programs  # noqa: E402  (imports TensorFlow, which may be missing)
from rule_cases.running import run  # noqa: E402
from rule_cases.tracing import graph_of, specs_of  # noqa: E402

from kerasdiff.canonical.engine import apply_rules, live  # noqa: E402
from kerasdiff.canonical.rules.sums import unfolded  # noqa: E402
from kerasdiff.graph import MODES, Edge, Graph, Mode  # noqa: E402
from kerasdiff.graph.signature import graph_signature  # noqa: E402

EXAMPLES = int(os.environ.get("KERASDIFF_EXAMPLES", "200"))
"""Programs a test draws; raised by hand after a change of the rules."""

drawn = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
modes = st.sampled_from(MODES)


def traced(program: Random) -> Graph:
    graph = live(graph_of(program, specs_of(program.shapes, dtype="float64")))
    note("\n".join(f"{n.id} {n.op} {[e.node for e in n.operands]} {dict(n.attributes)} {n.outputs}" for n in graph))
    return graph


@drawn
@given(programs(), modes)
def test_normal_form_computes_the_same_and_has_the_same_gradients(program: Random, mode: Mode) -> None:
    graph = traced(program)
    result, _ = apply_rules(graph, mode)
    note("\n".join(f"{n.id} {n.op} {[e.node for e in n.operands]} {dict(n.attributes)}" for n in result))

    for number, _ in enumerate(BOTH):
        inputs = [*program.runs[number][: program.starts], *program.weights[number]]
        before = program.runs[number][program.starts :]
        for one, two in zip(before, run(result, inputs), strict=True):
            scale = max(1.0, float(tf.reduce_max(tf.abs(one))))
            assert one.shape == two.shape
            np.testing.assert_allclose(two, one, rtol=1e-6, atol=1e-6 * scale)

    trained = result if mode == "training" else apply_rules(graph, "training")[0]
    inputs = [*program.runs[0][: program.starts], *program.weights[0]]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        sums = [sum(tf.reduce_sum(tf.sin(v)) for v in values) for values in (program(*inputs), run(trained, inputs))]
    for before, after in zip(
        *(tape.gradient(total, inputs, unconnected_gradients="zero") for total in sums), strict=True
    ):
        scale = max(1.0, float(tf.reduce_max(tf.abs(before))))
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5 * scale)


@drawn
@given(programs(), modes, st.randoms(use_true_random=False), st.floats(0, 1))
def test_normal_form_is_reached_at_once_whatever_the_names_the_order_and_a_part(
    program: Random, mode: Mode, random: Any, share: float
) -> None:
    graph = traced(program)
    once, _ = apply_rules(graph, mode)
    again, applied = apply_rules(once, mode)

    assert applied == ()
    assert again == once
    signature = graph_signature(once)
    assert graph_signature(apply_rules(renamed(graph, random), mode)[0]) == signature
    assert graph_signature(apply_rules(expanded(graph, mode, share), mode)[0]) == signature


def renamed(graph: Graph, random: Any) -> Graph:
    """The graph with other names, in another order."""
    names = {node.id: f"n{number}" for number, node in enumerate(random.sample(graph.nodes, len(graph)))}

    def named(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(replace(edge, node=names[edge.node]) for edge in edges)

    return Graph(
        nodes=tuple(
            replace(node, id=names[node.id], operands=named(node.operands)) for node in reordered(graph, random)
        ),
        outputs=named(graph.outputs),
    )


def reordered(graph: Graph, random: Any) -> list[Any]:
    """The nodes in another order that keeps each after its operands."""
    left, done, found = list(graph.nodes), set(), []
    while left:
        node = random.choice([node for node in left if all(edge.node in done for edge in node.operands)])
        left.remove(node)
        done.add(node.id)
        found.append(node)
    return found


def expanded(graph: Graph, mode: Mode, share: float) -> Graph:
    """The graph with a part in normal form already.

    As a node's lowering is brought to it by itself, then expanded among the others.
    """
    cut = int(share * len(graph))
    first, rest = graph.nodes[:cut], graph.nodes[cut:]
    inside = {node.id for node in first}
    crossing = [edge for node in rest for edge in node.operands if edge.node in inside]
    crossing += [edge for edge in graph.outputs if edge.node in inside]
    ends = tuple(dict.fromkeys(crossing))
    small = apply_rules(Graph(nodes=first, outputs=ends), mode)[0]
    moved = dict(zip(ends, small.outputs, strict=True))
    kept = {node.id for node in small}
    return Graph(
        nodes=(
            *(node for node in first if node.kind == "input" and node.id not in kept),
            *(part for node in small for part in unfolded(node)),
            *(replace(node, operands=tuple(moved.get(e, e) for e in node.operands)) for node in rest),
        ),
        outputs=tuple(moved.get(edge, edge) for edge in graph.outputs),
    )
