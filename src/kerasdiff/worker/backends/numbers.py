"""Answers ``evaluate`` on another backend: sets randomised weights and runs probes through the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Mode, Port
from kerasdiff.graph.values import Array, Precision
from kerasdiff.side.observations import EvaluateRequest, Evaluation, Recipe
from kerasdiff.worker.backends.calling import Calling
from kerasdiff.worker.backends.engine import engine
from kerasdiff.worker.backends.session import BackendSession
from kerasdiff.worker.importing.faults import at_line, reason
from kerasdiff.worker.keras_internals import Live, is_floating, to_numpy
from kerasdiff.worker.loading.load import precision_scope
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.running.values import moved, same_bits, value_of


def evaluate(session: BackendSession, request: EvaluateRequest) -> Evaluation:
    """Runs every probe; a call is a function of what goes in, so it gives the same each time.

    Raises:
        EvaluateError: If the model cannot be run on a probe or rebuilt in the precision asked for.
    """
    mode: Mode = "training" if request.training else "inference"
    try:
        loaded = session.drawn(request.precision)
    except EvaluateError:
        raise
    except KerasdiffError as error:
        raise EvaluateError(f"cannot be rebuilt in {request.precision}: {error.message}", error.details) from None
    with precision_scope(request.precision):
        try:
            return _evaluation(session, session.calling(request.precision, mode), loaded, request)
        except KerasdiffError:
            raise
        except BaseException as error:  # the user's own code, or a primitive that does not take these values
            text = f"cannot be run in {request.precision}: {reason(error)}{at_line(error, loaded.root)}"
            raise EvaluateError(text) from None


def _evaluation(session: BackendSession, call: Calling, loaded: Loaded, request: EvaluateRequest) -> Evaluation:
    values = start_of(call, request.recipes, request.weight_scale, request.perturbation)
    function = session.compiled(request.precision, call)
    probes = [inputs_of(loaded.ports, probe, request.perturbation) for probe in request.probes]
    results = [function(values, probe) for probe in probes] if not request.alone else _run_on(function, values, probes)
    assert call.last is not None
    outputs, terms, state = results[0]
    found = Evaluation(
        outputs=tuple(tuple(map(to_numpy, one)) for one, _, _ in results),
        repeated=True,
        losses=call.last.added.told(to_numpy(terms).tolist()),
        mixed=request.precision == "float64" and session.has_lower_precision(call),
        otherwise=request.precision == "float64" and session.is_otherwise(call.mode),
    )
    if request.alone:
        return found
    after = {name: to_numpy(value) for name, value in state.items() if name not in call.trained}
    added = tuple(float(np.sum(to_numpy(one))) for _, one, _ in results)
    if not request.training:
        changed = {name: one for name, one in after.items() if not same_bits(one, to_numpy(values[name]))}
        return replace(found, state=changed, added=added)
    gradients = _gradients(session, call, request.precision, values, probes[0], outputs)
    return replace(found, state=after, gradients=gradients, added=added)


def _run_on(function: Live, values: Mapping[str, Live], probes: Sequence[Live]) -> list[Live]:
    """The results of one probe after the other, with whole numbers, which generators hold, running on."""
    results: list[Live] = []
    for probe in probes:
        later = results[-1][2].items() if results else ()
        values = {**values, **{name: one for name, one in later if not is_floating(one)}}
        results.append(function(values, probe))
    return results


def _gradients(
    session: BackendSession,
    call: Calling,
    precision: Precision,
    values: Mapping[str, Live],
    inputs: Sequence[Live],
    outputs: Sequence[Live],
) -> dict[str, Array | None]:
    """The gradient of a fixed random projection of the outputs plus the added losses; ``None`` where it is nothing.

    Backends give zeros for a weight that no output depends on, where TensorFlow says that there is no gradient.
    """
    weights = [
        np.random.default_rng([7, number]).standard_normal(tuple(one.shape)) if is_floating(one) else None
        for number, one in enumerate(outputs)
    ]
    function = session.pulled(precision, call, weights)
    trained = {name: values[name] for name in call.trained}
    _, pulled = function(trained, {n: v for n, v in values.items() if n not in trained}, inputs)
    arrays = {name: to_numpy(one) for name, one in pulled.items()}
    used = session.used(precision, call)
    return {name: None if not one.any() and name not in used else one for name, one in arrays.items()}


def start_of(
    call: Calling, recipes: Sequence[Recipe], weight_scale: float = 1.0, perturbation: float = 0.0
) -> dict[str, Live]:
    """What the variables start a request from, by weight id.

    Raises:
        EvaluateError: If a recipe names a weight that does not exist.
    """
    values: dict[str, Live] = {name: variable.value for name, variable in call.variables.items()}
    rng = np.random.default_rng(13)
    for recipe in recipes:
        variable = call.variables.get(recipe.weight)
        if variable is None:
            raise EvaluateError(f"weight {recipe.weight} does not exist")
        value = value_of(recipe, variable, weight_scale)
        if value is not None:
            values[recipe.weight] = engine().array_of(moved(value, perturbation, rng), variable.dtype)
    return values


def inputs_of(ports: Sequence[Port], probe: Sequence[Array], perturbation: float = 0.0) -> list[Live]:
    """A probe as arrays of the dtypes of the inputs."""
    rng = np.random.default_rng(13)
    kinds = [tf.as_dtype(port.spec.dtype).as_numpy_dtype for port in ports]
    return [
        engine().array_of(moved(np.asarray(values).astype(kind), perturbation, rng))
        for values, kind in zip(probe, kinds, strict=True)
    ]
