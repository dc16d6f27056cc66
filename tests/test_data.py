"""Data sets: made alike every time, learnable, and refused with a reason where they do not fit the model."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from kerasdiff.datasets import cifar
from kerasdiff.datasets.procedural import procedural
from kerasdiff.errors import FitError
from kerasdiff.graph import TensorSpec
from kerasdiff.side import Port
from kerasdiff.worker.data import DataSet, load_data
from kerasdiff.worker.heads import Encoding, Head


def port(shape: tuple[int | None, ...], dtype: str = "float32", name: str = "x", **bounds: float) -> Port:
    return Port(name=name, spec=TensorSpec(shape=(None, *shape), dtype=dtype), **bounds)


def head(shape: tuple[int, ...], encoding: Encoding, name: str = "y", zero_one: bool = False) -> Head:
    return Head(port=port(shape, name=name), encoding=encoding, shape=shape, zero_one=zero_one)


IMAGE, TEN = (port((32, 32, 3)),), (head((10,), "sparse"),)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Keras home of the test's own: what the machine holds must not decide a test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def write(path: Path, **arrays: np.ndarray) -> str:
    np.savez(path, **arrays)
    return str(path)


def save(tmp_path: Path, x: np.ndarray, y: np.ndarray) -> str:
    return write(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)


def test_the_procedural_set_is_fast_balanced_and_the_same_every_time() -> None:
    began = time.perf_counter()
    images, labels = procedural(2_500, 0)
    assert time.perf_counter() - began < 3.0  # 0.6 s measured; a loaded machine gets some room
    assert images.shape == (2_500, 32, 32, 3)
    assert images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [250] * 10
    again, same = procedural(2_500, 0)
    assert again.tobytes() == images.tobytes()
    assert same.tobytes() == labels.tobytes()
    assert procedural(100, 1)[0].tobytes() != procedural(100, 2)[0].tobytes()


def test_no_linear_function_of_the_pixels_solves_the_procedural_set() -> None:
    images, labels = procedural(2_500, 0)
    # 8 x 8 means: few enough columns for least squares to generalise from 2,000 rows.
    x = images.reshape(2_500, 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(2_500, -1) / 255 - 0.5
    x = np.concatenate([x, np.ones((2_500, 1))], axis=1)
    ridge = np.linalg.solve(x[:2_000].T @ x[:2_000] + 10 * np.eye(x.shape[1]), x[:2_000].T @ np.eye(10)[labels[:2_000]])
    accuracy = np.mean(np.argmax(x[2_000:] @ ridge, axis=1) == labels[2_000:])
    assert accuracy < 0.2


def test_a_cifar_model_without_the_cache_gets_the_procedural_set() -> None:
    data = load_data("auto", IMAGE, TEN)
    assert data.description == "procedural CIFAR-shaped set, 2,000 + 500 images (CIFAR-10 is not on this machine)"
    assert [len(data.x_train[0]), len(data.x_test[0])] == [2_000, 500]
    (x,), (y,) = data.train_batch(np.arange(64))
    assert x.dtype == np.float32
    assert 0.0 <= x.min() < x.max() <= 1.0
    np.testing.assert_array_equal(x[5], data.x_train[0][5].astype(np.float32) / np.float32(255))
    assert y.dtype == np.int64


def fill_cache(home: Path, *, evil: bool = False) -> None:
    folder = home / "datasets" / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in cifar.PYTHON_FILES:
        batch = {b"data": rng.integers(0, 256, (20, 3072)).astype(np.uint8), b"labels": list(range(10)) * 2}
        content = pickle.dumps(Path("/") if evil else batch, protocol=2)
        (folder / name).write_bytes(content)


def test_the_keras_cache_is_used_where_it_is_complete(empty_cache: Path) -> None:
    fill_cache(empty_cache)
    data = load_data("auto", IMAGE, TEN)
    assert data.description == "CIFAR-10 from the Keras cache (100 + 20 images)"
    first = np.random.default_rng(0).integers(0, 256, (20, 3072)).astype(np.uint8)
    # The file holds channels first: value 1024 is the first pixel's green.
    assert data.x_train[0][0, 0, 0].tolist() == first[0, [0, 1024, 2048]].tolist()
    assert "not CIFAR-10" in load_data("synthetic", IMAGE, TEN).description
    next((empty_cache / "datasets").rglob("data_batch_3")).unlink()
    assert cifar.cifar10_cached() is None
    with pytest.raises(FitError, match="not in the Keras cache"):
        load_data("cifar10-cache", IMAGE, TEN)


def test_a_cache_that_holds_code_is_refused(empty_cache: Path) -> None:
    fill_cache(empty_cache, evil=True)
    with pytest.raises(FitError, match="refers to pathlib"):
        load_data("cifar10-cache", IMAGE, TEN)


def test_an_npz_is_read_in_the_order_of_inputs_and_outputs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {}
    for part, rows in (("train", 12), ("test", 6)):
        arrays |= {f"x_{part}_a": rng.random((rows, 3)), f"x_{part}_b": rng.integers(0, 5, (rows, 4))}
        arrays |= {f"y_{part}_c": np.arange(rows)[:, None] % 3, f"y_{part}_d": rng.random((rows, 2))}
    inputs = (port((4,), "int32", "b", low=0, high=4), port((3,), name="a"))
    heads = (head((2,), "real", "d"), head((3,), "sparse", "c"))
    data = load_data(write(tmp_path / "two.npz", **arrays), inputs, heads)
    assert [x.shape for x in data.x_train] == [(12, 4), (12, 3)]
    assert [y.shape for y in data.y_test] == [(6, 2), (6,)]
    (ids, floats), _ = data.test_batch(np.arange(2))
    assert (ids.dtype, floats.dtype) == (np.int32, np.float32)
    assert data.description == "two.npz (12 + 6 rows)"


@pytest.mark.parametrize("encoding", ["one-hot", "real"])
def test_class_ids_become_one_hot_where_the_loss_wants_rows(tmp_path: Path, encoding: Encoding) -> None:
    data = load_data(save(tmp_path, np.ones((4, 3)), np.array([2, 0, 1, 2])), (port((3,)),), (head((3,), encoding),))
    np.testing.assert_array_equal(data.y_train[0], np.eye(3, dtype=np.float32)[[2, 0, 1, 2]])


def test_one_hot_rows_become_class_ids_where_the_loss_wants_ids(tmp_path: Path) -> None:
    source = save(tmp_path, np.ones((3, 3)), np.eye(4)[[3, 1, 2]])
    assert load_data(source, (port((3,)),), (head((4,), "sparse"),)).y_train[0].tolist() == [3, 1, 2]
    with pytest.raises(FitError, match="rows with one 1"):
        load_data(save(tmp_path, np.ones((3, 3)), np.full((3, 4), 0.25)), (port((3,)),), (head((4,), "sparse"),))


@pytest.mark.parametrize(
    ("x", "y", "inputs", "output", "message"),
    [
        (np.ones((4, 5)), np.zeros(4), (port((3,)),), head((2,), "sparse"), r"\(5,\) do not fit input x"),
        (np.ones((4, 3)), np.full(4, 2), (port((3,)),), head((2,), "sparse"), r"labels 2 to 2 .* the 2 classes"),
        (np.ones((4, 3)), np.full(4, -1), (port((3,)),), head((2,), "sparse"), "labels -1"),
        (np.ones((4, 3)), np.full(4, 0.5), (port((3,)),), head((2,), "sparse"), "labels 0.5"),
        (np.ones((4, 3)), np.zeros((4, 7)), (port((3,)),), head((2,), "sparse"), r"targets of shape \(7,\)"),
        (np.ones((4, 3)), np.full(4, 3.0), (port((3,)),), head((1,), "binary"), r"in \[0, 1\]"),
        (np.ones((4, 3)), np.full((4, 1), np.nan), (port((3,)),), head((1,), "real"), "not all finite"),
        (np.ones((4, 3)), np.array(list("abcd")), (port((3,)),), head((2,), "sparse"), "targets of dtype"),
        (np.ones((4, 3)), np.zeros(4), (port((3,), "int32"),), head((2,), "sparse"), "values of dtype float64"),
        (np.full((4, 3), 9), np.zeros(4), (port((3,), "int32", high=8),), head((2,), "sparse"), "outside 0 to 8"),
        (np.ones((4, 3)), np.zeros(3), (port((3,)),), head((2,), "sparse"), "same number of rows"),
        (np.ones((0, 3)), np.zeros(0), (port((3,)),), head((2,), "sparse"), "at least one"),
    ],
)
def test_data_that_do_not_fit_are_refused_in_one_sentence(
    tmp_path: Path, x: np.ndarray, y: np.ndarray, inputs: tuple[Port, ...], output: Head, message: str
) -> None:
    with pytest.raises(FitError, match=message) as caught:
        load_data(save(tmp_path, x, y), inputs, (output,))
    assert "\n" not in caught.value.message


def test_files_that_are_no_data_are_refused(tmp_path: Path) -> None:
    inputs, heads = (port((3,)),), (head((2,), "sparse"),)
    with pytest.raises(FitError, match="no such data file"):
        load_data(str(tmp_path / "none.npz"), inputs, heads)
    with pytest.raises(FitError, match="lacks y_train; it holds x_train"):
        load_data(write(tmp_path / "half.npz", x_train=np.ones((4, 3))), inputs, heads)
    (tmp_path / "text.npz").write_text("x_train")
    with pytest.raises(FitError, match="cannot be read"):
        load_data(str(tmp_path / "text.npz"), inputs, heads)
    np.savez(tmp_path / "objects.npz", x_train=np.array([{}], dtype=object))
    with pytest.raises(FitError, match="plain arrays"):
        load_data(str(tmp_path / "objects.npz"), inputs, heads)
    (tmp_path / "zip.npz").write_bytes(b"PK\x03\x04" + b"\0" * 40)
    with pytest.raises(FitError, match="cannot be read"):
        load_data(str(tmp_path / "zip.npz"), inputs, heads)


def check_finite(data: DataSet) -> None:
    for array in (*data.x_train, *data.x_test, *data.y_train, *data.y_test):
        assert np.isfinite(array).all()


def test_a_synthetic_task_takes_any_signature() -> None:
    inputs = (port((16,), "int32", "ids", low=1, high=50), port((None, 4), name="series"), port((2,), "bool", "flag"))
    heads = (
        head((5,), "sparse", "classes"),
        head((1,), "binary", "yes"),
        head((8, 3), "real", "map"),
        head((4,), "one-hot", "tags"),
        head((7, 3), "sparse", "sequence"),
        head((2,), "real", "share", zero_one=True),
    )
    data = load_data("synthetic", inputs, heads, seed=3)
    assert "synthetic task for ids (16,), series (16, 4), flag (2,), 2,000 + 500 rows" in data.description
    assert (data.x_train[0].min(), data.x_train[0].max(), data.x_train[0].dtype) == (1, 50, np.int32)
    assert [y.shape[1:] for y in data.y_train] == [(), (1,), (8, 3), (4,), (7,), (2,)]
    assert np.bincount(data.y_train[0]).min() > 100
    assert 0.3 < data.y_train[1].mean() < 0.7
    assert set(np.unique(data.y_train[3].sum(axis=1))) == {1.0}
    assert set(np.unique(data.y_train[5])) == {0.0, 1.0}
    check_finite(data)
    again = load_data("synthetic", inputs, heads, seed=3)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(data.y_train, again.y_train, strict=True))


def test_large_inputs_get_fewer_rows() -> None:
    data = load_data("synthetic", (port((224, 224, 3)),), (head((1000,), "sparse"),))
    assert 32 <= len(data.x_train[0]) + len(data.x_test[0]) < 300
    check_finite(data)


def test_inputs_without_values_are_refused() -> None:
    with pytest.raises(FitError, match="dtype string"):
        load_data("synthetic", (port((3,), "string"),), (head((2,), "sparse"),))
    with pytest.raises(FitError, match="without inputs"):
        load_data("auto", (), (head((2,), "sparse"),))
