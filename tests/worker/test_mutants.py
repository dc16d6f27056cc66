"""The changes that ``check --mutate`` makes of a user's model, whatever it is made of, and what Keras says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kerasdiff.errors import EvaluateError
from kerasdiff.side.targets import parse_input, parse_target
from kerasdiff.worker.loading.session import Session
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
