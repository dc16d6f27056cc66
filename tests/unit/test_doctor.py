"""``kerasdiff doctor`` without TensorFlow: what it says, and what it makes of one that is broken."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from other_python import made_environment, pretend
from rich.console import Console

import kerasdiff
from kerasdiff import doctor
from kerasdiff.cli import main
from kerasdiff.report.commands.doctor import doctor_json, render_doctor
from kerasdiff.report.wording import doctor as wording
from kerasdiff.side.health import Check, Examined, Subject, Wanting
from kerasdiff.side.interpreters.choosing import LEAST

FOUND = {
    "version": "2.1", "place": "/here", "least": "3.11", "cause": "no room", "names": ("processor",), "forked": False,
    "cores": 2, "free": 1_500_000_000, "files": 3, "bytes": 1000, "environments": 2, "outcome": "equivalent",
    "seconds": 0.4,
}  # fmt: skip

WANTING = {
    Subject.PYTHON: (Wanting.OLD,),
    Subject.TENSORFLOW: (Wanting.BROKEN, Wanting.OLD, Wanting.ABSENT),
    Subject.KERAS: (Wanting.OLD, Wanting.ABSENT),
    Subject.DEVICES: (Wanting.UNSEEN,),
    Subject.REPEATABLE: (Wanting.APART,),
    Subject.START: (Wanting.SLOW,),
    Subject.MACHINE: (Wanting.LITTLE,),
    Subject.TEMPORARY: (Wanting.LITTLE, Wanting.UNUSABLE),
    Subject.DATA: (Wanting.ABSENT,),
    Subject.STORE: (Wanting.UNUSABLE,),
    Subject.GIT: (Wanting.ABSENT, Wanting.UNUSABLE),
    Subject.SAME: (Wanting.BROKEN, Wanting.WRONG),
    Subject.OTHER: (Wanting.BROKEN, Wanting.WRONG),
}


@pytest.mark.parametrize("subject", list(Subject), ids=lambda subject: subject.name.lower())
def test_every_line_has_words_and_what_is_wanting_an_advice(subject: Subject) -> None:
    versions = subject in (Subject.LIBRARIES, Subject.EXTRAS)
    found = {"numpy": "2.1", "ray": None} if versions else FOUND
    assert wording.found(Check(subject=subject, found=found))
    assert not wording.advice(Check(subject=subject, found=found))
    for wanting in WANTING.get(subject, ()):
        check = Check(subject=subject, standing="warn", wanting=wanting, found=FOUND)
        assert wording.found(check)
        assert wording.advice(check)


def test_what_lacks_is_installed_by_the_python_that_lacks_it() -> None:
    found = {"version": None, "place": "/usr/bin/python3", "least": "2.16"}
    check = Check(subject=Subject.TENSORFLOW, standing="fail", wanting=Wanting.ABSENT, found=found)

    assert wording.advice(check) == "Install it there: /usr/bin/python3 -m pip install tensorflow"


def test_a_list_to_read_and_as_json() -> None:
    checks = (
        Check(subject=Subject.PYTHON, found={"version": "3.12.1", "place": "/usr/bin/python"}),
        Check(subject=Subject.GIT, standing="warn", wanting=Wanting.ABSENT),
        Check(
            subject=Subject.TENSORFLOW,
            standing="fail",
            wanting=Wanting.BROKEN,
            found={"cause": "cannot be imported", "details": "\n".join(f"line {n}" for n in range(20))},
        ),
    )
    stream = io.StringIO()
    render_doctor(checks, Console(file=stream, width=80, no_color=True, legacy_windows=False))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "✓ Python                3.12.1, /usr/bin/python"
    assert lines[1].startswith("! git ")
    assert "line 13" not in stream.getvalue()
    assert "line 19" in stream.getvalue()
    assert lines[-1] == "kerasdiff cannot be relied on here: TensorFlow."
    told = json.loads(doctor_json(checks))
    assert told["schema"] == "kerasdiff.doctor/1"
    assert [item["standing"] for item in told["checks"]] == ["ok", "warn", "fail"]
    assert told["checks"][0]["advice"] is None


def test_the_oldest_versions_are_those_that_are_promised() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    for name, least in LEAST.items():
        lowest = ".".join(map(str, least))
        assert (f'requires-python = ">={lowest}"' if name == "python" else f'"{name}>={lowest}"') in project


def test_old_versions_and_a_computation_that_gives_other_bits() -> None:
    environment = {"tensorflow": "2.15.1", "keras": "3.11.0"}
    alike, other = (
        Examined(environment=environment, devices=("processor",), digests=digests)
        for digests in (("a", "a"), ("a", "b"))
    )
    told = {check.subject: check.standing for check in doctor._tensorflow([alike, other])}
    assert (told[Subject.TENSORFLOW], told[Subject.KERAS]) == ("fail", "ok")
    assert told[Subject.REPEATABLE] == "warn"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ImportError('libcudart.so.11.0: cannot open shared object file')", "libcudart.so.11.0"),
        ("import os; os.abort()", "SIGABRT"),
    ],
    ids=["raises", "crashes"],
)
def test_a_broken_tensorflow_is_said_and_the_rest_looked_at(tmp_path: Path, text: str, said: str) -> None:
    for name in ("tensorflow", "keras"):
        (tmp_path / f"{name}.py").write_text(text)
    path = os.pathsep.join([str(tmp_path), str(Path(kerasdiff.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-m", "kerasdiff", "doctor", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**os.environ, "PYTHONPATH": path},
    )
    assert (done.returncode, done.stderr) == (1, "")
    told = {item["subject"]: item for item in json.loads(done.stdout)["checks"]}
    assert told["tensorflow"]["standing"] == "fail"
    assert said in told["tensorflow"]["message"]
    assert "import tensorflow, keras" in told["tensorflow"]["advice"]
    assert "same" not in told, "nothing can be compared"
    assert told["temporary"]["standing"] in ("ok", "warn")


@pytest.mark.parametrize("name", ["keras", "random", "click", "tempfile"])
def test_a_module_beside_the_user_is_not_imported(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('the one of the user')")
    (tmp_path / "old.py").write_text("def build(: pass")
    command = [sys.executable, "-m", "kerasdiff", "inspect", "old.py:build"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert re.search("old.py", done.stderr)
    assert "the one of the user" not in done.stderr


@pytest.mark.parametrize(
    ("versions", "says"),
    [
        ({}, "✗ TensorFlow            not installed there"),
        ({"tensorflow": "2.12.1", "keras": "2.12.0"}, "✗ TensorFlow            2.12.1 is older than 2.13"),
        ({"tensorflow": "2.21.0"}, "✗ Keras                 not installed there"),
        ({"tensorflow": "2.21.0", "keras": "3.5.0"}, "✗ Keras                 3.5.0 is older than 3.11"),
    ],
    ids=["no TensorFlow", "an old one", "no Keras", "an early one"],
)
def test_another_environment_is_told_by_what_it_lacks(versions: dict[str, str], says: str, tmp_path: Path) -> None:
    made_environment(tmp_path / "env", libraries=False)
    pretend(tmp_path / "env", **versions)
    done = CliRunner().invoke(main, ["doctor", "--python", str(tmp_path / "env"), "--width", "200"])

    assert done.exit_code == 1, done.output
    assert says in done.stdout
    assert "self-test" not in done.stdout


def test_no_python_is_a_wrong_question() -> None:
    done = CliRunner().invoke(main, ["doctor", "--python", "lost"])

    assert (done.exit_code, done.stderr.startswith("error: --python: there is no lost; name an")) == (2, True)
