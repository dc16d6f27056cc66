"""A repository with its history: what a merge changed is seen wherever it lies, and nothing in it is touched."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from command import Answer
from made_repository import MadeRepository
from warm import run_warm

from kerasdiff.report.saved import read

pytest.importorskip("keras")

MODEL = """
import keras
from netpkg.layers import head


def build():
    inputs = keras.Input((8,))
    return keras.Model(inputs, head(keras.layers.Dense(16)(inputs)))
"""
LAYERS = """
import keras


def head(x):
    return keras.layers.Dense(10)(keras.activations.relu(x))
"""
REFACTORED = LAYERS.replace("keras.activations.relu(x)", "keras.layers.ReLU()(x)")
BROKEN = LAYERS.replace("keras.activations.relu(x)", "x")
CONFIGURED = """
import json
import keras


def build():
    with open({path}) as file:
        activation = json.load(file)["activation"]
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, activation=activation)])
"""
FINDER = """
import importlib.util, sys


class Editable:
    @staticmethod
    def find_spec(name, path=None, target=None):
        folder = {folder!r}
        if name == "netpkg":
            return importlib.util.spec_from_file_location(
                name, folder + "/__init__.py", submodule_search_locations=[folder]
            )


sys.meta_path.append(Editable)
"""
"""An editable install of the package, in the way of setuptools."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MadeRepository:
    """A package in ``src`` that is installed editable, a file that imports it, and a tag for each state."""
    made = MadeRepository(tmp_path_factory.mktemp("history") / "repo")
    configured = CONFIGURED.format(path="'config.json'")
    full = CONFIGURED.format(path=repr(str(made.top / "config.json")))
    files = {
        "model.py": MODEL,
        "src/netpkg/__init__.py": "",
        "src/netpkg/layers.py": LAYERS,
        "src/netpkg/inside.py": MODEL.replace("netpkg.layers", ".layers"),
        "config.json": '{"activation": "relu"}',
        "tools/configured.py": configured,
        "tools/full.py": full,
        "tools/bytes.py": CONFIGURED.format(path=repr(os.fsencode(made.top / "config.json"))),
    }
    for tag, changed in (
        ("begin", files),
        ("refactored", {"src/netpkg/layers.py": REFACTORED}),
        ("broken", {"src/netpkg/layers.py": BROKEN, "config.json": '{"activation": "tanh"}'}),
    ):
        made.commit(changed, f"State {tag}")
        made.git("tag", tag)
    made.git("mv", "model.py", "network.py")
    made.commit(
        {"added.py": MODEL.replace("netpkg.layers", "added_layers"), "added_layers.py": BROKEN}, "State renamed"
    )
    made.git("tag", "renamed")
    made.commit({"added_layers.py": LAYERS}, "Mend")
    return made


