"""Environments for an upgrade: what is asked for, what a model needs, what comes of it, and why nothing does."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from other_python import made_environment, site_of
from report_samples import forum
from wheels import unpacked, wheel

import kerasdiff
from kerasdiff.cli import main
from kerasdiff.comparison import Comparison
from kerasdiff.errors import KerasdiffError, UpgradeError
from kerasdiff.options import Options
from kerasdiff.report.wording import upgraded as wording
from kerasdiff.side.interpreters.asking import ask
from kerasdiff.side.interpreters.kept import mark_used
from kerasdiff.side.targets import Target, parse_target
from kerasdiff.side.upgrading.environments import Made, Plan, _attempts, found, make, planned
from kerasdiff.side.upgrading.indexes import for_pip, for_uv, needs_pip, settings_of_pip
from kerasdiff.side.upgrading.installing import FailedError, Installer, Told, installer, refusal
from kerasdiff.side.upgrading.kept import kept, remove
from kerasdiff.side.upgrading.packages import Packages, imports_of, packages_of
from kerasdiff.side.upgrading.wanted import FROM_GATES, FROM_PYTHON, Asked, wanted

KNOWN = Packages(
    held={"tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6", "keras_hub": "0.21", "mine": "1"},
    homes={"tensorflow": "tensorflow", "keras": "keras", "numpy": "numpy", "keras_hub": "keras_hub", "mine": "mine"},
    own=("mine",),
    needs={"keras_hub": ("keras", "rich")},
    places=("/there/site-packages",),
)

# What is asked for ----------------------------------------------------------------------------------------------

WRONG = {
    "tensorflow=2.21": r"is no requirement: write tensorflow==2\.21\.$",
    "tensorflow 2.21": r"is no requirement: write tensorflow==2\.21\.$",
    "tensorflow@2.21": r"is no requirement: write tensorflow==2\.21\.$",
    "tensorflow==": r"is no requirement: write a name and a version",
    "": "is no requirement",
    "2.21": r"is a version of nothing: write what it is one of, as in tensorflow==2\.21\.$",
    "-e .": "is an option of pip's: name what is to be installed, or a file of it by -r",
    "./nothing": "^--to './nothing': there is no such file or directory",
    "lost.whl": "there is no such file or directory",
    "tensorflow==2.12.1": r"kerasdiff runs models with TensorFlow 2\.13 or later",
    "tensorflow-cpu==2.9": r"kerasdiff runs models with TensorFlow 2\.13 or later",
    "keras==3.5": r"kerasdiff runs models with Keras 3\.11 or later",
    "keras==2.12": r"kerasdiff runs models with Keras 2\.13 or later",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_slip_of_the_hand_is_told_before_anything_is_installed(text: str) -> None:
    with pytest.raises(UpgradeError) as caught:
        wanted([text], [])

    assert re.search(WRONG[text], caught.value.message), caught.value.message


@pytest.mark.parametrize(
    ("asked", "text", "begins"),
    [
        (FROM_PYTHON, "tensorflow=2.21", "to='tensorflow=2.21' is no requirement"),
        (
            FROM_PYTHON,
            "-e .",
            "to='-e .' is an option of pip's: name what is to be installed, or a file of it by requir",
        ),
        (FROM_GATES, "keras==3.5", "to = 'keras==3.5': kerasdiff runs models with"),
    ],
)
def test_it_is_told_as_it_was_asked(asked: Asked, text: str, begins: str) -> None:
    with pytest.raises(UpgradeError) as caught:
        wanted([text], [], asked=asked)

    assert caught.value.message.startswith(begins)


@pytest.mark.parametrize("text", ["keras==2.15", "tensorflow~=2.12", "numpy<2", "keras_hub[all]>=0.2", "tf-nightly"])
def test_what_pip_takes_is_taken(text: str) -> None:
    assert wanted([text], []).texts == (text,)


def test_files_of_requirements_are_read_with_those_that_they_name(tmp_path: Path) -> None:
    first, second = tmp_path / "new.txt", tmp_path / "base.txt"
    first.write_text("-r base.txt\nnumpy<2  # for now\n--index-url https://me:secret@host/simple\n")
    second.write_text("Keras_Hub==0.2 ; python_version > '3'\n")
    asks = wanted([str(first)], [])
    second.write_text("keras-hub==0.3\n")

    assert asks.files == (str(first),)
    assert asks.names == {"numpy", "keras-hub"}
    assert asks.stamps != wanted([], [str(first)]).stamps
    second.write_text("tensorflow==2.11\n")
    with pytest.raises(UpgradeError, match=r"TensorFlow 2\.13 or later"):
        wanted([], [str(first)])
    with pytest.raises(UpgradeError, match=r"^-r '.*lost\.txt' cannot be read \(No such file"):
        wanted([], [str(tmp_path / "lost.txt")])


def test_no_password_is_told() -> None:
    asks = wanted(["git+https://me:secret@host/a.git", "mine @ https://me:secret@host/mine-1-py3-none-any.whl"], [])

    assert "secret" not in asks.label + asks.short
    assert asks.texts[0] == "git+https://me:secret@host/a.git"


# What a model needs ---------------------------------------------------------------------------------------------


def test_imports_are_followed_through_what_lies_beside(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "m.py").write_text("import os\nimport keras\nfrom parts.blocks import block\nimport helper\n")
    (tmp_path / "helper.py").write_text("def f():\n    import einops.layers\n")
    (tmp_path / "parts" / "__init__.py").write_text("")
    (tmp_path / "parts" / "blocks.py").write_text("from .more import x\nfrom tensorflow import keras\n")
    (tmp_path / "parts" / "more.py").write_text("import keras_hub\n")
    target = parse_target(f"{tmp_path}/m.py:build")

    assert imports_of(target) == ("einops", "keras", "keras_hub", "tensorflow")


def test_an_environment_says_what_it_has() -> None:
    told = packages_of(sys.executable)

    assert told.held["numpy"]
    assert told.homes["numpy"] == "numpy"
    assert all(Path(place).is_dir() for place in told.places)


def plan(texts: tuple[str, ...], *, lent: bool = True, needed: tuple[str, ...] = ()) -> Plan:
    return Plan(
        wanted=wanted(texts, []),
        place=Path("/p"),
        known=KNOWN,
        own="/python",
        base="/python",
        version="3.12.1",
        lent=lent,
        needed=needed,
        imported=(),
    )


def test_known_versions_come_first_where_they_have_to_be_told() -> None:
    needed = ("keras", "numpy", "keras-hub", "mine")
    by_pip = Installer(python="/p/bin/python", uv="", known=replace(KNOWN, held={**KNOWN.held}), lent=True)
    known = replace(KNOWN, held={"keras": "3.15.1", "numpy": "2.4.6", "keras_hub": "0.21", "mine": "1"})

    assert _attempts(plan(("tensorflow==2.20",), needed=needed), by_pip) == [needed, ()]
    assert _attempts(plan(("tensorflow==2.20",), needed=needed), replace(by_pip, uv="/uv")) == [needed[:3], ()]
    assert _attempts(replace(plan(("tensorflow==2.20",), lent=False, needed=needed), known=known), by_pip) == [
        ("keras==3.15.1", "numpy==2.4.6", "keras-hub==0.21"),
        ("keras", "numpy", "keras-hub==0.21"),
        ("keras", "numpy", "keras-hub"),
        (),
    ]


def test_what_is_asked_for_stands_on_no_command_line(tmp_path: Path) -> None:
    pip = tmp_path / "python"
    pip.write_text('#!/bin/sh\necho "$@"\nfor last; do :; done\ncat "$last"\n')
    pip.chmod(0o755)
    said: list[str] = []
    by_pip = Installer(python=str(pip), uv="", known=KNOWN, lent=True)
    by_pip.install(wanted(["mine @ https://me:secret@host/mine.whl"], []), ["numpy"], said.append)

    called, *held = said
    assert re.fullmatch(r"pip: -I -u -m pip install --no-input -r \S+/asked\.txt", called)
    assert held == ["pip: mine @ https://***@host/mine.whl", "pip: numpy"]


# From where -----------------------------------------------------------------------------------------------------

SAID_BY_PIP = """:env:.index-url='https://me:secret@mirror/simple'
download.index-url='https://elsewhere/simple'
global.extra-index-url='https://one/simple\\nhttps://two/simple'
global.index-url='https://of-the-machine/simple'
global.trusted-host='one two'
install.find-links='{there} /nowhere/at/all'
install.user='true'
"""


def test_indexes_are_those_of_the_users_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = tmp_path / "python"
    pip.write_text(f"#!/bin/sh\ncat <<'E'\n{SAID_BY_PIP.format(there=tmp_path)}E\n")
    pip.chmod(0o755)
    told = settings_of_pip(["/bin/false", str(pip)], {})

    assert told is not None
    assert for_pip(told) == {
        "PIP_INDEX_URL": "https://me:secret@mirror/simple",
        "PIP_EXTRA_INDEX_URL": "https://one/simple https://two/simple",
        "PIP_TRUSTED_HOST": "one two",
        "PIP_FIND_LINKS": f"{tmp_path} /nowhere/at/all",
    }
    by_uv = {
        "UV_DEFAULT_INDEX": "https://me:secret@mirror/simple",
        "UV_INDEX": "https://one/simple https://two/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "one two",
        "UV_FIND_LINKS": str(tmp_path),
    }
    assert for_uv(told, {}, str(tmp_path)) == by_uv
    assert for_uv(told, {"UV_INSECURE_HOST": "three"}, str(tmp_path)).get("UV_INSECURE_HOST") is None
    assert not needs_pip(told)
    assert needs_pip({**told, "no-binary": ":all:"})
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert settings_of_pip(["/bin/false"], {}) is None


@pytest.mark.parametrize(
    "file", [("uv.toml", "[[index]]\nurl = 'x'\n"), ("pyproject.toml", "[tool.uv.pip]\nindex-url = 'x'\n")]
)
def test_indexes_that_uv_knows_itself_stay(file: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / file[0]).write_text(file[1])
    told = {"index-url": "https://mirror/simple", "cert": "/a.pem"}

    assert for_uv(told, {}, str(tmp_path)) == {"SSL_CERT_FILE": "/a.pem"}
    assert for_uv(told, {"UV_INDEX": "y"}, "/") == {"SSL_CERT_FILE": "/a.pem"}


# What comes of it -----------------------------------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with ``mylayers`` 1.0, and a folder with later ones, which is all that pip can see."""
    made_environment(tmp_path / "old")
    unpacked(wheel(tmp_path / "wheels", "mylayers", "1.0", ""), site_of(tmp_path / "old"))
    wheel(tmp_path / "wheels", "mylayers", "1.1", "", "beside>=2")
    wheel(tmp_path / "wheels", "mylayers", "2.0", "")
    wheel(tmp_path / "wheels", "beside", "2.0", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr("kerasdiff.side.upgrading.installing.shutil.which", lambda name: None)
    return tmp_path / "old" / "bin" / "python"


def test_one_is_made_whole_and_found_again(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    asks = wanted(["mylayers<2", "mylayers>1.0"], [])
    once = planned(asks, ("mylayers", "numpy"), str(store), str(old))
    assert found(once) is None
    heard: list[str] = []
    monkeypatch.chdir(tmp_path)
    for name in ("random", "json", "pip", "venv"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)\n")
    made = make(once, heard.append)

    assert once.lent
    assert once.needed == ("tensorflow", "keras", "numpy")
    assert dict(made.changed) == {"beside": ("", "2.0"), "mylayers": ("1.0", "1.1")}
    assert set(made.kept) == {"tensorflow", "keras", "numpy"}
    assert any("Installing collected packages" in line for line in heard)
    assert found(planned(asks, ("mylayers", "numpy"), str(store), str(old))) == replace(made, seconds=None)
    assert found(planned(wanted(["mylayers<2"], []), (), str(store), str(old))) is None
    assert [place.name for place in store.iterdir()] == [once.place.name]
    (listed,) = kept(str(store))
    assert listed.own == {"beside": "2.0", "mylayers": "1.1"}
    assert listed.size > 0
    assert listed.over == str(old)
    assert listed.runs
    assert packages_of(made.python).held["mylayers"] == "1.1"
    assert ask(made.python, "").packages == ask(str(old), "").packages
    unpacked(wheel(tmp_path / "more", "unrelated", "1.0", ""), site_of(tmp_path / "old"))
    assert found(planned(asks, (), str(store), str(old))) == replace(made, seconds=None)
    unpacked(wheel(tmp_path / "more", "numpy", "9.9", ""), site_of(tmp_path / "old"))
    assert found(planned(asks, (), str(store), str(old))) is None
    (once.place / "kerasdiff.json").write_text("{")
    assert found(once) is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("mylayers==9", "; the newest that it has: 1.0, 1.1, 2.0. Name another version, or another Python by --with-"),
        ("mylayer", "mylayer: the index has nothing called mylayer; was mylayers meant?"),
    ],
)
def test_what_cannot_be_had_leaves_nothing(asked: str, says: str, old: Path, tmp_path: Path) -> None:
    with pytest.raises(UpgradeError) as caught:
        make(planned(wanted([asked], []), (), str(tmp_path / "store"), str(old)), lambda line: None)

    assert says in caught.value.message
    assert list((tmp_path / "store").iterdir()) == []


