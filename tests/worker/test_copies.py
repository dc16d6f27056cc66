"""Packing a live object and making it again: to the bit, in both float types, with all that goes by identity."""

from __future__ import annotations

import pickle
import sys
import threading
from typing import Any

import cloudpickle
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from kerasdiff.errors import TargetError
from kerasdiff.worker.live.pack import pack
from kerasdiff.worker.live.unpack import settle, unpack
from kerasdiff.worker.loading.load import precision_scope

ROWS = np.random.default_rng(0).standard_normal((4, 8)).astype("float32")


class Held(keras.Model):
    """Holds what a model may hold beside layers."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = {"first": [layers.Dense(8, activation="relu"), layers.BatchNormalization()]}
        self.head, self.lock, self.free = layers.Dense(3), threading.Lock(), tf.Variable(2.0)

    @tf.function(reduce_retracing=True)
    def call(self, x: Any, training: bool = False) -> Any:
        dense, norm = self.blocks["first"]
        return self.head(norm(dense(x), training=training)) * ops.cast(self.free, x.dtype)


def functional() -> Any:
    shared = layers.Dense(8, activation="gelu", kernel_regularizer="l2")
    inputs = keras.Input((8,))
    hidden = layers.Dropout(0.1)(shared(shared(inputs)) + inputs)
    return keras.Model(inputs, keras.Sequential([layers.Dense(4), layers.LayerNormalization()])(hidden))


def copied(model: object, precision: str = "float32") -> Any:
    with precision_scope(precision):  # type: ignore[arg-type]
        return unpack(pickle.loads(pickle.dumps(pack(model, "model"))), precision)


@pytest.mark.parametrize("build", [functional, Held])
def test_a_copy_computes_the_same_bits_and_shares_nothing(build: Any) -> None:
    model = build()
    expected = model(ROWS).numpy()
    copy = copied(model)
    assert np.array_equal(copy(ROWS).numpy(), expected)
    assert [variable.path for variable in copy.variables] == [variable.path for variable in model.variables]
    for variable in copy.variables:
        variable.assign(variable * 0)
    assert np.array_equal(model(ROWS).numpy(), expected)


@pytest.mark.parametrize("build", [functional, Held])
def test_a_copy_in_float64(build: Any) -> None:
    model = build()
    expected = model(ROWS).numpy()
    with precision_scope("float64"):
        double = unpack(pack(model, "model"), "float64")
        found = double(ROWS.astype("float64")).numpy()
    assert found.dtype == np.float64
    assert 0 < np.abs(found - expected).max() < 1e-5
    assert {variable.dtype for layer in double.layers for variable in layer.weights} == {"float64"}
    assert model.layers[-1].weights[0].dtype == "float32"


def test_a_copy_trains_on_where_the_model_stands() -> None:
    model = functional()
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(ROWS, ROWS[:, :4], verbose=0, shuffle=False)
    copy = copied(model)
    losses = [one.fit(ROWS, ROWS[:, :4], verbose=0, shuffle=False).history["mae"] for one in (model, copy)]
    assert losses[0] == losses[1]
    assert int(copy.optimizer.iterations) == 2
    assert copy.get_config() == model.get_config()


def test_a_copy_tracks_what_it_makes_later() -> None:
    copy = copied(Held())
    assert not copy.built
    copy(ROWS)
    assert len(copy.weights) == 8
    assert not any(copy.head is layer for layer in Held().layers)


def test_deep_networks_lookup_tables_and_strings() -> None:
    deep = keras.Sequential([keras.Input((2,)), *(layers.Dense(2) for _ in range(600))])
    limit = sys.getrecursionlimit()
    assert len(copied(deep).layers) == 600
    assert sys.getrecursionlimit() == limit
    words = keras.Sequential(
        [keras.Input((1,), dtype="string"), layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")]
    )
    given = tf.constant([["b"], ["z"]])
    assert np.array_equal(copied(words)(given).numpy(), words(given).numpy())


def test_code_goes_as_it_is_now_and_each_copy_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    registered = cloudpickle.list_registry_pickle_by_value()
    monkeypatch.setattr(Held, "call", lambda self, x, training=False: self.head(x))
    model = Held()
    first, second = copied(model), copied(model)
    monkeypatch.undo()
    assert type(first).call.__name__ == "<lambda>"
    assert type(copied(model)).call.__name__ != "<lambda>"
    assert type(first) is not type(second)
    assert type(first) is not Held
    assert cloudpickle.list_registry_pickle_by_value() == registered


def test_settings_of_the_process_go_along() -> None:
    keras.config.set_image_data_format("channels_first")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        payload = pack(functional, "functional")
    finally:
        keras.config.set_image_data_format("channels_last")
        keras.config.set_dtype_policy("float32")
    assert payload.builds
    try:
        settle(payload)
        assert keras.config.image_data_format() == "channels_first"
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_image_data_format("channels_last")
        keras.config.set_dtype_policy("float32")


def test_what_cannot_be_written_down_is_named() -> None:
    model = Held()
    model.blocks["second"] = open("/dev/null", "rb")  # noqa: SIM115
    with model.blocks["second"], pytest.raises(TargetError, match="for the attribute blocks of Held 'held"):
        pack(model, "model")
