"""The table of pairs through the command, and what must hold for every row of it; the forum pair as a user runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from command import EXAMPLES, PAIRS, Answer, compare_arguments, run_command
from pairs.rows import ROWS
from pairs.table import PAIRS as OLDEST
from pairs.table import Expected, Pair
from scoring import spoken, unsaid
from warm import run_warm

EXIT_CODES = {"equivalent": 0, "different": 1, "inconclusive": 3}
MIRROR = {"insert": "delete", "delete": "insert", "update": "update", "move": "move", "rewire": "rewire"}
TABLE = (*OLDEST, *ROWS)
BY_ID = {pair.id: pair for pair in TABLE}
INTERNAL = re.compile(r"ReadVariableOp|NoOp|Stateless|stateless_|_helper\b|_factory\b|_v[23]\b|V[23]\b")
"""How TensorFlow's own names look, which no user has written."""

Compare = Callable[..., Answer]


def fits(edit: dict[str, Any], expected: Expected) -> bool:
    """Whether an edit of the report is the expected one."""
    places = [edit[side]["node"] for side in ("reference", "candidate") if edit[side]]
    names = " ".join([edit["op"], *places]).lower()
    return (
        edit["kind"] in expected.kind.split("|")
        and any(part in names for part in expected.op.split("|"))
        and (
            not expected.attribute
            or any(part in name for name in edit["attributes"] for part in expected.attribute.split("|"))
        )
    )


def unmatched(edits: list[dict[str, Any]], expected: Iterable[Expected]) -> list[Expected]:
    """The expected edits that no edit of its own fits."""
    left = list(edits)
    missing = []
    for wanted in expected:
        found = next((edit for edit in left if fits(edit, wanted)), None)
        if found is None:
            missing.append(wanted)
        else:
            left.remove(found)
    return missing


def run(compare: Compare, pair: Pair) -> dict[str, Any]:
    answer = compare(pair.reference, pair.candidate, pair.inputs)
    assert answer.exit_code in (0, 1, 3), answer.stderr[-3000:]
    report = answer.report
    brief = json.dumps(
        {"verdict": report["verdict"], "edits": report["edits"], "rungs": report["rungs"]}, indent=1, ensure_ascii=False
    )
    assert report["verdict"]["outcome"] == pair.outcome, brief
    assert report["verdict"]["basis"] in pair.basis, brief
    assert answer.exit_code == EXIT_CODES[pair.outcome]
    return report


def test_table_is_balanced_and_unambiguous():
    outcomes = [pair.outcome for pair in TABLE]

    assert len(BY_ID) == len(TABLE)
    assert outcomes.count("equivalent") >= 16
    assert outcomes.count("different") >= 20


@pytest.mark.parametrize("pair", TABLE, ids=lambda pair: pair.id)
def test_pair(compare: Compare, pair: Pair):
    report = run(compare, pair)

    edits = report["edits"]
    brief = json.dumps(edits, indent=1, ensure_ascii=False)
    if pair.outcome == "equivalent" and report["verdict"]["basis"] == "proof":
        assert edits == []
    if pair.outcome == "different":
        assert edits or any(rung["outcome"] == "different" for rung in report["rungs"])
        assert unmatched(edits, pair.edits) == [], brief
        if pair.exact:
            assert len(edits) == len(pair.edits), brief
    told = [text for edit in edits for text in (edit["message"], json.dumps(edit["attributes"]))]
    assert [text for text in told if INTERNAL.search(text)] == []
    text = spoken(report, "terms")
    assert unsaid(text, pair.mentions) == (), text