def test_from_python_the_model_runs_in_the_environment_that_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Target, Target, Options]] = []
    plans: list[Plan] = []

    def compare(*given: Any) -> Comparison:
        asked.append(given)
        return forum()

    def made(plan: Plan, told: Told, *, fresh: bool) -> Made:
        plans.append(plan)
        return Made(python="/new/bin/python", changed={"mine": ("1.0", "2.0"), "numpy": ("1", "2")}, kept={})

    monkeypatch.setattr("kerasdiff.pipeline.compare", compare)
    monkeypatch.setattr("kerasdiff.side.launching.prepare", lambda *given, **named: None)
    monkeypatch.setattr("kerasdiff.side.upgrading.candidate.make", made)
    monkeypatch.setenv("KERASDIFF_CACHE", str(tmp_path / "cache"))
    (tmp_path / "m.py").write_text("def build():\n    return None\n")
    (tmp_path / "asks.txt").write_text("numpy==2\n")
    result = kerasdiff.upgrade(
        f"{tmp_path}/m.py:build",
        "mine==2",
        requirements=tmp_path / "asks.txt",
        env={"A": "1"},
        fit=False,
        ignore="names",
        fresh=True,
    )

    ((first, second, options),) = asked
    assert (first.python, second.python) == ("", "/new/bin/python")
    assert replace(second, python="") == first
    assert first.variables == (("A", "1"),)
    assert not options.fit
    assert options.ignore == ("names",)
    (plan,) = plans
    assert plan.place.parent == tmp_path / "cache" / "environments"
    assert plan.wanted.names == {"mine", "numpy"}
    told = json.loads(result.to_json())
    assert told["reference"]["environment"]["mine"] == "1.0"
    assert told["candidate"]["environment"]["mine"] == "2.0"


