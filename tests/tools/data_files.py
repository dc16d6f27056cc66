"""Small data sets on disk in every form that is read, for the tests of data."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kerasdiff.data import cifar
from kerasdiff.graph import Port, TensorSpec
from kerasdiff.report.commands.png import png
from kerasdiff.worker.training.heads import Encoding, Head

ROWS = 20
"""Images of each batch: two of each class."""


def port(shape: tuple[int | None, ...], dtype: str = "float32", name: str = "x", **bounds: float) -> Port:
    return Port(name=name, spec=TensorSpec(shape=(None, *shape), dtype=dtype), **bounds)


def head(shape: tuple[int, ...], encoding: Encoding, name: str = "y", zero_one: bool = False) -> Head:
    return Head(port=port(shape, name=name), encoding=encoding, shape=shape, zero_one=zero_one)


def write(path: Path, **arrays: np.ndarray) -> str:
    np.savez(path, **arrays)
    return str(path)


def save(tmp_path: Path, x: np.ndarray, y: np.ndarray) -> str:
    return write(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)


IMAGE, TEN = (port((32, 32, 3)),), (head((10,), "sparse"),)
"""The ports of a CIFAR model."""


def planes() -> np.ndarray:
    """The rows of one batch, a plane of each colour after the other."""
    return np.random.default_rng(0).integers(0, 256, (ROWS, 3072)).astype(np.uint8)


def images() -> np.ndarray:
    return planes().reshape(ROWS, 3, 32, 32).transpose(0, 2, 3, 1)


def python_batches(*, evil: bool = False) -> dict[str, bytes]:
    batch = {b"data": planes(), b"labels": list(range(10)) * (ROWS // 10)}
    content = pickle.dumps(Path("/") if evil else batch, protocol=2)
    return dict.fromkeys(cifar.PYTHON_FILES, content)


def binary_batches() -> dict[str, bytes]:
    labels = np.tile(np.arange(10, dtype=np.uint8), ROWS // 10)[:, None]
    return dict.fromkeys(cifar.BINARY_FILES, np.hstack([labels, planes()]).tobytes())


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def archive(files: Mapping[str, bytes], folder: str = "cifar-10-batches-py") -> bytes:
    """A ``.tar.gz`` of these files in a folder, as the published ones are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        inside = tarfile.TarInfo(folder)
        inside.type = tarfile.DIRTYPE
        tar.addfile(inside)
        for name, content in {**files, "readme.html": b"<html>"}.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def fill_cache(home: Path, *, evil: bool = False) -> Path:
    return write_files(home / "datasets" / cifar.FOLDERS[0], python_batches(evil=evil))


def image_folders(folder: Path, classes: Mapping[str, int], side: int = 32) -> Path:
    """PNG files by class, each of one colour: the class's position in red, the image's in green."""
    for at, (name, many) in enumerate(classes.items()):
        for which in range(many):
            pixels = np.zeros((side, side, 3), np.uint8)
            pixels[..., 0], pixels[..., 1] = at, which
            write_files(folder / name, {f"{which:03}.png": png(pixels)})
    return folder


def pixels(content: bytes) -> np.ndarray:
    """Decodes what `png` writes, by the specification: every checksum, and filter 0 alone."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(content):
        (size,) = struct.unpack("!I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        assert struct.unpack("!I", content[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + body),)
        chunks[kind], at = body, at + 12 + size
    width, height = struct.unpack("!2I", chunks[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)
