"""Two saved files: what they hold is the function, whatever is ignored."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Answer
from pairs.rows.saved import FILES
from pairs.table import Pair
from scoring import spoken, unsaid
from warm import run_warm

pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")

Compare = Callable[..., Answer]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved files, each made when a test asks for it."""
    return tmp_path_factory.mktemp("saved")


def saved(folder: Path, name: str) -> str:
    from pairs.stored import FILES as MODELS

    if not (folder / name).exists():
        MODELS[name]().save(folder / name)
    return name


@pytest.mark.parametrize("pair", FILES, ids=lambda pair: pair.id)
def test_files_are_told_apart_by_what_they_hold(compare: Compare, folder: Path, pair: Pair):
    targets = [saved(folder, name) for name in (pair.reference, pair.candidate)]

    answer = compare(*targets, options=("--no-fit", "--ignore", "initializer"), cwd=folder)
    report = answer.report

    assert (report["verdict"]["outcome"], report["verdict"]["basis"] in pair.basis) == (pair.outcome, True)
    assert [(edit["kind"], edit["op"]) for edit in report["edits"]] == [(one.kind, one.op) for one in pair.edits]
    text = spoken(report, "terms")
    assert unsaid(text, pair.mentions) == (), text


OWN = """
import keras


@keras.saving.register_keras_serializable("own")
class Doubled(keras.layers.Layer):
    def call(self, x):
        return FACTOR * x


def halved(x):
    return x / 2


FACTOR = 2
"""


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that need trust, or classes: all the same function."""
    import keras

    folder = tmp_path_factory.mktemp("trusted")
    (folder / "own.py").write_text(OWN)
    (folder / "other.py").write_text(OWN.replace("FACTOR = 2", "FACTOR = 3"))
    space: dict[str, Any] = {"__name__": "own"}
    exec(OWN, space)
    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 2 * x, name="twice")]).save(
        folder / "code.keras"
    )
    keras.Sequential([keras.Input((4,)), space["Doubled"](name="twice")]).save(folder / "own.keras")
    halved = keras.layers.Dense(2, activation=space["halved"])
    keras.Sequential([keras.Input((4,)), halved]).save(folder / "half.keras")
    return folder


class TestTrust:
    def test_code_in_a_file_is_run_where_that_is_allowed_alone(self, trusted: Path) -> None:
        refused = run_warm("compare", "--no-fit", "code.keras", "code.keras", cwd=trusted)
        allowed = run_warm("compare", "--no-fit", "--unsafe", "code.keras", "code.keras", cwd=trusted)

        assert refused.exit_code == 2
        assert "it holds the code of Lambda layers (twice)" in refused.stderr
        assert (allowed.exit_code, allowed.stderr) == (0, "")

    @pytest.mark.parametrize(
        ("files", "exit_code"),
        [
            (("own.py",), 0),
            (("reference=own.py", "candidate=own.py"), 0),
            (("reference=own.py", "candidate=other.py"), 1),
            (("reference=own.py",), 2),
        ],
    )
    def test_classes_come_from_the_files_that_are_named(
        self, trusted: Path, files: tuple[str, ...], exit_code: int
    ) -> None:
        options = [word for file in files for word in ("--custom-objects", file)]
        answer = run_warm("compare", "--no-fit", *options, "own.keras", "own.keras", cwd=trusted)

        assert answer.exit_code == exit_code, answer.stderr
        assert ("it is made with Doubled, which Keras does not know" in answer.stderr) == (exit_code == 2)

    def test_functions_do_as_well(self, trusted: Path) -> None:
        refused = run_warm("inspect", "half.keras", cwd=trusted)
        answer = run_warm("inspect", "--custom-objects", "own.py", "half.keras", cwd=trusted)

        assert (refused.exit_code, answer.exit_code) == (2, 0), answer.stderr
        assert "halved, which Keras does not know; name the file that defines them" in refused.stderr


def test_a_file_of_keras_2_loads_where_keras_loads_it(tmp_path: Path) -> None:
    import h5py
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        config = file.attrs["model_config"].replace('"batch_shape"', '"batch_input_shape"')
        file.attrs["model_config"], file.attrs["keras_version"] = config, "2.4.0"
        training = json.loads(file.attrs["training_config"])
        training["optimizer_config"] = {"class_name": "Adam", "config": {"lr": 0.01, "decay": 0.1, "name": "Adam"}}
        file.attrs["training_config"] = json.dumps(training)
    answer = run_warm("inspect", "old.h5", cwd=tmp_path)

    assert answer.exit_code == 0, answer.stderr
    assert "dense" in answer.stdout
