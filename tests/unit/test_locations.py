"""Where in a repository the files of a model lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import report_samples as samples

from kerasdiff.graph import Graph, Node, Source
from kerasdiff.side.locations import Location, located, root
from kerasdiff.side.records import Description
from kerasdiff.side.revisions.records import Commit, Revision
from kerasdiff.side.targets import Target

FILE = Target(text="net.py:Net", kind="file", location="net.py")


def description(folder: Path, *files: str) -> Description:
    nodes = tuple(Node(id=file, op="relu", kind="function", source=Source(file=file, line=1)) for file in files)
    return replace(samples.description(), root=str(folder), inference=Graph(nodes=nodes, outputs=()), training=None)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "models" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repo" / "models")
    return tmp_path / "repo"


def test_paths_are_counted_from_the_repository(repository: Path) -> None:
    lib = str(repository / "lib" / "blocks.py")
    found = located(description(repository / "models" / "deep", "net.py", lib, "/usr/lib/else.py"), FILE)

    assert root() == repository
    assert found == Location(
        directory="models/deep", elsewhere={lib: "lib/blocks.py", "/usr/lib/else.py": "/usr/lib/else.py"}
    )
    assert found.path("net.py") == "models/deep/net.py"
    assert found.path(lib) == "lib/blocks.py"


def test_without_a_repository_they_are_counted_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    above = [place for place in tmp_path.parents if (place / ".git").exists()]

    assert root() == (above[0] if above else tmp_path)
    assert located(description(tmp_path, "net.py"), FILE).path("net.py").endswith("net.py")


def test_those_of_a_revision_are_counted_from_where_it_was_laid_out(tmp_path: Path) -> None:
    commit = Commit(name="main", commit="3f" * 20, short="3f3f3f3", subject="Widen")
    revision = Revision(commit=commit, root=str(tmp_path), worktrees=())
    found = located(description(tmp_path / "models", "net.py"), replace(FILE, revision=revision))

    assert found.path("net.py") == "models/net.py"


def test_those_of_a_baseline_are_nowhere(repository: Path) -> None:
    assert located(description(repository, "net.py"), replace(FILE, kind="baseline")) == Location()


def test_a_cell_is_of_its_notebook() -> None:
    location = Location(directory="a")
    assert location.place("nb.ipynb[cell 12]", 4) == ("a/nb.ipynb", 1)
    assert location.place("net.py", 4) == ("a/net.py", 4)
