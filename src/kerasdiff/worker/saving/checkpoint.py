"""Answers ``save_checkpoint`` and ``load_checkpoint``: what a model stores, and what it takes from another's file.

Both work on one more copy of the model, so that whatever Keras loads where disturbs no other request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from kerasdiff.errors import EvaluateError
from kerasdiff.side.checkpoints import BY_LAYERS, BY_NAME, SKIPPING, WEIGHTS, LoadRequest, Restored, Saved, SaveRequest
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import keras, path_in_third
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.saving.copies import copy_of, digests_of, draw, outputs_of
from kerasdiff.worker.saving.files import StoredArray, arrays_of, is_of_training


def save_checkpoint(session: Session, request: SaveRequest) -> Saved:
    """Saves a copy of the model whose weights are drawn by the recipes, and runs it.

    Raises:
        EvaluateError: If Keras cannot save the weights, or the copy cannot be run.
    """
    loaded = copy_of(session)
    if not isinstance(loaded.model, keras.Model):
        raise EvaluateError(f"{session.target.text} is a layer, and Keras saves models alone")
    draw(loaded, request.recipes)
    files, problems = _saved(loaded, request.files)
    if WEIGHTS not in files:
        raise EvaluateError(f"{session.target.text}: Keras cannot save the weights: {problems[WEIGHTS]}")
    arrays = {form: arrays_of(path) for form, path in files.items()}
    digests = digests_of(loaded)  # before the run, which may change state
    outputs = outputs_of(loaded, request.probe) if request.probe else ()
    if not request.load_follows:
        session.drop_spare()
    stored = {path_in_third(path): array for path, array in arrays[WEIGHTS].items() if not is_of_training(path)}
    return Saved(
        files=files,
        alike=tuple(form for form in files if form != WEIGHTS and arrays[form] == arrays[WEIGHTS]),
        problems=problems,
        stored={path: array.shape for path, array in stored.items()},
        paths=_paths(stored, digests),
        inside={form: _paths(arrays[form], digests) for form in files},
        digests=digests,
        outputs=outputs,
    )


def _saved(loaded: Loaded, wanted: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The files that could be written, by kind, and why the others could not."""
    files: dict[str, str] = {}
    problems: dict[str, str] = {}
    for form, path in wanted.items():
        try:
            (loaded.model.save if form == ".keras" else loaded.model.save_weights)(path)
            files[form] = path
        except BaseException as error:  # the configuration of the user's layers is the user's code
            problems[form] = reason(error)
    return files, problems


def load_checkpoint(session: Session, request: LoadRequest) -> Mapping[str, Restored]:
    """Loads each file into a copy of the model whose weights were drawn anew, and runs it.

    Raises:
        EvaluateError: If the copy cannot be run.
    """
    loaded = copy_of(session)
    restored: dict[str, Restored] = {}
    for form, path in request.files.items():
        plain = _restored(loaded, request, path)
        options = (*((BY_NAME,) if form == BY_LAYERS else ()), *((SKIPPING,) if plain.error else ()))
        ways = {option: _restored(loaded, request, path, **{option: True}) for option in options}
        restored[form] = replace(plain, otherwise=ways)
    session.drop_spare()
    return restored


def _restored(loaded: Loaded, request: LoadRequest, path: str, **options: bool) -> Restored:
    """What becomes of a copy that loads a file."""
    draw(loaded, request.recipes)
    error = ""
    try:
        loaded.model.load_weights(path, **options)
    except BaseException as raised:  # Keras raises what it likes, and a layer may load in a way of its own
        error = reason(raised).replace(path, "the file")
    digests = digests_of(loaded)  # before the run, which may change state
    outputs = () if error else outputs_of(loaded, request.probe)
    return Restored(error=error, digests=digests, outputs=outputs)


def _paths(stored: Mapping[str, StoredArray], digests: Mapping[str, str]) -> dict[str, str]:
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
