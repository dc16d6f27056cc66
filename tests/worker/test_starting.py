"""Which weights start from the same random numbers: by their values, whatever made them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.tracing import sources  # noqa: E402
from kerasdiff.worker.tracing.names import Names, describe_weights  # noqa: E402
from kerasdiff.worker.tracing.starting import started_alike  # noqa: E402


def weights(**values: Any) -> dict[str, Any]:
    return {name: keras.Variable(value) for name, value in values.items()}


def test_initializers_of_one_seed_draw_alike_whatever_their_scale_and_shape() -> None:
    made = keras.initializers
    reused = made.RandomUniform()
    told = started_alike(
        weights(
            first=made.HeNormal(seed=1)((8, 8)),
            other=made.HeNormal(seed=2)((8, 8)),
            scaled=made.LecunNormal(seed=1)((8, 8)),
            wider=made.HeNormal(seed=1)((9, 9)),
            once=reused((4, 4)),
            again=reused((4, 4)),
            moved=2 * made.HeNormal(seed=2)((8, 8)) + 1,
        )
    )

    assert told == {"scaled": "first", "wider": "first", "again": "once", "moved": "other"}


def test_what_is_not_drawn_and_what_is_small_are_left_out() -> None:
    constants = weights(zeros=np.zeros(9, "float32"), more=np.zeros(9, "float32"), ones=np.ones((3, 3), "float32"))
    matrices = weights(eye=np.eye(4, dtype="float32"), same=np.eye(4, dtype="float32"))
    small = weights(one=np.arange(3, dtype="float32"), two=np.arange(3, dtype="float32"))

    assert started_alike({**constants, **matrices, **small}) == {}


def test_those_fans_alone_are_kept_that_set_the_scale() -> None:
    by_outputs = keras.initializers.VarianceScaling(2.0, "fan_out", "uniform")
    with sources.recording():
        starts = ("he_normal", by_outputs, "glorot_uniform", "random_normal")
        model = keras.Sequential(
            [keras.Input((5,)), *(keras.layers.Dense(9, kernel_initializer=one) for one in starts)]
        )
        found = [weight.fans for weight, _ in describe_weights(Names(model)) if weight.name == "kernel"]

        wide = keras.Sequential([keras.Input((5,)), keras.layers.Dense(9)])
        found += [weight.fans for weight, _ in describe_weights(Names(wide)) if weight.name == "kernel"]

    assert found == [(5,), (9,), (9, 9), None, (5, 9)]
