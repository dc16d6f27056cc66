"""What is wrong with a saved model, as far as its container tells?"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from kerasdiff.side.memory import available_bytes

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights"
"""How the names of the members that hold weights begin; ``.h5`` or ``.npz`` follows (Keras 3.11 to 3.15.1)."""
_MOST_CONFIG = 64 << 20
"""Bytes; that of a network of a thousand layers has half a million."""
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LAST_USER_BLOCK = 1 << 20


def damage(path: Path) -> str | None:
    """Why nothing can open this ``.keras`` or ``.h5`` file, or ``None`` where its container looks well.

    References:
        "HDF5 File Format Specification", II.A: the signature stands at 0, 512, 1024, 2048 and so on.
    """
    try:
        if path.stat().st_size == 0:
            return "it is empty"
        read = {".keras": _keras, ".h5": _hdf5, ".hdf5": _hdf5}.get(path.suffix)  # a link may end anywhere
        return None if read is None else read(path)
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def _keras(path: Path) -> str | None:
    if not zipfile.is_zipfile(path):
        return "it is no .keras archive, or a damaged one"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if CONFIG not in names:
                return _without_config(names)
            if (size := _too_large(archive)) is not None:
                return size
            try:
                json.loads(archive.read(CONFIG))
            except (ValueError, RecursionError):
                return f"its {CONFIG} is no JSON"
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, MemoryError) as error:
        return f"it is a damaged archive ({error})"
    if not any(name.startswith(WEIGHTS) for name in names):
        return f"it lacks {WEIGHTS}.h5, which holds the weights"
    return None


def _without_config(names: list[str]) -> str:
    if any(name.endswith("data.pkl") for name in names):
        return "it is a file of PyTorch"
    return f"it lacks {CONFIG}, which says what the model is"


def _too_large(archive: zipfile.ZipFile) -> str | None:
    """Why an archive is not unpacked, by the sizes that its directory states."""
    sizes = {member.filename: member.file_size for member in archive.infolist()}
    if sizes[CONFIG] > _MOST_CONFIG:
        return f"its {CONFIG} has {sizes[CONFIG] / 1e6:,.0f} MB, as no model's has"
    needed, free = sum(sizes.values()), available_bytes()
    if free is not None and needed > free:
        return f"unpacked it has {needed / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB of memory are free"
    return None


def parts(path: Path) -> Mapping[str, object]:
    """The JSON members of a ``.keras`` archive that is well, by name; none of another file."""
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name: json.loads(archive.read(name)) for name in (CONFIG, METADATA) if name in archive.namelist()}
    except (OSError, ValueError, RecursionError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        return {}
    return held


def _hdf5(path: Path) -> str | None:
    with path.open("rb") as stream:
        at = 0
        while at <= _LAST_USER_BLOCK:
            stream.seek(at)
            head = stream.read(len(_HDF5))
            if head == _HDF5:
                return None
            if len(head) < len(_HDF5):
                break
            at = at * 2 or 512
    return "it is no HDF5 file, or a damaged one"
