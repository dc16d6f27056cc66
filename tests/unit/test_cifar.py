"""The images at hand without a question: CIFAR-10 in every published form, and the procedural set like it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from data_files import (
    IMAGE,
    TEN,
    archive,
    binary_batches,
    fill_cache,
    images,
    python_batches,
    write_files,
)
from effort import spent

from kerasdiff.data import cifar
from kerasdiff.data.procedural import procedural
from kerasdiff.errors import DataError, FitError
from kerasdiff.report.wording.fits.told import data_words
from kerasdiff.worker.training.data import DataSet, load_data


def test_the_procedural_set_is_fast_balanced_and_the_same_every_time() -> None:
    began = spent()
    images, labels = procedural(2_500, 0)
    assert spent() - began < 3.0  # 0.6 s measured; a slow machine gets some room
    assert images.shape == (2_500, 32, 32, 3)
    assert images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [250] * 10
    # Pinned: whoever changes a byte of the set changes every figure that was measured on it.
    digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    assert digest == "b2b93f416a412487d918c503d6f3322b62d89bfff2fb17a3cf19732af50aa398"
    assert procedural(100, 1)[0].tobytes() != procedural(100, 2)[0].tobytes()


def test_procedural_images_are_drawn_once_and_nobody_writes_to_them() -> None:
    images, labels = procedural(100, 1)
    assert procedural(100, 1)[0] is images
    assert not images.flags.writeable
    assert not labels.flags.writeable


def test_no_linear_function_of_the_pixels_solves_the_procedural_set() -> None:
    images, labels = procedural(2_500, 0)
    # 8 x 8 means: few enough columns for least squares to generalise from 2,000 rows.
    x = images.reshape(2_500, 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(2_500, -1) / 255 - 0.5
    x = np.concatenate([x, np.ones((2_500, 1))], axis=1)
    ridge = np.linalg.solve(x[:2_000].T @ x[:2_000] + 10 * np.eye(x.shape[1]), x[:2_000].T @ np.eye(10)[labels[:2_000]])
    accuracy = np.mean(np.argmax(x[2_000:] @ ridge, axis=1) == labels[2_000:])
    assert accuracy < 0.2


def test_the_keras_cache_is_used_where_it_is_complete(keras_home: Path) -> None:
    fill_cache(keras_home)
    data = load_data("auto", IMAGE, TEN)
    assert data_words(data.source) == "CIFAR-10 from the Keras cache (100 + 20 images)"
    first = np.random.default_rng(0).integers(0, 256, (20, 3072)).astype(np.uint8)
    # The file holds channels first: value 1024 is the first pixel's green.
    assert data.x_train[0][0, 0, 0].tolist() == first[0, [0, 1024, 2048]].tolist()
    assert "not CIFAR-10" in data_words(load_data("synthetic", IMAGE, TEN).source)
    next((keras_home / "datasets").rglob("data_batch_3")).unlink()
    assert cifar.cifar10_cached() is None
    with pytest.raises(FitError, match="not in the Keras cache"):
        load_data("cifar10-cache", IMAGE, TEN)


def test_a_cache_that_holds_code_is_refused(keras_home: Path) -> None:
    fill_cache(keras_home, evil=True)
    with pytest.raises(FitError, match="refers to pathlib"):
        load_data("cifar10-cache", IMAGE, TEN)


def cifar_like(data: DataSet, source: str) -> None:
    assert data_words(data.source) == f"CIFAR-10 from {source} (100 + 20 images)"
    assert data.class_names[3] == "cat"
    np.testing.assert_array_equal(data.x_test[0], images())
    np.testing.assert_array_equal(data.x_train[0][40:60], images())
    assert data.y_test[0].tolist() == [*range(10)] * 2


def test_cifar_is_read_in_every_form_it_is_published_in(tmp_path: Path) -> None:
    python, binary = python_batches(), binary_batches()
    cifar_like(load_data(str(write_files(tmp_path / "py", python)), IMAGE, TEN), "py")
    cifar_like(load_data(str(write_files(tmp_path / "bin", binary)), IMAGE, TEN), "bin")
    write_files(tmp_path / "outer" / "cifar-10-batches-py", python)
    cifar_like(load_data(str(tmp_path / "outer"), IMAGE, TEN), "cifar-10-batches-py")
    (tmp_path / "p.tar.gz").write_bytes(archive(python))
    cifar_like(load_data(str(tmp_path / "p.tar.gz"), IMAGE, TEN), "p.tar.gz")
    (tmp_path / "b.tar.gz").write_bytes(archive(dict(reversed(binary.items())), "cifar-10-batches-bin"))
    cifar_like(load_data(str(tmp_path / "b.tar.gz"), IMAGE, TEN), "b.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "bin", "outer", "p.tar.gz", "py"]


def tar(path: Path, member: tarfile.TarInfo, content: bytes = b"") -> str:
    with tarfile.open(path, "w:gz") as file:
        file.addfile(member, io.BytesIO(content))
    return str(path)


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, "/etc/passwd" if kind != tarfile.REGTYPE else ""
    return info


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (member("../data_batch_1"), "a path out of the archive"),
        (member("/data_batch_1"), "a path out of the archive"),
        (member("..\\data_batch_1"), "a path out of the archive"),
        (member("data_batch_1", tarfile.SYMTYPE), "a link or a special file"),
        (member("data_batch_1", tarfile.LNKTYPE), "a link or a special file"),
        (member("data_batch_1", tarfile.FIFOTYPE), "a link or a special file"),
        (member("readme.html"), "expected data_batch_1 to 5 .* holds readme.html"),
        (member("data_batch_1"), "data_batch_1 is not a CIFAR-10 batch"),
    ],
)
def test_suspicious_archives_are_refused(tmp_path: Path, info: tarfile.TarInfo, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_data(tar(tmp_path / "a.tar.gz", info), IMAGE, TEN)


def test_large_twice_held_cut_and_evil_members_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    # The header alone says 8 GiB: refused before any of it is read.
    header = member("data_batch_1", size=8 * 2**30).tobuf()
    with tarfile.open(path, "w:gz") as file:
        file.fileobj.write(header)
    with pytest.raises(DataError, match="8,589,934,592 bytes, too large"):
        load_data(str(path), IMAGE, TEN)
    whole = archive(python_batches())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read as a tar archive"):
        load_data(str(path), IMAGE, TEN)
    path.write_bytes(archive(python_batches(evil=True)))
    with pytest.raises(DataError, match="refers to pathlib"):
        load_data(str(path), IMAGE, TEN)
    path.write_bytes(archive({f"data_batch_{number}": b"" for number in range(6, 200)}))
    with pytest.raises(DataError, match="more than 100 members"):
        load_data(str(path), IMAGE, TEN)
