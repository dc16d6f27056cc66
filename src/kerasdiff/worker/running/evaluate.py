"""Answers ``evaluate``: sets randomised weights and runs probes through the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, KerasdiffError
from kerasdiff.graph import Mode
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import AddedLosses, EvaluateRequest, Evaluation
from kerasdiff.worker.importing.faults import at_line, reason
from kerasdiff.worker.keras_internals import Live, tensor_of
from kerasdiff.worker.loading.load import precision_scope
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.optimizing import as_written
from kerasdiff.worker.running.calls import Call, called, untracked
from kerasdiff.worker.running.values import array_of, assign, perturbed, same_bits, start_of
from kerasdiff.worker.tracing.names import weight_table

SAME_DRAW = 1e-9
"""Distance of two runs of one model, as a fraction of scale, below which they drew the same numbers (float64)."""


def evaluate(session: Session, request: EvaluateRequest) -> Evaluation:
    """Runs every probe, and the first one twice to see whether the model is deterministic.

    Raises:
        EvaluateError: If the model cannot be run on a probe or rebuilt in the precision asked for.
    """
    try:
        loaded = session.drawn(request.precision)
    except EvaluateError:
        raise
    except KerasdiffError as error:
        raise EvaluateError(f"cannot be rebuilt in {request.precision}: {error.message}", error.details) from None
    mode: Mode = "training" if request.training else "inference"
    with precision_scope(request.precision):
        call = called(session, loaded, mode, request.precision)
        if request.training or call.writes or not call.is_graph:
            session.altered(request.precision)
        try:
            with as_written():
                return _Run(session, loaded, request, call).evaluation()
        except KerasdiffError:
            raise
        except BaseException as error:  # the user's own code, or an op that has no kernel in this precision
            text = f"cannot be run in {request.precision}: {reason(error)}{at_line(error, loaded.root)}"
            raise EvaluateError(text) from None


@dataclass(frozen=True)
class _Result:
    """What one call gave: the model outputs, the losses it adds, and which way each branch went."""

    outputs: tuple[Array, ...]
    terms: Array
    ways: tuple[int, ...]


@dataclass(frozen=True)
class _First:
    """What is asked of the first probe alone."""

    result: _Result
    losses: AddedLosses
    gradients: Mapping[str, Array | None]
    state: Mapping[str, Array]
    repeated: bool


class _Run:
    """One model with the weights of a request, called on one probe after another."""

    def __init__(self, session: Session, loaded: Loaded, request: EvaluateRequest, call: Call) -> None:
        self._loaded, self._request, self._called = loaded, request, call
        self._variables = weight_table(loaded.model) if call.weights is None else call.weights
        self._beside = untracked(self._variables, call.function)
        own = start_of(session, request.precision, request.recipes, request.weight_scale, request.perturbation)
        self._start = [*own, *self._beside]
        self._writes = request.training or call.writes
        self._stateful = _untrained(loaded.model, self._variables) if self._writes else {}

    def evaluation(self) -> Evaluation:
        """The first probe with all that is asked of it, then the others.

        Afterwards all is as before that the model does not track: Keras's global generator too draws the same again.
        """
        try:
            return self._outputs() if self._request.alone else self._evaluation()
        finally:
            assign(self._beside)

    def _outputs(self) -> Evaluation:
        """One run of every probe, and nothing but its outputs; whole numbers, which generators hold, run on."""
        assign(self._start)
        kept = [(variable, value) for variable, value in self._start if value.dtype.is_floating]
        results = []
        for probe in self._request.probes:
            results.append(self._split(self._called.function(*self._inputs(probe))))
            assign(kept if self._writes else ())
        return Evaluation(
            outputs=tuple(result.outputs for result in results),
            repeated=True,
            mixed=self._called.mixed,
            otherwise=self._called.otherwise,
            gradients={},
            state={},
            losses=self._called.losses().told(results[-1].terms.tolist()),
        )

    def _evaluation(self) -> Evaluation:
        first = self._first(self._inputs(self._request.probes[0]))
        others = [self._result(self._inputs(probe)) for probe in self._request.probes[1:]]
        results = [first.result, *others]
        ways = zip(*(result.ways for result in results), strict=True)
        one_way = [node for node, went in zip(self._called.branches, ways, strict=True) if len(set(went)) == 1]
        return Evaluation(
            outputs=tuple(result.outputs for result in results),
            repeated=first.repeated,
            mixed=self._called.mixed,
            otherwise=self._called.otherwise,
            gradients=first.gradients,
            state=first.state,
            losses=first.losses,
            added=tuple(float(result.terms.sum()) for result in results),
            untaken=(*one_way, *self._called.hidden),
        )

    def _first(self, inputs: Sequence[Live]) -> _First:
        """Runs a probe for the first time, with gradients in training, and once more."""
        assign(self._start)
        before = self._state()
        gradients: Mapping[str, Array | None] = {}
        if self._request.training:
            function = self._called.differentiated
            values, gradients = _with_gradients(self._loaded.model, self._variables, function, inputs)
            result = self._split(values)
        else:
            result = self._split(self._called.function(*inputs))
        losses = self._called.losses().told(result.terms.tolist())
        after = self._state()
        changed = {name: value for name, value in after.items() if not same_bits(value, before[name])}
        # Twice: the call that was differentiated is another function to TensorFlow, with generators of its own.
        again = [self._result(inputs) for _ in range(1 + self._request.training)]
        return _First(
            result=result,
            losses=losses,
            gradients=gradients,
            state=after if self._request.training else changed,
            repeated=all(_same_draws(result.outputs, other.outputs) for other in again),
        )

    def _result(self, inputs: Sequence[Live]) -> _Result:
        """Runs a probe from the weights of the request."""
        if self._writes:
            assign(self._start)
        return self._split(self._called.function(*inputs))

    def _inputs(self, probe: tuple[Array, ...]) -> list[Live]:
        ports = self._loaded.ports
        tensors = [tf.cast(tf.constant(batch), port.spec.dtype) for batch, port in zip(probe, ports, strict=True)]
        return [value for _, value in perturbed([(None, tensor) for tensor in tensors], self._request.perturbation)]

    def _split(self, values: Sequence[Live]) -> _Result:
        """Takes apart what a call returns: outputs, then added losses, then branches."""
        count = len(values) - 1 - len(self._called.branches)
        return _Result(
            outputs=tuple(map(array_of, values[:count])),
            terms=values[count].numpy(),
            ways=tuple(int(value.numpy()) for value in values[count + 1 :]),
        )

    def _state(self) -> dict[str, Array]:
        return {name: variable.numpy() for name, variable in self._stateful.items()}


def _same_draws(first: Sequence[Array], second: Sequence[Array]) -> bool:
    # Masks come after the outputs, and a call op by op gives none.
    return all(_same_draw(a, b) for a, b in zip(first, second, strict=False))


def _same_draw(first: Array, second: Array) -> bool:
    """Whether two runs differ by rounding at most: random numbers move whole digits, recompiling the last ones."""
    if first.dtype.kind != "f":
        return bool(np.array_equal(first, second))
    limit = SAME_DRAW if first.dtype == np.float64 else 1e5 * SAME_DRAW
    scale = float(np.nanmax(np.abs(first), initial=0.0))
    return bool(np.allclose(first, second, rtol=0.0, atol=limit * scale, equal_nan=True))


def _untrained(model: Live, variables: Mapping[str, Live]) -> dict[str, Live]:
    """The weights that no gradient moves."""
    trainable = {id(variable) for variable in model.trainable_variables}
    return {name: variable for name, variable in variables.items() if id(variable) not in trainable}


def _with_gradients(
    model: Live, variables: Mapping[str, Live], function: Live, tensors: Sequence[Live]
) -> tuple[list[Live], dict[str, Array | None]]:
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
    gradients = tape.gradient(total, [tensor_of(variables[name]) for name in names])
    return values, {
        name: None if gradient is None else tf.convert_to_tensor(gradient).numpy()
        for name, gradient in zip(names, gradients, strict=True)
    }
