"""Every rule on TF ops: where it fires, the look-alike it spares, and that what it leaves computes the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

tf: Any = pytest.importorskip("tensorflow")

from rule_cases import CASES, FAMILIES, MODULES, Case  # noqa: E402  (imports TensorFlow, which may be missing)
from rule_cases.case import Drawn  # noqa: E402
from rule_cases.running import run  # noqa: E402
from rule_cases.tracing import graph_of, probes, specs_of  # noqa: E402

from kerasdiff.canonical import RULES, Applied  # noqa: E402
from kerasdiff.canonical.engine import apply_rules  # noqa: E402
from kerasdiff.graph import MODES, Graph  # noqa: E402

NUMBERED = [
    pytest.param(case, id=f"{case.rule}-{'fires' if case.fires else 'spares'}-{number}")
    for number, case in enumerate(CASES)
]
BY_NAME = {rule.name: rule for rule in RULES}


def ops(graph: Graph) -> tuple[str, ...]:
    return tuple(node.op for node in graph if node.kind == "op")


FORMS: dict[int, tuple[Graph, tuple[Applied, ...]]] = {}


def normal_form(case: Case) -> tuple[Graph, tuple[Applied, ...]]:
    """What a case's graph comes to, and by which rules; worked out once."""
    if id(case) not in FORMS:
        FORMS[id(case)] = apply_rules(case.graph(), case.mode)
    return FORMS[id(case)]


def assert_same(before: Any, after: Any, exact: bool) -> None:
    """That two results agree: to the bit, or up to rounding relative to the largest number."""
    assert before.dtype == after.dtype
    one, two = np.asarray(before), np.asarray(after)
    assert one.shape == two.shape
    if exact or one.dtype.kind not in "f":
        np.testing.assert_array_equal(two, one)
        return
    limit = 30 * np.finfo(one.dtype).eps
    finite = one[np.isfinite(one)]
    np.testing.assert_allclose(two, one, rtol=limit, atol=limit * max(1.0, np.abs(finite).max(initial=0.0)))


@pytest.mark.parametrize("case", NUMBERED)
def test_rule_fires_where_it_holds_and_spares_the_look_alike(case: Case) -> None:
    result, applied = normal_form(case)

    assert ops(result) == case.left
    assert (case.rule in [item.rule for item in applied]) == case.fires


@pytest.mark.parametrize("case", NUMBERED)
def test_normal_form_is_reached_at_once(case: Case) -> None:
    once, _ = normal_form(case)
    again, applied = apply_rules(once, case.mode)

    assert applied == ()
    assert again == once


@pytest.mark.parametrize("case", [param for param in NUMBERED if "RandomStandardNormal" not in param.values[0].left])
def test_what_is_left_computes_the_same(case: Case) -> None:
    result, applied = normal_form(case)
    inputs = case.inputs()

    for before, after in zip(tf.nest.flatten(case.program(*inputs)), run(result, inputs), strict=True):
        assert_same(before, after, all(item.exact for item in applied))


def test_every_rule_has_a_case_that_fires_one_that_must_not_and_a_family_of_programs() -> None:
    names = set(BY_NAME)
    assert {case.rule for case in CASES if case.fires} == names
    assert {case.rule for case in CASES if not case.fires} == names
    assert set(FAMILIES) == names


def test_cases_stand_in_the_module_of_their_rule() -> None:
    for module in MODULES:
        family = module.__name__.rpartition(".")[2]
        assert {BY_NAME[case.rule].family for case in module.CASES} == {family}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == {rule.family for rule in RULES}


def test_rules_say_what_they_use() -> None:
    assert len(BY_NAME) == len(RULES)
    assert all("must not" in rule.summary and rule.modes and rule.ops for rule in RULES)
    assert {rule.name for rule in RULES if rule.modes != MODES} == {"drop-stop-gradient"}


def test_a_division_by_zero_is_left_to_the_model() -> None:
    graph = graph_of(lambda: tf.constant(5) // tf.constant(0), ())

    assert ops(apply_rules(graph, "inference")[0]) == ("FloorDiv",)


@pytest.mark.parametrize(
    ("wrap", "most"),
    [
        (lambda deep, x: tf.reshape(deep(x), [tf.shape(x)[0], -1]), 3),
        (lambda deep, x: tf.stack([deep(x[:, 0]), deep(x[:, 1])], 1), 3),
    ],
    ids=["dimensions", "steps"],
)
def test_work_grows_with_the_graph_and_not_with_its_paths(wrap: Any, most: int) -> None:
    """A chain of 400 residual blocks has 2⁴⁰⁰ paths, and is deeper than Python calls go."""

    def deep(x: Any) -> Any:
        for _ in range(400):
            x = x + tf.tanh(x)
        return x

    graph = graph_of(lambda x: wrap(deep, x), specs_of([(None, 2, 4)]))
    result, applied = apply_rules(graph, "inference")

    assert len(applied) < most * len(graph)
    assert len(result) <= 805


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_rule_keeps_the_numbers_whatever_is_drawn(name: str) -> None:
    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        drawn = data.draw(st.composite(FAMILIES[name])())
        batch, other = data.draw(st.integers(1, 4)), data.draw(st.integers(3, 5))
        mode = data.draw(st.sampled_from(BY_NAME[name].modes))
        for dtype in ("float32", "float64"):
            specs = specs_of(drawn.shapes, drawn.dtypes, dtype)
            result, applied = apply_rules(graph_of(drawn.program, specs), mode)
            assert name in [item.rule for item in applied]
            exact = all(item.exact for item in applied)
            agree(
                drawn,
                result,
                probes(specs, batch, other),
                exact,
                drawn.gradients and mode == "training" and dtype == "float64",
            )

    check()


def agree(drawn: Drawn, result: Graph, inputs: list[Any], exact: bool, gradients: bool) -> None:
    """That a program and a graph give the same numbers and, where asked, the same gradients."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        before, after = tf.nest.flatten(drawn.program(*inputs)), run(result, inputs)
    for one, two in zip(before, after, strict=True):
        assert_same(one, two, exact)
        if gradients and one.dtype.is_floating:
            slopes = (tape.gradient(value, inputs, unconnected_gradients="zero") for value in (one, two))
            for first, second in zip(*slopes, strict=True):
                assert_same(first, second, exact=False)
