"""Names of layers: those that ``summary()`` shows in a fresh process, however often a worker makes the model."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.side.targets import parse_input, parse_target

keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.loading.session import Session  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.tracing.attributes import layer_defaults  # noqa: E402
from kerasdiff.worker.tracing.names import Names, owned_variables, weight_table  # noqa: E402

MODELS = """
import keras
from keras import layers

before = layers.Dense(3)  # made when the module is run, and in no model


def branched():
    \"\"\"A long branch written first, so that the order of depth is not that of construction.\"\"\"
    x = keras.Input((8, 8, 3))
    long = layers.Conv2D(4, 3, padding="same")(x)
    long = layers.Conv2D(4, 3, padding="same", activation="relu")(long)
    long = layers.Conv2D(4, 3, padding="same")(long)
    short = layers.Conv2D(4, 1)(x)
    unused = layers.Conv2D(9, 9)
    pooled = layers.Conv2D(4, 1, name="conv2d_77")(layers.AveragePooling2D(3, 1, padding="same")(x))
    y = keras.ops.relu(layers.concatenate([short, long, pooled])) + 1.0
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(y * 2.0)))


def nested():
    def block(width):
        x = keras.Input((4,))
        return keras.Model(x, layers.Dense(4)(layers.Dense(width)(x)))

    x = keras.Input((4,))
    y = layers.Dense(4)(x)
    for width in (3, 5):
        y = block(width)(y)
    return keras.Model(x, keras.Sequential([layers.Dense(2), layers.ReLU()])(y))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = branched()
        self.scale = keras.Variable(1.0)
        self.shift = keras.Variable(0.0)

    def call(self, x):
        return self.inner(x) * self.scale + self.shift


def cloned():
    return keras.models.clone_model(branched())
"""

NAMES = ("branched", "nested", "cloned", "Subclassed")
SHOW = """
import json, os, sys
import keras

for name in sys.argv[1:]:
    if os.fork() == 0:
        import models
        model = getattr(models, name)()
        print(json.dumps([name, [layer.name for layer in model._flatten_layers(include_self=False)]]), flush=True)
        os._exit(0)
    os.wait()
"""
"""Each model in a process that has made no other: forked from one that has imported Keras and done nothing with it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names")
    (folder / "models.py").write_text(MODELS)
    (folder / "show.py").write_text(SHOW)
    return folder


@pytest.fixture(scope="module")
def shown(folder: Path) -> dict[str, list[str]]:
    """The names in fresh processes, by model."""
    words = [sys.executable, "show.py", *NAMES]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_a_fresh_process(folder: Path, shown: dict[str, list[str]], name: str):
    fresh = shown[name]
    inputs = (parse_input("8,8,3"),) if name == "Subclassed" else ()
    session = Session(parse_target(f"{folder / 'models.py'}:{name}"), inputs)
    keras.layers.Conv2D(1, 1)

    names = Names(session.loaded("float32").model)

    told = {path.rpartition("/")[2] for path, _ in names.layers}
    own = {"inner"} if name == "Subclassed" else set()  # the attribute it is held in
    assert told - set(fresh) == own
    plumbing = ("functional", "input_layer")  # what Sequential keeps to itself
    assert [one for one in set(fresh) - told if not one.startswith(plumbing)] == []
    again = Names(session.reload("float32").model)
    assert [path for path, _ in again.layers] == [path for path, _ in names.layers]
    assert [one for one, _, _ in owned_variables(again)] == [one for one, _, _ in owned_variables(names)]


def test_no_attribute_of_a_model_tells_what_its_weights_are_called() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.weights_by_id = {"kernel": model.weights[0]}

    assert len(weight_table(model)) == 2


def test_a_setting_that_no_signature_names_has_the_default_of_a_plain_layer() -> None:
    layer = keras.layers.LayerNormalization(axis=1)
    recurrent, dense = keras.layers.LSTM(3, zero_output_for_mask=True), keras.layers.Dense(3)
    before = random.getstate()

    assert {**layer_defaults(layer), "axis": 0}.items() >= {"rms_scaling": False, "epsilon": 1e-3, "axis": 0}.items()
    assert layer_defaults(recurrent)["zero_output_for_mask"] is False
    assert "units" not in layer_defaults(dense)
    assert random.getstate() == before  # Keras draws the seeds from there that nobody gives