@pytest.mark.parametrize(
    ("model", "asked", "says"),
    [
        ("m.py:build", {}, "nothing is asked for: say what to install"),
        (dict, {"to": "keras==3.14"}, "dict is in the memory of this process, and another environment cannot have it"),
        ("m.py:build", {"to": "keras=3.14"}, r"is no requirement: write keras==3\.14"),
        ("nothing.py:build", {"to": ["keras==3.14"]}, r"nothing\.py"),
    ],
)
def test_mistakes_of_an_upgrade_from_python(model: object, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(KerasdiffError, match=says):
        kerasdiff.upgrade(model, **asked)
    with pytest.raises(TypeError, match="there is no candidate_python; what can be said is fit,"):
        kerasdiff.upgrade("m.py:build", "keras==3.14", candidate_python="x")  # type: ignore[call-arg]


# What is kept ---------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three environments: one used today, one a hundred days ago, one whose Python is gone."""
    monkeypatch.setenv("KERASDIFF_CACHE", str(tmp_path))
    store = tmp_path / "environments"
    for name, days, python in (("new", 0, sys.executable), ("old", 100, sys.executable), ("lost", 3, "/no/python")):
        (store / name / "bin").mkdir(parents=True)
        (store / name / "bin" / "python").symlink_to(python)
        held = {"asked": "keras==3.14", "own": {"absl": "1", "keras": "3.14.0"}, "bytes": 2_000_000, "python": "3.12.1"}
        (store / name / "kerasdiff.json").write_text(json.dumps({**held, "over": "/mine/python"}))
        os.utime(store / name / "kerasdiff.json", times=(0, time.time() - days * 86400))
    (store / ".part-x").mkdir()
    (store / "stray").mkdir()
    return store


def told(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["environments", *words], standalone_mode=False)
    return done.return_value, " ".join(done.stdout.split())


def test_environments_are_listed_with_what_they_hold(store: Path) -> None:
    code, said = told("--width", "200")

    assert code == 0
    assert f"3 environments of 6 MB below {store}, the one used last first:" in said
    assert "new 2 MB, used within a day keras 3.14.0, absl 1; Python 3.12.1 over /mine/python lost" in said
    assert "lost 2 MB, its Python is gone" in said
    assert "old 2 MB, not used for 100 days" in said
    listed = json.loads(told("--format", "json", "old")[1])["environments"]
    assert [(one["name"], one["packages"]["keras"], one["runs"]) for one in listed] == [("old", "3.14.0", True)]


def test_environments_go_by_their_last_use(store: Path) -> None:
    mark_used(str(store / "old" / "bin" / "python"))
    mark_used(sys.executable)
    code, said = told("--prune", "30")

    assert code == 0
    assert "removed 1 environment that took 2 MB: lost" in said
    assert sorted(one.name for one in kept(str(store))) == ["new", "old"]
    assert "removed 1 environment that took 2 MB: new" in told("--prune", "all", "new")[1]
    assert "none is left below" in told("--prune", "all")[1]
    assert sorted(place.name for place in store.iterdir()) == [".part-x", "stray"]
    assert "no environment has been made by" in told()[1]


def test_one_that_another_process_removes_is_no_error(store: Path) -> None:
    (one, *_) = kept(str(store))
    remove(one)
    remove(one)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--prune", "soon"), "'soon' is no number of days: say 30, or all"),
        (("lots",), "no environment is called lots"),
    ],
)
def test_mistakes_about_environments(words: tuple[str, ...], says: str, store: Path) -> None:
    with pytest.raises(click.UsageError, match=says):
        CliRunner().invoke(main, ["environments", *words], standalone_mode=False, catch_exceptions=False)