@pytest.fixture
def at(history: MadeRepository, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Checks a state out, asks the command there, and holds that it touches nothing."""
    site = tmp_path_factory.getbasetemp() / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(FINDER.format(folder=str(history.top / "src" / "netpkg")))
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=":")
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    exec((site / "sitecustomize.py").read_text(), {})  # as a process does that starts with it

    def ask(state: str, *arguments: str, folder: str = "") -> Answer:
        history.git("checkout", "--quiet", state)
        before = history.state()
        answer = run_warm(*arguments, cwd=history.top / folder)
        assert history.state() == before
        return answer

    return ask


def compared(at, state: str, *arguments: str, folder: str = "") -> Answer:
    return at(state, "compare", "--no-fit", "--format", "json", *arguments, folder=folder)


def test_a_refactor_that_was_merged_passes(at):
    answer = at("refactored", "compare", "--no-fit", "--against", "begin", "model.py:build")

    assert answer.exit_code == 0, answer.stderr
    assert "git:begin:model.py:build and model.py:build" in answer.stdout
    assert "State begin." in answer.stdout


@pytest.mark.parametrize(
    "target", ["model.py:build", "src/netpkg/inside.py:build", "netpkg.inside:build", "model:build"]
)
def test_a_bug_in_a_module_that_is_imported_is_stopped(at, history: MadeRepository, target: str):
    answer = compared(at, "broken", "--against", "begin", target)

    assert answer.exit_code == 1, answer.stderr
    report = answer.report
    (edit,) = report["edits"]
    assert (edit["kind"], edit["op"]) == ("delete", "relu")
    assert edit["reference"]["source"]["file"].endswith("layers.py")
    assert edit["reference"]["source"]["line"] == 6
    assert "kerasdiff-git" not in answer.stdout
    commit = history.git("rev-parse", "begin")
    assert report["reference"]["target"] == f"git:begin:{target}"
    assert (report["reference"]["commit"]["id"], report["reference"]["commit"]["subject"]) == (commit, "State begin")
    assert "commit" not in report["candidate"]
    drawing = read(report).drawing
    assert drawing is not None
    lines = [line for side in drawing.sides for one in side.excerpts for line in one.lines if "Dense(10)" in line]
    assert lines == [
        "    return keras.layers.Dense(10)(keras.activations.relu(x))",
        "    return keras.layers.Dense(10)(x)",
    ]


def test_both_sides_may_be_revisions(at):
    assert compared(at, "main", "git:begin:model.py:build", "git:refactored:model.py:build").exit_code == 0
    assert compared(at, "main", "git:refactored:model.py:build", "git:broken:model.py:build").exit_code == 1


def test_a_renamed_file_is_followed(at):
    answer = compared(at, "renamed", "--against", "begin", "network.py:build")

    assert (answer.exit_code, answer.report["reference"]["target"]) == (1, "git:begin:model.py:build")


def test_the_default_is_the_merge_base(at, history: MadeRepository):
    history.git("checkout", "--quiet", "-B", "work", "broken")
    answer = compared(at, "work", "model.py:build", "--against")
    assert (answer.exit_code, answer.report["reference"]["commit"]["branch"]) == (0, "main")

    history.write({"src/netpkg/layers.py": LAYERS})
    try:
        assert compared(at, "work", "--against", "auto", "model.py:build").exit_code == 1
    finally:
        history.git("checkout", "--quiet", "--force", "main")


@pytest.mark.parametrize(("folder", "target"), [("", "tools/configured.py:build"), ("tools", "configured.py:build")])
def test_data_are_read_as_they_were(at, folder: str, target: str):
    answer = compared(at, "broken", "--against", "begin", target, folder=folder)

    if not folder:
        assert (answer.exit_code, [edit["op"] for edit in answer.report["edits"]]) == (1, ["relu"])
    else:  # as it is not found from there now
        assert answer.exit_code == 2
        assert "No such file or directory: 'config.json'" in answer.stderr


def test_a_path_written_out_in_full_is_refused_where_the_revision_has_another_file(at):
    for file in ("full", "bytes"):
        answer = compared(at, "broken", "--against", "begin", f"tools/{file}.py:build")

        assert answer.exit_code == 2
        assert "config.json is read by a path written out in full" in answer.stderr
    assert compared(at, "refactored", "--against", "begin", "tools/full.py:build").exit_code == 0


def test_what_a_revision_lacks_is_said(at, history: MadeRepository):
    answer = compared(at, "renamed", "git:renamed:added.py:build", "added.py:build")
    assert answer.exit_code == 0, answer.stderr

    history.git("rm", "--quiet", "--cached", "added_layers.py")
    history.git("commit", "--quiet", "--message", "Forget a file")
    try:
        answer = at("HEAD", "inspect", "git:HEAD:added.py:build")
        assert answer.exit_code == 2
        assert "added_layers is in the working tree, but not in HEAD." in answer.stderr
    finally:
        (history.top / "added_layers.py").unlink()
        history.git("checkout", "--quiet", "--force", "main")


def test_a_witness_names_the_commit(at, history: MadeRepository, tmp_path: Path):
    witness = str(tmp_path / "w.npz")
    answer = compared(at, "broken", "--against", "begin", "model.py:build", "--save-witness", witness)
    assert answer.exit_code == 1

    shown = json.loads(at("broken", "replay", witness, "--format", "json").stdout)
    assert shown["reference"] == f"git:{history.git('rev-parse', 'begin')}:model.py:build"


def test_a_fit_finds_its_data_and_writes_where_it_was_asked(
    at, history: MadeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KERASDIFF_CACHE", str(tmp_path / "cache"))
    rows = np.random.default_rng(0).normal(size=(80, 8)).astype("float32")
    labels = (rows[:, 0] > 0).astype("int32")
    np.savez(tmp_path / "d.npz", x_train=rows, y_train=labels, x_test=rows, y_test=labels)

    here = os.path.relpath(tmp_path, history.top)
    answer = at(
        "refactored", "fit", "--against", "begin", "model.py:build", "--data", f"{here}/d.npz", "--logdir",
        f"{here}/logs", "--seeds", "1", "--steps", "2", "--batch-size", "8",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.stderr
    assert any((tmp_path / "logs").rglob("*.csv"))
