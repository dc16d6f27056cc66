"""Models that Keras runs on JAX or PyTorch, against TensorFlow and against each other: what plain Keras gives.

What plain Keras gives was measured with Keras 3.15.1 on TensorFlow 2.21, JAX 0.10.2 and PyTorch 2.14.1, the same
weights on the same batch (``tests/tools/backend_truth.py``): a step of Adam on an Embedding moves the row of an id that
repeats by 0.33 on TensorFlow, by 0.19 on the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from warm import run_warm

import kerasdiff

MODELS = Path(__file__).parent / "backends"

OTHERS = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed"))
    for name in ("jax", "torch")
]
CALLED = {"jax": "JAX", "torch": "PyTorch"}

pytestmark = pytest.mark.parametrize("backend", OTHERS)

ON_BOTH = {
    "convnet": "EQUIVALENT",
    "skipping": "EQUIVALENT",
    "Net": "EQUIVALENT",
    "scaled": "EQUIVALENT",
    "recurrent": "EQUIVALENT",
    "dropping": "EQUIVALENT",
    "remembering": "EQUIVALENT",
    "looking_up": "The reference alone looks up embedding/embeddings by id: where an id repeats in a batch",
    "by_backend": "scale 2 in the reference, 0.5 in the candidate",
}
"""What a comparison of a model on TensorFlow with itself on another backend says."""

CHANGED = {
    ("convnet", "convnet(activation='linear')"): "relu",
    ("convnet", "convnet(momentum=0.9)"): "momentum 0.99 in the reference, 0.9 in the candidate",
    ("skipping", "skipping(swapped=True)"): "subtract",
    ("skipping", "skipping(epsilon=1e-5)"): "epsilon 0.001 in the reference, 1e-05 in the candidate",
    ("Net", "Net(active=False)"): "relu",
}
"""Pairs on one backend with one change, and what names it."""


def said(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def given(model: str) -> tuple[str, ...]:
    return ("--input", "8") if model.startswith("Net") else ()


@pytest.mark.parametrize("model", ON_BOTH)
def test_a_model_is_compared_with_itself_on_another_backend(model: str, backend: str) -> None:
    target = f"models.py:{model}"
    done = run_warm("compare", target, target, "--candidate-backend", backend, "--no-fit", *given(model), cwd=MODELS)

    assert ON_BOTH[model] in said(done.stdout), done.stdout + done.stderr
    assert "proof" not in done.stdout.partition("EQUIVALENT")[2].partition("not checked")[0]


@pytest.mark.parametrize(("reference", "candidate"), CHANGED)
def test_one_change_is_seen_and_named(reference: str, candidate: str, backend: str) -> None:
    pair = f"models.py:{reference}", f"models.py:{candidate}"
    done = run_warm("compare", *pair, "--backend", backend, "--no-fit", *given(reference), cwd=MODELS)

    assert "DIFFERENT" in done.stdout, done.stdout + done.stderr
    assert CHANGED[reference, candidate] in said(done.stdout)


def test_the_same_graph_on_another_backend_is_no_proof(backend: str) -> None:
    target = str(MODELS / "models.py:convnet")
    result = kerasdiff.compare(target, target, fit=False, reference_backend=backend, candidate_backend=backend)

    assert (result.outcome, result.basis) == ("equivalent", "numeric")


def test_a_file_that_asks_for_a_backend_runs_on_it(tmp_path: Path, backend: str) -> None:
    (tmp_path / "own.py").write_text(
        f'import os\nos.environ["KERAS_BACKEND"] = "{backend}"\nimport keras\n\n\ndef build():\n'
        "    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
    )
    done = run_warm("inspect", "own.py:build", cwd=tmp_path)

    assert f"backend {backend}" in done.stdout, done.stdout + done.stderr


def test_a_fit_takes_the_same_start_and_batches(backend: str) -> None:
    target = str(MODELS / "models.py:scaled")
    fit = kerasdiff.fit(target, target, seeds=1, steps=3, candidate_backend=backend).comparison.fit

    assert fit is not None
    assert fit.pairs[0].distance < 1e-5
    assert fit.trials[1].losses[0] != fit.trials[1].losses[-1]


def test_masks_of_two_backends_make_a_fit_part(backend: str) -> None:
    target = str(MODELS / "models.py:dropping")
    fit = kerasdiff.fit(target, target, seeds=1, steps=3, candidate_backend=backend).comparison.fit

    assert fit is not None
    assert fit.draws_apart
    assert fit.parted is None


def test_a_trial_takes_the_steps_of_keras(backend: str) -> None:
    done = subprocess.run(
        [sys.executable, MODELS.parents[1] / "tools" / "backend_fit.py"],
        env={**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]

    assert len(rows) >= 3, done.stderr
    for ours, theirs, apart in rows:
        assert ours == theirs
        assert ours[0] != ours[-1]
        assert apart == 0


def test_weights_of_one_backend_load_on_the_other(backend: str) -> None:
    target = str(MODELS / "models.py:convnet")
    result = kerasdiff.compare(target, target, fit=False, candidate_backend=backend)
    (rung,) = (one for one in result.comparison.rungs if one.name == "checkpoint")

    assert rung.outcome == "equal"
    assert getattr(rung.figures, "files", ()) == (".weights.h5", ".keras")


def test_a_baseline_is_locked_on_tensorflow_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", backend)
    done = run_warm("lock", "models.py:scaled", "-o", str(tmp_path / "a.kerasdiff"), cwd=MODELS)

    assert done.exit_code == 2
    assert f"this model runs on {CALLED[backend]}; lock it on TensorFlow" in said(done.stderr)
