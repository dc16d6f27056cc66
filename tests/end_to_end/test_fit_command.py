"""``kerasdiff fit`` on real workers: verdicts, what is kept, and what survives a kill and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Answer
from schemas import validated
from warm import run_warm

import kerasdiff.side.environment
from kerasdiff.cli.commands.fit import fit as command_fit
from kerasdiff.fitting.decisions import DEFAULT_MARGIN
from kerasdiff.options import FitOptions

MODELS = """
import keras

class Plain(keras.Model):
    def __init__(self, activation="relu"):
        super().__init__()
        self.hidden = keras.layers.Dense(16, activation=activation)
        self.drop = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(3)
    def call(self, x):
        return self.head(self.drop(self.hidden(x)))

class Spelled(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = keras.layers.Dense(16)
        self.noise = keras.layers.Dropout(0.5)
        self.last = keras.layers.Dense(3)
    def call(self, x):
        x = keras.ops.maximum(self.first(x), 0)
        return self.last(self.noise(x))

def wide():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])

def regressor(bias=True):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1, use_bias=bias)])

def exploding():
    model = regressor()
    model.compile(keras.optimizers.SGD(1e25), "mse")
    return model
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("fit")
    (found / "m.py").write_text(MODELS)
    return found


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERASDIFF_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def fit(place: Path, reference: str, candidate: str, *options: str) -> Answer:
    file = place / "m.py"
    return run_warm(
        *("fit", "--format", "json", "--input", "4", *options, f"{file}:{reference}", f"{file}:{candidate}")
    )


def test_a_refactor_is_equivalent_after_one_pair_and_taken_from_disk_the_second_time(place: Path, kept: Path) -> None:
    first = fit(place, "Plain", "Spelled", "--epochs", "2")
    assert first.exit_code == 0, first.stderr
    report = first.report
    assert report["verdict"]["outcome"] == "equivalent"
    assert report["verdict"]["basis"] == "statistical"
    assert report["fit"]["difference"]["identical"]
    assert [trial["side"] for trial in report["fit"]["trials"]] == ["reference", "candidate"]
    assert [len(trial["epochs"]) for trial in report["fit"]["trials"]] == [2, 2]
    assert {item["rung"] for item in report["not_checked"]} == {"inference", "training step"}
    assert not list(place.glob("*.npz"))
    again = fit(place, "Plain", "Spelled", "--epochs", "2").report
    assert [trial["reused"] for trial in again["fit"]["trials"]] == [2, 2]
    assert [t["losses"] for t in again["fit"]["trials"]] == [t["losses"] for t in report["fit"]["trials"]]
    fresh = fit(place, "Plain", "Spelled", "--epochs", "2", "--fresh").report
    assert [trial["reused"] for trial in fresh["fit"]["trials"]] == [0, 0]


@pytest.mark.usefixtures("kept")
def test_a_lost_activation_is_different_and_the_leader_has_an_interval(place: Path) -> None:
    answer = fit(place, "Plain", "Plain(activation=None)", "--seeds", "5,7,9", "--epochs", "2")
    assert answer.exit_code == 1, answer.stderr
    found = answer.report["fit"]
    assert [pair["seed"] for pair in found["pairs"]] == [5, 7, 9]
    assert found["control"] == {"step_loss": 0.0, "steps": 31, "rounding_step_loss": None}
    assert found["difference"]["parted"]["step"] == 0
    assert found["difference"]["leads"][0]["metric"] == "test accuracy"
    assert len(found["difference"]["leads"][0]["interval"]) == 2
    assert len(found["difference"]["classes"]) == 3
    assert all(0 < pair["agreement"] < 1 for pair in found["pairs"])


@pytest.mark.usefixtures("kept")
def test_the_report_for_a_person(place: Path) -> None:
    file = place / "m.py"
    pair = (f"{file}:Plain", f"{file}:Plain(activation=None)")
    answer = run_warm("fit", "--input", "4", "--seeds", "3", "--epochs", "3", *pair)
    assert answer.exit_code == 1
    text = " ".join(answer.stdout.replace("│", " ").split())  # wherever lines break
    for part in (
        "reference applies relu",
        "3 seeded trial pairs",
        "train accuracy: ",
        "test accuracy: ",
        "epoch 1",
        "Control, the reference against itself in another process: 0 apart over 31 steps.",
        "Test accuracy, candidate minus reference:",
        "interval",
        "DIFFERENT",
        "ahead in test accuracy",
    ):
        assert part in text, part
    assert "Layers" not in answer.stdout
    assert max(map(len, answer.stdout.splitlines())) <= 100


