"""Scripts as people write them, loaded: by what of them a name needs, with the rest left out and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kerasdiff.errors import KerasdiffError
from kerasdiff.findings import Fact, Finding
from kerasdiff.report.wording.findings.notes import note
from kerasdiff.side.reading.early import check, read_target

keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.importing.hints import hint  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.loading.load import load  # noqa: E402
from kerasdiff.worker.loading.loaded import Loaded  # noqa: E402

SCRIPT = """
import argparse
import keras
import wandb
from keras import layers

WIDTH = 3
(x_train, y_train), _ = keras.datasets.mnist.load_data()
classes = len(set(y_train))


def block(x):
    return layers.Dense(WIDTH, activation="relu")(x)


def make():
    inputs = keras.Input((4,))
    return keras.Model(inputs, block(inputs))


def needs_data():
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(classes)(inputs))


WIDTH = 5
model = make()
model.compile("sgd", "mse")
model.fit(x_train, y_train)
model.save("trained.keras")
trained = keras.models.load_model("trained.keras")


def main(args):
    net = keras.Sequential([keras.Input((4,))])
    for _ in range(args.depth):
        net.add(layers.Dense(2))
    net.fit(x_train, y_train)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=int, default=3)
    guarded = keras.Sequential([keras.Input((4,)), layers.Dense(7)])
    guarded.fit(x_train, y_train)
    main(parser.parse_args())
"""


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "script.py").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["worker"])

    def one(text: str) -> Loaded:
        target = read_target(text)
        check(target, ())
        return load(target)

    return one


def units(one: Loaded) -> list[int]:
    return [layer.units for layer in one.model.layers if hasattr(layer, "units")]


@pytest.mark.parametrize(
    ("name", "expected"), [("model", [5]), ("make", [5]), ("guarded", [7]), ("net", [2, 2, 2]), ("main.net", [2, 2, 2])]
)
def test_a_name_is_had_without_what_costs(loaded: Any, name: str, expected: list[int]) -> None:
    assert units(loaded(f"script.py:{name}")) == expected


def test_what_was_left_out_is_said(loaded: Any) -> None:
    (found,) = (one for one in loaded("script.py:model").inferred if one.fact is Fact.LOADED_BY_DEFINITIONS)

    assert note(found) == (
        "script.py:model: script.py was loaded by its definitions: it imports wandb at line 4 (not installed here), "
        "downloads data at line 8 (keras.datasets.mnist.load_data()), trains at line 29 (model.fit()) and 1 more; "
        "lines 4, 7-9, 29-31 left out"
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("trained", "script.py was not run for `trained`: line 31 needs a saved model, but line 29, "
         "which changes that, trains (model.fit()). --run-file runs the whole file."),
        ("y_train", "line 8, which makes it, downloads data"),
        ("needs_data", "NameError: name 'classes' is not defined: line 9 would make it and was left out, for line 8 "
         "downloads data (keras.datasets.mnist.load_data()); --run-file runs it all"),
    ],
)  # fmt: skip
def test_what_needs_what_costs_is_refused(loaded: Any, name: str, says: str) -> None:
    with pytest.raises(KerasdiffError) as refused:
        loaded(f"script.py:{name}")

    assert says in refused.value.message


def test_a_file_that_lacks_its_data_is_loaded_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import keras\nwords = open('words.txt').read()\n"
    text += "net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
    (tmp_path / "data.py").write_text(text)
    monkeypatch.chdir(tmp_path)

    (found,) = (one for one in load(read_target("data.py:net")).inferred if one.fact is Fact.LOADED_BY_DEFINITIONS)

    assert "it fails at line 2 (FileNotFoundError" in note(found)
    assert note(found).endswith("; lines 2 left out")


def test_what_was_run_before_a_line_that_fails_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras, "told_of_line", [], raising=False)
    text = "from __future__ import annotations\nimport keras\nkeras.told_of_line.append(4)\n"
    text += "found = {}\nfound['n'] = len(open('words.txt').read())\n"
    text += "net = keras.Sequential([keras.Input((4,)), *map(keras.layers.Dense, keras.told_of_line)])\n"
    text += "def other() -> Unknown: ...\nnet.fit(1)\n"
    (tmp_path / "data.py").write_text(text)
    monkeypatch.chdir(tmp_path)

    load(read_target("data.py:net"))

    assert keras.told_of_line == [4]


PARTS = """
import keras


