"""Which random numbers of two calls correspond, and in what form one side is given those of the other."""

from __future__ import annotations

import numpy as np
import pytest

from kerasdiff.graph import Edge, Graph, Node
from kerasdiff.probing.draws.corresponding import Corresponding, corresponding
from kerasdiff.probing.draws.sharing import drawn_for
from kerasdiff.side.observations import Draw, Staged

NODES = {"drop": "drop", "flip": "turn"}
GENERATOR = np.random.default_rng(0)


def drawn(*shapes: tuple[int, ...], node: str = "drop", family: str = "uniform", hidden: bool = False) -> Staged:
    draws = tuple(Draw(node=node, family=family, value=GENERATOR.random(shape)) for shape in shapes)
    return Staged(values={}, draws=draws, hidden=hidden)


def found(one: Staged, two: Staged, **settings: bool | set[str]) -> Corresponding:
    answer = corresponding((one, two), NODES, **settings)  # type: ignore[arg-type]
    assert answer is not None
    return answer


def test_what_aligned_nodes_draw_in_one_shape_corresponds_for_sure():
    one, two = drawn((5, 3)), drawn((5, 3))
    answer = found(one, two)

    assert answer.sure
    assert not answer.others
    np.testing.assert_array_equal(answer.given[0], one.draws[0].value)


def test_numbers_of_a_row_each_may_have_axes_of_one_more():
    one, two = drawn((5,), node="flip"), drawn((5, 1, 1), node="turn")
    answer = found(one, two)

    assert not answer.sure
    np.testing.assert_array_equal(answer.given[0], one.draws[0].value.reshape(5, 1, 1))


def test_an_edited_node_may_draw_from_the_other_end():
    one, two = drawn((5, 3)), drawn((5, 3))
    (mirror,) = found(one, two, edited={"drop"}).others

    np.testing.assert_allclose(mirror[0], 1 - one.draws[0].value)


def test_no_mirror_image_where_it_would_part_numbers_of_one_key():
    value = GENERATOR.random((5, 3))
    pair = (
        Draw(node="drop", family="uniform", value=value),
        Draw(node="flip", family="uniform", value=value),
    )
    other = (pair[0], Draw(node="turn", family="uniform", value=value))
    answer = found(Staged(values={}, draws=pair), Staged(values={}, draws=other), edited={"turn"})

    assert not answer.others


@pytest.mark.parametrize("parts_first", [True, False])
def test_what_is_drawn_at_once_is_given_step_by_step(parts_first: bool):
    parts, whole = drawn(*[(5, 3)] * 4), drawn((20, 3))
    one, two = (parts, whole) if parts_first else (whole, parts)
    answer = found(one, two)
    stacked = [np.stack([draw.value for draw in parts.draws], axis=axis) for axis in (1, 0)]
    ways = [answer.given, *answer.others]

    assert not answer.sure
    if parts_first:
        assert [way[0].tolist() for way in ways] == [values.reshape(20, 3).tolist() for values in stacked]
    else:
        of_rows = whole.draws[0].value.reshape(5, 4, 3)
        np.testing.assert_array_equal(np.stack([ways[0][step] for step in range(4)], axis=1), of_rows)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param(drawn((5, 3)), drawn((5, 3), hidden=True), id="out of reach"),
        pytest.param(drawn((5, 3)), drawn(), id="nothing"),
        pytest.param(drawn((5, 3)), drawn((5, 3), family="normal"), id="another distribution"),
        pytest.param(drawn((5, 3)), drawn((5, 2)), id="another size"),
        pytest.param(drawn((20, 3)), drawn((5, 3), (5, 3), (5, 3)), id="too few parts"),
        pytest.param(drawn((20, 3), (4,)), drawn(*[(5, 3)] * 4), id="more at once"),
        pytest.param(drawn((10, 3)), drawn((5, 3), (5, 3), node="other"), id="a node that is not aligned"),
        pytest.param(
            drawn((10, 3)), Staged(values={}, draws=(drawn((5, 3)).draws[0],) * 2), id="the same numbers twice"
        ),
    ],
)
def test_others_do_not_correspond(one: Staged, two: Staged):
    assert corresponding((one, two), NODES) is None
    assert corresponding((two, one), NODES) is None


def test_what_draws_for_an_edited_node_may_draw_from_the_other_end_but_no_mask_before_it() -> None:
    drawing = Graph(nodes=(Node(id="u", op="RandomUniform", kind="op"),), outputs=())
    nodes = (
        Node(id="input", op="input", kind="input"),
        Node(id="dropout", op="dropout", kind="layer", lowering=drawing, operands=(Edge(node="input"),)),
        Node(id="uniform", op="random_uniform", kind="function", lowering=drawing),
        Node(id="less", op="less", kind="function", operands=(Edge(node="uniform"),)),
        Node(id="mul", op="multiply", kind="function", operands=(Edge(node="dropout"), Edge(node="less"))),
    )

    assert drawn_for({node.id: node for node in nodes}, {"mul"}) == {"uniform"}
