"""What is left out of large pairs, and what is not; how much memory and how many bytes they take."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import PAIRS, Answer, compare_arguments
from warm import run_warm

import kerasdiff.side.process as process
from kerasdiff.probing import large

pytest.importorskip("keras")

MILLION = 1_000_000
FLOAT32 = 4
DEEP = """
import keras

def deep(width=730, depth=40):
    layers = [keras.layers.Dense(width, activation="relu") for _ in range(depth)]
    return keras.Sequential([keras.Input((width,)), *layers])
"""
EDITED = """
import keras
from keras import layers

def net(relu=True, scale=1.0, start="glorot_uniform", penalty=None):
    x = inputs = keras.Input((6,))
    x = layers.Dense(8, kernel_initializer=start, kernel_regularizer=penalty)(x)
    x = layers.ReLU()(x) if relu else x
    x = layers.Rescaling(scale)(x)
    return keras.Model(inputs, layers.Dense(3)(x))

def normed(momentum=0.9):
    x = inputs = keras.Input((6,))
    x = layers.BatchNormalization(momentum=momentum)(layers.Dense(8)(x))
    return keras.Model(inputs, layers.Dense(3)(x))

def words(relu=True):
    x = inputs = keras.Input((5,), dtype="int32")
    x = layers.Embedding(7, 4)(x)
    x = layers.ReLU()(x) if relu else x
    return keras.Model(inputs, layers.Dense(3)(x))
"""


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Compares two targets as if every model was large."""
    monkeypatch.setattr(large, "MOST_CONFIRMED", 3)
    monkeypatch.setattr(large, "MOST_MEASURED", 3)
    (tmp_path / "m.py").write_text(EDITED)

    def run(reference: str, candidate: str, *options: str, cwd: Path = tmp_path) -> Answer:
        return run_warm(*compare_arguments(reference, candidate, (), options or ("--no-fit",)), cwd=cwd)

    return run


def rung(answer: Answer, name: str) -> dict[str, Any]:
    return next(item for item in answer.report["rungs"] if item["name"] == name)


def unchecked(answer: Answer) -> dict[str, str]:
    return {item["rung"]: item["reason"] for item in answer.report["not_checked"]}


def test_a_proof_of_a_large_pair_is_neither_run_nor_stored(ask: Callable[..., Answer]) -> None:
    answer = ask("m.py:net", "m.py:net")

    assert answer.report["verdict"]["basis"] == "proof"
    assert rung(answer, "inference")["detail"] == "follows from the proof: the same ops on the same weights"
    assert rung(answer, "checkpoint")["outcome"] == "equal"
    assert unchecked(answer).keys() == {"inference", "checkpoint", "fit"}
    assert "these have 83" in unchecked(answer)["inference"]


def test_a_picture_says_why_it_shows_no_distances(ask: Callable[..., Answer], tmp_path: Path) -> None:
    answer = ask("m.py:net", "m.py:net", "--no-fit", "--html", "page.html")

    told = "values are compared node by node of models of up to 3 parameters, and these have 83"
    assert unchecked(answer)["distances"] == told
    assert told in (tmp_path / "page.html").read_text()


def test_what_is_required_is_loaded(ask: Callable[..., Answer]) -> None:
    answer = ask("m.py:net", "m.py:net", "--no-fit", "--require-checkpoint")

    assert rung(answer, "checkpoint")["detail"].startswith("what the reference saves")
    assert "checkpoint" not in unchecked(answer)


@pytest.mark.parametrize(
    ("reference", "candidate", "outcome", "says"),
    [
        ("Attributes", "Attributes(first='hidden')", "advisory", "stored under other names: c1 as hidden"),
        ("Branches", "Branches(order=('relu', 'tanh'))", "advisory", "stored in another order"),
        ("Attributes", "Attributes(extra=True)", "advisory", "the file lacks layers/dense_2/vars/0"),
        ("Attributes", "Attributes", "equal", "4 weights are stored under the same names"),
    ],
)
def test_names_tell_whether_saved_weights_load(
    ask: Callable[..., Answer], reference: str, candidate: str, outcome: str, says: str
) -> None:
    answer = ask(f"checkpoints.py:{reference}", f"checkpoints.py:{candidate}", "--no-fit", "--input", "6", cwd=PAIRS)

    assert answer.exit_code == 0
    assert rung(answer, "checkpoint")["outcome"] == outcome
    assert says in rung(answer, "checkpoint")["detail"]


