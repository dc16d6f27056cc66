"""Answers what a conversion asks: a file of weights read, values given out and taken, a file written and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from kerasdiff.errors import WeightsError
from kerasdiff.graph.values import Array
from kerasdiff.side.checkpoints import Held, KeepRequest, Kept, Taken, TakeRequest, WeightsFile
from kerasdiff.side.observations import Recipe
from kerasdiff.side.reading.calling import CIFAR_SHAPE
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import Live, array, is_keras_own, keras, sublayers
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.loading.written import guess_mended
from kerasdiff.worker.running.values import perturbed
from kerasdiff.worker.saving.copies import copy_of, digest_of, digests_of, draw, outputs_each, outputs_of, repeats
from kerasdiff.worker.saving.files import Slate, arrays_of, is_of_training, read_into
from kerasdiff.worker.tracing.names import weight_table


def take_weights(session: Session, request: TakeRequest) -> Taken:
    """Lets a copy of the model read a file, or leaves it as it starts; tells what it then computes.

    Raises:
        WeightsError: If it cannot be read, or not into this model.
        EvaluateError: If the copy cannot be run.
    """
    session.drop_spare()
    loaded = copy_of(session)
    unfilled: tuple[str, ...] = ()
    homeless: tuple[str, ...] = ()
    if request.file is not None:
        unfilled, homeless = _read(session, loaded, request.file, request.recipes)
    outputs, repeated = outputs_each(loaded, request.probes)
    return Taken(unfilled=unfilled, homeless=homeless, outputs=outputs, repeated=repeated)


def _read(
    session: Session, loaded: Loaded, file: WeightsFile, recipes: tuple[Recipe, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not isinstance(loaded.model, keras.Model):
        raise WeightsError(f"{session.target.text} is a layer, and Keras loads weights into models alone.")
    slate = Slate(
        lambda: draw(loaded, recipes, counts=True), lambda: digests_of(loaded), [recipe.weight for recipe in recipes]
    )
    try:
        filled = read_into(loaded.model, file, slate)
        held = set(digests_of(loaded).values())
        arrays = arrays_of(file.location)
    except (WeightsError, OSError, ValueError) as error:
        mended = ""
        if loaded.guessed:
            shape = ",".join(map(str, CIFAR_SHAPE))
            mended = f" The model was built on input {shape}. {guess_mended(session.target)}"
        raise WeightsError(f"{file.text} does not load into {session.target.text}: {error}.{mended}") from None
    own = {path[len(filled.scope) :]: array for path, array in arrays.items() if path.startswith(filled.scope)}
    beyond = tuple(path for path, array in own.items() if array.digest not in held and not is_of_training(path))
    return filled.lacking, beyond


def held_values(session: Session, names: tuple[str, ...]) -> Mapping[str, Array]:
    """What these weights of the copy hold."""
    variables = weight_table(copy_of(session).model)
    return {name: variables[name].numpy() for name in names}


def moved_outputs(session: Session, probes: tuple[tuple[Array, ...], ...], size: float) -> Held:
    """What the copy computes with every weight moved by a relative size; it holds the same as before afterwards."""
    loaded = copy_of(session)
    before = [(variable, array(variable.numpy())) for variable in weight_table(loaded.model).values()]
    for variable, value in perturbed(before, size):
        variable.assign(value)
    outputs, repeated = outputs_each(loaded, probes)
    for variable, value in before:
        variable.assign(value)
    return Held(outputs=outputs, repeated=repeated)


def give_values(session: Session, values: Mapping[str, Array]) -> None:
    """Gives weights of the copy these values, in the dtype of each."""
    variables = weight_table(copy_of(session).model)
    for name, value in values.items():
        variables[name].assign(value.astype(tf.as_dtype(variables[name].dtype).as_numpy_dtype, copy=False))


def keep_weights(session: Session, request: KeepRequest) -> Kept:
    """Saves the copy, then lets another one read the file, and tells what of it arrived and what that computes.

    Raises:
        WeightsError: If Keras cannot save it, or not load what it saved.
        EvaluateError: If it cannot be run.
    """
    loaded = copy_of(session)
    if not isinstance(loaded.model, keras.Model):
        raise WeightsError(f"{session.target.text} is a layer, and Keras saves models alone.")
    given, whole = _in_order(loaded), request.path.endswith(".keras")
    name = Path(request.path).name
    try:
        (loaded.model.save if whole else loaded.model.save_weights)(request.path)
    except BaseException as error:  # the configuration of the user's layers is the user's code
        raise WeightsError(
            f"{session.target.text} cannot be saved as {name}: {reason(error)}.{_instead(whole)}"
        ) from None
    session.drop_spare()
    again = copy_of(session)
    draw(again, request.recipes)
    try:
        again = _opened(again, request) if whole else _filled(again, request.path)
    except BaseException as error:
        text = f"{session.target.text}: what Keras saves as {name} it does not load: {reason(error)}.{_instead(whole)}"
        raise WeightsError(text) from None
    outputs, _ = outputs_each(again, request.probes)  # which build what is not built yet
    now = [digest for _, digest in _in_order(again)]
    session.drop_spare()
    known = {recipe.weight for recipe in request.recipes}
    astray = (one for at, (one, digest) in enumerate(given) if one in known and [digest] != now[at : at + 1])
    return Kept(astray=tuple(astray), outputs=outputs)


def _in_order(loaded: Loaded) -> list[tuple[str, str]]:
    """The id and a digest of every weight that Keras lists, in its order: a model that was opened calls others so."""
    names = {id(variable): name for name, variable in weight_table(loaded.model).items()}
    listed = [variable for variable in loaded.model.weights if id(variable) in names]
    return [(names[id(variable)], digest_of(variable.numpy())) for variable in listed]


def _instead(whole: bool) -> str:
    return " An --output that ends in .weights.h5 holds the weights alone." if whole else ""


def _filled(loaded: Loaded, path: str) -> Loaded:
    loaded.model.load_weights(path)
    return loaded


def _opened(loaded: Loaded, request: KeepRequest) -> Loaded:
    """The model that a ``.keras`` file holds, in safe mode, made with the classes of the one that was saved."""
    kinds = {type(layer) for layer in (loaded.model, *sublayers(loaded.model, deep=True))}
    own = {kind.__name__: kind for kind in kinds if not is_keras_own(kind)}
    model: Live = keras.saving.load_model(request.path, custom_objects=own, compile=False, safe_mode=not request.unsafe)
    return replace(loaded, model=model)


def stored_outputs(session: Session, probes: tuple[tuple[Array, ...], ...]) -> Held:
    """Runs a fresh copy of the model with the values it was saved with.

    Raises:
        EvaluateError: If it cannot be run.
    """
    loaded = session.reload("float32")
    outputs = tuple(outputs_of(loaded, probe) for probe in probes)
    return Held(outputs=outputs, repeated=repeats(outputs[0], outputs_of(loaded, probes[0])))
