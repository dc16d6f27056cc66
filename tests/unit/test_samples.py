"""How many draws a comparison of samples can afford, and where a node's random numbers come from."""

from __future__ import annotations

import pytest

from kerasdiff.graph import SEED_ROLE, Edge, Graph, Node
from kerasdiff.graph.chance import draws_from
from kerasdiff.probing.samples import FIRST_COPIES, SECONDS, Spent, affordable


@pytest.mark.parametrize(
    ("spent", "most", "copies"),
    [
        ([], 2048, FIRST_COPIES),
        ([], 4, 4),
        ([(8, 0.001)], 2048, 2048),  # cheap: all of them at once
        ([(8, 0.3)], 2048, 64),  # may be the cost of any number: look again
        ([(8, 0.3), (64, 0.31)], 2048, 2048),
        ([(8, 1.0), (64, 2.0)], 2048, 344),  # 1/56 s each, and 6/7 s whatever the number
        ([(8, 3.0)], 2048, 18),
        ([(8, 3.0), (18, 6.0)], 2048, 0),  # a third run of more is not to be had
        ([(8, 11.0)], 2048, 0),
        ([(2048, 1.0)], 2048, 0),
    ],
)
def test_copies_are_as_many_as_the_time_affords(spent: list[Spent], most: int, copies: int):
    assert affordable(spent, most) == copies


def test_measuring_and_sampling_stay_within_the_time():
    fixed, each = 0.5, 0.02
    spent: list[Spent] = []
    while count := affordable(spent, 2048):
        spent.append((count, fixed + each * count))

    assert 0.8 * SECONDS < sum(seconds for _, seconds in spent) <= SECONDS
    assert [count for count, _ in spent] == sorted({count for count, _ in spent})


def drawing(*operands: Node, op: str = "StatelessRandomUniformV2", seeds: tuple[str, ...] = (), untracked=()) -> Node:
    shape = Node(id="shape", op="input", kind="input", attributes={"index": 0})
    draw = Node(id="draw", op=op, kind="op", operands=(Edge(node="shape"), *(Edge(node=one.id) for one in operands)))
    lowering = Graph(nodes=(shape, *operands, draw), outputs=(Edge(node="draw"),))
    return Node(
        id="uniform", op="uniform", kind="function", lowering=lowering, weights=seeds, seeds=seeds, untracked=untracked
    )


KEY = Node(id="key", op="Const", kind="const", attributes={"value": (3, 0)})
GIVEN = Node(id="key", op="input", kind="input", attributes={"index": 1})


@pytest.mark.parametrize(
    ("node", "origin"),
    [
        (drawing(KEY), "fixed"),
        (drawing(GIVEN), ""),
        (drawing(KEY, seeds=("depth/seed_generator_state",)), "own"),
        (drawing(KEY, seeds=(f"untracked/{SEED_ROLE}",), untracked=(SEED_ROLE,)), "global"),
        (drawing(KEY, seeds=("untracked/seed generator",), untracked=("seed generator",)), "outside"),
        (drawing(op="RandomUniform"), "kernel"),
        (drawing(KEY, op="AddV2"), ""),
        (Node(id="dense", op="dense", kind="layer"), ""),
    ],
)
def test_the_origin_of_random_numbers_is_seen_in_a_node(node: Node, origin: str):
    assert draws_from(node) == origin
