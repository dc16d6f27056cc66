"""On which backend a side runs: what names it, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasdiff.errors import TargetError
from kerasdiff.side.interpreters.backends import on
from kerasdiff.side.targets import Target, parse_target


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
