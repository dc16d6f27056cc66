"""The changes that ``check --mutate`` makes of a user's model, whatever it is made of, and what Keras says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from kerasdiff.errors import EvaluateError
from kerasdiff.side.targets import parse_input, parse_target
from kerasdiff.worker.keras_internals import Live, generation, take
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.mutating.blueprint import read
from kerasdiff.worker.mutating.mutants import mutations, parted

MODELS = """
import keras
import tensorflow as tf
from keras import Input, Model, Sequential, layers


class Scale(layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.by, self.inner = by, layers.Dense(3)

    def call(self, x):
        return self.inner(x) * self.by


class Raw(Model):
    def __init__(self):
        super().__init__()
        self.one, self.two = layers.Dense(4, kernel_initializer="he_normal"), layers.Dense(2)

    def call(self, x):
        return self.two(tf.nn.relu(self.one(x)))


def chain():
    made = [layers.Dense(4, activation="relu"), layers.Dropout(0.5), layers.Dense(2)]
    return Sequential([Input((6,)), *made])


def custom():
    return Sequential([Input((6,)), layers.Dense(4), Scale(2.0), layers.Lambda(lambda x: x + 1), layers.Dense(2)])


def bare():
    return Sequential([Input((6,)), layers.Lambda(lambda x: tf.reduce_sum(x, axis=1))])


def idle():
    return Sequential([Input((6,)), layers.ReLU(), layers.Lambda(lambda x: x), layers.ReLU(), layers.Dense(2)])
"""


@pytest.fixture
def session(tmp_path: Path, request: pytest.FixtureRequest) -> Session:
    (tmp_path / "models.py").write_text(MODELS)
    return Session(parse_target(f"{tmp_path}/models.py:{request.param}"), (parse_input("6"),))


@pytest.mark.parametrize("session", ["chain", "custom", "Raw"], indirect=True)
def test_changes_of_many_kinds_can_be_built_and_matter(session: Session) -> None:
    drawn = mutations(session, 6, 0)

    assert len({item.key for item in drawn}) == len({item.operator for item in drawn}) == 6
    assert drawn == mutations(session, 6, 0)
    for item in drawn[:3]:
        assert parted(session, item.key), item
        changed = Session(replace(session.target, change=item.key), session.inputs).loaded("float32")
        assert [port.spec for port in changed.ports] == [port.spec for port in session.loaded("float32").ports]


SECOND = """
import tf_keras
from tf_keras import layers


def build():
    x = tf_keras.Input((6,))
    y = layers.BatchNormalization()(layers.Dense(4, kernel_regularizer="l2")(x), training=False)
    return tf_keras.Model(x, layers.Dense(2)(layers.Dropout(0.5)(y) + 1.0))
"""


@pytest.fixture
def second() -> Iterator[Live]:
    """Keras 2, in effect from here to the end of the test."""
    yield pytest.importorskip("tf_keras")
    take("third")


def test_models_of_keras_2_are_changed_as_those_of_keras_3(second: Live, tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(SECOND)
    session = Session(parse_target(f"{tmp_path}/old.py:build"), (parse_input("6"),))
    drawn = mutations(session, 6, 0)

    assert len({item.key for item in drawn}) == len({item.operator for item in drawn}) == 6
    assert generation() == "second"
    dropped = "dropout.rate 0.5 -> 0.6"
    assert parted(session, dropped).startswith("gradient")
    assert parted(session, "batch_normalization.momentum 0.99 -> 0.9") == ""  # its call says that it does not train
    changed = Session(replace(session.target, change=dropped), session.inputs).loaded("float32")
    assert [layer.rate for layer in changed.model.layers if hasattr(layer, "rate")] == [0.6]


def test_both_generations_are_read_alike(second: Live) -> None:
    read_ones = []
    for which, home in (("third", keras), ("second", second)):
        take(which)
        entry, other, layers = home.Input((4, 6), name="entry"), home.Input((6,), name="other"), home.layers
        shared = layers.Dense(6, name="shared")
        seen = layers.MultiHeadAttention(2, 3, name="seen")(shared(entry), shared(entry), use_causal_mask=True)
        lines, *states = layers.LSTM(5, return_state=True, name="lines")(seen)
        inner = home.Sequential([home.Input((5,)), layers.Dense(6, name="deep")], name="inner")
        joined = layers.Concatenate(name="joined")([inner(lines), shared(other), states[1]])
        read_ones.append(read(home.Model([entry, other], [joined, states[0]])))
    third, second_one = read_ones

    assert second_one.calls == third.calls
    assert second_one.inputs == third.inputs == ["entry", "other"]
    assert second_one.outputs == third.outputs
    assert second_one.parts["inner"].inner is not None
    assert list(second_one.parts["inner"].inner.calls) == ["deep"]


@pytest.mark.parametrize("session", ["idle"], indirect=True)
def test_a_change_without_an_effect_parts_nothing(session: Session) -> None:
    keys = {item.key for item in mutations(session, 200, 0)}

    assert "drop re_lu_1" in keys  # the rules do not see through the Lambda; Keras does
    assert parted(session, "drop re_lu_1") == ""
    assert parted(session, "drop re_lu") == "" or "drop re_lu" not in keys
    assert parted(session, "dense.use_bias True -> False")


@pytest.mark.parametrize("session", ["chain"], indirect=True)
def test_an_unknown_change_is_refused(session: Session) -> None:
    with pytest.raises(EvaluateError, match="has no change called 'drop everything'"):
        Session(replace(session.target, change="drop everything"), session.inputs).loaded("float32")


@pytest.mark.parametrize("session", ["bare"], indirect=True)
def test_a_model_without_a_layer_has_no_change(session: Session) -> None:
    with pytest.raises(EvaluateError, match="the model holds no layer of Keras in which a change is known"):
        mutations(session, 3, 0)
