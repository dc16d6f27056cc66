"""Target and ``--input`` strings: what they mean, and what is refused in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kerasdiff.errors import TargetError
from kerasdiff.side.locations import Location
from kerasdiff.side.targets import InputSpec, parse_input, parse_target


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.py").write_text("")
    (tmp_path / "net.keras").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_file_target_with_arguments(folder: Path) -> None:
    target = parse_target("models.py:Net(width=64, shape=(8, 8, 1), name='a:b')")
    assert (target.kind, target.location, target.name) == ("file", str((folder / "models.py").resolve()), "Net")
    given = [("width", "64"), ("shape", "(8, 8, 1)"), ("name", "'a:b'")]
    assert [(one.name, one.text) for one in target.arguments] == given
    assert (target.called, target.after, target.place) == (True, "", "models.py")


@pytest.mark.parametrize(
    ("text", "name", "arguments", "after"),
    [
        ("models.py:make(cfg=Cfg(width=4))", "make", [("cfg", "Cfg(width=4)")], ""),
        ("models.py:make(CONFIGS['a:b'], 3)", "make", [(None, "CONFIGS['a:b']"), (None, "3")], ""),
        ("models.py:a.b.make( x = [1,\n2] ).c[0]", "a.b.make", [("x", "[1,\n2]")], ".c[0]"),
        ("models.py:make(f=lambda x: x)", "make", [("f", "lambda x: x")], ""),
        ("models.py:make(name='é')['ü']", "make", [("name", "'é'")], "['ü']"),
        ("models.py:Factory(3).build(depth=2)", "Factory", [(None, "3")], ".build(depth=2)"),
        ("models.py:nets['small'].head", "nets", [], "['small'].head"),
        ("models.py", "", [], ""),
        (f"models.py:make({'x' * 5000})", "make", [(None, "x" * 5000)], ""),
    ],
)
def test_what_follows_the_file_is_python(
    folder: Path, text: str, name: str, arguments: list[tuple[str | None, str]], after: str
) -> None:
    target = parse_target(text)
    assert (target.kind, target.name, target.after) == ("file", name, after)
    assert [(one.name, one.text) for one in target.arguments] == arguments


@pytest.mark.parametrize(
    ("text", "kind", "location", "name"),
    [
        ("keras.applications:MobileNetV2", "module", "keras.applications", "MobileNetV2"),
        ("models:Outer.Net", "module", "models", "Outer.Net"),
    ],
)
def test_module_target(folder: Path, text: str, kind: str, location: str, name: str) -> None:
    target = parse_target(text)
    assert (target.kind, target.location, target.name, target.called) == (kind, location, name, False)


def test_saved_target(folder: Path) -> None:
    target = parse_target("net.keras")
    assert (target.kind, os.path.basename(target.location), target.name) == ("saved", "net.keras", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model.py:Net", "no such file"),
        ("mdls.keras", "no such file"),
        (".:Net", "is a directory"),
        ("net.keras:Net", "is a model by itself; write net.keras alone"),
        ("models.py:Net(width=", "what follows models.py: does not parse"),
        ("models.py:Net(width=...)", "put the value of width in place of the dots"),
        ("models.py:Net(...)", "put a value in place of the dots"),
        ("models.py:Net(**a)", "each argument of Net by itself"),
        ("models.py:Net + 1", "write a name after models.py:"),
        ("a\0b/k.keras", "no file has such a name"),
        ("~nobody_at_all/m.py:Net", "no such home directory"),
        (f"{'x' * 300}.py:Net", "cannot be looked at: File name too long"),
        (f"models.py:Net({'(' * 300}", "does not parse"),
        ("a b:Net", "neither a Python file nor a module"),
    ],
)
def test_refused_target(folder: Path, text: str, says: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_baseline_can_be_made(folder: Path) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target("gone.kerasdiff")
    assert caught.value.details == "`kerasdiff lock TARGET -o gone.kerasdiff` makes it."


def test_missing_file_names_the_nearest(folder: Path) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target("model.py:Net")
    assert "models.py" in caught.value.details


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("32,32,3", InputSpec(name=None, shape=(32, 32, 3))),
        ("(32, 32, 3)", InputSpec(name=None, shape=(32, 32, 3))),
        ("ids=16:int32@0..100", InputSpec(name="ids", shape=(16,), dtype="int32", low=0, high=100)),
        ("?,8", InputSpec(name=None, shape=(None, 8))),
        ("x=4@-1.5..1.5", InputSpec(name="x", shape=(4,), low=-1.5, high=1.5)),
    ],
)
def test_input(text: str, spec: InputSpec) -> None:
    assert parse_input(text) == spec


@pytest.mark.parametrize("text", ["32x32", "0,3", "3:floaty", "3:float31", "3@5..1", "3@a..b", "3@1"])
def test_refused_input(text: str) -> None:
    with pytest.raises(TargetError, match="--input"):
        parse_input(text)


def test_a_line_of_a_notebook_is_marked_in_its_file() -> None:
    location = Location(directory="nets", elsewhere={"/other/b.py": "other/b.py"})
    assert location.place("nb.ipynb[cell 3]", 5) == ("nets/nb.ipynb", 1)
    assert location.place("a.py", 5) == ("nets/a.py", 5)
    assert location.place("/other/b.py", 2) == ("other/b.py", 2)
