"""One more copy of a model: its weights drawn anew, read, and what it computes with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Recipe
from kerasdiff.worker.importing.faults import at_line, reason
from kerasdiff.worker.keras_internals import Live, array, is_seed_state, kept_variables, sublayers
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.values import array_of, bytes_of, same_bits, value_of
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.tracing.trace import call_model

COUNT = 77_777
"""What a whole number is set to that may have to be read from a file: none that a layer begins to count from."""


def copy_of(session: Session) -> Loaded:
    """The copy that may be changed; the same until it is dropped.

    Raises:
        EvaluateError: If there cannot be one.
    """
    try:
        return session.spare()
    except KerasdiffError as error:  # a second copy may fail where the first did not
        raise EvaluateError(f"cannot be made a second time: {error.message}", error.details) from None


def draw(loaded: Loaded, recipes: Iterable[Recipe], *, counts: bool = False) -> None:
    """Gives the weights what their recipes draw; whole numbers keep theirs, unless ``counts`` sets them to another.

    Raises:
        EvaluateError: If a recipe names a weight that does not exist.
    """
    variables = weight_table(loaded.model)
    for recipe in recipes:
        variable = variables.get(recipe.weight)
        if variable is None:
            raise EvaluateError(f"weight {recipe.weight} does not exist in another copy of the model")
        value = value_of(recipe, variable)
        if value is not None:
            variable.assign(value)
        elif counts and tf.as_dtype(variable.dtype).is_integer and not is_seed_state(variable):
            kind = tf.as_dtype(variable.dtype)
            variable.assign(np.full(tuple(variable.shape), min(COUNT, kind.max), kind.as_numpy_dtype))


def outputs_of(loaded: Loaded, probe: tuple[Array, ...]) -> tuple[Array, ...]:
    """The model's outputs in inference mode, without a graph: one trace more would cost more than the run.

    Raises:
        EvaluateError: If it cannot be run.
    """
    try:
        tensors = [array(batch, port.spec.dtype) for batch, port in zip(probe, loaded.ports, strict=True)]
        args, kwargs = loaded.pack(tensors)
        outputs = tensors_of(call_model(loaded.model, args, kwargs, training=False))
    except BaseException as error:  # the user's own code
        raise EvaluateError(f"cannot be run: {reason(error)}{at_line(error, loaded.root)}") from None
    return tuple(map(array_of, outputs))


def outputs_each(loaded: Loaded, probes: tuple[tuple[Array, ...], ...]) -> tuple[tuple[tuple[Array, ...], ...], bool]:
    """The outputs of each probe, all from the state that the model is in, and in which it is again afterwards.

    Returns:
        The outputs, and whether those of the first probe a second time are the same bits.

    Raises:
        EvaluateError: If it cannot be run.
    """
    trained = {id(variable) for variable in loaded.model.trainable_variables}
    layers = (loaded.model, *sublayers(loaded.model, deep=True))
    kept = [variable for layer in layers for variable in kept_variables(layer)]
    state = {id(one): one for one in (*weight_table(loaded.model).values(), *kept) if id(one) not in trained}
    start = [(variable, array(variable.numpy())) for variable in state.values()]
    outputs = []
    for probe in (*probes, *probes[:1]):
        outputs.append(outputs_of(loaded, probe))
        for variable, value in start:
            variable.assign(value)
    return tuple(outputs[: len(probes)]), not probes or repeats(outputs[0], outputs[-1])


def repeats(first: tuple[Array, ...], again: tuple[Array, ...]) -> bool:
    """Whether two runs gave the same bits."""
    return all(same_bits(a, b) for a, b in zip(first, again, strict=True))


def digests_of(loaded: Loaded) -> dict[str, str]:
    """A digest of what each weight holds, by id."""
    return {name: digest_of(variable.numpy()) for name, variable in weight_table(loaded.model).items()}


def digest_of(value: Live) -> str:
    """Equal where the bytes are."""
    return hashlib.blake2b(bytes_of(value), digest_size=16).hexdigest()
