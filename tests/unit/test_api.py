"""The Python API without a model: what it imports, how it reads what it is given, what a result is."""

from __future__ import annotations

import dataclasses
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from report_samples import forum

import kerasdiff
from kerasdiff.api import watching
from kerasdiff.api.calls import demand
from kerasdiff.api.results import Result
from kerasdiff.api.targets import called, inputs_of, target_of
from kerasdiff.errors import TargetError
from kerasdiff.pytest_plugin import Kerasdiff
from kerasdiff.side.targets import InputSpec


def test_the_package_imports_nothing_until_asked() -> None:
    code = (
        "import sys; before = set(sys.modules); import kerasdiff; names = set(sys.modules) - before;"
        "assert not any(name.startswith('kerasdiff.') for name in names), names;"
        "assert 'compare' in dir(kerasdiff); kerasdiff.compare; kerasdiff.Result;"
        "heavy = {name.partition('.')[0] for name in sys.modules} & {'rich', 'scipy', 'keras', 'tensorflow'};"
        "assert not heavy, heavy;"
        "import kerasdiff.pipeline; assert callable(kerasdiff.fit)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there() -> None:
    for name in kerasdiff.__all__:
        assert getattr(kerasdiff, name).__doc__, name
    stub = (Path(kerasdiff.__file__).parent / "__init__.pyi").read_text()
    typed = re.findall(r"^from (\S+) import (\w+) as \2$", stub, re.MULTILINE)
    assert sorted(typed) == sorted((home, name) for home, names in kerasdiff._HOMES.items() for name in names)
    assert sorted(name for _, name in typed) == sorted(kerasdiff.__all__)
    with pytest.raises(AttributeError, match="no attribute 'diff'"):
        _ = kerasdiff.diff  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, ()),
        ("8,?:int32", (InputSpec(name=None, shape=(8, None), dtype="int32"),)),
        ((8, None), (InputSpec(name=None, shape=(8, None)),)),
        ([8], (InputSpec(name=None, shape=(8,)),)),
        ([(8,), "4"], (InputSpec(name=None, shape=(8,)), InputSpec(name=None, shape=(4,)))),
        ({"ids": "16:int32@0..9"}, (InputSpec(name="ids", shape=(16,), dtype="int32", low=0.0, high=9.0),)),
    ],
)
def test_inputs(given: object, read: tuple[InputSpec, ...]) -> None:
    assert inputs_of(given) == read  # type: ignore[arg-type]


