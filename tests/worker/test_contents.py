"""Which constants count as the same in float32 and in float64?"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from kerasdiff.worker.tracing.contents import contents_listed

TABLE = np.linspace(-1.0, 1.0, 400).reshape(20, 20)


def scaled(by):
    """The contents of ``x * by``."""
    ops = [
        SimpleNamespace(name="x", type="Placeholder", settings={}, inputs=[]),
        SimpleNamespace(name="by", type="Const", settings={"value": by}, inputs=[]),
        SimpleNamespace(
            name="mul", type="Mul", settings={}, inputs=[SimpleNamespace(name="x"), SimpleNamespace(name="by")]
        ),
    ]
    return contents_listed(ops)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (np.float32(1 / 3), np.float64(1 / 3), True),
        (np.float32(1.0004), np.float64(1.0), False),
        (np.finfo("float32").max, np.finfo("float64").max, True),
        (TABLE.astype("float32"), TABLE, True),
        (np.sin(100 * TABLE.astype("float32")), np.sin(100 * TABLE), True),
        (np.zeros(400, "float32"), np.zeros(400), True),
        (TABLE.astype("float32") * 1.01, TABLE, False),
        (TABLE.astype("float32")[::-1], TABLE, False),
        (-TABLE.astype("float32"), TABLE, False),
        (np.arange(20), np.arange(20)[::-1], False),
    ],
)
def test_constants_count_by_their_numbers(one, two, same) -> None:
    assert (scaled(one) == scaled(two)) is same
