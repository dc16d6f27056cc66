"""Can data be read at all? Looked at before anything is started, as far as that costs next to nothing.

A fit that is not needed reads no data; so what is wrong with them is said before, whatever the models prove to be.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO

import numpy as np

from kerasdiff.data import cifar
from kerasdiff.data.archives import members
from kerasdiff.data.folders import SUFFIXES
from kerasdiff.data.readers import ARCHIVES, recognise
from kerasdiff.data.table import COLUMNS, lacking
from kerasdiff.errors import DataError
from kerasdiff.side.memory import available_bytes

_CHECKED_BYTES = 64 << 20
"""Bytes up to which the sums of an archive are checked: a tenth of a second."""
_MOST_LOOKED_AT = 1000
"""Image files that are opened; the others are when they are read."""
_STARTS = {".png": (b"\x89PNG\r\n\x1a\n",), ".jpg": (b"\xff\xd8\xff",), ".jpeg": (b"\xff\xd8\xff",)}


def check(path: Path) -> None:
    """Looks at the data at ``path``.

    Raises:
        DataError: If there is nothing, nothing of a kind that is read, or it cannot be read, as far as names,
            sizes, headers and the first bytes tell.
    """
    recognise(path)
    try:
        if path.is_dir():
            _check_folder(path)
        elif path.name.lower().endswith(ARCHIVES):
            next(members(path, ()), None)
        else:
            _check_arrays(path)
    except OSError as why:
        raise DataError(f"{why.filename or path} cannot be read: {why.strerror or why}.") from why


def _check_folder(path: Path) -> None:
    for file in islice(_files(path), _MOST_LOOKED_AT):
        with file.open("rb") as stream:
            head = stream.read(8)
        if not head.startswith(_STARTS.get(file.suffix.lower(), (b"",))):
            raise DataError(f"{file} is no {file.suffix[1:].upper()} image, whatever its name says; replace it.")


def _files(path: Path) -> Iterator[Path]:
    """The batches of CIFAR-10, or the images of one class folder after another: the first of each, and so on."""
    for entry in sorted(path.iterdir()):
        if entry.name in (*cifar.PYTHON_FILES, *cifar.BINARY_FILES):
            yield entry
    folders = [folder for folder in sorted(path.glob("**")) if folder != path]
    listed = [
        (file for file in sorted(folder.iterdir()) if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
        for folder in folders[:_MOST_LOOKED_AT]
    ]
    yield from (file for row in zip_longest(*listed) for file in row if file is not None)


def _check_arrays(path: Path) -> None:
    with _archive(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        for column in COLUMNS:  # of several inputs or outputs each has one, ``x_train_NAME``
            if not any(name == column or name.startswith(f"{column}_") for name in names):
                raise lacking(str(path), column, names)
        needed = sum(_size(archive, member, path) for member in archive.infolist() if _is_meant(member.filename))
        free = available_bytes()
        if free is not None and needed > free:
            raise DataError(
                f"{path} holds arrays of {needed / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB of memory are free."
            )
        if needed <= _CHECKED_BYTES and (bad := archive.testzip()) is not None:
            raise DataError(f"{path} is damaged: the sum of {bad} is wrong; save it again.")


def _is_meant(name: str) -> bool:
    return name.startswith(COLUMNS) and name.endswith(".npy")


def _size(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> int:
    """Bytes of an array by its header, which are as many as the archive says."""
    with archive.open(member) as stream:
        shape, dtype = _header(stream)
        head = stream.tell()
    if dtype.hasobject:
        raise DataError(f"{path}: {member.filename} holds Python objects, which are not read; save plain arrays.")
    size = math.prod(shape) * dtype.itemsize
    if head + size != member.file_size:
        raise DataError(
            f"{path} is damaged: {member.filename} says it is an array of {size:,} bytes, and there are "
            f"{member.file_size - head:,}; save it again."
        )
    return size


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (
        ValueError,
        EOFError,
        MemoryError,
        NotImplementedError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as why:
        raise DataError(f"{path} cannot be read as an .npz of plain arrays: {why}.") from why
