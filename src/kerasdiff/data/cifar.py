"""CIFAR-10 in the forms it is published in: the python batches, the binary batches, and Keras's own cache of them."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from kerasdiff.data.table import Table
from kerasdiff.errors import DataError
from kerasdiff.side.training import DataSource

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Batch = tuple[Images, Labels]

SIDE = 32
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""In the order of ``batches.meta``."""

PYTHON_FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
BINARY_FILES = tuple(f"{name}.bin" for name in PYTHON_FILES)

LARGEST_BATCH = 64 * 2**20
"""Most bytes of one batch file; the published ones have 31,035,704 at most."""

# Keras 3 unpacks into the first; Keras 2 and hand-unpacked archives into the others.
FOLDERS = ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py", "cifar-10-batches-py-target")


def cache_folder() -> Path:
    """Where Keras keeps data sets: ``$KERAS_HOME/datasets``, else ``~/.keras/datasets``."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"


def cifar10_cached() -> Path | None:
    """The folder of the CIFAR-10 batches in the Keras cache, if it is complete."""
    for folder in FOLDERS:
        path = cache_folder() / folder
        if all((path / name).is_file() for name in PYTHON_FILES):
            return path
    return None


def cached_table() -> Table:
    """CIFAR-10 from the Keras cache.

    Raises:
        DataError: If it is not there or damaged.
    """
    folder = cifar10_cached()
    if folder is None:
        raise DataError(
            f"CIFAR-10 is not in the Keras cache ({cache_folder()}): "
            "`kerasdiff data cifar10` downloads it, --data PATH names another place."
        )
    return folder_table(folder, PYTHON_FILES, "")


def folder_table(folder: Path, files: tuple[str, ...], name: str) -> Table:
    """Reads the batch files of a folder.

    Args:
        folder: Holds every one of ``files``.
        files: `PYTHON_FILES` or `BINARY_FILES`.
        name: As of :func:`batches_table`.

    Raises:
        DataError: If a file is damaged, too large, or holds anything but arrays, bytes, lists and strings.
    """
    batches = {}
    for file in (folder / name for name in files):
        try:
            if file.stat().st_size > LARGEST_BATCH:
                raise DataError(f"{file} is larger than a CIFAR-10 batch can be ({LARGEST_BATCH:,} bytes).")
            content = file.read_bytes()
        except OSError as why:
            raise DataError(f"{file} cannot be read: {why.strerror or why}.") from why
        batches[file.name] = parse(file.name, content, str(file))
    return batches_table(batches, str(folder), name)


def batches_table(batches: Mapping[str, Batch], origin: str, name: str) -> Table:
    """Joins the six batches, in the order of their names whatever order they came in.

    Args:
        batches: By the names of `PYTHON_FILES` or `BINARY_FILES`, complete.
        origin: What messages call them.
        name: Of the file or directory they are from; empty for the Keras cache.

    Returns:
        uint8 images ``(50000, 32, 32, 3)`` and ``(10000, 32, 32, 3)``, labels int64 0 to 9.
    """
    names = sorted(batches)  # test_batch comes last
    parts = [batches[name] for name in names[:-1]]
    x_train, y_train = np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])
    x_test, y_test = batches[names[-1]]
    return Table(
        arrays={"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test},
        origin=origin,
        source=DataSource(kind="cifar10", name=name, train=len(x_train), test=len(x_test)),
        class_names=CLASSES,
    )


# What a damaged pickle raises is open-ended: its documentation names these and says "not limited to".
DAMAGE = (
    *(OSError, pickle.UnpicklingError, EOFError, KeyError, TypeError),
    *(ValueError, AttributeError, IndexError, OverflowError, MemoryError),
)


def parse(name: str, content: bytes, origin: str) -> Batch:
    """One batch file, by its name a pickle or a ``.bin``.

    Raises:
        DataError: If it is not a batch.
    """
    form: Callable[[bytes], Batch] = _parse_binary if name.endswith(".bin") else _parse_pickle
    try:
        images, labels = form(content)
        if labels.shape != (len(images),) or not len(labels):
            raise ValueError("labels and images differ in number")
        if labels.min() < 0 or labels.max() >= len(CLASSES):
            raise ValueError(f"labels are {labels.min()} to {labels.max()}, not 0 to 9")
    except DAMAGE as why:
        raise DataError(f"{origin} is not a CIFAR-10 batch: {why}.") from why
    return images, labels


def _images(flat: NDArray[np.uint8]) -> Images:
    """Rows of 3,072 bytes, a plane of each colour after the other, as images."""
    return np.ascontiguousarray(flat.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def _parse_binary(content: bytes) -> Batch:
    row = 1 + 3 * SIDE * SIDE
    if len(content) % row:
        raise ValueError(f"its {len(content):,} bytes are not rows of {row:,}")
    rows = np.frombuffer(content, np.uint8).reshape(-1, row)
    return _images(rows[:, 1:]), rows[:, 0].astype(np.int64)


def _parse_pickle(content: bytes) -> Batch:
    batch = _ArrayUnpickler(io.BytesIO(content)).load()
    return _images(np.asarray(batch[b"data"], np.uint8)), np.asarray(batch[b"labels"], np.int64)


class _ArrayUnpickler(pickle.Unpickler):
    """Reads pickled numpy arrays (the batches are from Python 2) and refuses every other global: files are data."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, encoding="bytes")

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}:
            # Taken from an array, as the module's own name differs between numpy 1 and 2.
            return np.empty(0).__reduce__()[0]
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        raise pickle.UnpicklingError(f"it refers to {module}.{name}")


def _latin1(text: str, encoding: str) -> bytes:
    """What pickles of bytes made by Python 3 in protocol 2 call."""
    return text.encode(encoding)
