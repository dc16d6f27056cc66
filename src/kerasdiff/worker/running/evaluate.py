"""Answers ``evaluate``: sets randomised weights and runs probes through the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import SEED_ROLE, Mode
from kerasdiff.graph.ops import LOOPS, writes
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import AddedLosses, EvaluateRequest, Evaluation, Recipe
from kerasdiff.worker.keras_internals import graph_variables, handle_of
from kerasdiff.worker.loading.faults import at_line, reason
from kerasdiff.worker.loading.load import Loaded, precision_scope
from kerasdiff.worker.tracing.assemble import assemble
from kerasdiff.worker.tracing.branches import may_branch
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.trace import Added, Recording, added_losses, call_model, record, tensors_in

MOST_KEPT = 1 << 22
"""Values of a weight that is kept, at most: 16 MiB."""

SAME_DRAW = 1e-9
"""Distance of two runs of one model, as a fraction of scale, below which they drew the same numbers (float64)."""


def draw(recipe: Recipe, weight_scale: float = 1.0) -> Array:
    """Draws a weight value that hides nothing: no zero bias, no unit gamma, variances positive.

    Values are float32 numbers, so that both precisions start from the same ones, and read-only.
    """
    made = _kept if math.prod(recipe.shape) <= MOST_KEPT else _made
    value, grows = made(recipe)
    return value * np.float32(weight_scale) if grows and weight_scale != 1.0 else value


def _made(recipe: Recipe) -> tuple[Array, bool]:
    """A value, and whether a weight scale applies to it."""
    rng = np.random.default_rng([recipe.seed, 20_260_823])
    name, shape = recipe.name, recipe.shape
    grows = False
    value: Array
    if name == SEED_ROLE:
        value = np.asarray(rng.integers(0, 2**31, shape))
    elif "variance" in name or name == "var":
        value = np.asarray(rng.uniform(0.5, 2.0, shape), np.float32)
    elif name in ("gamma", "scale"):
        value = np.asarray(rng.uniform(0.5, 1.5, shape), np.float32)
    else:
        spread = math.sqrt(1.5 / recipe.fan_in) if len(shape) >= 2 else 0.3
        # In float32 from the start: large kernels hold nearly all the values, and this takes half the time and memory.
        value, grows = np.asarray(rng.standard_normal(shape, dtype=np.float32)), True
        value *= np.float32(spread)
    value.setflags(write=False)
    return value, grows


_kept = lru_cache(maxsize=1024)(_made)
"""The same, kept: every rung, mode and precision asks for the same values, which took 6 % of a comparison to draw."""


def evaluate(session: Any, request: EvaluateRequest) -> Evaluation:
    """Runs every probe, and the first one twice to see whether the model is deterministic.

    Raises:
        EvaluateError: If the model cannot be run on a probe or rebuilt in the precision asked for.
    """
    try:
        loaded = session.drawn(request.precision)
    except KerasdiffError as error:
        raise EvaluateError(f"cannot be rebuilt in {request.precision}: {error.message}", error.details) from None
    mode: Mode = "training" if request.training else "inference"
    with precision_scope(request.precision):
        try:
            call = _traced(session, loaded, mode, request)
        except KerasdiffError:
            raise
        except Exception:  # a call that depends on data in Python has no graph, but it can be run
            call = _eager(loaded, mode)
        try:
            with _as_written():
                return _run(loaded, request, call)
        except KerasdiffError:
            raise
        except Exception as error:  # the user's own code, or an op that has no kernel in this precision
            text = f"cannot be run in {request.precision}: {reason(error)}{at_line(error, loaded.root)}"
            raise EvaluateError(text) from None


@dataclass(frozen=True)
class _Call:
    """A model call that can be run.

    Attributes:
        function: Gives the model outputs, the added losses, the branches taken.
        losses: The losses that its last run added.
        mixed: Whether parts of it run in a lower precision than asked for.
        branches: Nodes whose branch the last values tell.
        hidden: Nodes with a branch that nothing tells.
        differentiated: The same call for a gradient tape: op by op, which spares it a graph of the gradients. A loop
            is left in its graph, for op by op it takes a Python step for each of its own.
    """

    function: Any
    differentiated: Any
    losses: Callable[[], Added]
    mixed: bool = False
    branches: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def _traced(session: Any, loaded: Loaded, mode: Mode, request: EvaluateRequest) -> _Call:
    recording, function = session.traced(request.precision, mode)
    if recording.made:  # a graph would keep what each call makes anew
        return _eager(loaded, mode)
    branches: list[str] = []
    hidden: list[str] = []

    def taken(recording: Recording) -> list[Any]:
        branches.clear()
        hidden.clear()
        found = assemble(loaded, recording)
        found.graph()
        ways = found.ways()
        hidden.extend(way.node for way in ways if way.choice is None)
        branches.extend(way.node for way in ways if way.choice is not None)
        return [way.choice for way in ways if way.choice is not None]

    if may_branch(recording) and not request.training:
        recording, function = record(loaded, mode, taken)
    mixed = request.precision == "float64" and _has_lower_precision(recording)
    return _Call(
        function=function,
        differentiated=function if _has_loop(recording) else _eager(loaded, mode).function,
        losses=lambda: recording.added,
        mixed=mixed,
        branches=tuple(branches),
        hidden=tuple(hidden),
    )


def _has_loop(recording: Recording) -> bool:
    return any(op.type in LOOPS for op in recording.graph.get_operations())


@contextmanager
def _as_written() -> Iterator[None]:
    """Runs graphs without TensorFlow's optimiser: for a few runs it costs more than it saves.

    Measured on EfficientNetV2S: 1.3 s for a first run with it, 0.4 s without. It also fuses and reorders ops.
    """
    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False, **before})


def _eager(loaded: Loaded, mode: Mode) -> _Call:
    """The call without a graph."""
    last: list[Added] = []

    def run(*tensors: Any) -> list[Any]:
        args, kwargs = loaded.pack(tensors)
        outputs = tensors_in(call_model(loaded.model, args, kwargs, training=mode == "training"))
        added = added_losses(loaded.model)
        last.append(added)
        del last[:-1]
        return [*outputs, added.values]

    return _Call(function=run, differentiated=run, losses=lambda: last[-1])


def _has_lower_precision(recording: Recording) -> bool:
    return any(
        tensor.dtype in (tf.float32, tf.float16, tf.bfloat16) and op.type not in ("Const", "StatelessRandomUniformV2")
        for op in recording.graph.get_operations()
        for tensor in op.outputs
    )


def _run(loaded: Loaded, request: EvaluateRequest, call: _Call) -> Evaluation:
    variables = weight_table(loaded.model)
    own = drawn(variables, request.recipes, request.weight_scale)
    start = [*perturbed(own, request.perturbation), *_loose(variables, call.function)]
    outputs: list[tuple[Array, ...]] = []
    repeated = True
    gradients: dict[str, Array | None] = {}
    losses = AddedLosses()
    added: list[float] = []
    taken: list[set[int]] = [set() for _ in call.branches]
    writes = request.training or _writes(call.function)
    held = _state(loaded.model, variables) if writes else {}
    state: dict[str, Array] = {}
    for number, probe in enumerate(request.probes):
        tensors = [
            tf.cast(tf.constant(batch), port.spec.dtype) for batch, port in zip(probe, loaded.ports, strict=True)
        ]
        tensors = [value for _, value in perturbed([(None, tensor) for tensor in tensors], request.perturbation)]
        if number == 0 or writes:
            assign(start)
        if number == 0:
            before = {name: variable.numpy() for name, variable in held.items()}
        if request.training and number == 0:
            values, gradients = _with_gradients(loaded.model, variables, call.differentiated, tensors)
        else:
            values = call.function(*tensors)
        count = len(values) - 1 - len(call.branches)
        outputs.append(tuple(value.numpy() for value in values[:count]))
        terms = values[count].numpy()
        added.append(float(terms.sum()))
        if number == 0:
            losses = call.losses().told(terms.tolist())
        for ways, value in zip(taken, values[count + 1 :], strict=True):
            ways.add(int(value.numpy()))
        if number == 0:
            after = {name: variable.numpy() for name, variable in held.items()}
            state = {
                name: value
                for name, value in after.items()
                if request.training or not np.array_equal(value, before[name], equal_nan=value.dtype.kind == "f")
            }
            # Twice: the call that was differentiated is another function to TensorFlow, with generators of its own.
            for _ in range(1 + request.training):
                if writes:
                    assign(start)
                again = call.function(*tensors)[:count]
                repeated = repeated and all(_same_draw(a, b.numpy()) for a, b in zip(outputs[0], again, strict=True))
    return Evaluation(
        outputs=tuple(outputs),
        repeated=repeated,
        mixed=call.mixed,
        gradients=gradients,
        state=state,
        losses=losses,
        added=tuple(added),
        untaken=(*(n for n, ways in zip(call.branches, taken, strict=True) if len(ways) == 1), *call.hidden),
    )


def _writes(function: Any) -> bool:
    """Whether a call may update variables, as far as its graph tells; a call without one may."""
    graph = getattr(function, "graph", None)
    if graph is None:
        return True
    inside = (node.op for item in graph.as_graph_def().library.function for node in item.node_def)
    return any(writes(kind) for kind in (*(op.type for op in graph.get_operations()), *inside))


def _loose(variables: dict[str, Any], function: Any) -> list[tuple[Any, Any]]:
    """What a call keeps outside the model's weights, such as the state of a stateful recurrent layer, as it is now."""
    graph = getattr(function, "graph", None)
    tracked = {id(handle_of(variable)) for variable in variables.values()}
    return [
        (variable, tf.identity(variable))
        for variable in (graph_variables(graph) if graph is not None else ())
        if id(handle_of(variable)) not in tracked
    ]


