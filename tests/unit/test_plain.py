"""Records as plain data, and back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from kerasdiff import findings
from kerasdiff.align import edits
from kerasdiff.explain import records as explain
from kerasdiff.explain.records import Measure
from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import model
from kerasdiff.graph.model import Edge, Graph, Node, Source
from kerasdiff.plain import PlainError, Reader, plain, told_once

MODULES = (edits, explain, findings, model)


def back(value: object) -> object:
    return Reader(MODULES).read(type(value), json.loads(json.dumps(plain(value), allow_nan=False)))


def test_a_finding_comes_back_as_it_was() -> None:
    body = Graph(nodes=(Node(id="x", op="input", kind="input"),), outputs=(Edge(node="x"),))
    finding = Finding(
        fact=Fact.LEAD,
        sites=(Site(node="relu", source=Source(file="a.py", line=3)),),
        values=((1, (2, None)), {"is": "a name", "body": body}),
        figures={"worst": math.inf, "least": -math.inf, "mean": 0.1},
        parts=(Finding(fact=Fact.NOTE),),
    )
    assert back(finding) == finding


def test_nan_comes_back_as_nan() -> None:
    again = back(Finding(fact=Fact.NOTE, figures={"p": math.nan}))
    assert isinstance(again, Finding)
    assert math.isnan(again.figures["p"])


def test_mappings_with_keys_of_an_enumeration_come_back() -> None:
    effect = explain.Effect(sizes={Measure.OUTPUT: 0.5}, harmless=False)
    assert back(effect) == effect


def test_what_has_its_default_is_left_out_and_a_number_of_another_type_is_not() -> None:
    assert plain(Finding(fact=Fact.NOTE)) == {"is": "Finding", "fact": {"is": "Fact", "name": "NOTE"}}
    flag = edits.Change(aspect=edits.Aspect.SETTING, values=(1, True))
    again = back(flag)
    assert isinstance(again, edits.Change)
    assert [type(value) for value in again.values] == [int, bool]


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.array(["a", "bc"]), np.array(3, dtype="int8")])
def test_arrays_come_back_bit_by_bit_or_from_where_they_were_kept(array: np.ndarray) -> None:
    again = Reader(()).read(np.ndarray, json.loads(json.dumps(plain(array))))
    assert again.dtype == array.dtype
    assert np.array_equal(again, array)
    kept: list[np.ndarray] = []
    data = plain((array,), lambda item: kept.append(item) or len(kept) - 1)
    assert Reader((), lambda number: kept[int(str(number))]).read(tuple, data) == (array,)


def test_what_is_there_twice_is_told_once_and_comes_back_in_both_places() -> None:
    spec = model.TensorSpec(shape=(None, 4), dtype="float32")
    one = Node(id="a", op="relu", kind="function", outputs=(spec,), attributes={"is": "a name"})
    alike = Node(id="a", op="relu", kind="function", outputs=(spec, spec), attributes={"sizes": (1, True, 1.0)})
    graph = Graph(nodes=(one, alike, one, Node(id="a", op="relu", kind="function", outputs=(spec,))), outputs=())
    data = told_once(plain(graph))
    text = json.dumps(data)

    assert Reader(MODULES).read(Graph, json.loads(text)) == graph
    assert text.count("TensorSpec") == 1
    assert text.count("a name") == 1
    again = Reader(MODULES).read(Graph, json.loads(text))
    assert again.nodes[0] is again.nodes[2]
    assert [type(size) for size in again.nodes[1].attributes["sizes"]] == [int, bool, float]  # type: ignore[union-attr]


@pytest.mark.parametrize("number", [0, 7, -9])
def test_a_number_of_nothing_is_refused(number: int) -> None:
    with pytest.raises(PlainError):
        Reader(MODULES).read(Finding, {"is": number})


def test_numpys_numbers_are_plain() -> None:
    assert plain((np.float32(0.5), np.int64(3), np.bool_(True))) == [0.5, 3, True]


@pytest.mark.parametrize(
    "data",
    [
        {"is": "Finding"},
        {"is": "Finding", "fact": {"is": "Fact", "name": "NOTE"}, "unheard_of": 1},
        {"is": "Path", "name": "x"},
        {"is": "Fact", "name": "no fact"},
        {"is": "array", "value": "no base64!"},
        [],
        None,
    ],
)
def test_other_data_are_refused(data: object) -> None:
    with pytest.raises(PlainError):
        Reader(MODULES).read(Finding, data)  # type: ignore[arg-type]


def test_what_has_no_plain_form_is_said() -> None:
    with pytest.raises(TypeError, match="object has no plain form"):
        plain(object())
