"""Data sets: made alike every time, learnable, and refused with a reason where they do not fit the model."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from data_files import (
    IMAGE,
    TEN,
    head,
    image_folders,
    port,
    python_batches,
    save,
    write,
    write_files,
)

from kerasdiff.errors import DataError, FitError
from kerasdiff.graph import Port
from kerasdiff.report.wording.fits.told import data_words
from kerasdiff.worker.training.data import DataSet, load_data
from kerasdiff.worker.training.heads import Encoding, Head


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
    assert "synthetic task for ids (16,), series (16, 4), flag (2,), 2,000 + 500 rows" in data_words(data.source)
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
    with pytest.raises(FitError, match="takes text"):
        load_data("synthetic", (port((3,), "string"),), (head((2,), "sparse"),))
    with pytest.raises(FitError, match="without inputs"):
        load_data("auto", (), (head((2,), "sparse"),))


def bag_of_ids(x: np.ndarray) -> np.ndarray:
    """How often each id occurs in each row: what a model with an embedding and pooling can see."""
    ids, which = np.unique(x, return_inverse=True)
    return np.eye(len(ids))[which.reshape(x.shape)].reshape(len(x), -1, len(ids)).sum(axis=1)


def as_features(x: np.ndarray, declared: Port) -> np.ndarray:
    many = declared.spec.dtype.startswith("int")
    flat = bag_of_ids(x) if many else x.reshape(len(x), -1).astype(float)
    # Divided by the width, so that inputs count alike whatever their size.
    return (flat - flat.mean(axis=0)) / (flat.std(axis=0) + 1e-9) / np.sqrt(flat.shape[1])


def kernel_ridge(data: DataSet, head: Head, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions for the test rows of a method that knows nothing of the teacher, and the targets."""
    x = np.concatenate(
        [
            as_features(np.concatenate([train, test]), declared)
            for train, test, declared in zip(data.x_train, data.x_test, data.inputs, strict=True)
        ],
        axis=1,
    )
    y = np.concatenate([data.y_train[which], data.y_test[which]])
    y = np.eye(head.classes)[y] if head.encoding == "sparse" else y.astype(float)
    rows = len(data.x_train[0])
    squares = (x**2).sum(axis=1)
    kernel = np.exp(-(squares[:, None] + squares[None, :rows] - 2 * x @ x[:rows].T) / np.median(squares) / 2)
    flat = y.reshape(len(y), -1)
    middle = flat[:rows].mean(axis=0)
    solved = np.linalg.solve(kernel[:rows] + 0.1 * np.eye(rows), flat[:rows] - middle)
    return (kernel[rows:] @ solved + middle).reshape(-1, *y.shape[1:]), y[rows:]


IDS = port((16,), "int32", "ids", low=0, high=20_000)

LEARNABLE = {
    "vector": ((port((20,)),), (head((5,), "sparse"),)),
    "wide vector": ((port((784,)),), (head((10,), "sparse"),)),
    "image": ((port((28, 28, 1)),), (head((10,), "sparse"),)),
    "bytes": ((port((16, 16, 3), "uint8", low=0, high=255),), (head((4,), "one-hot"),)),
    "ids": ((IDS,), (head((5,), "sparse"),)),
    "ids of unknown length": ((port((None,), "int64", low=1, high=999),), (head((1,), "binary"),)),
    "ids without a range": ((port((10,), "int32"),), (head((3,), "sparse"),)),
    "one id": ((port((), "int32", low=0, high=1_000),), (head((1,), "binary"),)),
    "hundred classes": ((port((32,)),), (head((100,), "sparse"),)),
    "bools": ((port((6,), "bool"),), (head((1,), "binary"),)),
    "series": ((port((None, 4)),), (head((5,), "sparse"),)),
    "bounded": ((port((12,), low=-3, high=3),), (head((1,), "binary"),)),
    "one number": ((port((1,)),), (head((1,), "real"),)),
    "regression": ((port((12,)),), (head((3,), "real"),)),
    "two inputs, two outputs": (
        (port((), "int32", "user", low=0, high=1_000), port((12,), name="features")),
        (head((1,), "binary", "click"), head((2,), "real", "price")),
    ),
}


@pytest.mark.parametrize("name", LEARNABLE)
def test_a_synthetic_task_can_be_learned_and_is_not_constant(name: str) -> None:
    inputs, heads = LEARNABLE[name]
    data = load_data("synthetic", inputs, heads)
    for which, output in enumerate(heads):
        predicted, y = kernel_ridge(data, output, which)
        if output.encoding == "real":
            assert y.std() > 0.5
            assert 1 - np.mean((predicted - y) ** 2) / y.var() > 0.3
            continue
        if output.encoding == "binary":
            right, share = np.mean((predicted > 0.5) == (y > 0.5)), max(y.mean(), 1 - y.mean())
        else:
            right, share = np.mean(predicted.argmax(-1) == y.argmax(-1)), y.mean(axis=0).max()
        assert share < 0.7, "the targets are nearly constant"
        # 500 test rows: three standard errors are 0.067 at most.
        assert right > share + 0.1, f"{right:.3f} are right, and {share:.3f} have the commonest label"