@pytest.mark.usefixtures("kept")
def test_regression_other_starts_and_other_interfaces(place: Path) -> None:
    # The regressor declares its input, so --input is not needed but fits.
    both = fit(place, "regressor", "regressor(bias=False)", "--steps", "20", "--seeds", "1", "--own-init")
    assert both.exit_code == 3
    assert both.report["terms"]["start"] == ["each model's own draw from the seed (--own-init)"]
    assert both.report["fit"]["control"]["step_loss"] is None
    assert both.report["fit"]["difference"]["leads"][0]["metric"] == "test loss"
    own = fit(place, "Plain", "Plain", "--steps", "5", "--seeds", "1", "--own-init").report
    assert own["fit"]["difference"]["identical"]
    other = fit(place, "Plain", "wide", "--steps", "5")
    assert other.exit_code == 1
    assert other.report["fit"] is None
    assert "interfaces differ" in other.report["verdict"]["summary"]


@pytest.mark.usefixtures("kept")
def test_a_trial_that_diverges_is_reported(place: Path) -> None:
    answer = fit(place, "regressor", "exploding", "--steps", "30", "--seeds", "1")
    assert answer.exit_code == 1
    assert answer.report["fit"]["difference"]["step_loss"] is None  # infinite
    assert "Traceback" not in answer.stderr


