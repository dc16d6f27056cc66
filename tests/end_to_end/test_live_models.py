"""The Python API with models in memory: right verdicts about what is there, and nothing of it disturbed."""

from __future__ import annotations

import gc
import importlib
import linecache
import os
import random
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from command import EXAMPLES
from keras import layers, ops

import kerasdiff
from kerasdiff.side import launching
from kerasdiff.side.records import Excerpt

WIDTH = 3


def small(activation: str = "relu", rate: float = 0.3) -> Any:
    """A model of the library's layers, nested."""
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, activation=activation), layers.BatchNormalization()])
    inputs = keras.Input((8,))
    hidden = layers.Dropout(rate)(inner(inputs))
    return keras.Model(inputs, {"sum": layers.Dense(WIDTH, name="sum")(hidden), "mean": ops.mean(hidden, axis=1)})


class Scale(layers.Layer):
    """A layer whose config does not tell what it does."""

    def __init__(self, factor: float = 2.0) -> None:
        super().__init__()
        self.factor = factor
        self.table = {"inner": [layers.Dense(4), layers.Dense(4, kernel_regularizer="l2")]}

    def call(self, x: Any) -> Any:
        return self.table["inner"][1](ops.tanh(self.table["inner"][0](x)) * self.factor)

    def get_config(self) -> dict[str, Any]:
        return {}


