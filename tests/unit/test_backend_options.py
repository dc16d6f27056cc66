"""On which backend a side runs: what names it, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasdiff.errors import TargetError
from kerasdiff.side.interpreters.backends import copied, on
from kerasdiff.side.payload import Payload
from kerasdiff.side.targets import Backend, Target, parse_target


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)


def target(folder: Path, code: str) -> Target:
    place = folder / "model.py"
    place.write_text(f"{code}\nimport keras\n")
    return parse_target(f"{place}:build")


def test_nobody_says_anything(tmp_path: Path) -> None:
    assert on(target(tmp_path, "import os"), "", "--backend").backend is None


def test_an_option_stands_before_all_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    model = target(tmp_path, 'import os\nos.environ["KERAS_BACKEND"] = "jax"')

    assert on(model, "tensorflow", "--backend").backend == "tensorflow"


@pytest.mark.parametrize(
    "code",
    [
        'import os\nos.environ["KERAS_BACKEND"] = "openvino"',
        'from os import environ\nenviron["KERAS_BACKEND"] = "openvino"',
        'import os\nos.environ.setdefault("KERAS_BACKEND", "openvino")',
    ],
)
def test_a_file_says_which_one_it_wants(tmp_path: Path, code: str) -> None:
    with pytest.raises(TargetError, match="its KERAS_BACKEND is openvino: kerasdiff does not run models on OpenVINO"):
        on(target(tmp_path, code), "", "--backend")


def test_the_environment_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "openvino")

    with pytest.raises(TargetError, match="KERAS_BACKEND is openvino: kerasdiff does not run"):
        on(target(tmp_path, "import os"), "", "--backend")


def test_what_is_no_backend_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="--candidate-backend: 'theano' is no backend of Keras"):
        on(target(tmp_path, "import os"), "theano", "--candidate-backend")


def payload(backend: str, *, builds: bool) -> Payload:
    return Payload(body=b"", path=(), sources={}, settings=(), root="", builds=builds, backend=backend)


@pytest.mark.parametrize(
    ("named", "held", "builds", "runs"),
    [
        (None, "jax", False, "jax"),
        (None, "jax", True, "jax"),
        ("torch", "jax", True, "torch"),
        (None, "tensorflow", False, None),
        (None, "", True, None),
        ("jax", "", True, "jax"),
    ],
)
def test_what_is_in_memory_runs_where_it_was_made(
    named: Backend | None, held: str, builds: bool, runs: str | None
) -> None:
    bare = Target(text="Net", kind="live", location="Net", name="Net", backend=named)

    assert copied(bare, payload(held, builds=builds)).backend == runs


def test_a_model_in_memory_runs_nowhere_else() -> None:
    bare = Target(text="Net", kind="live", location="Net", name="Net", backend="torch")

    with pytest.raises(TargetError, match="where Keras runs on jax, and was to run on torch; give the code"):
        copied(bare, payload("jax", builds=False))
