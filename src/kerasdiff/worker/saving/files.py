"""What is in a file of weights, by path, and how does a model read one? As data: no code in it is run.

HDF5 as Keras 3, Keras 2 and Keras 2 before 2.13 write it, ``.keras`` archives, and checkpoints of TensorFlow, of which
a SavedModel holds one. Which reader Keras takes hangs on a file's name, so each is read by the name it should have.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import tensorflow as tf

from kerasdiff.errors import WeightsError
from kerasdiff.side.checkpoints import WeightsFile
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import ARCHIVED_WEIGHTS, Live, on_tensorflow, sublayers
from kerasdiff.worker.saving.copies import digest_of

_TENSORS = "/.ATTRIBUTES/VARIABLE_VALUE"
"""How the key of a variable ends in a checkpoint of TensorFlow (2.13 to 2.21)."""


_OF_TRAINING = (
    "optimizer", "_optimizer", "optimizer_weights", "metrics", "_metrics", "compile_metrics", "save_counter",
    "keras_api",
)  # fmt: skip
"""How the paths of arrays begin that belong to training, or to how a SavedModel is called, and not to a model."""

_SLOT = ".OPTIMIZER_SLOT"
"""What stands in the path of an optimizer's state in a checkpoint of TensorFlow."""


@dataclass(frozen=True)
class StoredArray:
    """One array of a file."""

    shape: tuple[int, ...]
    digest: str


def arrays_of(path: str) -> dict[str, StoredArray]:
    """Every array of an HDF5 file, of the one in a ``.keras`` archive, or of a checkpoint, by its path."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as expanded:
            return _arrays(io.BytesIO(expanded.read(ARCHIVED_WEIGHTS)))
    if Path(f"{path}.index").exists():
        return {key: StoredArray(value.shape, digest_of(value)) for key, value in _of_checkpoint(path)}
    return _arrays(path)


def is_of_training(path: str) -> bool:
    """Whether an array at this path in a file is no weight of a model."""
    return path.partition("/")[0] in _OF_TRAINING or _SLOT in path


def _of_checkpoint(prefix: str) -> Iterator[tuple[str, Live]]:
    reader = tf.train.load_checkpoint(prefix)
    for key in sorted(reader.get_variable_to_shape_map()):
        if key.endswith(_TENSORS):
            yield key[: -len(_TENSORS)], reader.get_tensor(key)


def _arrays(source: str | io.BytesIO) -> dict[str, StoredArray]:
    arrays: dict[str, StoredArray] = {}

    def visit(name: str, item: Live) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = StoredArray(tuple(int(dim) for dim in item.shape), digest_of(item[()]))

    with h5py.File(source, "r") as file:
        file.visititems(visit)
    return arrays


class Slate:
    """The weights of a model as they were drawn, so that what a file leaves as it was shows.

    Args:
        draw: Draws them, the same each time.
        digests: Of what they hold, by id.
        wanted: Those that are to be read.
    """

    def __init__(
        self, draw: Callable[[], None], digests: Callable[[], Mapping[str, str]], wanted: Iterable[str]
    ) -> None:
        self._draw, self._digests, self._wanted = draw, digests, tuple(wanted)
        self._drawn: Mapping[str, str] = {}

    def clean(self) -> None:
        """Draws them."""
        self._draw()
        self._drawn = self._digests()

    def unfilled(self) -> tuple[str, ...]:
        """Those that still hold what was drawn."""
        now = self._digests()
        return tuple(name for name in self._wanted if now[name] == self._drawn[name])


@dataclass(frozen=True)
class Filled:
    """What became of a model that read a file.

    Attributes:
        lacking: The weights of which the file holds nothing.
        scope: How the paths begin of what the file holds of the model.
    """

    lacking: tuple[str, ...]
    scope: str = ""


def read_into(model: Live, file: WeightsFile, slate: Slate) -> Filled:
    """Lets a model read a file.

    Args:
        model: To be changed.
        file: To be read.
        slate: Of its weights.

    Raises:
        WeightsError: If it cannot be read, or not into this model.
    """
    slate.clean()
    try:
        if file.form == "checkpoint":
            if not on_tensorflow():
                raise WeightsError("a checkpoint of TensorFlow is read on TensorFlow alone; run that side there")
            return _restored(model, file, slate)
        if file.form == "hdf5":
            _refuse_links(file)
        with _rightly_named(file) as path:
            model.load_weights(path)
    except WeightsError:
        raise
    except BaseException as error:  # a file of another model, or a damaged one, makes Keras raise anything
        asked = ". Is it another model's? It has to be the reference's" if isinstance(error, ValueError) else ""
        raise WeightsError(reason(error).replace(file.location, file.text) + asked) from None
    return Filled(slate.unfilled())


@contextmanager
def _rightly_named(file: WeightsFile) -> Iterator[str]:
    """The path of a link to it whose name says what it holds."""
    with tempfile.TemporaryDirectory(prefix="kerasdiff-") as directory:
        link = Path(directory) / f"link{'.keras' if file.form == 'archive' else _suffix(file.location)}"
        link.symlink_to(file.location)
        yield str(link)


def _suffix(path: str) -> str:
    with h5py.File(path, "r") as held:
        by_layers = "layer_names" in held.attrs or "model_weights" in held
    return ".h5" if by_layers else ".weights.h5"


def _refuse_links(file: WeightsFile) -> None:
    """Refuses a file that would have others read.

    Raises:
        WeightsError: Which names the place.
    """

    def look_at(group: Live, place: str) -> None:
        for name in group:
            inner = f"{place}/{name}".lstrip("/")
            item = group[name] if isinstance(group.get(name, getlink=True), h5py.HardLink) else None
            if item is None or (isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)):
                raise WeightsError(f"{inner} in it leads to another place, as in no file that Keras writes")
            if isinstance(item, h5py.Group):
                look_at(item, inner)

    with h5py.File(file.location, "r") as held:
        look_at(held, "")


def _restored(model: Live, file: WeightsFile, slate: Slate) -> Filled:
    """Reads a checkpoint of the model, or of what holds it by a name, as ``tf.train.Checkpoint(model=...)`` does.

    Raises:
        WeightsError: If it holds several that fit.
    """

    def read(name: str) -> Filled:
        slate.clean()
        tf.train.Checkpoint(**{name or "root": model}).read(file.location).expect_partial()
        for layer in sublayers(model, deep=True):
            getattr(layer, "finalize_state", lambda: None)()  # Normalization computes with what it makes of its weights
        return Filled(slate.unfilled(), f"{name}/" if name else "")

    whole = read("")
    if not whole.lacking:
        return whole
    names = {key.partition("/")[0] for key in _keys(file.location) if "/" in key} - {*dir(tf.train.Checkpoint)}
    held = {name: read(name) for name in sorted(names)}
    fitting = [name for name, filled in held.items() if not filled.lacking]
    if len(fitting) > 1:
        raise WeightsError(
            f"it holds several models that fit, {' and '.join(fitting)}; save the one that is meant by `save_weights`"
        )
    return read(fitting[0]) if fitting else min((whole, *held.values()), key=lambda filled: len(filled.lacking))


def _keys(prefix: str) -> list[str]:
    return [key for key in sorted(tf.train.load_checkpoint(prefix).get_variable_to_shape_map()) if _TENSORS in key]
