"""Every figure that is told of a GPU, and whether it repeats itself to the last bit.

``pytest -m gpu -n0 -s tests/gpu``, or without pytest-xdist ``pytest -o addopts= -m gpu -s tests/gpu``. Sized for less
than five minutes on an H200, start-up included; it has not been run on one yet. ``KERASDIFF_CIFAR_SUBSET`` may name an
``.npz`` of real images; else noise stands for them. Without a GPU all of it skips, but with
``KERASDIFF_GPU_TESTS_ON=cpu`` it runs on the processor, on so few rows that its figures say nothing.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serial_fits import SERIAL

from kerasdiff.side.environment import may_have_gpu

ON_GPU = os.environ.get("KERASDIFF_GPU_TESTS_ON", "gpu") == "gpu"
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(ON_GPU and not may_have_gpu(), reason="needs a GPU")]

FORUM = Path(__file__).parents[2] / "examples" / "forum"
PAIR = ("a.py:ConvModel_1", "b.py:ConvModel_2")
REPAIRED = ("fixed.py:ConvModel_1", "b.py:ConvModel_2")
DEVICE = "gpu" if ON_GPU else "cpu"
ROWS, SEEDS, EPOCHS = (10_000, 3, 5) if ON_GPU else (256, 2, 2)
LIMIT = 1.5
"""Samples a second of a trial pair at least, over those of two ``model.fit`` in turn; DESIGN, section 12."""

PRODUCT = """
import json
from kerasdiff.worker import hardware
hardware.set_up()
import numpy as np, tensorflow as tf
one, two = (np.random.default_rng(at).standard_normal((2048, 2048)).astype("float32") for at in (0, 1))
exact = one.astype("float64") @ two.astype("float64")
error = np.abs(tf.matmul(one, two).numpy() - exact).max() / np.abs(exact).max()
print(json.dumps({**hardware.place(), "error": float(error)}))
"""


@pytest.fixture(scope="module")
def figures() -> Iterator[dict[str, str]]:
    """What was measured, printed at the end."""
    told: dict[str, str] = {}
    began = time.monotonic()
    yield told
    told["all of it"] = f"{time.monotonic() - began:.1f} s"
    print("\n" + "\n".join(f"{name:56} {text}" for name, text in told.items()))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gpu")


@pytest.fixture(scope="module")
def data(place: Path) -> str:
    subset = os.environ.get("KERASDIFF_CIFAR_SUBSET")
    if subset and ON_GPU:
        return subset
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (ROWS + 640, 32, 32, 3), np.uint8), rng.integers(0, 10, ROWS + 640)
    file = place / "rows.npz"
    np.savez(file, x_train=images[:ROWS], y_train=labels[:ROWS], x_test=images[ROWS:], y_test=labels[ROWS:])
    return str(file)


def environment(place: Path) -> dict[str, str]:
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERASDIFF_CACHE": str(place / "kept")}
    return {**os.environ, **quiet, **({} if ON_GPU else {"CUDA_VISIBLE_DEVICES": "-1"})}


def kerasdiff(place: Path, code: int, *words: str) -> tuple[dict[str, Any], float]:
    """A report as JSON, and the seconds it took with start-up."""
    command = [sys.executable, "-m", "kerasdiff", words[0], "--format", "json", *words[1:]]
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=FORUM, env=environment(place), capture_output=True, text=True, timeout=280, check=False
    )
    spent = time.monotonic() - began
    assert done.returncode == code, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report, spent


def script(text: str, place: Path, *words: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-B", "-c", text, *words],
        cwd=FORUM,
        env={**environment(place), **env},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def bits(report: dict[str, Any], seed: int) -> list[Any]:
    """All that a seed's trials showed: equal where every bit is."""
    trials = [
        one for one in report["fit"]["trials"] if one["seed"] == seed and one["side"] in ("reference", "candidate")
    ]
    shown = [(epoch["train_loss"], epoch["test_loss"], epoch["test_accuracy"]) for t in trials for epoch in t["epochs"]]
    return [[(trial["side"], trial["losses"]) for trial in trials], shown]


