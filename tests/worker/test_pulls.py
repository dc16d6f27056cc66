"""Gradients of a part of a call: by the ops of the whole call they are what ops of their own give, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerasdiff.graph import Edge
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Stage
from kerasdiff.side.targets import parse_target

pytest.importorskip("keras")

from kerasdiff.worker.describe import describe
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.stages import stage

MODEL = """
import keras
from keras import layers, ops

def model():
    x = keras.Input((4,))
    h = layers.Dense(4, name="one")(x)
    wide = layers.Dense(4, name="two", activation="softplus")(ops.sin(layers.ReLU(name="relu")(h)))
    h = layers.Add(name="sum")([h, wide, layers.Dense(4, name="three")(h)])
    return keras.Model(x, [layers.Dense(2, name="out")(h), ops.argmax(h, axis=-1), layers.Dense(1, name="side")(wide)])
"""
PLACES = ("one", "relu", "two", "sum")


def asked(given: tuple[str, ...], pulled: tuple[str, ...], *, ends: bool) -> Stage:
    rng = np.random.default_rng(3)
    values = {Edge(node=name): rng.standard_normal((3, 4)) for name in given}
    seeds: tuple[Array, ...] = (rng.standard_normal((3, 2)), rng.standard_normal((3, 1)))
    return Stage(
        recipes=(),
        probe=(rng.standard_normal((3, 4)),),
        precision="float64",
        mode="training",
        given=values,
        wanted=tuple(Edge(node=name) for name in pulled),
        pull={Edge(node=name): rng.standard_normal((3, 4)) for name in pulled},
        pull_outputs=seeds if ends else None,
    )


def test_parts_are_pulled_by_the_ops_of_the_whole(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(MODEL)
    session = Session(parse_target(f"{tmp_path}/m.py:model"))
    assert {"one", "relu", "two", "sum"} <= {node.id for node in describe(session).training or ()}
    requests = [
        *(asked((given,), (pulled,), ends=False) for given in PLACES for pulled in PLACES),
        asked((), ("two", "sum"), ends=False),
        asked(("relu", "three"), ("sum",), ends=False),
    ]
    own = [stage(session, request) for request in requests]
    whole = stage(session, asked((), (), ends=True))
    assert set(whole.gradients) == {f"{name}/{kind}" for name in (*PLACES[::2], "three", "out", "side") for kind in ("kernel", "bias")}  # fmt: skip  # noqa: E501

    for request, alone in zip(requests, own, strict=True):
        part = stage(session, request)
        for one, two in ((alone.pulled, part.pulled), (alone.gradients, part.gradients)):
            assert list(one) == list(two)
            for name, value in one.items():
                np.testing.assert_array_equal(value, two[name])
