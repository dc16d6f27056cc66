"""What a picture holds of a model: its graph, its weights, and the code around the lines that are named."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import report_samples as samples

from kerasdiff.findings import Compared, Fact, Finding, Quantity, Site, Subject
from kerasdiff.graph import Edge, Graph, Node, Source, TensorSpec, Weight
from kerasdiff.graph.table import Table
from kerasdiff.picturing import drawn, gradients
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.observations import Chance, Comparisons, LearningObservation
from kerasdiff.side.payload import Payload
from kerasdiff.side.records import Excerpt
from kerasdiff.side.revisions.records import Commit, Revision
from kerasdiff.side.targets import Target
from kerasdiff.side.written import MOST_BYTES, MOST_COLUMNS, MOST_LINES, Written, excerpts, named_lines

FILE = Target(text="net.py:Net", kind="file", location="net.py")


def numbered(count: int) -> str:
    return "".join(f"line {number}\n" for number in range(1, count + 1))


def lines(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"line {number}" for number in range(first, last + 1))


def shown(folder: Path, *sources: tuple[str, int], target: Target = FILE, started: float | None = None):
    written = Written(target, str(folder), time.time() + 10 if started is None else started)
    return excerpts(written, (Source(file=file, line=line) for file, line in sources))


def test_lines_around_those_that_are_named_come_once_and_those_that_touch_come_together(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(numbered(40))
    (tmp_path / "blocks.py").write_text(numbered(5))
    found = shown(tmp_path, ("net.py", 30), ("net.py", 10), ("blocks.py", 1), ("net.py", 17), ("net.py", 10))

    assert found == (
        Excerpt(file="blocks.py", first=1, lines=lines(1, 4)),
        Excerpt(file="net.py", first=7, lines=lines(7, 20)),
        Excerpt(file="net.py", first=27, lines=lines(27, 33)),
    )


def test_what_is_no_text_of_the_users_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(numbered(3))
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "long.py").write_text("#" * MOST_BYTES + "\n\n")
    os.mkfifo(tmp_path / "pipe.py")
    names = ("bytes.py", "long.py", "pipe.py", "gone.py", "", ".", "nb.ipynb[cell 1]", os.__file__)

    assert shown(tmp_path, *((name, 1) for name in names)) == ()
    assert shown(tmp_path, ("net.py", 4), ("net.py", 0)) == ()
    assert shown(tmp_path, ("net.py", 1), target=replace(FILE, kind="baseline")) == ()


def test_a_file_that_changed_since_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(numbered(3))
    os.utime(tmp_path / "net.py", (100, 100))

    assert shown(tmp_path, ("net.py", 1), started=100.5) != ()
    assert shown(tmp_path, ("net.py", 1), started=99.5) == ()


def test_a_cell_is_shown_as_it_is_written(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": ["%pip install x\n", "y = 1"]}, {"cell_type": "code", "source": "z = 2"}]
    (tmp_path / "nb.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}))

    assert shown(tmp_path, ("nb.ipynb[cell 1]", 2)) == (
        Excerpt(file="nb.ipynb[cell 1]", first=1, lines=("%pip install x", "y = 1")),
    )


def test_the_lines_of_a_revision_are_those_of_its_commit(tmp_path: Path) -> None:
    then, now = tmp_path / "layout", tmp_path / "work"
    for folder, text in ((then, "then\n"), (now, "now\n")):
        (folder / "lib").mkdir(parents=True)
        (folder / "lib" / "blocks.py").write_text(text)
    commit = Commit(name="main", commit="3f" * 20, short="3f3f3f3", subject="Widen")
    revision = Revision(commit=commit, root=str(then), worktrees=(str(now),))
    beside = str(now / "lib" / "blocks.py")

    for name in ("blocks.py", beside):
        (found,) = shown(then / "lib", (name, 1), target=replace(FILE, revision=revision))
        assert found == Excerpt(file=name, first=1, lines=("then",))


def test_an_object_in_memory_is_shown_by_the_code_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "living_net.py"
    path.write_text("class Net:\n    def call(self, x):\n        return x + 1\n")
    spec = importlib.util.spec_from_file_location("living_net", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "living_net", module)
    cells = {"/tmp/ipykernel_1/7.py": ("a = 1\n", "b = 2\n")}
    payload = Payload(body=b"", path=(), sources=cells, settings=(), root=str(tmp_path), builds=False)
    live = replace(FILE, kind="live", payload=payload)

    assert shown(tmp_path, ("/tmp/ipykernel_1/7.py", 2), target=live)[0].lines == ("a = 1", "b = 2")
    assert shown(tmp_path, ("living_net.py", 3), target=live) != ()
    path.write_text(path.read_text().replace("+ 1", "+ 2"))
    assert shown(tmp_path, ("living_net.py", 3), target=live) == ()


def test_so_much_is_shown_that_a_report_stays_small_and_what_comes_first_is(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(numbered(4 * MOST_LINES))
    (tmp_path / "data.py").write_text(f"x = '{'a' * MOST_COLUMNS}'\n")
    found = shown(
        tmp_path, ("data.py", 1), *(("net.py", 4 * MOST_LINES - line) for line in range(0, 4 * MOST_LINES, 9))
    )

    assert found[0].lines[0] == f"x = '{'a' * (MOST_COLUMNS - 5)}…"
    assert MOST_LINES - 7 <= sum(len(one.lines) for one in found) <= MOST_LINES
    assert found[-1].lines[-1] == f"line {4 * MOST_LINES}"


def test_a_drawn_node_has_nothing_inside(tmp_path: Path) -> None:
    spec = TensorSpec(shape=(None, 2), dtype="float32")
    body = Graph(nodes=(Node(id="x", op="input", kind="input"),), outputs=(Edge(node="x"),))
    attributes = {"body": body, "table": Table("5f2e", (2, 3), "float32", b"0"), "units": 4, "sizes": (1, (body,))}
    node = Node(id="d", op="dense", kind="layer", weights=("d/kernel",), attributes=attributes, outputs=(spec,))
    graph = Graph(nodes=(replace(node, lowering=body, activation=Edge(node="x")),), outputs=(Edge(node="d"),))
    description = samples.description()
    one = drawn(graph, description, Written(FILE, str(tmp_path), 0.0))

    (bare,) = one.graph.nodes
    assert bare == replace(
        node,
        attributes={
            "body": {"nodes": 1},
            "table": {"shape": (2, 3), "dtype": "float32"},
            "units": 4,
            "sizes": (1, ({"nodes": 1},)),
        },
    )
    assert [weight.id for weight in one.weights] == ["d/kernel"]
    assert len(description.weights) == 2


def test_one_model_names_the_lines_of_its_notes_and_nodes() -> None:
    idle = Finding(fact=Fact.LAYER_NEVER_CALLED, sites=(Site(node="spare", source=Source(file="net.py", line=3)),))
    description = replace(samples.description(), notes=(idle,))

    assert [source.line for source in dict.fromkeys(named_lines(description))] == [3, 12]


def test_gradients_come_by_the_order_of_weights_and_one_that_is_missing_is_infinitely_far() -> None:
    spec = Weight(id="a", path="m/a", name="a", shape=(2,), dtype="float32", trainable=True)
    weights = tuple(replace(spec, id=name, path=f"m/{name}") for name in "abc")
    others = tuple(replace(spec, id=name, path=f"n/{name}") for name in "xyz")
    pair = SimpleNamespace(
        weights=({one.id: one for one in weights}, {one.id: one for one in others}),
        transfer=SimpleNamespace(drawn_alike={"c": "z", "a": "x", "b": "y"}),
    )
    tolerance = precision_tolerance("float64")

    def compared(quantity: Quantity, weight: str, far: float, scale: float = 1.0) -> Compared:
        close = compare_values(np.ones(2), np.ones(2) + far, tolerance)
        return Compared(subject=Subject(quantity=quantity, weight=weight, weight_scale=scale), closeness=close)

    seen = Comparisons(
        compared=(
            compared("gradient", "b", 0.5),
            compared("gradient", "a", 0.0),
            compared("state", "a", 0.75),
            compared("gradient", "a", 0.25, scale=64.0),
        ),
        precision="float64",
        tolerance=tolerance,
        absent=(Finding(fact=Fact.WEIGHT_NOT_READ, side="candidate", weights=("c",)),),
    )
    found = list(gradients(pair, LearningObservation(comparisons=seen)))  # type: ignore[arg-type]

    assert [(one.weights, one.ids, one.relative, one.limit) for one in found] == [
        (("m/a", "n/x"), ("a", "x"), 0.0, 1e-9),
        (("m/b", "n/y"), ("b", "y"), 0.5, 1e-9),
        (("m/c", "n/z"), ("c", "z"), np.inf, 1e-9),
    ]
    drawn_alike = LearningObservation(repeated=(False, False), chance=Chance(shared=seen, mirrored=None))
    assert list(gradients(pair, drawn_alike)) == found  # type: ignore[arg-type]
    assert list(gradients(pair, LearningObservation(masked_apart=True))) == []  # type: ignore[arg-type]
