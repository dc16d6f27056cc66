"""What the weights of a request start from is drawn once, as long as it is asked for in turn with few others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasdiff.side.observations import Recipe, starts_kept
from kerasdiff.side.targets import parse_target

pytest.importorskip("keras")

from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running import values
from kerasdiff.worker.tracing.names import weight_table

MODEL = """
import keras

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="one")])
"""


@pytest.mark.parametrize(("size", "drawings"), [(16, 3), (28_000_000, 3), (31_000_000, 5)])
def test_starts_are_kept_of_a_model_that_is_not_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, drawings: int
) -> None:
    (tmp_path / "m.py").write_text(MODEL)
    session = Session(parse_target(f"{tmp_path}/m.py:model"))
    table = weight_table(session.drawn("float32").model)
    recipes = tuple(
        Recipe(weight=name, name=name, shape=tuple(weight.shape), seed=seed, fan_in=3)
        for seed, (name, weight) in enumerate(table.items())
    )
    done: list[Any] = []
    drawn = values.drawn
    monkeypatch.setattr(values, "starts_kept", lambda _: starts_kept(size))
    monkeypatch.setattr(values, "drawn", lambda *given: (done.append(given), drawn(*given))[1])
    starts = []
    for perturbation in (0.0, 1e-3, 0.0, 1e-3, 2e-3):
        values.assign(values.start_of(session, "float32", recipes, 1.0, perturbation))
        starts.append(table["one/kernel"].numpy().copy())

    assert len(done) == drawings
    assert np.array_equal(starts[0], starts[2])
    assert np.array_equal(starts[1], starts[3])
    assert not np.array_equal(starts[0], starts[1])
