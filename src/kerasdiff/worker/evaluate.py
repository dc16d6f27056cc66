"""Answers ``evaluate``: sets randomised weights and runs probes through the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Mode
from kerasdiff.side import Array, EvaluateRequest, Evaluation, Recipe
from kerasdiff.worker.blame import place, reason
from kerasdiff.worker.describe import assemble
from kerasdiff.worker.load import precision_scope
from kerasdiff.worker.names import SEED_NAME, weight_table
from kerasdiff.worker.trace import Recording, call_model, record, tensors_in, total_loss

SAME_DRAW = 1e-9
"""Distance of two runs of one model, as a fraction of scale, below which they drew the same numbers (float64)."""


def draw(recipe: Recipe) -> Array:
    """Draws a weight value that hides nothing: no zero bias, no unit gamma, variances positive.

    Values are float32 numbers, so that both precisions start from the same ones.
    """
    rng = np.random.default_rng([recipe.seed, 20_260_823])
    name, shape = recipe.name, recipe.shape
    if name == SEED_NAME:
        return rng.integers(0, 2**31, shape)
    if "variance" in name or name == "var":
        values = rng.uniform(0.5, 2.0, shape)
    elif name in ("gamma", "scale"):
        values = rng.uniform(0.5, 1.5, shape)
    elif len(shape) >= 2:
        values = rng.standard_normal(shape) * np.sqrt(1.5 / recipe.fan_in)
    else:
        values = rng.standard_normal(shape) * 0.3
    return np.asarray(values.astype(np.float32))


def evaluate(session: Any, request: EvaluateRequest) -> Evaluation:
    """Runs every probe, and the first one twice to see whether the model is deterministic.

    Raises:
        EvaluateError: If the model cannot be run on a probe or rebuilt in the precision asked for.
    """
    try:
        loaded = session.loaded(request.precision)
    except KerasdiffError as error:
        raise EvaluateError(f"cannot be rebuilt in {request.precision}: {error.message}", error.details) from None
    mixed: list[bool] = []

    def extra(recording: Recording) -> list[Any]:
        mixed.append(request.precision == "float64" and _has_lower_precision(recording))
        found = assemble(loaded, recording)
        found.graph()
        tensors = found.tensor_of()
        missing = [name for name in request.fetch if name not in tensors]
        if missing:
            raise EvaluateError(f"nodes {', '.join(missing[:3])} have no value to fetch")
        return [recording.total_loss, *(tensors[name] for name in request.fetch)]

    mode: Mode = "training" if request.training else "inference"
    with precision_scope(request.precision):
        try:
            _, function = record(loaded, mode, extra)
        except KerasdiffError:
            raise
        except Exception as error:  # a call that depends on data in Python has no graph, but it can be run
            if request.fetch:
                raise EvaluateError(f"no node can be fetched: {reason(error)}{place(error, loaded.root)}") from None
            function = _eager(loaded, mode)
        try:
            return _run(loaded, request, function, any(mixed))
        except KerasdiffError:
            raise
        except Exception as error:  # the user's own code, or an op that has no kernel in this precision
            text = f"cannot be run in {request.precision}: {reason(error)}{place(error, loaded.root)}"
            raise EvaluateError(text) from None


def _eager(loaded: Any, mode: Mode) -> Callable[..., list[Any]]:
    """The call without a graph: outputs, then the sum of the added losses."""

    def run(*tensors: Any) -> list[Any]:
        args, kwargs = loaded.pack(tensors)
        outputs = tensors_in(call_model(loaded.model, args, kwargs, training=mode == "training"))
        return [*outputs, total_loss(loaded.model)]

    return run


def _has_lower_precision(recording: Recording) -> bool:
    return any(
        tensor.dtype in (tf.float32, tf.float16, tf.bfloat16) and op.type not in ("Const", "StatelessRandomUniformV2")
        for op in recording.graph.get_operations()
        for tensor in op.outputs
    )


def _run(loaded: Any, request: EvaluateRequest, function: Any, mixed: bool) -> Evaluation:
    variables = weight_table(loaded.model)
    outputs: list[tuple[Array, ...]] = []
    fetched: list[dict[str, Array]] = []
    repeated = True
    gradients: dict[str, Array | None] = {}
    loss = 0.0
    for number, probe in enumerate(request.probes):
        tensors = [
            tf.cast(tf.constant(batch), port.spec.dtype) for batch, port in zip(probe, loaded.ports, strict=True)
        ]
        _assign(variables, request.recipes)
        if request.training and number == 0:
            values, gradients = _with_gradients(loaded.model, variables, function, tensors)
        else:
            values = function(*tensors)
        count = len(values) - 1 - len(request.fetch)
        outputs.append(tuple(value.numpy() for value in values[:count]))
        loss = float(values[count].numpy())
        fetched.append({name: value.numpy() for name, value in zip(request.fetch, values[count + 1 :], strict=True)})
        if number == 0:
            state = {name: variable.numpy() for name, variable in _state(loaded.model, variables).items()}
            _assign(variables, request.recipes)
            again = function(*tensors)[:count]
            repeated = all(_same_draw(a, b.numpy()) for a, b in zip(outputs[0], again, strict=True))
    return Evaluation(
        outputs=tuple(outputs),
        repeated=repeated,
        fetched=tuple(fetched),
        mixed=mixed,
        gradients=gradients,
        state=state if request.training else {},
        losses=loss,
    )


def _same_draw(first: Array, second: Array) -> bool:
    """Whether two runs differ by rounding at most: random numbers move whole digits, recompiling the last ones."""
    if first.dtype.kind != "f":
        return bool(np.array_equal(first, second))
    limit = SAME_DRAW if first.dtype == np.float64 else 1e5 * SAME_DRAW
    scale = float(np.nanmax(np.abs(first), initial=0.0))
    return bool(np.allclose(first, second, rtol=0.0, atol=limit * scale, equal_nan=True))


def _assign(variables: dict[str, Any], recipes: tuple[Recipe, ...]) -> None:
    for recipe in recipes:
        variable = variables.get(recipe.weight)
        if variable is None:
            raise EvaluateError(f"weight {recipe.weight} does not exist")
        kind = tf.as_dtype(variable.dtype)
        if kind.is_floating or recipe.name == SEED_NAME:
            variable.assign(draw(recipe).reshape(tuple(variable.shape)).astype(kind.as_numpy_dtype))


def _state(model: Any, variables: dict[str, Any]) -> dict[str, Any]:
    trainable = {id(variable) for variable in model.trainable_variables}
    return {name: variable for name, variable in variables.items() if id(variable) not in trainable}


def _with_gradients(
    model: Any, variables: dict[str, Any], function: Any, tensors: list[Any]
) -> tuple[list[Any], dict[str, Array | None]]:
    """Outputs, and the gradient of a fixed random projection of them plus the added losses."""
    trainable = {id(variable) for variable in model.trainable_variables}
    names = [name for name, variable in variables.items() if id(variable) in trainable]
    with tf.GradientTape() as tape:
        *outputs, total = values = function(*tensors)
        for number, value in enumerate(outputs):
            if value.dtype.is_floating:
                weights = np.random.default_rng([7, number]).standard_normal(value.shape.as_list())
                total += tf.reduce_sum(tf.cast(value, "float64") * tf.constant(weights))
    found = tape.gradient(total, [variables[name].value for name in names])
    return values, {
        name: None if gradient is None else tf.convert_to_tensor(gradient).numpy()
        for name, gradient in zip(names, found, strict=True)
    }
