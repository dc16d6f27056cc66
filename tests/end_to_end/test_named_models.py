"""Models named in all ways, compared by the command: in files, packages, notebooks and configs, whole and in part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Answer
from warm import run_warm

pytest.importorskip("keras")

Compare = Callable[..., Answer]

NET = """import keras
from {layers} import block
from dataclasses import dataclass


@dataclass
class Cfg:
    width: int = 5


def build(cfg: Cfg, activation="relu"):
    inputs = keras.Input((4,))
    return keras.Model(inputs, block(inputs, cfg.width, activation))


def both():
    return {{"small": build(Cfg(2)), "large": build(Cfg(5))}}


def trained():
    return build(Cfg(5)), {{"loss": [0.1]}}
"""
LAYERS = """import keras


def block(x, width, activation):
    x = keras.layers.Dense(width)(x)
    return keras.layers.Activation(activation)(x)
"""
CELLS = (
    "%matplotlib inline\nimport keras",
    "!nvidia-smi\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])",
    "\nmodel.add(\n    keras.layers.Activation('relu'))",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras

    folder = tmp_path_factory.mktemp("named")
    for name in ("src/net/parts", "plain"):
        (folder / name).mkdir(parents=True)
    (folder / "src/net/__init__.py").write_text("")
    (folder / "src/net/net.py").write_text(NET.format(layers=".parts.layers"))
    (folder / "src/net/parts/layers.py").write_text(LAYERS)
    (folder / "plain/net.py").write_text(NET.format(layers="layers"))
    (folder / "plain/layers.py").write_text(LAYERS)
    layers = [keras.Input((4,)), keras.layers.Dense(5), keras.layers.Activation("relu")]
    (folder / "config.json").write_text(keras.Sequential(layers).to_json())
    (folder / "alone.py").write_text(
        f"{LAYERS}\n\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])\n"
    )
    cells = [{"cell_type": "code", "source": cell} for cell in CELLS]
    (folder / "nb.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}))
    return folder


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("plain/net.py:build", "src/net/net.py:build(Namespace(width=5))"),
        ("net.net:build(cfg=Cfg(width=5))", "config.json"),
        ("plain/net.py:trained", "nb.ipynb:model"),
        ("plain/net.py:both['large']", "src/net/net.py:both()['large']"),
    ],
)
def test_the_same_model_by_other_names(compare: Compare, folder: Path, reference: str, candidate: str):
    report = compare(reference, candidate, cwd=folder).report
    assert (report["verdict"]["outcome"], report["verdict"]["basis"]) == ("equivalent", "proof")
    assert (report["reference"]["target"], report["candidate"]["target"]) == (reference, candidate)


def test_an_edit_of_a_notebook_is_told_by_its_cell(folder: Path):
    answer = run_warm("alone.py", "nb.ipynb", "--no-fit", "--format", "json", cwd=folder)
    (edit,) = answer.report["edits"]
    assert (edit["kind"], edit["op"]) == ("insert", "relu")
    source = edit["candidate"]["source"]
    assert source == {"file": "nb.ipynb[cell 3]", "line": 3, "path": source["path"]}
    assert source["path"].endswith("nb.ipynb")
    assert answer.exit_code == 1