@pytest.mark.parametrize(
    ("target", "inputs"),
    [
        ("activations.py:Spelled", ("8,8,3",)),
        ("merges.py:MergeOperators", ("6", "6")),
        ("norms.py:NormedExplicit", ("8,8,3",)),
        ("sequences.py:masked_words", ("6:int32@0..20",)),
        ("sequences.py:RecurrentCells", ("6,3",)),
        ("structure.py:affine_pair", ()),
    ],
)
def test_a_model_equals_itself_by_proof(compare: Compare, target: str, inputs: tuple[str, ...]):
    report = compare(target, target, inputs).report

    assert report["verdict"]["outcome"] == "equivalent", report["verdict"]
    assert report["verdict"]["basis"] == "proof"
    assert report["edits"] == []


@pytest.mark.parametrize(
    "id", ["relu-missing", "stride-changed", "dropout-created-and-never-called", "relu-before-or-after-norm"]
)
def test_swapping_the_sides_mirrors_the_script(compare: Compare, id: str):
    pair = BY_ID[id]
    forward = run(compare, pair)["edits"]
    backward = run(compare, pair.swapped)["edits"]

    def attributes(edit: dict[str, Any], turned: bool) -> list[tuple[str, str]]:
        return sorted((name, json.dumps(both[::-1] if turned else both)) for name, both in edit["attributes"].items())

    assert sorted((MIRROR[edit["kind"]], edit["op"], attributes(edit, True)) for edit in forward) == sorted(
        (edit["kind"], edit["op"], attributes(edit, False)) for edit in backward
    )


def test_swapping_the_sides_of_an_equal_pair_stays_equal(compare: Compare):
    run(compare, BY_ID["merge-layers-as-operators"].swapped)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_a_saved_model_is_the_code_that_made_it_whatever_it_holds(compare: Compare, tmp_path: Path):
    keras = pytest.importorskip("keras")
    code = """
import keras

def net(units=3):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
"""
    (tmp_path / "net.py").write_text(code)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(tmp_path / "net.keras")
    same, other = (
        compare(target, "net.keras", cwd=tmp_path).report for target in ("net.py:net", "net.py:net(units=2)")
    )

    assert (same["verdict"]["outcome"], same["verdict"]["basis"]) == ("equivalent", "proof"), same["verdict"]
    assert [item["rung"] for item in same["not_checked"]] == ["weights", "fit"]
    assert other["verdict"]["outcome"] == "different"


def test_same_question_gets_the_same_bytes():
    arguments = compare_arguments("merges.py:merge_layers", "merges.py:concat_swapped")

    assert run_warm(*arguments, cwd=PAIRS).stdout == run_warm(*arguments, cwd=PAIRS).stdout


def test_forum_pair_is_three_relus_and_nothing_else():
    answer = run_command(*compare_arguments("a.py:ConvModel_1", "b.py:ConvModel_2"), cwd=str(EXAMPLES / "forum"))
    report = answer.report
    source = (EXAMPLES / "forum" / "b.py").read_text().splitlines()
    relu_lines = [number for number, line in enumerate(source, 1) if "activations.relu(x)" in line]

    assert answer.exit_code == 1
    assert report["reference"]["parameters"] == report["candidate"]["parameters"] == 201_354
    assert [(edit["kind"], edit["op"]) for edit in report["edits"]] == [("insert", "relu")] * 3
    assert [edit["candidate"]["source"]["line"] for edit in report["edits"]] == relu_lines
    assert all("batch_normalization" in edit["after"]["reference"] for edit in report["edits"])


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("forum/fixed.py:ConvModel_1", "forum/b.py:ConvModel_2"),
        ("forum/a.py:ConvModel_1", "forum/a.py:ConvModel_1"),
        ("refactor/sequential.py:model", "refactor/functional.py:build_model"),
        ("refactor/functional.py:build_model", "refactor/subclassed.py:Net"),
        ("refactor/subclassed.py:Net", "refactor/sequential.py:model"),
    ],
)
def test_examples_that_are_equal_by_proof(compare: Compare, reference: str, candidate: str):
    report = compare(reference, candidate, cwd=EXAMPLES).report

    assert (report["verdict"]["outcome"], report["verdict"]["basis"]) == ("equivalent", "proof"), report["verdict"]
    assert report["edits"] == []
