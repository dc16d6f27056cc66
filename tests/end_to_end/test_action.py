"""Where CI works: the action, the lines of the README, the workflow and the hook do what they say."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml
from action_runner import ACTION, ROOT, UPLOADED, load, run_action
from made_repository import ALONE, MadeRepository
from warm import run_warm

MODEL = """
import keras
from parts import head


def build_model():
    inputs = keras.Input((8,))
    return keras.Model(inputs, head(keras.layers.Dense(16)(inputs)))
"""
PARTS = """
import keras


def head(x):
    return keras.layers.Dense(10)(keras.activations.relu(x))
"""
STUB = """#!{python}
import json, os, sys
with open({log!r}, "a") as file:
    json.dump(sys.argv[1:], file)
    print(file=file)
if sys.argv[1:3] == ["-m", "pip"]:
    sys.exit()
if sys.argv[1:3] != ["-m", "kerasdiff"] or {real}:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
for before, form in zip(sys.argv, sys.argv[1:]):
    name, _, file = form.partition("=")
    if before == "--html" and "crash" not in sys.argv:
        if sys.argv[3] == "check":
            os.mkdir(form)
            form += "/index.html"
        open(form, "w").close()
    if name in ("github", "sarif", "markdown", "json") and "crash" not in sys.argv:
        with open(file, "a") as report:
            print("told by", name, file=report)
codes = {{"same": 0, "other": 1, "wrong": 2, "open": 3, "crash": 70}}
sys.exit(next(codes[word] for word in sys.argv if word in codes))
"""
"""A Python of which nothing is installed into, and for which kerasdiff is a word that says how it ends."""


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes that Python; ``asked`` gives what it was asked to run of kerasdiff."""
    for name in ("GITHUB_BASE_REF", "GITHUB_HEAD_REF"):
        monkeypatch.delenv(name, raising=False)
    for name, text in ALONE.items():
        monkeypatch.setenv(name, text)
    log = tmp_path / "asked.jsonl"

    class Stub:
        path = str(tmp_path / "python")
        asked = staticmethod(lambda: [json.loads(line) for line in log.read_text().splitlines()])

        @staticmethod
        def made(*, real: bool) -> str:
            Path(Stub.path).write_text(STUB.format(python=sys.executable, log=str(log), real=real))
            Path(Stub.path).chmod(0o755)
            return Stub.path

    return Stub


def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "runner"
    folder.mkdir(exist_ok=True)
    return folder


# The lines of the README --------------------------------------------------------------------------------------


def ci_steps() -> list[dict[str, object]]:
    section = (ROOT / "README.md").read_text().partition("\n## In CI\n")[2].partition("\n## ")[0]
    lines = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[0]
    assert len(lines.splitlines()) == 5
    return yaml.safe_load(lines)