@pytest.mark.usefixtures("kept")
def test_settings_of_the_command_reach_the_trials(place: Path, tmp_path: Path) -> None:
    answer = fit(
        *(place, "Plain", "Plain", "--steps", "8", "--batch-size", "16", "--learning-rate", "0.02"),
        *("--optimizer", "sgd", "--loss", "categorical_crossentropy", "--logdir", str(tmp_path / "logs")),
    )
    plan = answer.report["fit"]["plan"]
    assert (plan["optimizer"], plan["learning_rate"], plan["batch_size"], plan["steps"]) == ("SGD", 0.02, 16, 8)
    assert plan["loss"] == ["CategoricalCrossentropy(from_logits=True)"]
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["candidate-seed-0", "reference-seed-0"]
    for options, message in (
        (("--optimizer", "nonsense"), "Keras has no optimizer"),
        (("--loss", "nonsense"), "Keras has no loss"),
        (("--device", "gpu:77"), "--device gpu:77"),
    ):
        answer = fit(place, "Plain", "Plain", "--steps", "2", *options)
        assert answer.exit_code == 2
        assert message in answer.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seeds", "0"), "neither a number of seeds"),
        (("--seeds", "1,1"), "neither a number of seeds"),
        (("--budget", "soon"), "is no time span"),
        (("--budget", "0s"), "is no time span"),
        (("--device", "tpu"), "must be auto, cpu, gpu or gpu:N"),
        (("--margin", "0"), "--margin"),
        (("--epochs", "0"), "--epochs"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(place: Path, options: tuple[str, ...], message: str) -> None:
    answer = fit(place, "Plain", "Plain", *options)
    assert answer.exit_code == 2
    assert message in answer.stderr


def test_data_that_do_not_fit_are_refused_by_compare_too(place: Path, tmp_path: Path) -> None:
    rows = np.zeros((8, 5), np.float32)
    np.savez(tmp_path / "narrow.npz", x_train=rows, y_train=np.zeros(8), x_test=rows, y_test=np.zeros(8))

    target = f"{place / 'm.py'}:Plain"
    answer = run_warm("compare", target, target, "--input", "4", "--data", str(tmp_path / "narrow.npz"))

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "rows of shape (5,) do not fit input" in answer.stderr


def test_trials_in_workers_of_their_own_are_the_same(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with a GPU, where numbers come from the processor."""
    file = place / "m.py"
    words = (
        "compare",
        "--format",
        "json",
        "--input",
        "4",
        "--fit-steps",
        "8",
        f"{file}:Plain",
        f"{file}:Plain(activation='tanh')",
    )
    here = run_warm(*words)
    monkeypatch.setattr(kerasdiff.side.environment, "may_have_gpu", lambda: True)
    there = run_warm(*words)

    assert here.exit_code == there.exit_code == 1, there.stderr
    assert here.report == there.report
    assert here.report["fit"]["control"]["step_loss"] == 0.0


def test_the_default_margin_is_the_one_with_a_reason() -> None:
    margin = next(option for option in command_fit.params if option.name == "margin")
    assert margin.default == 100 * DEFAULT_MARGIN == 100 * FitOptions().margin


EPOCHS = 60
"""Enough for a kill to come in the middle: an epoch takes about 30 ms, and is kept in as many."""


def command(place: Path, cache: Path) -> tuple[list[str], dict[str, str]]:
    file = place / "m.py"
    pair = (f"{file}:Plain", f"{file}:Plain(activation=None)")
    words = ("fit", "--format", "json", "--input", "4", "--seeds", "1", "--epochs", str(EPOCHS), *pair)
    program = str(Path(sys.executable).parent / "kerasdiff")
    return [program, *words], {**os.environ, "KERASDIFF_CACHE": str(cache), "CUDA_VISIBLE_DEVICES": ""}


def started(place: Path, cache: Path) -> subprocess.Popen[str]:
    words, env = command(place, cache)
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def here(place: Path, cache: Path) -> Answer:
    """The same command, in this process."""
    words, env = command(place, cache)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("KERASDIFF_CACHE", "CUDA_VISIBLE_DEVICES"):
            patch.setenv(name, env[name])
        return run_warm(*words[1:])


def wait_for_epochs(cache: Path, count: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        lines = [len(path.read_text().splitlines()) - 1 for path in cache.rglob("history.csv")]
        if len(lines) >= 2 and min(lines[:2]) >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"no {count} epochs were kept: {process.poll()}")


def children(parent: int) -> list[int]:
    pids = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            pids.append(int(path.parent.name))
    return sorted(pids)


def trials(report: dict[str, Any]) -> list[Any]:
    wanted = [trial for trial in report["fit"]["trials"] if trial["side"] in ("reference", "candidate")]
    return [(t["losses"], t["test_loss"], [e["test_accuracy"] for e in t["epochs"]]) for t in wanted]


@pytest.fixture(scope="module")
def uninterrupted(place: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    answer = here(place, tmp_path_factory.mktemp("whole"))
    assert answer.report["verdict"]["outcome"] == "different", answer.stderr
    return trials(answer.report)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and looks for what was forked")
def test_a_killed_worker_is_replaced_and_goes_on_to_the_same_bits(
    place: Path, tmp_path: Path, uninterrupted: list[Any]
) -> None:
    with started(place, tmp_path) as process:
        wait_for_epochs(tmp_path, 2, process)
        (launcher,) = children(process.pid)
        os.kill(children(launcher)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 1, err
    report = validated(json.loads(out))
    assert trials(report) == uninterrupted
    (note,) = report["fit"]["notes"]
    assert "SIGKILL" in note
    assert "went on in a new one" in note
    assert max(trial["reused"] for trial in report["fit"]["trials"]) >= 2


def test_ctrl_c_says_what_is_known_and_the_same_command_goes_on(
    place: Path, tmp_path: Path, uninterrupted: list[Any]
) -> None:
    with started(place, tmp_path) as process:
        wait_for_epochs(tmp_path, 2, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    known = validated(json.loads(out))
    assert "Interrupted" in known["verdict"]["summary"]
    assert known["fit"]["trials"]
    assert all(trial["epochs"] for trial in known["fit"]["trials"])
    assert str(tmp_path) in err
    assert "Traceback" not in err
    again = here(place, tmp_path)
    assert again.exit_code == 1, again.stderr
    report = again.report
    assert trials(report) == uninterrupted
    assert min(trial["reused"] for trial in report["fit"]["trials"] if trial["side"] != "control") >= 2