def test_ids_are_within_their_range_and_few_enough_to_be_learned() -> None:
    data = load_data("synthetic", (IDS,), (head((5,), "sparse"),))
    ids = np.unique(data.x_train[0])
    assert (ids.min(), ids.max(), len(ids)) == (0, 20_000, 64)
    assert data.x_train[0].dtype == np.int32
    wide = load_data("synthetic", (port((2,), "uint64", low=0, high=2.0**64),), (head((2,), "sparse"),))
    assert wide.x_train[0].dtype == np.uint64


@pytest.mark.parametrize(
    ("declared", "output"),
    [
        (port((None,), "int32", low=0, high=999), head((16, 7), "sparse")),
        (port((16, 16, 3)), head((16, 16, 4), "one-hot")),
        (port((16, 2)), head((16, 1), "binary")),
        (port((16, 4)), head((16, 2), "real")),
    ],
)
def test_targets_of_positions_follow_from_what_the_positions_hold(declared: Port, output: Head) -> None:
    """Equal values at two places get equal targets, in whatever row: a model that looks at each place can learn it."""
    data = load_data("synthetic", (declared,), (output,))
    x, y = data.x_train[0], data.y_train[0]
    assert np.unique(y.reshape(-1, 1 if output.encoding == "sparse" else y.shape[-1])[:500], axis=0).shape[0] > 1
    places = output.shape[:-1]
    values = x.reshape(len(x) * int(np.prod(places)), -1).astype(float)
    targets = y.reshape(len(values), -1).astype(float)
    # The nearest neighbour among other places has the same target, mostly.
    distances = ((values[:300, None] - values[None, 300:3300]) ** 2).sum(axis=-1)
    nearest = targets[300:3300][distances.argmin(axis=1)]
    if output.encoding == "real":
        assert np.mean((nearest - targets[:300]) ** 2) < 0.5 * targets.var()
    else:
        assert np.mean(np.all(nearest == targets[:300], axis=1)) > 0.8


def test_every_wrong_path_says_what_was_found_and_what_is_expected(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(DataError) as caught:
            load_data(str(path), IMAGE, TEN)
        assert str(path) in caught.value.message
        assert "\n" not in caught.value.message
        return caught.value.message

    batches = python_batches()
    assert "no such data file or directory" in message(tmp_path / "none")
    assert "holds nothing, and no data" in message(write_files(tmp_path / "empty", {}))
    strange = write_files(tmp_path / "strange", {f"{at}.txt": b"" for at in range(9)})
    assert "holds 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 4 more, and no data" in message(strange)
    assert "Expected an .npz" in message(strange / "0.txt")
    del batches["data_batch_3"]
    part = write_files(tmp_path / "part", batches)
    assert "lacks data_batch_3" in message(part)
    assert f"give the directory that holds them, {part}" in message(part / "test_batch")
    assert "holds a.npz: give the file itself" in message(write_files(tmp_path / "npz", {"a.npz": b""}))
    assert "save x_train" in message(write_files(tmp_path / "npy", {"x.npy": b""}) / "x.npy")
    image_folders(tmp_path / "halves" / "train", {"ant": 2})
    assert "holds train/ and no test/" in message(tmp_path / "halves")
    image_folders(tmp_path / "halves" / "test", {"ant": 1, "bee": 1})
    assert "test images of bee, and no training images" in message(tmp_path / "halves")
    (tmp_path / "halves" / "test" / "cow").mkdir()
    with pytest.raises(DataError, match="no images in cow"):
        load_data(str(tmp_path / "halves"), IMAGE, TEN)
    single = image_folders(tmp_path / "single", {"ant": 1})
    with pytest.raises(DataError, match="ant holds one image"):
        load_data(str(single), IMAGE, TEN)


def test_many_classes_leave_enough_rows_of_each_and_enough_rows() -> None:
    words = load_data("synthetic", (port((128,), "int32", high=9_000),), (head((128, 9_000), "sparse"),))
    labels = np.unique(words.y_train[0])
    assert (labels.min(), labels.max()) == (0, 8_999)
    assert len(labels) <= 64
    assert len(words.x_train[0]) > 500
    classes = load_data("synthetic", (port((20,)),), (head((1_000,), "one-hot"),))
    assert classes.y_train[0].shape == (2_000, 1_000)
    assert 20 < np.count_nonzero(classes.y_train[0].any(axis=0)) <= 64


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    folder = image_folders(tmp_path / "zoo", {"ant": 2, "bee": 2})
    (folder / "bee").chmod(0)
    try:
        with pytest.raises(DataError, match="bee cannot be read: Permission denied"):
            load_data(str(folder), IMAGE, TEN)
    finally:
        (folder / "bee").chmod(0o700)