def _same_draw(first: Array, second: Array) -> bool:
    """Whether two runs differ by rounding at most: random numbers move whole digits, recompiling the last ones."""
    if first.dtype.kind != "f":
        return bool(np.array_equal(first, second))
    limit = SAME_DRAW if first.dtype == np.float64 else 1e5 * SAME_DRAW
    scale = float(np.nanmax(np.abs(first), initial=0.0))
    return bool(np.allclose(first, second, rtol=0.0, atol=limit * scale, equal_nan=True))


def drawn(variables: dict[str, Any], recipes: tuple[Recipe, ...], weight_scale: float = 1.0) -> list[tuple[Any, Any]]:
    """Each variable with the value it is given."""
    found = []
    for recipe in recipes:
        variable = variables.get(recipe.weight)
        if variable is None:
            raise EvaluateError(f"weight {recipe.weight} does not exist")
        value = value_of(recipe, variable, weight_scale)
        if value is not None:
            found.append((variable, tf.constant(value)))
    return found


def value_of(recipe: Recipe, variable: Any, weight_scale: float = 1.0) -> Array | None:
    """What a recipe gives a variable; integers other than random-generator states keep their own (``None``)."""
    kind, shape = tf.as_dtype(variable.dtype), tuple(variable.shape)
    if kind.is_floating or recipe.name == SEED_ROLE:
        value = draw(recipe, weight_scale)
        return (value.T if recipe.transposed else value).reshape(shape).astype(kind.as_numpy_dtype, copy=False)
    if kind in (tf.int8, tf.uint8):  # quantised kernels; wider whole numbers count or index, and are left alone
        whole = np.random.default_rng([recipe.seed, 8]).integers(kind.min, kind.max, recipe.shape, endpoint=True)
        return np.asarray(whole.reshape(shape).astype(kind.as_numpy_dtype))
    return None


def perturbed(values: list[tuple[Any, Any]], perturbation: float) -> list[tuple[Any, Any]]:
    """The same values with each floating entry changed by a random fraction of about ``perturbation``."""
    if not perturbation:
        return values
    rng = np.random.default_rng(13)
    return [
        (owner, value * tf.constant(1.0 + perturbation * rng.standard_normal(value.shape), value.dtype))
        if value.dtype.is_floating
        else (owner, value)
        for owner, value in values
    ]


def assign(values: list[tuple[Any, Any]]) -> None:
    """Gives each variable its value."""
    for variable, value in values:
        variable.assign(value)


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
        *outputs, added = values = function(*tensors)
        total = tf.reduce_sum(added)
        for number, value in enumerate(outputs):
            if value.dtype.is_floating:
                weights = np.random.default_rng([7, number]).standard_normal(value.shape.as_list())
                total += tf.reduce_sum(tf.cast(value, "float64") * tf.constant(weights))
    found = tape.gradient(total, [variables[name].value for name in names])
    return values, {
        name: None if gradient is None else tf.convert_to_tensor(gradient).numpy()
        for name, gradient in zip(names, found, strict=True)
    }
