"""Which file of weights does somebody mean, and what is wrong with it, as far as that shows without TensorFlow?"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from kerasdiff.errors import WeightsError
from kerasdiff.side.checkpoints import WeightsFile
from kerasdiff.side.files import other_than_file
from kerasdiff.side.reading.foreign import foreign
from kerasdiff.side.reading.saved import damage

_HDF5 = (".h5", ".hdf5")
_VARIABLES = Path("variables", "variables")
"""The prefix of the checkpoint in a SavedModel."""
_LATEST = re.compile(r'^model_checkpoint_path: "([^"\n]+)"$', re.MULTILINE)
"""In the file ``checkpoint`` that TensorFlow writes beside checkpoints."""
_MOST_LISTED = 1 << 20
_KINDS = (
    "a file of weights is .h5, .weights.h5 or .keras, the prefix of a checkpoint of TensorFlow, or the directory of a "
    "SavedModel"
)


def weights_file(text: str) -> WeightsFile:
    """Looks at what a user names as weights.

    Args:
        text: ``old.h5``, ``net.weights.h5``, ``net.keras``, a prefix such as ``ckpt/model-3``, or a directory.

    Raises:
        WeightsError: If there is none, or it is something else.
    """
    try:
        path = Path(text).expanduser().absolute()
        found = _directory(text, path) if path.is_dir() else _file(text, path)
    except (OSError, RuntimeError, ValueError) as error:
        raise WeightsError(f"{text!r} cannot be looked at: {getattr(error, 'strerror', None) or error}.") from None
    if found.form == "checkpoint" and not any(_shards(Path(found.location))):
        raise WeightsError(f"{text}: of this checkpoint there is the index alone; the files .data-… lie beside it.")
    return found


def _shards(prefix: Path) -> list[Path]:
    begins = f"{prefix.name}.data-"
    return [entry for entry in prefix.parent.iterdir() if entry.name.startswith(begins)]


def _directory(text: str, path: Path) -> WeightsFile:
    prefix = path / _VARIABLES
    if not (path / "saved_model.pb").is_file():
        listed = path / "checkpoint"
        latest = (
            _LATEST.search(listed.read_bytes()[:_MOST_LISTED].decode(errors="replace")) if listed.is_file() else None
        )
        if latest is None:
            raise WeightsError(f"{text} is a directory without a SavedModel or a checkpoint in it: {_KINDS}.")
        prefix = path / latest[1]
    if not prefix.with_name(f"{prefix.name}.index").is_file():
        raise WeightsError(f"{text}: {prefix.name}.index, which says what its checkpoint holds, is not there.")
    return WeightsFile(text=text, location=str(prefix), form="checkpoint")


def _file(text: str, path: Path) -> WeightsFile:
    bare = re.sub(r"\.(index|data-\d{5}-of-\d{5})$", "", str(path))
    if Path(f"{bare}.index").is_file():
        return WeightsFile(text=text, location=bare, form="checkpoint")
    if other := other_than_file(path):
        raise WeightsError(f"{text} is {other}: {_KINDS}.")
    if not path.is_file():
        raise WeightsError(f"{text}: there is no such file of weights, nor a checkpoint of this prefix.", _beside(path))
    if path.suffix in (*_HDF5, ".keras") and (wrong := damage(path)) is not None:
        raise WeightsError(f"{text} cannot be read: {wrong}.")
    if path.suffix == ".keras" and zipfile.is_zipfile(path):
        return WeightsFile(text=text, location=str(path), form="archive")
    if path.suffix in _HDF5:
        return WeightsFile(text=text, location=str(path), form="hdf5")
    what = foreign(path)
    raise WeightsError(f"{text} is {what.partition(';')[0] if what else 'no file of weights'}: {_KINDS}.")


def file_to_make(text: str, read: Iterable[str], *, force: bool) -> Path:
    """The file of weights that somebody wants written, looked at before anything runs.

    Args:
        text: As the user wrote it.
        read: What is read for it, by paths that may be none.
        force: Whether a file that is there is written over.

    Raises:
        WeightsError: If it cannot be written, is there already, or is one of those that are read.
    """
    if not text.endswith((".weights.h5", ".keras")):
        raise WeightsError(f"{text} ends in neither .weights.h5, for weights alone, nor .keras, for the whole model.")
    try:
        path = Path(text).expanduser()
        _refuse_place(text, path)
        if path.exists() and any(os.path.exists(one) and os.path.samefile(one, path) for one in read):
            raise WeightsError(f"{text} is what is read; name another file to write.")
        if path.exists() and not force:
            raise WeightsError(f"{text} is there already; with --force it is written over.")
    except (OSError, RuntimeError, ValueError) as error:
        raise WeightsError(f"{text} cannot be looked at: {getattr(error, 'strerror', None) or error}.") from None
    return path


def _refuse_place(text: str, path: Path) -> None:
    if not path.parent.is_dir():
        raise WeightsError(f"the directory of {text} does not exist; make it, or name another.")
    if other := other_than_file(path):
        raise WeightsError(f"{text} is {other}; name a file to write.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise WeightsError(f"nothing can be written into the directory of {text}.")


def _beside(path: Path) -> str:
    """The files nearest by name."""
    import difflib

    if not path.parent.is_dir():
        return f"The directory {path.parent} does not exist."
    names = sorted(
        entry.name.removesuffix(".index") for entry in path.parent.iterdir() if not entry.name.startswith(".")
    )
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return f"Nearest: {', '.join(close)}." if close else ""