@pytest.mark.parametrize("model", ["net", "words"])
def test_float32_tells_a_large_pair_apart(ask: Callable[..., Answer], model: str) -> None:
    answer = ask(f"m.py:{model}", f"m.py:{model}(relu=False)")

    assert answer.exit_code == 1
    assert rung(answer, "inference")["figures"]["precision"] == "float32"
    assert rung(answer, "training step")["outcome"] == "skipped"
    assert unchecked(answer).keys() == {"training step", "checkpoint", "fit"}
    (edit,) = answer.report["edits"]
    assert edit["kind"] == "delete"
    assert edit["effect"].keys() == {"output"}


def test_settings_that_differ_need_no_number(ask: Callable[..., Answer]) -> None:
    answer = ask("m.py:net", "m.py:net(start='he_normal')")

    assert answer.report["verdict"]["outcome"] == "different"
    assert rung(answer, "inference")["outcome"] == "equal"
    assert unchecked(answer)["training step"].startswith("settings differ already")


def test_penalties_that_differ_do(ask: Callable[..., Answer]) -> None:
    answer = ask("m.py:net", "m.py:net(penalty='l2')")

    assert answer.report["verdict"]["outcome"] == "different"
    assert rung(answer, "training step")["outcome"] == "different"


def test_what_float32_does_not_tell_is_asked_in_float64(ask: Callable[..., Answer]) -> None:
    answer = ask("m.py:net", "m.py:net(scale=1.0001)")

    assert answer.exit_code == 1
    assert rung(answer, "inference")["figures"]["precision"] == "float64"
    assert rung(answer, "training step")["outcome"] == "skipped"


def test_what_there_is_no_room_for_is_left_out(ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "available_bytes", lambda: 1000)

    answer = ask("m.py:net", "m.py:net(scale=1.0001)")

    assert answer.report["verdict"]["outcome"] != "equivalent"
    assert rung(answer, "inference")["figures"]["precision"] == "float32"
    assert "GB are free" in unchecked(answer)["attribution"]


def test_a_step_is_taken_in_float32_where_there_is_room_for_that_alone(
    ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "available_bytes", lambda: 15_000)

    answer = ask("m.py:normed", "m.py:normed(momentum=0.8)")

    step = rung(answer, "training step")
    assert answer.report["verdict"]["outcome"] == "different"
    assert (step["outcome"], step["figures"]["precision"]) == ("different", "float32")
    assert "GB are free" in step["detail"]
    assert "GB are free" in unchecked(answer)["attribution"]


def test_a_large_equal_pair_sends_nothing_large_and_holds_one_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep.py").write_text(DEEP)
    sizes: list[int] = []
    peaks: list[int] = []
    read, write, close = process.read_frame, process.write_frame, process.Worker.close

    def counted(stream: Any) -> Any:
        message = read(stream)
        sizes.append(len(pickle.dumps(message)))
        return message

    def counting(stream: Any, message: object) -> None:
        sizes.append(len(pickle.dumps(message)))
        write(stream, message)

    def looked_at(worker: process.Worker) -> None:
        peaks.extend(_peak(worker._process.pid) if not worker.closed else [])
        close(worker)

    monkeypatch.setattr(process, "read_frame", counted)
    monkeypatch.setattr(process, "write_frame", counting)
    monkeypatch.setattr(process.Worker, "close", looked_at)
    small, answer = (
        run_warm(*compare_arguments(model, model), cwd=tmp_path) for model in ("deep.py:deep(width=4)", "deep.py:deep")
    )

    assert [one.report["verdict"]["basis"] for one in (small, answer)] == ["proof", "proof"]
    parameters = answer.report["reference"]["parameters"]
    assert parameters > 20 * MILLION
    assert len(sizes) > 8
    assert max(sizes) < MILLION
    if peaks:
        assert max(peaks[2:]) - max(peaks[:2]) < 1.5 * FLOAT32 * parameters


def _peak(process_id: int) -> list[int]:
    """Bytes that a process held at most, where the system tells."""
    status = Path(f"/proc/{process_id}/status")
    text = status.read_text() if status.exists() else ""
    return [int(text.split("VmHWM:")[1].split()[0]) * 1024] if "VmHWM:" in text else []
