"""A side under another Python, which has the libraries of this one and nothing of kerasdiff's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from other_python import made_environment, site_of
from schemas import validated
from warm import run_warm

import kerasdiff
from kerasdiff.errors import WorkerError
from kerasdiff.side.process import Worker
from kerasdiff.side.targets import parse_target
from kerasdiff.side.wire import frames

MODELS = """
import sys
from pathlib import Path

import keras
import tensorflow as tf

import kerasdiff

THERE = Path(sys.prefix).name == "old"
assert kerasdiff.__file__ == {own!r}


def same():
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])


def of_another_tensorflow():
    if THERE:
        tf.__version__ = "2.16.2"
    return same()


def changed():
    if THERE:
        inside = keras.layers.Dense.call
        keras.layers.Dense.call = lambda self, x: 0.5 * inside(self, x)
    return same()


def dies():
    raise SystemExit(f"under {{sys.prefix}}")
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models")
    (place / "m.py").write_text(MODELS.format(own=kerasdiff.__file__))
    made_environment(place / "old")
    return place


def report(models: Path, name: str) -> tuple[int, dict[str, Any]]:
    asked = ("compare", f"m.py:{name}", f"m.py:{name}", "--reference-python", "old", "--no-fit", "--format", "json")
    done = run_warm(*asked, cwd=models)
    return done.exit_code, done.report


def test_equal_graphs_are_a_proof_where_one_tensorflow_computes_them(models: Path) -> None:
    code, told = report(models, "same")

    assert (code, told["verdict"]["basis"]) == (0, "proof")
    assert told["reference"]["python"] == "old/bin/python"
    assert "environment" not in told["reference"]
    assert "python" not in told["candidate"]


def test_two_tensorflows_are_told_and_numbers_decide(models: Path) -> None:
    asked = ("compare", "m.py:of_another_tensorflow", "m.py:of_another_tensorflow", "--reference-python", "old")
    done = run_warm(*asked, "--no-fit", "--format", "terminal", "--format", "json=told.json", cwd=models)
    code, text, told = done.exit_code, done.stdout, validated(json.loads((models / "told.json").read_text()))

    assert (code, told["verdict"]["basis"]) == (0, "numeric")
    assert "the two graphs are identical, and what both sides compute" in told["verdict"]["summary"]
    assert told["reference"]["environment"] == {"tensorflow": "2.16.2"}
    assert set(told["candidate"]["environment"]) == {"tensorflow"}
    assert "tensorflow" not in told["environment"]
    assert {"keras", "numpy", "python"} <= set(told["environment"])
    rungs = {rung["name"]: rung for rung in told["rungs"]}
    assert rungs["architecture"]["outcome"] == "equal"
    assert "TensorFlow 2.16.2 computes one" in rungs["architecture"]["detail"]
    assert "reference: with tensorflow 2.16.2 (old/bin/python)." in text


def test_what_a_library_does_otherwise_is_a_difference(models: Path) -> None:
    code, told = report(models, "changed")

    assert (code, told["verdict"]["outcome"]) == (1, "different")
    assert any("dense" in edit["message"] for edit in told["edits"])


def test_a_trial_pair_runs_under_two_pythons(models: Path) -> None:
    result = kerasdiff.fit(
        f"{models}/m.py:same", f"{models}/m.py:same", candidate_python=models / "old", steps=2, seeds=1
    )

    assert result.comparison.fit is not None
    assert result.comparison.fit.identical
    assert result.comparison.candidate.python.endswith("old/bin/python")


def test_inspect_runs_there(models: Path) -> None:
    done = run_warm("inspect", "m.py:dies", "--python", "old", cwd=models)

    assert (done.exit_code, f"under {models / 'old'}" in done.stderr) == (2, True)


def test_a_baseline_is_made_there(models: Path) -> None:
    made = run_warm("lock", "m.py:of_another_tensorflow", "-o", "net.kerasdiff", "--python", "old", cwd=models)
    done = run_warm("compare", "net.kerasdiff", "m.py:same", "--no-fit", "--format", "json", cwd=models)

    assert (made.exit_code, done.exit_code) == (0, 0), made.stderr + done.stderr
    assert "tensorflow 2.16.2 (now " in str(done.report["terms"]["baseline"])


def test_a_witness_remembers_where_it_was_found(models: Path) -> None:
    asked = ("compare", "m.py:changed", "m.py:changed", "--reference-python", "old", "--no-fit")
    run_warm(*asked, "--save-witness", "w.npz", cwd=models)
    done, mended = (run_warm("replay", "w.npz", *more, cwd=models) for more in ((), ("m.py:same", "m.py:same")))

    assert (done.exit_code, mended.exit_code) == (1, 0)
    assert done.stdout.splitlines()[0].endswith("m.py:changed  under old/bin/python")
    (models / "old").rename(models / "moved")
    try:
        lost, found = (run_warm("replay", "w.npz", *more, cwd=models) for more in ((), ("--reference-python", "moved")))
    finally:
        (models / "moved").rename(models / "old")

    assert (lost.exit_code, found.exit_code) == (2, 0), found.stderr
    assert "error: the reference ran under " in lost.stderr
    assert "/old/bin/python, which is not there any more; name another Python by --reference-python" in lost.stderr


def test_the_doctor_looks_there(models: Path) -> None:
    done = run_warm("doctor", "--python", "old", cwd=models)

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "kerasdiff works here.")
    assert "old/bin/python" in done.stdout
    assert "trial store" not in done.stdout


def test_one_without_a_numpy_that_works_is_told(models: Path) -> None:
    made_environment(models / "broken")
    (site_of(models / "broken") / "numpy").mkdir()
    (site_of(models / "broken") / "numpy" / "__init__.py").write_text("raise ImportError('no libblas')")
    done = run_warm("inspect", "m.py:same", "--python", "broken", cwd=models)

    assert done.exit_code == 2
    assert "numpy cannot be imported by broken/bin/python; install it there anew: broken/bin/python -m" in done.stderr
    assert "ImportError: no libblas" in done.stderr


def test_a_process_of_another_protocol_is_told(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Worker(parse_target(f"{models}/m.py:same")) as worker:
        monkeypatch.setattr(frames, "PROTOCOL", frames.PROTOCOL + 1)
        with pytest.raises(WorkerError, match=rf"it speaks protocol 1, and this process {frames.PROTOCOL}: was kerasd"):
            worker.describe()
