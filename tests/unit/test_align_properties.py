"""What holds for every pair of graphs: random DAGs, shuffled, and with edits made at random; chains.

Seeds are drawn by hypothesis without luck (``derandomize``): every run sees the same graphs.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from typing import Any

import pytest
from aligning import aligned, chain, mirrored, printed
from edits_at_random import CHANGES
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from synthetic import CASES, Made, Net, canonical_pair, random_net, shuffled

from kerasdiff.align.alignment import Alignment, align
from kerasdiff.align.edits import Aspect, Edit, Update
from kerasdiff.canonical import Canonicaliser
from kerasdiff.graph import Edge, Graph

PER_CHANGE = 3
"""Edits that may tell one change where several meet: a value that another change took away leaves two ends."""

seeds = st.integers(0, 2**32 - 1)
steady = settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])


def compared(first: Made, second: Made) -> tuple[Alignment, Graph, Graph]:
    normal = Canonicaliser("inference")
    one, two = normal.canonicalise(first[0]).graph, normal.canonicalise(second[0]).graph
    return align(one, two, (first[1], second[1]), "inference"), one, two


def names(edit: Edit) -> set[str]:
    return {site.node.removeprefix("o/") for site in edit.sites if site is not None}


@steady
@given(seeds, st.sampled_from([0.0, 0.1, 0.5]))
def test_order_names_and_turned_operands_are_no_difference(seed: int, sharing: float) -> None:
    draw = random.Random(seed)
    made = random_net(draw, draw.randrange(1, 60), sharing=sharing)
    found, one, two = compared(made, shuffled(made, draw))

    assert found.isomorphic
    assert len(found.nodes) == len(one) == len(two)
    assert sorted(found.weights) == sorted({name for node in one for name in node.weights})


def tied(draw: random.Random, size: int) -> Made:
    """Look-alike branches on the same few values, some of them with the same weights, all of it added up."""
    net = Net()
    values = [net.input()]
    for _ in range(size):
        op = draw.choice(("conv", "conv", "add", "add", "relu"))
        operands = [draw.choice(values[-6:]) for _ in range(2 if op == "add" else 1)]
        same = [node.id for node in net.nodes if node.op == "conv" and f"{node.id}/bias" in net.weights]
        shared = draw.choice(same) if op == "conv" and same and draw.random() < 0.5 else ""
        values.append(net.call(op, *operands, shared=shared))
    left = values[1:]
    while len(left) > 1:
        left.append(net.call("add", left.pop(0), left.pop(0)))
    return net.done(left[0])


@steady
@given(seeds)
def test_choices_that_depend_on_each_other_are_proved(seed: int) -> None:
    draw = random.Random(seed)
    made = tied(draw, draw.randrange(1, 25))

    assert compared(made, shuffled(made, draw))[0].isomorphic


@pytest.mark.parametrize("kind", sorted(CHANGES))
@steady
@given(seeds)
def test_one_change_is_one_edit_that_names_it(kind: str, seed: int) -> None:
    draw = random.Random(seed)
    made = random_net(draw, draw.randrange(3, 40), sharing=0)
    change = CHANGES[kind](made, draw)
    assume(change is not None)
    found, one, _ = compared(made, shuffled(change.made, draw))
    assume(not found.isomorphic)

    assert [edit.kind for edit in found.edits] == [change.kind]
    by_id = one.by_id()
    named = names(found.edits[0])
    twins = {name for name in named if name in by_id and kind == "delete" and by_id[name].op == by_id[change.node].op}
    assert named & set(change.node.split()) or twins


@steady
@given(seeds, st.integers(1, 6))
def test_several_changes_need_few_edits_and_all_is_accounted_for(seed: int, count: int) -> None:
    draw = random.Random(seed)
    made = changed = random_net(draw, draw.randrange(20, 60), sharing=0.05)
    for _ in range(count):
        change = CHANGES[draw.choice(sorted(CHANGES))](changed, draw)
        if change is not None and "net/fresh" not in {node.id for node in changed[0]}:
            changed = change.made
    found, one, two = compared(made, shuffled(changed, draw))

    assert bool(found.edits) != found.isomorphic
    assert len(found.edits) <= PER_CHANGE * count + 2
    assert unaccounted(found, one, two) == []
    ids = [{node.id for node in graph} for graph in (one, two)]
    sites = [(site, side) for edit in found.edits for side, site in enumerate(edit.sites) if site is not None]
    assert all(site.node in ids[side] for site, side in sites)


def unaccounted(found: Alignment, one: Graph, two: Graph) -> list[str]:
    """What the script leaves unsaid: nodes, settings and wires that it would not turn into those of the candidate."""
    told: dict[str, set[str]] = {}
    for edit in found.edits:
        told.setdefault(edit.reference.node if edit.reference else "", set()).add(edit.kind)
    back = {b: a for a, b in found.nodes.items()}
    by_id = one.by_id(), two.by_id()
    deleted = {edit.reference.node for edit in found.edits if edit.kind == "delete" and edit.reference}
    inserted = {edit.candidate.node for edit in found.edits if edit.kind == "insert" and edit.candidate}
    missing = [n.id for n in one if n.id not in found.nodes and n.id not in deleted | found.covered[0]]
    missing += [n.id for n in two if n.id not in back and n.id not in inserted | found.covered[1]]

    def source(side: int, edge: Edge) -> tuple[str, int] | None:
        """Where a value comes from once all is taken out that the script takes out, puts in or moves."""
        while True:
            node = by_id[side][edge.node]
            name = node.id if side == 0 else back.get(node.id, "")
            if name in found.nodes and name not in found.moved:
                return name, edge.port
            if len(node.operands) != 1:
                return None
            edge = node.operands[0]

    for a, b in found.nodes.items():
        first, second = by_id[0][a], by_id[1][b]
        kinds = told.get(a, set())
        if (first.op, dict(first.attributes)) != (second.op, dict(second.attributes)) and "update" not in kinds:
            missing.append(f"settings of {a}")
        if kinds & {"rewire", "move"}:
            continue
        ends = [source(0, edge) for edge in first.operands], [source(1, edge) for edge in second.operands]
        if None in ends[0] or None in ends[1]:
            continue
        loose = first.op in ("add", "multiply")
        if ends[0] != ends[1] and not (loose and Counter(ends[0]) == Counter(ends[1])):
            missing.append(f"operands of {a}")
    return missing


@steady
@given(seeds, st.integers(1, 4))
def test_swapped_sides_mirror_the_script(seed: int, count: int) -> None:
    draw = random.Random(seed)
    made = changed = random_net(draw, draw.randrange(10, 50), sharing=0.05)
    for _ in range(count):
        change = CHANGES[draw.choice(sorted(CHANGES))](changed, draw)
        if change is not None and "net/fresh" not in {node.id for node in changed[0]}:
            changed = change.made

    assert mirrored(compared(made, changed)[0], compared(changed, made)[0])


ops = st.sampled_from(["conv", "norm", "relu", "pool", "dense", "tanh"])
chains = st.lists(ops, min_size=1, max_size=9)


@st.composite
def edited(draw: Any) -> tuple[list[str], list[str]]:
    """A chain and the same with one or two calls put in or taken out."""
    first = draw(chains)
    second = list(first)
    for _ in range(draw(st.integers(1, 2))):
        if second and draw(st.booleans()):
            second.pop(draw(st.integers(0, len(second) - 1)))
        else:
            second.insert(draw(st.integers(0, len(second))), draw(ops))
    return first, second


@settings(deadline=None)
@given(edited())
def test_the_script_of_a_chain_accounts_for_every_call(pair: tuple[list[str], list[str]]) -> None:
    first, second = pair
    found = aligned(chain(*first), chain(*second))
    left = Counter(first)
    left.subtract(edit.op for edit in found.edits if edit.kind == "delete")
    left.update(edit.op for edit in found.edits if edit.kind == "insert")
    replaced = [
        (edit.reference.op, edit.candidate.op)
        for edit in found.edits
        if isinstance(edit, Update) and edit.reference and edit.candidate and edit.changes[0].aspect is Aspect.OP
    ]
    left.subtract(one for one, _ in replaced)
    left.update(two for _, two in replaced)

    assert +left == Counter(second)
    assert found.isomorphic == (first == second)
    assert bool(found.edits) == (first != second)
    assert len(set(found.nodes.values())) == len(found.nodes)
    assert len(set(found.weights.values())) == len(found.weights)


@settings(deadline=None)
@given(edited())
def test_swapped_sides_of_a_chain_mirror_the_script(pair: tuple[list[str], list[str]]) -> None:
    first, second = (chain(*calls) for calls in pair)

    assert mirrored(aligned(first, second), aligned(second, first))


PROGRAM = """
import random
from aligning import aligned, chain
from edits_at_random import CHANGES
from synthetic import random_net, shuffled
from test_align import towers, twice
from test_align_properties import compared
for pair in (
    (chain("conv", "norm", "pool", "conv", "dense"), chain("conv", "relu", "norm", "pool", "dense", "tanh")),
    (towers("add", 0, 1, 2), towers("add", 2, 1)),
    (twice(True), twice(False)),
):
    alignment = aligned(*pair)
    print(alignment.edits, alignment.nodes, alignment.weights)
