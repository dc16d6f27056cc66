"""Another Python for a side: which one is meant, and the sentence for each that will not do."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from effort import spent
from other_python import made_environment, pretend

import kerasdiff
from kerasdiff.cli import main
from kerasdiff.errors import TargetError
from kerasdiff.probing.witness import SavedWitness, load, save
from kerasdiff.report.wording import ran_in
from kerasdiff.side.environment import worker_environment
from kerasdiff.side.interpreters.asking import _QUESTION, ask
from kerasdiff.side.interpreters.choosing import interpreter, under
from kerasdiff.side.interpreters.programs import foreign_processor
from kerasdiff.side.interpreters.settings import Setting
from kerasdiff.side.reading.early import check
from kerasdiff.side.targets import Target, parse_target
from kerasdiff.side.variables import finding

OPTION = "--reference-python"
AT_ONCE_S = 2.0
"""A mistake is told without TensorFlow."""


def program(place: Path, content: str | bytes, *, runs: bool = True) -> str:
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    place.chmod(place.stat().st_mode | (stat.S_IXUSR if runs else 0))
    return str(place)


def says(place: Path, answer: str) -> str:
    """A program that answers as an interpreter would."""
    return program(place, f"#!/bin/sh\necho '{answer}'\n")


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00" + machine.to_bytes(2, "little") + bytes(44)


def broken_link(place: Path) -> str:
    place.parent.mkdir(exist_ok=True)
    place.symlink_to("/nowhere/python3.9")
    return str(place)


def lacking(place: Path, **versions: str) -> str:
    made_environment(place, libraries=False)
    pretend(place, **versions)
    return str(place)


@dataclass(frozen=True)
class Wrong:
    """What is named, below a directory, and the sentence for it."""

    made: Callable[[Path], str]
    sentence: str


WRONG = {
    "none": Wrong(lambda at: str(at / "lost"), r"there is no \S*lost; name an interpreter, or the directory of a"),
    "a word": Wrong(lambda at: "pithon", "there is no pithon; name an interpreter"),
    "no home": Wrong(lambda at: "~nobody-here/python", "there is no such home directory"),
    "a link to nowhere": Wrong(lambda at: broken_link(at / "python"), "is a link to /nowhere/python3.9, which is not"),
    "a base that is gone": Wrong(
        lambda at: str(broken_link(at / "bin" / "python") and at),
        r"/bin/python is a link to /nowhere/python3\.9, wh",
    ),
    "a directory": Wrong(lambda at: str(at), r"is a directory without an interpreter \(there is no bin/python in it\)"),
    "a text": Wrong(lambda at: program(at / "a.txt", "hello", runs=False), "is no interpreter: it is not executable"),
    "no program": Wrong(lambda at: program(at / "a", b"\0\1\2"), "cannot be run .*; name an interpreter"),
    "another program": Wrong(lambda at: program(at / "a", "#!/bin/sh\nexit 3\n"), "is no Python interpreter, or a br"),
    "one that answers": Wrong(lambda at: says(at / "a", "[1]"), "is no Python interpreter, or a broken one"),
    "another processor": Wrong(
        lambda at: program(at / "a", elf(22)), "is a program for another processor: it is made for s390x, and this"
    ),
    "Python 2": Wrong(
        lambda at: says(at / "a", '{"version": [2, 7, 18], "prefix": "/usr"}'),
        r"is Python 2\.7\.18; kerasdiff runs models under 3\.10 or later",
    ),
    "Python 3.9": Wrong(
        lambda at: says(at / "a", '{"version": [3, 9, 1], "prefix": "/usr", "tensorflow": "2.16.1"}'),
        r"is Python 3\.9\.1; kerasdiff",
    ),
    "no TensorFlow": Wrong(
        lambda at: lacking(at / "env"), r"\(Python 3\.\d+\.\d+\) has no TensorFlow; .* -m pip install tensorflow$"
    ),
    "an old TensorFlow": Wrong(
        lambda at: lacking(at / "env", tensorflow="2.12.1", keras="2.12.0"),
        r"has TensorFlow 2\.12\.1; kerasdiff runs models with TensorFlow 2\.13 or later",
    ),
    "an early Keras 3": Wrong(
        lambda at: lacking(at / "env", tensorflow="2.16.1", keras="3.5.0"),
        r"has Keras 3\.5\.0; kerasdiff runs models with Keras 3\.11 or later",
    ),
    "no Keras": Wrong(lambda at: lacking(at / "env", tensorflow="2.21.0"), "has no Keras; install it there: "),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_will_not_do_is_told_at_once(wrong: Wrong, tmp_path: Path) -> None:
    named, started = wrong.made(tmp_path), spent()
    with pytest.raises(TargetError) as caught:
        interpreter(named, OPTION)

    assert spent() - started < AT_ONCE_S
    assert re.search(wrong.sentence, caught.value.message), caught.value.message
    assert "home" in wrong.sentence or caught.value.message.startswith(f"{OPTION}: ")


def test_one_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasdiff.side.interpreters.asking._PATIENCE_S", 0.2)
    with pytest.raises(TargetError, match=r"does not say its version within 0\.2 s; is it Python\?"):
        ask(program(tmp_path / "a", "#!/bin/sh\nexec sleep 60\n"), OPTION)


@pytest.mark.parametrize("named", ["old", "old/bin/python", "old/bin/python3"])
def test_an_environment_is_named_by_its_directory_or_its_interpreter(named: str, tmp_path: Path) -> None:
    made_environment(tmp_path / "old")

    assert interpreter(named, OPTION, str(tmp_path)).startswith(f"{tmp_path / 'old'}/bin/python")


def test_one_whose_versions_nobody_knows_may_do(tmp_path: Path) -> None:
    place = says(tmp_path / "a", '{"version": [3, 13, 1], "prefix": "/else", "tensorflow": "", "keras": "3.99.0.dev1"}')

    assert interpreter(place, OPTION) == place


def test_where_this_python_has_its_parts_is_no_matter_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    made_environment(tmp_path / "old")

    assert interpreter("old", OPTION, str(tmp_path))


def test_the_own_one_is_no_other() -> None:
    assert interpreter(sys.executable, OPTION) == ""
    assert interpreter(sys.prefix, OPTION) == ""
    target = parse_target(f"{__file__}:build")
    assert under(target, sys.executable, OPTION) == under(target, "", OPTION) == target


def test_what_is_in_memory_stays_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"^candidate_python: .* is in the memory of this process"):
        kerasdiff.compare(f"{__file__}:OPTION", lambda: None, candidate_python=tmp_path)


def test_what_another_python_may_find_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text("def f(:\n")
    (tmp_path / "own.py").write_text("import only_there\n\ndef build():\n    pass\n")
    for target in (
        Target(text="m:f", kind="module", location="only_there", name="f"),
        parse_target(f"{tmp_path / 'new.py'}:f"),
        parse_target(f"{tmp_path / 'own.py'}:build"),
    ):
        with pytest.raises(kerasdiff.KerasdiffError):
            check(target, ())
        check(under(target, str(made_environment(tmp_path / "old").parents[1]), OPTION), ())


def test_commands_take_one_a_side(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def build():\n    pass\n")
    target = str(tmp_path / "m.py:build")
    for words in (
        ("compare", target, target, "--reference-python", "lost"),
        ("fit", target, target, "--candidate-python", "lost"),
        ("inspect", target, "--python", "lost"),
    ):
        done = CliRunner().invoke(main, [*words])
        assert done.exit_code == 2
        assert done.stderr.startswith(f"error: {words[-2]}: there is no lost; name an interpreter, ")
    made_environment(tmp_path / "old")
    old = str(tmp_path / "old")
    done = CliRunner().invoke(main, ["fit", target, target, "--reference-python", old, "--ray", "local"])
    assert done.exit_code == 2
    assert f"{target} is to run under {old}/bin/python, which a cluster's nodes do not have" in done.stderr


def test_commands_set_variables_for_a_side(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def build():\n    pass\n")
    target = str(tmp_path / "m.py:build")
    for words, sentence in (
        (("compare", target, target, "--reference-env", "LEGACY"), "LEGACY is no NAME=VALUE; write LEGACY=1"),
        (("fit", target, target, "--candidate-env", "=1"), "'an empty name' cannot be set; write NAME=VALUE"),
        (("inspect", target, "--env", ""), " is no NAME=VALUE; write NAME=1"),
    ):
        done = CliRunner().invoke(main, [*words])
        assert done.exit_code == 2
        assert done.stderr.startswith(f"error: {words[-2]}: {sentence}"), done.stderr
    wrong = {
        '"LEGACY=1"': "must be a table of texts, as in { TF_USE_LEGACY_KERAS",
        "{ A = 1 }": "gives A no text: write 1 in",
    }
    for gate, sentence in wrong.items():
        gates = f"[pairs.net]\nreference = {target!r}\ncandidate = {target!r}\nreference_env = {gate}\n"
        (tmp_path / "kerasdiff.toml").write_text(gates)
        done = CliRunner().invoke(main, ["check", "--config", str(tmp_path / "kerasdiff.toml")])
        assert done.exit_code == 2
        assert sentence in done.stderr


def test_variables_are_of_what_is_loaded() -> None:
    target = parse_target(f"{__file__}:build")
    own = finding(target, {"B": "x=y", "A": ""}, "--env")

    assert own.variables == (("A", ""), ("B", "x=y"))
    assert finding(target, {}, "--env") == target
    assert not own.elsewhere
    assert finding(target, {"PYTHONPATH": "there"}, "--env").elsewhere
    assert worker_environment(variables=(("TF_CPP_MIN_LOG_LEVEL", "0"),))["TF_CPP_MIN_LOG_LEVEL"] == "0"
    with pytest.raises(TargetError, match=r"^candidate_env: .* is in the memory of this process, and was made under"):
        kerasdiff.compare(f"{__file__}:OPTION", lambda: None, candidate_env={"A": "1"})
    with pytest.raises(TargetError, match="is stored, and nothing of it is loaded anew"):
        finding(Target(text="a.kerasdiff", kind="baseline", location="a"), {"A": "1"}, "--env")


def test_a_witness_remembers_in_what_its_models_ran(tmp_path: Path) -> None:
    ran = (
        Setting(python="old/bin/python", variables=(("TF_USE_LEGACY_KERAS", "1"),)),
        Setting(backend="jax"),
    )
    witness = SavedWitness(
        inputs=(np.zeros((2, 4)),), mode="inference", weight_scale=1.0, difference=1.0, how="probe normal",
        reference="a.py:Net", candidate="b.py:Net", given=(), seed=0, settings=ran,
    )  # fmt: skip
    save(tmp_path / "w.npz", witness)
    (mine, other), said = load(tmp_path / "w.npz").settings, Setting(python="new", variables=(("A", "1"),))

    assert (mine, other) == ran
    assert said.over(mine) == Setting(python="new", variables=(("TF_USE_LEGACY_KERAS", "1"), ("A", "1")))
    assert [ran_in(one) for one in (*ran, Setting())] == [
        "  under old/bin/python, with TF_USE_LEGACY_KERAS=1", "  on jax", "",
    ]  # fmt: skip


def test_processors_are_told_by_the_file(tmp_path: Path) -> None:
    windows = program(tmp_path / "a.exe", b"MZ" + bytes(30))

    assert foreign_processor(windows).startswith("it is made for Windows, and this machine is ")
    assert foreign_processor(os.path.realpath(sys.executable)) == ""
    assert foreign_processor(str(tmp_path / "lost")) == foreign_processor(str(tmp_path)) == ""


def test_what_lies_in_the_current_directory_is_none_of_pythons_own(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)\n")
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONSAFEPATH"}  # unknown before 3.11

    done = subprocess.run([sys.executable, "-c", _QUESTION], cwd=tmp_path, env=environment, capture_output=True)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "m.py:a", "m.py:b", "--candidate-python", ""),
        ("compare", "m.py:a", "m.py:b", "--backend", ""),
        ("doctor", "--python", ""),
        ("upgrade", "m.py:a", "--to", "keras==3.14", "--with-python", ""),
    ],
)
def test_a_variable_that_the_shell_does_not_know_names_nothing(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert "it is empty, as an unset variable of the shell is; name one, or leave it out" in done.output