def test_words_about_it() -> None:
    asks = plan(("numpy<2", "keras==3.14"))
    changed = {"absl-py": ("", "2"), "keras": ("3.15.1", "3.14.0"), "numpy": ("2.4.6", "1.26.4")}
    there = Made(python="/p/bin/python", changed=changed, kept={"tensorflow": "2.21.0"}, seconds=7.3)

    assert wording.making(asks).startswith("installing numpy<2, keras==3.14 into /p, over this environment")
    assert wording.made(asks, there) == (
        "the environment (took 7 s) has keras 3.14.0 (here 3.15.1), numpy 1.26.4 (here 2.4.6), absl-py 2; as here: "
        "tensorflow 2.21.0"
    )


# Why nothing comes of it ----------------------------------------------------------------------------------------

SAID = {
    "no network": (
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...)': /simple/keras/\n"
        "ERROR: Could not find a version that satisfies the requirement keras==3.14 (from versions: none)\n"
        "ERROR: No matching distribution found for keras==3.14",
        "the package index cannot be reached. Is there a network",
    ),
    "no network, by uv": (
        "error: Request failed after 3 retries\n  Caused by: Failed to fetch: `https://pypi.org/simple/keras/`\n",
        "the package index cannot be reached. Is there a network",
    ),
    "no such version": (
        "ERROR: Could not find a version that satisfies the requirement keras==9 "
        "(from versions: 3.0.0, 3.1.0rc0, 3.1.0)\n"
        "ERROR: No matching distribution found for keras==9",
        "the index has no such version for Python 3.12.1; the newest that it has: 3.0.0, 3.1.0. Name another version",
    ),
    "no such version, by uv": (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no version of keras==9 and you "
        "require keras==9, we can conclude that your requirements are unsatisfiable.",
        "the index has no such version for Python 3.12.1. Name another version, or another Python by --with-python.",
    ),
    "no such name": (
        "ERROR: Could not find a version that satisfies the requirement tensorflw==2 (from versions: none)\n"
        "ERROR: No matching distribution found for tensorflw==2",
        "the index has nothing called tensorflw; was tensorflow meant?",
    ),
    "no such name, by uv": (
        "Because kears-hub was not found in the package registry and you require kears-hub, we can conclude …",
        "the index has nothing called kears-hub; was keras-hub meant?",
    ),
    "a conflict": (
        "The conflict is caused by:\n    The user requested keras==2.15\n"
        "    tensorflow 2.21.0 depends on keras>=3.12.0\n"
        "ERROR: ResolutionImpossible: for help visit …",
        "these cannot be installed together: tensorflow 2.21.0 depends on keras>=3.12.0; ask for less",
    ),
    "no room": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "there is no room left; make some, or set KERASDIFF_CACHE to another directory.",
    ),
    "something else": (
        "Collecting mine\nERROR: Failed building wheel for mine\nERROR: https://***@host/mine cannot be built.\n",
        "pip could not install it (https://***@host/mine cannot be built).",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_why_it_cannot_be_made(name: str) -> None:
    said, says = SAID[name]
    asks = wanted(["keras==3.14"], [])
    told = refusal(FailedError(said), asks, Installer(python="", uv="", known=KNOWN, lent=True), "3.12.1")

    assert told.message.startswith("keras==3.14: ")
    assert says in told.message, told.message
    assert "from versions" not in told.details
    assert "Collecting" not in told.details


def test_nothing_installs_where_there_is_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasdiff.side.upgrading.installing.shutil.which", lambda name: None)
    with pytest.raises(UpgradeError, match="there is neither uv nor pip here; install uv, or the `venv` package"):
        installer("/bin/false", KNOWN, lent=True, own="/bin/false")