def test_the_lines_of_the_readme_stop_a_bug_and_pass_a_refactor(tmp_path: Path, stub, monkeypatch: pytest.MonkeyPatch):
    checkout, step = ci_steps()
    assert (checkout["uses"], checkout["with"]) == ("actions/checkout@v4", {"fetch-depth": 0})
    assert str(step["uses"]).endswith("/kerasdiff/.github/actions/kerasdiff@main")
    inputs = {**step["with"], "python": stub.made(real=True), "args": "--no-fit"}
    origin = MadeRepository(tmp_path / "origin")
    origin.commit({"model.py": MODEL, "parts.py": PARTS}, "Begin")
    work = MadeRepository(tmp_path / "work")
    work.git("remote", "add", "origin", str(origin.top))
    work.git("fetch", "--quiet", "origin")
    work.git("checkout", "--quiet", "-b", "pull", "origin/main")
    work.commit({"parts.py": PARTS.replace("keras.activations.relu(x)", "keras.layers.ReLU()(x)")}, "Refactor")

    passed = run_action(inputs, work.top, scratch(tmp_path), {}, GITHUB_BASE_REF="main")
    assert (passed.exit_code, passed.outputs["outcome"], passed.outputs["exit-code"]) == (0, "equivalent", "0")
    assert "::error" not in passed.log

    work.commit({"parts.py": PARTS.replace("keras.activations.relu(x)", "keras.activations.gelu(x)")}, "Break")
    before = work.state()
    stopped = run_action(inputs, work.top, scratch(tmp_path), {}, GITHUB_BASE_REF="main")

    assert (stopped.exit_code, stopped.outputs["outcome"], stopped.outputs["exit-code"]) == (1, "different", "1")
    upload = stopped.used["actions/upload-artifact@v7"]
    assert Path(upload["path"]).read_text().startswith("<!doctype html>")
    assert (upload["archive"], stopped.outputs["html"]) == ("false", upload["path"])
    assert stopped.outputs["html-url"] == UPLOADED
    assert stopped.summary.endswith(f"\n[The picture, for a browser]({UPLOADED})\n")
    assert re.search(r"^::error file=parts\.py,line=6,title=", stopped.log, re.MULTILINE), stopped.log
    assert "**different**" in stopped.summary
    (sarif,) = Path(stopped.outputs["sarif"]).iterdir()
    (result,) = json.loads(sarif.read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("parts.py", 6)
    assert work.state() == before


# The action ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "outcome", "code"),
    [
        ("same", "equivalent", 0),
        ("same\n\n  other  \nsame", "different", 1),
        ("open\nsame", "inconclusive", 3),
        ("other\nopen", "different", 1),
        ("wrong\nother", "error", 2),
        ("crash", "error", 2),
    ],
)
def test_the_gravest_outcome_counts(tmp_path: Path, stub, targets: str, outcome: str, code: int):
    ran = run_action({"targets": targets, "python": stub.made(real=False)}, tmp_path, scratch(tmp_path), {})

    assert (ran.exit_code, ran.outputs["outcome"], ran.outputs["exit-code"]) == (code, outcome, str(code))
    told = len([line for line in targets.split() if line != "crash"])
    assert ran.log.count("told by github") == ran.summary.count("told by markdown") == told
    assert ("::error title=kerasdiff::compare --against auto crash could not be judged" in ran.log) == (
        targets == "crash"
    )


def test_inputs_reach_the_command_and_no_shell_reads_them(tmp_path: Path, stub):
    inputs = {
        "targets": "'a.py:f(x=\"1 2\")' same\n'b.py:$(touch ran)' same",
        "args": "--no-fit --input 'ids=16:int32@0..9'",
        "formats": "json=out.json\njunit=sub/out.xml",
        "upload-sarif": "true",
        "python": stub.made(real=False),
    }
    ran = run_action(inputs, tmp_path, scratch(tmp_path), {})

    install, run, first, second = stub.asked()
    assert install == ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{ACTION.parent}/../../.."]
    assert run == [f"{ACTION.parent}/run.py"]
    assert first[2:6] == ["compare", "--no-fit", "--input", "ids=16:int32@0..9"]
    assert first[6:9] == ['a.py:f(x="1 2")', "same", "--format"]
    assert {"json=out-1.json", "junit=sub/out-1.xml"} <= set(first)
    assert second[6:9] == ["b.py:$(touch ran)", "same", "--format"]
    assert "--against" not in first
    assert not (tmp_path / "ran").exists()
    assert list(ran.used) == ["actions/upload-artifact@v7", "github/codeql-action/upload-sarif@v3"]


def test_the_revision_is_what_was_asked_for_or_what_a_push_began_from(tmp_path: Path, stub):
    made = MadeRepository(tmp_path / "repo")
    before = made.commit({"a": ""}, "Begin")
    python = stub.made(real=False)

    def against(event: str, **given: str) -> str:
        inputs = {"targets": "same", "python": python, **given}
        run_action(inputs, made.top, scratch(tmp_path), {"event.before": event})
        command = stub.asked()[-1]
        return command[command.index("--against") + 1]

    assert against("") == "auto"
    assert against("0" * 40) == "auto"  # a new branch
    assert against("1" * 40) == "auto"  # a commit that is gone
    assert against(before) == before
    assert against(before, against="v1") == "v1"


