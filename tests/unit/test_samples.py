"""How many draws a comparison of samples can afford, and where a node's random numbers come from."""

from __future__ import annotations

import pytest

from kerasdiff.graph import SEED_ROLE, Edge, Graph, Node, TensorSpec
from kerasdiff.graph.chance import Drawn, drawn_by, draws_from
from kerasdiff.probing.draws.samples import FIRST_COPIES, SECONDS, Spent, affordable


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


def in_a_loop(*, moves: bool) -> Node:
    """A layer that draws in the body of a loop, by a key that the body hands on as it is, or moved."""
    entry = Node(id="in0", op="input", kind="input", attributes={"index": 0})
    more = Node(id="more", op="AddV2", kind="op", operands=(Edge(node="in0"), Edge(node="in0")))
    shape = Node(id="shape", op="Const", kind="const", attributes={"value": (2, 3)})
    draw = Node(id="draw", op="StatelessRandomUniformV2", kind="op", operands=(Edge(node="shape"), Edge(node="in0")))
    body = Graph(nodes=(entry, more, shape, draw), outputs=(Edge(node="more" if moves else "in0"),))
    given = Node(id="x", op="input", kind="input", outputs=(TensorSpec(shape=(None, 6, 3), dtype="float32"),))
    loop = Node(id="loop", op="While", kind="op", attributes={"body": body})
    lowering = Graph(nodes=(given, loop), outputs=(Edge(node="loop"),))
    return Node(id="n", op="n", kind="layer", lowering=lowering)


@pytest.mark.parametrize(("moves", "axes"), [(True, ("row", "time step", "channel")), (False, ("row", "channel"))])
def test_what_a_loop_draws_by_one_key_is_drawn_once(moves: bool, axes: tuple[str, ...]):
    assert drawn_by(in_a_loop(moves=moves)) == (Drawn(setting="", axes=axes),)


Size = int | None


def drawing(given: tuple[Size, ...], *drawn: tuple[Size, ...], rate: float = 0.0, used: bool = True, loop: int = 0):
    """A layer that holds numbers of these shapes against its rate; ``loop`` ones of no known shape in a loop body."""

    def numbers(at: int, shape: tuple[Size, ...] | None) -> list[Node]:
        outputs = () if shape is None else (TensorSpec(shape=shape, dtype="float32"),)
        return [
            Node(id=f"u{at}", op="RandomUniform", kind="op", outputs=outputs),
            Node(id=f"r{at}", op="Const", kind="const", attributes={"value": 0.30000001192092896}),
            Node(id=f"m{at}", op="GreaterEqual", kind="op", operands=(Edge(node=f"u{at}"), Edge(node=f"r{at}"))),
        ]

    nodes = [Node(id="in0", op="input", kind="input", outputs=(TensorSpec(shape=given, dtype="float32"),))]
    nodes += [node for at, shape in enumerate(drawn) for node in numbers(at, shape)]
    body = Graph(nodes=tuple(node for at in range(loop) for node in numbers(at, None)), outputs=())
    nodes.append(Node(id="loop", op="While" if loop else "Identity", kind="op", attributes={"body": body}))
    outputs = (Edge(node="loop"), *(Edge(node=f"m{at}") for at in range(len(drawn)) if used))
    settings = {"rate": 0.3, "alpha": rate} if rate else {"rate": 0.3}
    return Node(id="n", op="n", kind="layer", attributes=settings, lowering=Graph(nodes=tuple(nodes), outputs=outputs))


@pytest.mark.parametrize(
    ("node", "setting", "axes"),
    [
        pytest.param(drawing((None, 6, 5), (None, 6, 5)), "rate", ("row", "time step", "channel"), id="each"),
        pytest.param(drawing((None, 6, 5), (None, 1, 5)), "rate", ("row", "channel"), id="a sequence"),
        pytest.param(drawing((None, 6, 5), (None, 6, 1)), "rate", ("row", "time step"), id="all channels"),
        pytest.param(drawing((None, 6, 5), (1, 6, 5)), "rate", ("time step", "channel"), id="a batch"),
        pytest.param(drawing((None, 4, 4, 3), (None, 1, 1, 3)), "rate", ("row", "channel"), id="an image"),
        pytest.param(drawing((None, 4, 4, 3), (None,)), "rate", ("row",), id="a row"),
        pytest.param(drawing((None, 4, 4, 3), ()), "rate", (), id="a call"),
        pytest.param(drawing((None, 6, 5), loop=1), "rate", ("row", "time step", "channel"), id="in a loop"),
        pytest.param(
            drawing((None, 6, 5), (None, 5), used=False, loop=2), "rate", ("row", "time step", "channel"), id="unused"
        ),
        pytest.param(drawing((None, 6, 5), (None, 6, 5), rate=0.3), "alpha and rate", ("row", "time step", "channel")),
    ],
)
def test_shapes_tell_over_what_random_numbers_vary(node: Node, setting: str, axes: tuple[str, ...]):
    assert drawn_by(node) == (Drawn(setting=setting, axes=axes),)


@pytest.mark.parametrize(
    "node",
    [
        pytest.param(drawing((None, 6, 5), (None, 5)), id="of one axis less, without a loop"),
        pytest.param(drawing((None, 6, 5), (None, 6, 4)), id="of another size"),
        pytest.param(drawing((None, 6, 5), (None, None, 5)), id="of unknown size"),
        pytest.param(drawing((None, 6, 5), (None, 6, 5), (None, 1, 5)), id="two ways at once"),
        pytest.param(drawing((None, 6, 5)), id="none"),
        pytest.param(drawing((None, 1, 5), (None, 5), loop=1), id="of a single step"),
    ],
)
def test_where_shapes_do_not_tell_nothing_is_said(node: Node):
    assert drawn_by(node) is None