class VAE(keras.Model):
    def __init__(self, extra=False):
        super().__init__()
        self.encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        self.decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
        if extra:
            self.normalizer = keras.layers.Normalization()

    def train_step(self, data):
        return {}
"""


def test_a_model_without_call_is_called_by_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parts.py").write_text(PARTS)
    monkeypatch.chdir(tmp_path)

    made = load(read_target("parts.py:VAE"))

    assert [port.name for port in made.ports] == ["encoder/input", "decoder/input"]
    assert made.class_name == "VAE"
    assert Finding(fact=Fact.CALLED_BY_PARTS, names=("parts.py:VAE", "VAE", "encoder", "decoder")) in made.inferred


def test_a_model_of_other_parts_is_refused_with_those_that_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parts.py").write_text(PARTS)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(KerasdiffError) as refused:
        load(read_target("parts.py:VAE(extra=True)"))

    assert refused.value.message == (
        "parts.py:VAE(extra=True): VAE has no call(), and its normalizer declares no inputs, so there is nothing to "
        "run. Name a part of it: parts.py:VAE(extra=True).encoder or parts.py:VAE(extra=True).decoder."
    )


@pytest.mark.parametrize(
    "code",
    [
        "keras.Input((3,)).get_shape()",
        "keras.Input((3,))._shape_val",
        "keras.Input((3,)).shape.as_list()",
        "keras.layers.Layer().add_weight('w', (3,))",
        "keras.layers.experimental",
        "keras.optimizers.Adam(lr=0.1)",
        "keras.backend.int_shape(1)",
        "keras.preprocessing.image.ImageDataGenerator",
        "tf.reduce_mean(keras.Input((3,)))",
        "tf.keras.optimizers.legacy.Adam()",
        "keras.layers.Conv2D(3, 3, border_mode='same')",
        "__import__('keras.engine')",
    ],
)
def test_keras_2_is_told_by_what_keras_3_says(code: str) -> None:
    import tensorflow as tf

    with pytest.raises(Exception) as raised:  # noqa: PT011  (each raises its own)
        eval(code, {"keras": keras, "tf": tf})

    assert "written for Keras 2" in hint(str(raised.value))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("keras.layers.experimental.preprocessing.Rescaling(2.0)", "keras.layers.Rescaling"),
        ("tf.keras.layers.experimental", "keras.layers.Rescaling"),
        ("importlib.import_module('tensorflow.keras.layers.experimental.preprocessing')", "keras.layers.Rescaling"),
        ("exec('from tensorflow.keras.layers import experimental')", "keras.layers.Rescaling"),
        ("keras.optimizers.experimental.AdamW()", "keras.optimizers.AdamW"),
        ("keras.mixed_precision.experimental.Policy('float32')", "keras.DTypePolicy"),
        ("keras.layers.CuDNNLSTM(3)", "keras.layers.LSTM"),
        ("keras.layers.ThresholdedReLU()", "keras.layers.ReLU(threshold=...)"),
        ("keras.utils.np_utils", "keras.utils.to_categorical"),
    ],
)
def test_what_is_gone_is_told_with_what_stands_in_its_place(code: str, told: str) -> None:
    import importlib

    import tensorflow as tf

    with pytest.raises((AttributeError, ImportError)) as raised:
        eval(code, {"keras": keras, "tf": tf, "importlib": importlib})

    assert told in hint(str(raised.value))


def test_what_onednn_alone_can_is_told_with_the_way_to_turn_it_on() -> None:
    text = "Current CPU implementations do not yet support dilation rates larger than 1."
    assert "TF_ENABLE_ONEDNN_OPTS=1" in hint(text)


@pytest.mark.parametrize("text", ["'Net' object has no attribute 'dens'", "name 'x' is not defined"])
def test_a_slip_is_not_taken_for_keras_2(text: str) -> None:
    assert hint(text) == ""
