"""What is wrong with a saved model, as far as its container tells?"""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path

CONFIG = "config.json"
WEIGHTS = "model.weights"
"""How the names of the members that hold weights begin; ``.h5`` or ``.npz`` follows (Keras 3.11 to 3.15.1)."""
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
        check = {".keras": _keras, ".h5": _hdf5}.get(path.suffix)  # a link may end at a file of any name
        return None if check is None else check(path)
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def _keras(path: Path) -> str | None:
    if not zipfile.is_zipfile(path):
        return "it is no .keras archive, or a damaged one"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if CONFIG not in names:
                return f"it lacks {CONFIG}, which says what the model is"
            try:
                json.loads(archive.read(CONFIG))
            except ValueError:
                return f"its {CONFIG} is no JSON"
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        return f"it is a damaged archive ({error})"
    if not any(name.startswith(WEIGHTS) for name in names):
        return f"it lacks {WEIGHTS}.h5, which holds the weights"
    return None


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
