"""Data as a fit takes them, and image files decoded: what needs TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from data_files import (
    IMAGE,
    TEN,
    head,
    image_folders,
    pixels,
    port,
    write,
    write_files,
)
from data_server import SHA256, serving

from kerasdiff.cli import main
from kerasdiff.errors import DataError, FitError
from kerasdiff.report.commands.png import png
from kerasdiff.report.wording.fits.told import data_words
from kerasdiff.worker.training.data import DataSet, load_data


def taken(data: DataSet, part: str, count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The first rows of a part as a fit feeds them to the model: inputs and targets."""
    pytest.importorskip("tensorflow")
    from kerasdiff.worker.training.batches import Batches

    inputs, targets = getattr(Batches(data), part)(np.arange(count))
    return [one.numpy() for one in inputs], [one.numpy() for one in targets]


def test_a_cifar_model_without_the_cache_gets_the_procedural_set() -> None:
    data = load_data("auto", IMAGE, TEN)
    assert (
        data_words(data.source) == "procedural CIFAR-shaped set, 2,000 + 500 images (CIFAR-10 is not on this machine)"
    )
    assert [len(data.x_train[0]), len(data.x_test[0])] == [2_000, 500]
    (x,), (y,) = taken(data, "train", 64)
    assert x.dtype == np.float32
    assert 0.0 <= x.min() < x.max() <= 1.0
    np.testing.assert_array_equal(x[5], data.x_train[0][5].astype(np.float32) / np.float32(255))
    assert y.dtype == np.int64


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
    (ids, floats), _ = taken(data, "test", 2)
    assert (ids.dtype, floats.dtype) == (np.int32, np.float32)
    assert data_words(data.source) == "two.npz (12 + 6 rows)"


def test_image_folders_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    image_folders(tmp_path / "zoo" / "train", {"cat": 3, "ant": 2})
    image_folders(tmp_path / "zoo" / "test", {"cat": 1, "ant": 1})
    write_files(tmp_path / "zoo" / "train" / "cat", {".DS_Store": b"", "notes.txt": b"", "._x.png": b""})
    data = load_data(str(tmp_path / "zoo"), IMAGE, (head((2,), "sparse"),))
    assert data_words(data.source) == "image folders zoo (5 + 2 images), 2 classes"
    assert data.class_names == ("ant", "cat")
    assert data.y_train[0].tolist() == [0, 0, 1, 1, 1]
    # Written first, cats have 0 in red.
    assert data.x_train[0][:, 0, 0, 0].tolist() == [1, 1, 0, 0, 0]
    assert data.x_train[0][:, 31, 31, 1].tolist() == [0, 1, 0, 1, 2]
    assert data.x_train[0].dtype == np.uint8


def test_class_folders_alone_are_split_and_the_report_says_so(tmp_path: Path) -> None:
    folder = image_folders(tmp_path / "zoo", {"ant": 10, "bee": 3})
    first, second = (load_data(str(folder), IMAGE, (head((2,), "sparse"),)) for _ in range(2))
    assert (
        data_words(first.source)
        == "image folders zoo (10 + 3 images), 2 classes; split 4 : 1 in each class with seed 0"
    )
    assert first.y_test[0].tolist() == [0, 0, 1]
    assert first.x_test[0].tobytes() == second.x_test[0].tobytes()
    both = np.concatenate([first.x_train[0], first.x_test[0]])[:, 0, 0, :2]
    assert sorted(map(tuple, both.tolist())) == [(0, at) for at in range(10)] + [(1, at) for at in range(3)]


def test_images_are_never_resized(tmp_path: Path) -> None:
    two = (head((2,), "sparse"),)
    folder = image_folders(tmp_path / "zoo", {"ant": 2, "bee": 2}, side=28)
    with pytest.raises(FitError, match=r"rows of shape \(28, 28, 3\) .* Images are not resized: scale them first"):
        load_data(str(folder), IMAGE, two)
    image_folders(folder, {"cow": 2}, side=30)
    with pytest.raises(DataError, match=r"cow/00\d.png is 30x30x3, and .* is 28x28x3: bring all images to one size"):
        load_data(str(folder), IMAGE, two)
    write_files(folder / "ant", {"000.png": b"\x89PNG no more", "001.png": b""})
    with pytest.raises(DataError, match=r"ant/00\d.png cannot be decoded: it is no PNG or JPEG"):
        load_data(str(folder), IMAGE, two)


def test_jpeg_and_grey_files_are_decoded_as_they_are(tmp_path: Path) -> None:
    import tensorflow as tf

    grey = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    jpeg = tf.io.encode_jpeg(np.full((8, 8, 3), 200, np.uint8), quality=100).numpy()
    for name in ("ant", "bee"):
        write_files(tmp_path / "grey" / name, dict.fromkeys(("a.png", "b.PNG"), tf.io.encode_png(grey).numpy()))
        write_files(tmp_path / "jpeg" / name, {"a.jpg": jpeg, "b.jpeg": jpeg})
    two = (head((2,), "sparse"),)
    data = load_data(str(tmp_path / "grey"), (port((8, 8, 1)),), two)
    np.testing.assert_array_equal(data.x_train[0], [grey, grey])
    assert np.unique(load_data(str(tmp_path / "jpeg"), (port((None, None, 3)),), two).x_train[0]).tolist() == [200]
    write_files(tmp_path / "jpeg" / "cow", dict.fromkeys(("a.png", "b.png"), tf.io.encode_png(grey).numpy()))
    with pytest.raises(DataError, match=r"is 8x8x1, and .* is 8x8x3: bring all images to one size and number of chan"):
        load_data(str(tmp_path / "jpeg"), (port((None, None, 3)),), two)


def test_tensorflow_reads_our_png_too() -> None:
    tf = pytest.importorskip("tensorflow")
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(tf.io.decode_png(png(image)).numpy(), image)
    np.testing.assert_array_equal(pixels(png(image)), image)


def test_keras_finds_the_archive_and_downloads_nothing(keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        fetched = CliRunner().invoke(main, ("data", "cifar10", "--url", server.url, "--sha256", SHA256))
    assert fetched.exit_code == 0, fetched.stderr
    # What keras.datasets.cifar10.load_data asks for; there is no server at this address.
    folder = keras.utils.get_file(
        fname="cifar-10-batches-py-target",
        origin="http://127.0.0.1:9/none",
        extract=True,
        file_hash=SHA256,
        cache_dir=str(keras_home),
    )
    assert (Path(folder) / "cifar-10-batches-py" / "test_batch").is_file()
    assert len(server.asked) == 1