def test_mistakes_are_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(kerasdiff.KerasdiffError, match="int is no model"):
        target_of(3)
    with pytest.raises(kerasdiff.KerasdiffError, match="no such file"):
        kerasdiff.compare(tmp_path / "missing.keras", "also.py:missing")
    with pytest.raises(kerasdiff.KerasdiffError, match="require='maybe': it is one of proof"):
        kerasdiff.compare(Path, Path, require="maybe")  # type: ignore[arg-type]
    with pytest.raises(kerasdiff.KerasdiffError, match="ignore='dropout': what can be left out"):
        kerasdiff.compare(Path, Path, ignore=["dropout"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="fit=False"):
        kerasdiff.compare(Path, Path, no_fit=True)  # type: ignore[call-arg]
    with pytest.raises(kerasdiff.KerasdiffError, match="are no seeds"):
        kerasdiff.fit(Path, Path, seeds=[1, 1])


def test_an_error_ends_where_it_was_asked(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("def builds(): pass\n")
    with pytest.raises(kerasdiff.KerasdiffError) as error:
        kerasdiff.inspect(tmp_path / "models.py:build")
    assert [Path(entry.path).name for entry in error.traceback] == ["test_api.py", "choices.py"]
    assert error.value.details in str(error.value)
    assert error.value.__cause__ is None


def build() -> None:
    """A module's own function."""


def test_what_a_live_object_is_called() -> None:
    def local() -> None:
        pass

    assert called(build).endswith("test_api.py:build")
    assert called(local).endswith("test_api.py:local")
    assert called(lambda: None).endswith(":<lambda>")
    assert called(type("Net", (), {"name": "net_1"})()) == "Net 'net_1'"


def test_a_result_says_what_the_report_says() -> None:
    result = Result(forum())
    assert (result.outcome, result.basis, result.equivalent) == ("different", "witness", False)
    assert repr(result).startswith("<kerasdiff: different (witness): ")
    assert str(result) == result.report().rstrip("\n")
    assert max(map(len, result.report(width=60).splitlines())) <= 60
    assert json.loads(result.to_json())["verdict"]["summary"] == result.summary
    assert result.to_html().startswith("<!doctype html>")
    first, second = result.edits[0].sources
    assert (result.edits[0].kind, result.edits[0].op) == ("insert", "relu")
    assert (first, second) == (None, (Path("b.py"), 27))
    with pytest.raises(TypeError, match=r"ask for \.equivalent"):
        bool(result)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.comparison = None  # type: ignore[misc,assignment]


def test_a_result_as_html_is_escaped_and_stands_alone() -> None:
    comparison = forum()
    hostile = dataclasses.replace(comparison.reference, target="<script>alert(1)</script>&")
    page = Result(dataclasses.replace(comparison, reference=hostile))._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in page
    assert page.startswith("<pre style=")
    assert "http" not in page


def test_a_failed_assertion_is_its_report() -> None:
    comparison = forum()
    with watching.watched() as seen:
        different = watching.noted(Result(comparison))
    assert seen == [different]
    with pytest.raises(kerasdiff.NotEquivalentError) as failed:
        demand(different)
    first, *rest = str(failed.value).splitlines()
    assert first == f"different: {different.summary}"
    assert different.report(changes_only=True).rstrip("\n") in "\n".join(rest)
    assert failed.value.result is different
    assert str(pickle.loads(pickle.dumps(failed.value))) == str(failed.value)
    verdict = dataclasses.replace(comparison.verdict, outcome="inconclusive", basis=None)
    with pytest.raises(kerasdiff.InconclusiveError, match="inconclusive: "):
        demand(Result(dataclasses.replace(comparison, verdict=verdict)))
    demand(Result(dataclasses.replace(comparison, verdict=dataclasses.replace(verdict, outcome="equivalent"))))


def test_whoever_watches_within_another_sees_what_is_its_own() -> None:
    result = Result(forum())
    with watching.watched() as outer:
        with watching.watched() as inner:
            pass
        watching.noted(result)
    assert [outer, inner] == [[result], []]


def test_what_may_be_run_to_load_a_saved_model(tmp_path: Path) -> None:
    model, own = tmp_path / "m.json", tmp_path / "own.py"
    model.write_text('{"class_name": "Mine", "config": {}}')
    own.write_text("")
    target = target_of(model, custom_objects=own, unsafe=True)

    assert (target.objects, target.unsafe) == ((str(own),), True)
    with pytest.raises(TargetError, match=r"lost.py of `custom_objects` is no file"):
        target_of(model, custom_objects=["lost.py"])


def test_a_python_that_is_named_by_nothing_is_refused() -> None:
    with pytest.raises(TargetError, match="the Python that a model is to run under is empty"):
        kerasdiff.compare("m.py:a", "m.py:b", reference_python="")


def test_the_fixture_finds_an_environment_from_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(kerasdiff, "inspect", lambda target, **given: asked.append({"target": target, **given}))
    monkeypatch.setattr(kerasdiff, "compare", lambda *models, **given: asked.append(given))
    (tmp_path / "tests" / "old").mkdir(parents=True)
    config = SimpleNamespace(rootpath=tmp_path, getoption=lambda name: None)
    item = SimpleNamespace(path=tmp_path / "tests" / "test_a.py", config=config, iter_markers=lambda name: [])
    fixture = Kerasdiff(cast("pytest.Item", item))
    fixture.inspect("m.py:Net", python="old", env={"A": "1"})
    fixture.compare("m.py:Net", "m.py:Net", reference_python="old", candidate_python="python3")

    there = str(tmp_path / "tests" / "old")
    assert asked[0] == {"target": "m.py:Net", "inputs": None, "python": there, "env": {"A": "1"}}
    assert (asked[1]["reference_python"], asked[1]["candidate_python"]) == (there, "python3")