for seed in range(12):
    draw = random.Random(seed)
    made = changed = random_net(draw, 30, sharing=0.2)
    for kind in sorted(CHANGES):
        change = CHANGES[kind](changed, draw)
        changed = change.made if change else changed
    alignment = compared(made, shuffled(changed, draw))[0]
    print(alignment.edits, alignment.nodes, alignment.weights, sorted(alignment.moved))
"""


def test_every_run_gives_the_same_bytes() -> None:
    first = printed(PROGRAM, "1")

    assert len(first.splitlines()) == 15
    assert all("Insert(" in line for line in (first.splitlines()[0], first.splitlines()[-1]))
    assert all(printed(PROGRAM, seed) == first for seed in ("2", "3"))


SIZES = (150, 600)


@pytest.mark.parametrize("family", ["residual", "branches"])
@pytest.mark.parametrize("case", CASES)
def test_work_grows_with_the_size_not_its_square(family: str, case: str) -> None:
    """Counts calls, which no other load on the machine changes; four times the nodes may need five times the calls."""
    counts = []
    for size in SIZES:
        first, second = canonical_pair(family, case, size)
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            align(first[0], second[0], (first[1], second[1]), "inference")
        finally:
            sys.setprofile(None)
        counts.append(calls)

    assert counts[1] <= 1.25 * SIZES[1] / SIZES[0] * counts[0]