def test_requirements_ask_for_an_upgrade_of_each_target(tmp_path: Path, stub):
    given = {"targets": "a.py:A same\nb.py:B same", "to": "tensorflow==2.21\nnumpy<2", "python": stub.made(real=False)}
    ran = run_action(given, tmp_path, scratch(tmp_path), {})
    asked = [words[2:9] for words in stub.asked() if words[:2] == ["-m", "kerasdiff"]]

    assert ran.exit_code == 0
    wanted = ["--to", "tensorflow==2.21", "--to", "numpy<2"]
    assert asked == [["upgrade", *wanted, "a.py:A", "same"], ["upgrade", *wanted, "b.py:B", "same"]]


def test_without_targets_the_file_of_gates_is_checked(tmp_path: Path, stub):
    inputs = {"config": "gates.toml", "args": "same", "python": stub.made(real=False)}
    run_action(inputs, tmp_path, scratch(tmp_path), {})

    command = stub.asked()[-1]
    assert command[:6] == ["-m", "kerasdiff", "check", "same", "--config", "gates.toml"]


def test_pages_are_kept_as_one_artifact_with_a_name_of_its_own(tmp_path: Path, stub):
    def kept(**given: str):
        inputs = {"targets": "same\nother", "python": stub.made(real=False), **given}
        return run_action(inputs, tmp_path, scratch(tmp_path), {}, GITHUB_JOB="models (3.12)")

    two = kept()
    upload = two.used["actions/upload-artifact@v7"]
    assert re.fullmatch(r"kerasdiff-\w{8}-models-3\.12", upload["name"])
    assert upload["name"] != kept().used["actions/upload-artifact@v7"]["name"]
    assert (upload["archive"], upload["overwrite"]) == ("true", "True")
    assert sorted(path.name for path in Path(upload["path"]).iterdir()) == [
        f"{upload['name']}-{n}.html" for n in (1, 2)
    ]
    assert kept(artifact="of: mine").used["actions/upload-artifact@v7"]["name"] == "of-mine"
    assert "actions/upload-artifact@v7" not in kept(**{"upload-html": "false"}).used
    crashed = kept(targets="crash")
    assert "actions/upload-artifact@v7" not in crashed.used
    assert (crashed.outputs["html"], crashed.outputs["html-url"]) == ("", "")
    checked = kept(targets="", args="same").used["actions/upload-artifact@v7"]
    assert (checked["archive"], [path.name for path in Path(checked["path"]).iterdir()]) == ("true", ["index.html"])


# The workflow and the hook ------------------------------------------------------------------------------------


def test_the_workflow_uses_the_action_as_it_is():
    workflow, action = load(ROOT / ".github" / "workflows" / "action.yml"), load(ACTION)
    steps = [(job, step) for job, of in workflow["jobs"].items() for step in of["steps"]]
    used = {job: step for job, step in steps if step.get("uses") == "./.github/actions/kerasdiff"}

    assert list(used) == ["passes", "stops"]
    for step in used.values():
        assert set(step["with"]) <= set(action["inputs"])
        for target in step["with"]["targets"].split():
            assert (ROOT / target.partition(":")[0]).is_file(), target
    said = [step["env"] for _, step in steps if "env" in step]
    wanted = {text.partition("outputs.")[2].rstrip(" }") for env in said for text in env.values()} - {""}
    assert wanted <= set(action["outputs"])
    assert action["runs"]["using"] == "composite"
    assert all("shell" in step for step in action["runs"]["steps"] if "run" in step)
    # A text of a workflow in a script would be run as a part of it.
    assert not [step["run"] for step in action["runs"]["steps"] if "${{" in step.get("run", "")]


def test_the_hook_runs_the_gates_whose_files_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (hook,) = load(ROOT / ".pre-commit-hooks.yaml")
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["id"] == "kerasdiff"
    for name, text in ALONE.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    made = MadeRepository(tmp_path / "repo")
    gates = "[pairs.net]\nreference = 'a.py:build'\ncandidate = 'b.py:build'\n"
    made.commit({"a.py": "def build(): ...\n", "b.py": "def build(): ...\n", "kerasdiff.toml": gates}, "Begin")

    program, *arguments = shlex.split(hook["entry"])
    assert program == "kerasdiff"
    answer = run_warm(*arguments, cwd=made.top)
    assert answer.exit_code == 0, answer.stderr
