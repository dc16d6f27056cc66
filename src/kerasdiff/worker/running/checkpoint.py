"""Answers ``save_checkpoint`` and ``load_checkpoint``: what a model stores, and what it takes from another's file.

Both work on one more copy of the model, so that whatever Keras loads where disturbs no other request.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph.values import Array
from kerasdiff.side.checkpoints import Held, LoadRequest, Restored, Saved, SaveRequest
from kerasdiff.side.observations import Recipe
from kerasdiff.worker.importing.faults import at_line, reason
from kerasdiff.worker.keras_internals import ARCHIVED_WEIGHTS, TRAINING_STATE, Live, keras
from kerasdiff.worker.loading.load import Session
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.running.values import array_of, bytes_of, value_of
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.tracing.trace import call_model

WEIGHTS = ".weights.h5"


def save_checkpoint(session: Session, request: SaveRequest) -> Saved:
    """Saves a copy of the model whose weights are drawn by the recipes, and runs it.

    Raises:
        EvaluateError: If Keras cannot save the weights, or the copy cannot be run.
    """
    loaded = _copy(session)
    if not isinstance(loaded.model, keras.Model):
        raise EvaluateError(f"{session.target.text} is a layer, and Keras saves models alone")
    _draw(loaded, request.recipes)
    files: dict[str, str] = {}
    problems: dict[str, str] = {}
    for path in request.files:
        suffix = "".join(Path(path).suffixes)
        save = loaded.model.save if suffix == ".keras" else loaded.model.save_weights
        try:
            save(path)
            files[suffix] = path
        except BaseException as error:  # the configuration of the user's layers is the user's code
            problems[suffix] = reason(error)
    if WEIGHTS not in files:
        raise EvaluateError(f"{session.target.text}: Keras cannot save the weights: {problems[WEIGHTS]}")
    stored = _arrays(files[WEIGHTS])
    digests = _digests(loaded)  # before the run, which may change state
    outputs = _outputs(loaded, request.probe) if request.probe else ()
    if not request.load_follows:
        session.drop_spare()
    return Saved(
        files=files,
        alike=tuple(form for form, path in files.items() if form != WEIGHTS and _inside(path) == stored),
        problems=problems,
        stored={path: array.shape for path, array in stored.items() if not path.startswith(TRAINING_STATE)},
        paths=_paths(stored, digests),
        digests=digests,
        outputs=outputs,
    )


def load_checkpoint(session: Session, request: LoadRequest) -> tuple[Restored, ...]:
    """Loads each file into a copy of the model whose weights were drawn anew, and runs it.

    Raises:
        EvaluateError: If the copy cannot be run.
    """
    loaded = _copy(session)
    restored = []
    for path in request.files:
        _draw(loaded, request.recipes)
        error = ""
        try:
            loaded.model.load_weights(path)
        except BaseException as raised:  # Keras raises what it likes, and a layer may load in a way of its own
            error = reason(raised)
        digests = _digests(loaded)  # before the run, which may change state
        outputs = () if error else _outputs(loaded, request.probe)
        restored.append(Restored(error=error, digests=digests, outputs=outputs))
    session.drop_spare()
    return tuple(restored)


def stored_outputs(session: Session, probes: tuple[tuple[Array, ...], ...]) -> Held:
    """Runs a fresh copy of the model with the values it was saved with.

    Raises:
        EvaluateError: If it cannot be run.
    """
    loaded = session.reload("float32")
    outputs = tuple(_outputs(loaded, probe) for probe in probes)
    again = _outputs(loaded, probes[0])
    same = (np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(outputs[0], again, strict=True))
    return Held(outputs=outputs, repeated=all(same))


def _copy(session: Session) -> Loaded:
    try:
        loaded: Loaded = session.spare()
    except KerasdiffError as error:  # a second copy may fail where the first did not
        raise EvaluateError(f"cannot be made a second time: {error.message}", error.details) from None
    return loaded


def _draw(loaded: Loaded, recipes: tuple[Recipe, ...]) -> None:
    variables = weight_table(loaded.model)
    for recipe in recipes:
        variable = variables.get(recipe.weight)
        if variable is None:
            raise EvaluateError(f"weight {recipe.weight} does not exist in another copy of the model")
        value = value_of(recipe, variable)
        if value is not None:
            variable.assign(value)


def _outputs(loaded: Loaded, probe: tuple[Array, ...]) -> tuple[Array, ...]:
    """The model's outputs in inference mode, without a graph: one trace more would cost more than the run."""
    try:
        tensors = [
            tf.cast(tf.constant(batch), port.spec.dtype) for batch, port in zip(probe, loaded.ports, strict=True)
        ]
        args, kwargs = loaded.pack(tensors)
        outputs = tensors_of(call_model(loaded.model, args, kwargs, training=False))
    except BaseException as error:  # the user's own code
        raise EvaluateError(f"cannot be run: {reason(error)}{at_line(error, loaded.root)}") from None
    return tuple(map(array_of, outputs))


def _digests(loaded: Loaded) -> dict[str, str]:
    return {name: _digest(variable.numpy()) for name, variable in weight_table(loaded.model).items()}


def _digest(value: Live) -> str:
    return hashlib.blake2b(bytes_of(value), digest_size=16).hexdigest()


@dataclass(frozen=True)
class _StoredArray:
    """One array of a file."""

    shape: tuple[int, ...]
    digest: str


def _inside(archive: str) -> dict[str, _StoredArray]:
    """The arrays of a ``.keras`` file, which is an archive with a weights file in it."""
    with zipfile.ZipFile(archive) as expanded:
        return _arrays(io.BytesIO(expanded.read(ARCHIVED_WEIGHTS)))


def _arrays(source: str | io.BytesIO) -> dict[str, _StoredArray]:
    """Every array of a ``.weights.h5`` by its path."""
    arrays: dict[str, _StoredArray] = {}

    def visit(name: str, item: Live) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = _StoredArray(shape=tuple(int(dim) for dim in item.shape), digest=_digest(item[()]))

    with h5py.File(source, "r") as file:
        file.visititems(visit)
    return arrays


def _paths(stored: dict[str, _StoredArray], digests: dict[str, str]) -> dict[str, str]:
    """Weight id to stored path, where the value tells: drawn values occur once, counters may not be."""
    many = Counter(digests.values())
    paths: dict[str, list[str]] = {}
    for path, array in stored.items():
        paths.setdefault(array.digest, []).append(path)
    return {
        name: paths[digest][0]
        for name, digest in digests.items()
        if many[digest] == 1 and len(paths.get(digest, ())) == 1
    }
