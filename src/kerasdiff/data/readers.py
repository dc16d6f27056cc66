"""What is at this path? The kinds of data that are read, told apart, and a clear no for everything else."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from kerasdiff.data import cifar
from kerasdiff.data.archives import archive_table, some
from kerasdiff.data.folders import Decode, class_folders, image_table
from kerasdiff.data.procedural import procedural_table
from kerasdiff.data.table import Table
from kerasdiff.errors import DataError
from kerasdiff.graph.values import Array
from kerasdiff.side.files import other_than_file
from kerasdiff.side.training import DataSource

ARCHIVES = (".tar.gz", ".tgz", ".tar")

EXPECTED = (
    "Expected an .npz, cifar-10-python.tar.gz or cifar-10-binary.tar.gz, or a directory of its batches "
    "or of train/CLASS/*.png and test/CLASS/*.png."
)

INNER = ("cifar-10-batches-py", "cifar-10-batches-bin")
"""The folder both archives unpack into; the directory around it will do."""


def default_table(seed: int = 0) -> Table:
    """What a model for CIFAR-10 is trained on by default: CIFAR-10 from the Keras cache, else the procedural set."""
    return procedural_table(seed) if cifar.cifar10_cached() is None else cifar.cached_table()


def read(path: Path, decode: Decode) -> Table:
    """Reads whatever kind of data is at ``path``.

    Args:
        path: An ``.npz``, an archive of CIFAR-10, a directory of its batches, or image folders.
        decode: Decodes image files.

    Raises:
        DataError: If there is nothing, or nothing of these kinds, or it is damaged.
    """
    try:
        return recognise(path)(decode)
    except OSError as why:  # a folder or file below it
        raise DataError(f"{why.filename or path} cannot be read: {why.strerror or why}.") from why


def recognise(path: Path) -> Callable[[Decode], Table]:
    """What reads the kind of data at ``path``; looks at names alone, so that a wrong path is known at once.

    Raises:
        DataError: If there is nothing, or nothing of a kind that is read.
    """
    try:
        if path.is_dir():
            return _directory(path)
        if not path.exists():
            raise DataError(f"{path}: no such data file or directory.")
        if other := other_than_file(path):
            raise DataError(f"{path} is {other}, and data are read from files and directories alone.")
    except OSError as why:
        raise DataError(f"{why.filename or path} cannot be read: {why.strerror or why}.") from why
    if path.name.lower().endswith(ARCHIVES):
        return lambda decode: archive_table(path)
    if path.suffix.lower() == ".npz":
        return lambda decode: _npz(path)
    if path.name in (*cifar.PYTHON_FILES, *cifar.BINARY_FILES):
        raise DataError(f"{path} is one of six CIFAR-10 batches: give the directory that holds them, {path.parent}.")
    if path.suffix.lower() == ".npy":
        raise DataError(f"{path} is one array: save x_train, y_train, x_test and y_test in one .npz (numpy.savez).")
    raise DataError(f"{path} is not a kind of data that kerasdiff reads. {EXPECTED}")


def _directory(path: Path) -> Callable[[Decode], Table]:
    """What reads a directory: the first of the kinds of directory that it is."""
    held = sorted(entry.name for entry in path.iterdir())
    reader = _batch_folder(path, held) or _unpacked(path) or _image_folders(path)
    if reader is not None:
        return reader
    files = [name for name in held if name.lower().endswith((*ARCHIVES, ".npz"))]
    if files:
        raise DataError(f"{path} is a directory that holds {some(files)}: give the file itself.")
    raise DataError(f"{path} holds {some(held)}, and no data that kerasdiff reads. {EXPECTED}")


def _batch_folder(path: Path, held: Sequence[str]) -> Callable[[Decode], Table] | None:
    """A directory of all batches of CIFAR-10 in one of its two formats; some of them alone are an error."""
    for files in (cifar.PYTHON_FILES, cifar.BINARY_FILES):
        lacking = [name for name in files if name not in held]
        if not lacking:
            return partial(_batches, path, files)
        if len(lacking) < len(files):
            present = ", ".join(name for name in files if name in held)
            raise DataError(f"{path} is an incomplete CIFAR-10: it holds {present}, and lacks {', '.join(lacking)}.")
    return None


def _unpacked(path: Path) -> Callable[[Decode], Table] | None:
    """The directory that an archive of CIFAR-10 was unpacked in."""
    inner = next((path / name for name in INNER if (path / name).is_dir()), None)
    return None if inner is None else _directory(inner)


def _image_folders(path: Path) -> Callable[[Decode], Table] | None:
    """A directory of image files, by class."""
    return partial(image_table, path) if (path / "train").is_dir() or class_folders(path) else None


def _batches(folder: Path, files: tuple[str, ...], decode: Decode) -> Table:
    del decode  # batches hold pixels
    return cifar.folder_table(folder, files, folder.name)


@contextmanager
def _opened(path: Path) -> Iterator[Mapping[str, Array]]:
    """The archive, closed again: np.load leaves a damaged one open."""
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise ValueError("it is no zip archive, or a damaged one")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as file:
                yield file
    except (OSError, ValueError, AttributeError, TypeError, EOFError, MemoryError, zipfile.BadZipFile) as why:
        raise DataError(f"{path} cannot be read as an .npz of plain arrays: {why}.") from why


def _npz(path: Path) -> Table:
    with _opened(path) as file:
        arrays = dict(file)
    lengths = [
        next((len(array) for name, array in arrays.items() if name.startswith(f"x_{part}") and array.ndim), 0)
        for part in ("train", "test")
    ]
    blank = any(name.startswith("x_train") and _blank(array) for name, array in arrays.items())
    source = DataSource(kind="arrays", name=path.name, train=lengths[0], test=lengths[1], blank=blank)
    return Table(arrays=arrays, origin=str(path), source=source)


def _blank(array: Array) -> bool:
    """Whether there are values, and none of them is a finite number."""
    return array.dtype.kind == "f" and bool(array.size) and not bool(np.isfinite(array).any())
