"""Gates in a file, checked as a user checks them: real models, real workers, a real repository."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from warm import run_warm

MODELS = """
from keras import Input, Sequential, layers


def plain(activation="relu", start="glorot_uniform"):
    hidden = [Input((8,)), layers.Dense(4), layers.Activation(activation)]
    return Sequential([*hidden, layers.Dense(2, kernel_initializer=start)])


def fused():
    return Sequential([Input((8,)), layers.Dense(4, activation="relu"), layers.Dense(2)])


def broken():
    raise ValueError("no data")


def aborts():
    import os

    os.abort()
"""
GATES = """
[defaults]
fit = false

[pairs.same]
reference = "models.py:plain"
candidate = "models.py:fused"
require = "proof"

[pairs.other]
reference = "models.py:plain"
candidate = "models.py:plain(activation='tanh')"

[pairs.known]
reference = "models.py:plain"
candidate = "models.py:plain(activation='tanh')"
expect = "different"
edits = ["update relu"]

[pairs.start]
reference = "models.py:plain"
candidate = "models.py:plain(start='he_normal')"
ignore = [{ what = "initializer", reason = "trains better", until = 2099-01-01 }]

[pairs.learning]
reference = "models.py:plain"
candidate = "models.py:plain(start='he_normal')"
rungs = ["interface", "inference", "training step"]

[pairs.broken]
reference = "models.py:plain"
candidate = "models.py:broken"

[pairs.aborts]
reference = "models.py:plain"
candidate = "models.py:aborts"
"""


def git(where: Path, *words: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, *words], cwd=where, check=True, capture_output=True)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "kerasdiff.toml").write_text(GATES)
    return tmp_path


def test_pairs_are_checked_each_for_itself(here: Path) -> None:
    (here / "below").mkdir()
    answer = run_warm("check", "--format", "json", cwd=here / "below")
    pairs = {pair["name"]: pair for pair in answer.report["pairs"]}

    assert answer.exit_code == answer.report["exit_code"] == 1
    assert {name: (pair["standing"], pair["why"]) for name, pair in pairs.items()} == {
        "same": ("passed", None),
        "other": ("failed", "different"),
        "known": ("passed", None),
        "start": ("passed", None),
        "learning": ("passed", None),
        "broken": ("unusable", "trouble"),
        "aborts": ("unusable", "trouble"),
    }
    assert "activation" in pairs["other"]["reason"]
    assert 'expect = "different"\nedits = ["update relu"]' in pairs["other"]["to_pass"][-2]
    assert pairs["same"]["comparison"]["verdict"]["basis"] == "proof"
    assert "ValueError: no data" in pairs["broken"]["error"]["message"]
    assert "SIGABRT" in pairs["aborts"]["error"]["message"]


def test_pairs_that_are_named_run_alone(here: Path) -> None:
    assert run_warm("check", "same", cwd=here).exit_code == 0


def test_a_refactor_passes_a_bug_is_stopped_and_what_did_not_change_is_left_out(here: Path) -> None:
    (here / "other.py").write_text(MODELS)
    (here / "kerasdiff.toml").unlink()
    git(here, "init", "-q")
    assert run_warm("init", "models.py", "other.py", cwd=here).exit_code == 0
    git(here, "add", "-A")
    git(here, "commit", "-qm", "one")
    git(here, "checkout", "-qb", "work")
    names = ("models-plain", "models-fused", "other-fused")

    def standings(*options: str) -> list[str]:
        answer = run_warm("check", *names, *options, "--format", "json", cwd=here)
        return [pair["standing"] for pair in answer.report["pairs"]]

    assert standings("--changed") == ["unchanged"] * 3
    models = here / "models.py"
    models.write_text(MODELS.replace('layers.Dense(4, activation="relu")', "layers.Dense(4), layers.ReLU()"))
    assert standings("--changed") == ["passed", "passed", "unchanged"]
    models.write_text(MODELS.replace('layers.Dense(4, activation="relu")', "layers.Dense(4)"))
    git(here, "commit", "-qam", "two")
    assert standings("--changed=main", "--against=HEAD") == ["passed", "passed", "unchanged"]
    sarif, report = here / "out.sarif", here / "out.json"
    forms = ("--format=github", f"--format=sarif={sarif}", f"--format=json={report}")
    answer = run_warm("check", *names, "--changed=main", *forms, cwd=here)
    assert [pair["standing"] for pair in json.loads(report.read_text())["pairs"]] == ["passed", "failed", "unchanged"]
    result = json.loads(sarif.read_text())["runs"][0]["results"][0]
    line = 1 + models.read_text().splitlines().index(
        "    return Sequential([Input((8,)), layers.Dense(4), layers.Dense(2)])"
    )
    place = result["locations"][0]["physicalLocation"]

    assert answer.exit_code == 1
    assert f"file=models.py,line={line}" in answer.stdout
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("models.py", line)


def test_gates_are_proved(here: Path) -> None:
    (here / "kerasdiff.toml").write_text(
        '[pairs.net]\nreference = "models.py:plain"\ncandidate = "models.py:fused"\nfit = false\n'
        'ignore = [{ what = "initializer", reason = "r", until = 2099-01-01 }]\n'
    )
    answer = run_warm("check", "--mutate", "--mutants", "5", "--format", "json", cwd=here)
    (gate,) = answer.report["gates"]
    fates = {change["change"]: change for change in gate["changes"]}

    assert (answer.exit_code, gate["control"], len(fates)) == (0, True, 5)
    for change in fates.values():
        ignored = change["kind"] == "initializer"
        assert change["fate"] == ("ignored" if ignored else "caught"), change
        assert ignored or change["rungs"]
    assert any(change["fate"] == "ignored" for change in fates.values())
    assert len({change["kind"] for change in fates.values()}) == 5


@pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is not installed")
def test_a_gate_that_looks_at_too_little_is_told_of_keras_2_as_well(here: Path) -> None:
    (here / "models.py").write_text(MODELS.replace("from keras", "from tf_keras"))
    (here / "kerasdiff.toml").write_text(
        '[pairs.net]\nreference = "models.py:plain"\ncandidate = "models.py:fused"\nrungs = ["interface"]\n'
    )
    answer = run_warm("check", "--mutate", "--mutants", "2", cwd=here)

    assert answer.exit_code == 0
    assert "would pass for the rungs it asks for" in answer.stdout
    assert "`rungs` asks for none of" in answer.stdout


def test_a_mistake_in_the_file_runs_nothing(here: Path) -> None:
    (here / "kerasdiff.toml").write_text(GATES + "[pairs.more]\nrefrence = 1\n")
    answer = run_warm("check", cwd=here)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "pairs.more.refrence is no key here; did you mean reference?" in answer.stderr