@pytest.mark.parametrize(
    ("name", "options", "pair", "code"),
    [
        ("compare --no-fit, forum pair", ("--no-fit",), PAIR, 1),
        ("compare, forum pair", (), PAIR, 1),
        ("compare, identical pair", (), (PAIR[0], PAIR[0]), 0),
    ],
)
def test_a_comparison(
    figures: dict[str, str], place: Path, name: str, options: tuple[str, ...], pair: tuple[str, str], code: int
) -> None:
    report, spent = kerasdiff(place, code, "compare", *options, *pair)

    where = report["environment"]
    figures[name] = f"{spent:.1f} s, numbers on {where['device']}, fit on {where.get('fit_device', '-')}"
    assert where["device"] == "cpu"
    if not options:
        assert where["fit_device"] == DEVICE
        assert code or report["fit"]["difference"]["identical"]


def test_numbers_on_the_gpu(figures: dict[str, str], place: Path) -> None:
    report, spent = kerasdiff(place, 1, "compare", "--no-fit", "--device", DEVICE, *PAIR)

    where = report["environment"]
    figures[f"compare --no-fit --device {DEVICE}, forum pair"] = f"{spent:.1f} s, TF32 {where.get('tf32', '-')}"
    assert where["device"] == DEVICE
    assert where.get("tf32", "off") == "off"
    away = [edit for edit in report["edits"] if edit["op"] == "relu"]
    assert len(away) == 3


def test_three_seeds_repeat_themselves(figures: dict[str, str], place: Path, data: str) -> None:
    words = ("fit", "--device", DEVICE, "--epochs", str(EPOCHS), "--data", data, "--fresh")
    report, spent = kerasdiff(place, 1, *words, "--seeds", str(SEEDS), *PAIR)
    figures[f"fit, forum pair, {SEEDS} seeds x {EPOCHS} epochs"] = f"{spent:.1f} s"
    assert report["fit"]["control"]["step_loss"] == 0.0

    last = SEEDS - 1
    alone, again = kerasdiff(place, 1, *words, "--seeds", f"{last},", *PAIR)
    figures["the last of these seeds by itself"] = f"{again:.1f} s, the same bits"
    assert bits(alone, last) == bits(report, last)


def test_the_repaired_pair_is_the_same_to_the_last_bit(figures: dict[str, str], place: Path, data: str) -> None:
    words = ("fit", "--device", DEVICE, "--seeds", "1", "--epochs", str(EPOCHS), "--data", data, "--fresh")
    logs = place / "logs"
    report, spent = kerasdiff(place, 0, *words, "--logdir", str(logs), *REPAIRED)
    steps = len(report["fit"]["trials"][0]["losses"])
    figures[f"fit, repaired pair, {EPOCHS} epochs"] = f"{spent:.1f} s, {steps} steps identical"
    assert report["fit"]["difference"]["identical"]

    slowest = 0.0
    for history in logs.rglob("*.csv"):
        with history.open() as file:
            seconds = [float(epoch["seconds"]) for epoch in csv.DictReader(file)]
        slowest = max(slowest, sum(seconds[1:]))
    pair = 2 * 64 * (steps - steps // EPOCHS) / slowest
    serial = float(script(SERIAL, place, data, str(EPOCHS), "1"))
    text = f"{pair:,.0f} samples/s against {serial:,.0f}: {pair / serial:.2f} x (limit {LIMIT} x)"
    figures["a pair at once against two model.fit in turn"] = text
    assert pair / serial >= LIMIT or not ON_GPU


def test_what_tf32_costs(figures: dict[str, str], place: Path) -> None:
    off, on = (
        json.loads(script(PRODUCT, place, KERASDIFF_DEVICE=DEVICE, KERASDIFF_TF32=state)) for state in ("0", "1")
    )
    figures["error of a product, TF32 off and on"] = f"{off['error']:.1e} and {on['error']:.1e} of the scale"
    assert off["device"] == on["device"] == DEVICE
    assert off["error"] < 1e-5
    if on.get("tf32") == "on":
        assert off["error"] * 10 < on["error"] < 1e-2
