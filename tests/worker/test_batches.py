"""Where the rows of a trial are held, with a GPU and without one."""

from __future__ import annotations

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from kerasdiff.graph import TensorSpec  # noqa: E402
from kerasdiff.side.records import Port  # noqa: E402
from kerasdiff.side.training import DataSource  # noqa: E402
from kerasdiff.worker.training import batches  # noqa: E402
from kerasdiff.worker.training.batches import Batches  # noqa: E402
from kerasdiff.worker.training.data import DataSet  # noqa: E402

PORTS = (
    Port(name="image", spec=TensorSpec(shape=(None, 4, 4, 3), dtype="float32")),
    Port(name="ids", spec=TensorSpec(shape=(None, 5), dtype="int32")),
)


def data() -> DataSet:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 256, (40, 4, 4, 3), np.uint8), rng.integers(0, 9, (40, 5), np.int16)
    return DataSet(
        x_train=inputs,
        y_train=(np.arange(40),),
        x_test=inputs,
        y_test=(np.arange(40),),
        inputs=PORTS,
        source=DataSource(kind="arrays", train=40, test=40),
    )


@pytest.mark.parametrize(("most", "held"), [(4 << 30, ["float32", "int32"]), (0, ["uint8", "int16"])])
def test_a_gpu_holds_what_it_can_gather(monkeypatch: pytest.MonkeyPatch, most: int, held: list[str]):
    rows = tf.constant([3, 1, 39], tf.int64)
    (images, ids), (labels,) = tf.function(Batches(data()).train, autograph=False)(rows)
    monkeypatch.setattr(batches, "gpus", lambda: ["GPU:0"])
    monkeypatch.setattr(batches, "MOST_CAST", most)

    there = Batches(data())

    assert [x.dtype.name for x in there._train[0]] == held
    for part in (there.train, there.test):
        (image, number), (label,) = tf.function(part, autograph=False)(rows)
        assert (image.dtype, number.dtype) == (tf.float32, tf.int32)
        np.testing.assert_array_equal(image, images)
        np.testing.assert_array_equal(number, ids)
        np.testing.assert_array_equal(label, labels)