class Net(keras.Model):
    """A model that nobody has called yet, with a compiled call."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.free = Scale(), tf.Variable([1.0, 2.0, 3.0, 4.0])

    @tf.function
    def call(self, x: Any) -> Any:
        return self.scale(x) * self.free


def outcome(*models: object, **choices: Any) -> str:
    return kerasdiff.compare(*models, fit=False, **choices).outcome


def test_a_copy_is_what_the_model_is() -> None:
    model, clone = small(), small()
    clone.set_weights(model.get_weights())
    assert outcome(model, small) == "equivalent"
    result = kerasdiff.compare(model, clone, fit=False, values=True)
    assert (result.outcome, result.basis) == ("equivalent", "proof")
    clone.layers[1].layers[0].kernel.assign_add(ops.ones((8, 4)))
    assert outcome(model, clone, values=True) == "different"
    told = kerasdiff.compare(model, clone, fit=False)
    assert told.equivalent
    assert "values=True compares values" in str(told)
    assert outcome(Net(), Net, inputs=(8,)) == "equivalent"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda model: setattr(model.layers[1].layers[0], "activation", keras.activations.tanh), "tanh"),
        (lambda model: setattr(model.layers[2], "rate", 0.5), "rate 0.3 in the reference, 0.5"),
        (lambda model: setattr(model.layers[1].layers[1], "trainable", False), "batch_normalization"),
    ],
    ids=["activation", "rate", "frozen"],
)
def test_a_change_in_memory_is_seen(change: Callable[[Any], None], names: str) -> None:
    model, other = small(), small()
    change(other)
    result = kerasdiff.compare(model, other, fit=False)
    assert result.outcome == "different"
    assert names in result.summary


def test_a_change_that_no_config_tells_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (keras.Sequential([keras.Input((8,)), Scale()]) for _ in range(2))
    assert outcome(first, second) == "equivalent"
    second.layers[0].factor = 3.0
    assert outcome(first, second) == "different"
    second.layers[0].factor = 2.0
    own = types.MethodType(lambda self, x: self.table["inner"][1](self.table["inner"][0](x)), second.layers[0])
    second.layers[0].call = own
    assert outcome(first, second) == "different"
    # What code reads counts as it is now, not as the file says.
    assert outcome(lambda: small(), small) == "equivalent"
    reference = small()
    monkeypatch.setattr(sys.modules[__name__], "WIDTH", 5)
    assert outcome(reference, small) == "different"


def test_what_code_reads_of_modules_counts_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parts.py").write_text("ACTIVATION = 'relu'\ndef width():\n    return 4\n")
    (tmp_path / "whole.py").write_text(
        "import keras, parts\n"
        "def build():\n"
        "    dense = keras.layers.Dense(parts.width(), activation=parts.ACTIVATION)\n"
        "    return keras.Sequential([keras.Input((3,)), dense])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    parts, whole = importlib.import_module("parts"), importlib.import_module("whole")
    assert outcome(whole.build, f"{tmp_path}/whole.py:build") == "equivalent"
    monkeypatch.setattr(parts, "ACTIVATION", "tanh")
    assert outcome(whole.build, f"{tmp_path}/whole.py:build") == "different"
    monkeypatch.setattr(parts, "ACTIVATION", "relu")
    monkeypatch.setattr(parts, "width", lambda: 5)
    assert outcome(whole.build, f"{tmp_path}/whole.py:build") == "different"


def test_numbers_of_a_copy_come_in_float64() -> None:
    result = kerasdiff.compare(small(), lambda: small("tanh"), fit=False)
    inference = next(rung for rung in result.comparison.rungs if rung.name == "inference")
    assert inference.figures.tolerance.limit < 1e-6  # type: ignore[union-attr]


def test_nothing_is_disturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), {"sum": "mse", "mean": "mse"})
    rows = np.random.default_rng(0).standard_normal((16, 8)).astype("float32")
    model.fit(rows, {"sum": rows[:, :3], "mean": rows[:, 0]}, verbose=0)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    keras.config.set_dtype_policy("mixed_float16")

    def state() -> list[Any]:
        held = [*model.variables, *model.optimizer.variables]
        return [
            [variable.numpy().tobytes() for variable in held],
            [id(variable) for variable in held],
            random.getstate(),
            [str(part) for part in np.random.get_state()],
            keras.config.dtype_policy().name,
            (keras.config.floatx(), keras.config.image_data_format(), keras.config.epsilon()),
            (os.getcwd(), dict(os.environ), list(sys.path), sorted(keras.saving.get_custom_objects())),
            keras.config.is_traceback_filtering_enabled(),
            sorted(vars(model)),
            model.train_function,
        ]

    try:
        before = state()
        result = kerasdiff.compare(model, model, fit_steps=2)
        assert (result.outcome, state()) == ("equivalent", before)
        assert kerasdiff.inspect(model).parameters == model.count_params() + 0
        assert state() == before
        again = model.fit(rows, {"sum": rows[:, :3], "mean": rows[:, 0]}, verbose=0)
        assert np.isfinite(again.history["loss"][0])
    finally:
        keras.config.set_dtype_policy("float32")
    assert list(here.iterdir()) == []


def test_a_notebook_cell() -> None:
    """Its code is in no file; what the report quotes of it, and AutoGraph reads, goes along."""
    text = (
        "import keras\n"
        "class Net(keras.Model):\n"
        "    def __init__(self, act):\n"
        "        super().__init__()\n"
        "        self.inner, self.act = keras.layers.Dense(4), act\n"
        "    def call(self, x):\n"
        "        return self.act(self.inner(x))\n"
    )
    name = "/tmp/ipykernel_1/1234.py"
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    cell: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), cell)
    net = cell["Net"]
    one, two = net(keras.activations.relu), net(keras.ops.tanh)
    result = kerasdiff.compare(one, two, fit=False, inputs=(8,))
    assert result.outcome == "different"
    assert result.edits[0].sources[0] == (Path(name), 7)
    drawing = result.comparison.drawing
    assert drawing is not None
    assert drawing.sides[1].excerpts == (Excerpt(file=name, first=4, lines=tuple(text.splitlines()[3:])),)
    assert outcome(one, lambda: net(keras.activations.relu), inputs=(8,)) == "equivalent"


def test_what_cannot_be_copied_is_named() -> None:
    class Streams(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="streams")
            self.rows = (row for row in range(3))

        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(kerasdiff.KerasdiffError) as error:
        outcome(keras.Sequential([keras.Input((8,)), Streams()]), small)
    assert "the attribute rows of Streams 'streams': cannot pickle 'generator' object" in str(error.value)
    with pytest.raises(kerasdiff.KerasdiffError, match="returned a str"):
        outcome(lambda: "no model", small)


def test_the_code_of_the_readme(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    section = (EXAMPLES.parent / "README.md").read_text().partition("## From Python and pytest")[2]
    text = section.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(EXAMPLES.parent)
    exec(compile(text, "readme.py", "exec"), {"__name__": "readme"})
    first, edit, *none = capsys.readouterr().out.splitlines()
    assert (first, none) == ("equivalent proof", [])
    assert edit.startswith("update relu ")


def test_processes_end_with_the_question() -> None:
    kerasdiff.assert_equivalent(small, small)
    launchers = [known for (owner, *_), known in launching._launchers.items() if owner == os.getpid()]
    assert 1 <= len(launchers) <= launching.MOST_LAUNCHERS
    gc.collect()
    workers = [
        Path(f"/proc/{known._process.pid}/task/{known._process.pid}/children").read_text().split()
        for known in launchers
    ]
    assert not any(workers), "a launcher still has workers"
