"""A model against itself under other versions of its packages, in an environment that the command makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Answer
from other_python import made_environment, site_of
from warm import run_warm
from wheels import unpacked, wheel

MODEL = """
import keras
from helper import scaled


def build():
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(4), keras.layers.Lambda(scaled)])
"""
LAYERS = "def scaled(x):\n    return {factor} * x\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose helper imports ``mylayers``, of which the environment ``old`` has 1.0 and a folder 2.0."""
    place = tmp_path_factory.mktemp("upgrade")
    (place / "m.py").write_text(MODEL)
    (place / "helper.py").write_text("from mylayers import scaled\n")
    made_environment(place / "old")
    unpacked(wheel(place / "wheels", "mylayers", "1.0", LAYERS.format(factor=2)), site_of(place / "old"))
    wheel(place / "wheels", "mylayers", "2.0", LAYERS.format(factor=3))
    return place


@pytest.fixture(autouse=True)
def offline(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("INDEX", "1"), ("CACHE_DIR", "1")):
        monkeypatch.setenv(f"PIP_NO_{name}", value)
    monkeypatch.setenv("PIP_FIND_LINKS", str(place / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("KERASDIFF_CACHE", str(place / "cache"))
    monkeypatch.setattr("kerasdiff.side.upgrading.installing.shutil.which", lambda name: None)


def upgraded(place: Path, *more: str) -> Answer:
    return run_warm("upgrade", "m.py:build", "--reference-python", "old", "--no-fit", *more, cwd=place)


def test_what_another_version_does_otherwise_is_a_difference(place: Path) -> None:
    done = upgraded(place, "--to", "mylayers==2", "--format", "json")

    assert done.exit_code == 1, done.stderr
    told = done.report
    assert told["verdict"]["outcome"] == "different"
    assert told["reference"]["environment"]["mylayers"] == "1.0"
    assert told["candidate"]["environment"]["mylayers"] == "2.0"
    assert told["candidate"]["python"].startswith("cache/environments/mylayers-2-")
    assert "installing mylayers==2 into " in done.stderr
    assert "has mylayers 2.0 (here 1.0); as here: tensorflow " in done.stderr
    record = json.loads(next((place / "cache" / "environments").glob("mylayers-2-*/kerasdiff.json")).read_text())
    assert record["own"] == {"mylayers": "2.0"}
    assert 0 < record["bytes"] < 1_000_000

    again = upgraded(place, "--to", "mylayers==2", "--quiet")

    assert again.exit_code == 1
    assert "installing" not in again.stderr
    assert "the environment (was there) has mylayers 2.0 (here 1.0)" in again.stderr
