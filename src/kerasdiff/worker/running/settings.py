"""Answers ``sample_settings``: what do an optimizer, losses and metrics do, whatever they are called?

Figures are made from fixed values that depend on shapes alone, so that those of two models can be held against each
other. Where the settings can do something that no value here would show, nothing is answered: a sample stands for all
of a section or for none of it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, FitError, KerasdiffError
from kerasdiff.graph.ops import LOOKUPS
from kerasdiff.graph.values import Array
from kerasdiff.side.observations import Occasion, Section, SettingsRequest, SettingsSample
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import (
    Live,
    apply_gradients,
    build_optimizer,
    compile_loss_of,
    copy_decay_exclusions,
    finish,
    is_keras_own,
    keras,
    learning_rate_of,
    mask_of,
    rate_now,
    set_iterations,
    set_mask,
    without_decay,
)
from kerasdiff.worker.loading.load import precision_scope
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.running.scoring import target_of
from kerasdiff.worker.tracing.compiled import fresh, own_schedule
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.training.heads import Head
from kerasdiff.worker.training.tasks import Task
from kerasdiff.worker.user_code.digests import numbers_of, own_code

WHOLE = frozenset(
    {"Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Nadam", "RMSprop", "SGD"}
)  # fmt: skip
"""Optimizers of Keras that a sample shows in full: what they do to a weight follows from its rank, its values, its
gradients, the number of steps and whether it is left out of weight decay (Keras 3.11 to 3.15.1). Muon goes by the names
of layers, and a loss scale by steps that overflow."""

EXPONENTS = (-12, -8, -4, 0, 3, 8)
"""Powers of ten of the gradients: from below every epsilon to beyond every bound that is used."""

STEPS = 5
"""Consecutive steps of one trajectory, more than any optimizer of `WHOLE` looks back."""

MOST_PERIOD = 64
"""Longest period (of accumulated gradients, of an average put in place) that is run through from the start."""

STARTS = (1, 10, 999, 100_000, 2_000_000)
"""Steps that were taken before a trajectory begins, beside 0."""

LAST = 2**31 - 8
"""Iterations are counted in 32 bits."""

ROWS = (7, 4, 1)
"""Rows of the batches of losses: uneven, as the last batch of an epoch is."""

_ENDS = "ends"
"""The kind of outputs that are all 0 or 1."""

METRIC_ROWS = (257, 64, 1)
"""Rows of the batches of metrics: enough for two thresholds that are 0.01 apart to differ in some row."""


def sample_settings(session: Session, request: SettingsRequest) -> SettingsSample:
    """Samples the sections that are asked for.

    Raises:
        EvaluateError: If the model cannot be had in this precision, or has no loss that fits its outputs.
    """
    loaded = session.loaded(request.precision)
    with precision_scope(request.precision):
        try:
            task = Task(loaded, encodings=request.encodings)
        except FitError as error:
            raise EvaluateError(error.message) from None
        values: dict[Section, tuple[Array, ...]] = {}
        weighted: dict[Section, tuple[Array, ...]] = {}
        occasions: dict[Section, tuple[tuple[Occasion, ...], ...]] = {}
        steps: tuple[Array, ...] = ()
        failed = ""
        for section in request.sections:
            try:
                if section == "optimizer":
                    optimized = _Optimized(loaded.model, request, by_rows=_by_rows(session))
                    values[section] = tuple(optimized.figures())
                    steps = tuple(optimized.steps)
                else:
                    scored = _Scored(loaded, task, request.numbers)
                    values[section], weighted[section] = scored.figures(section)
                    occasions[section] = tuple(scored.occasions)
            except KerasdiffError:
                continue
            except BaseException as error:  # the user's own loss, metric or initializer
                failed = reason(error)
        if failed and not values:
            raise EvaluateError(f"its compile settings cannot be sampled: {failed}")
    own = own_schedule(getattr(loaded.model, "optimizer", None))
    written = None if own is None else numbers_of(own)
    return SettingsSample(
        values=values, weighted=weighted, encodings=task.encodings, written=written, steps=steps, occasions=occasions
    )


def _by_rows(session: Session) -> bool:
    """Whether some weight may get its gradient by rows, in which generations of Keras differ: one that is looked up."""
    try:
        recording, _ = session.traced("float32", "training")
    except BaseException:  # the user's own call, which is not known then
        return True
    kinds = {op.type for op in recording.graph.get_operations()}
    return bool(kinds & LOOKUPS) or any(kind.endswith(("While", "If", "Call")) for kind in kinds)


# Optimizers ------------------------------------------------------------------------------------------------


class _Optimized:
    """An optimizer on weights of its own: those of the model by rank, and by whether they decay.

    Attributes:
        steps: By how much each weight was moved, in the order of the figures.
    """

    def __init__(self, model: Live, request: SettingsRequest, *, by_rows: bool = True) -> None:
        self._given: Live = model.optimizer
        self._by_rows = by_rows
        self.steps: list[Array] = []
        self._apart = request.rates_apart
        self._numbers = sorted({abs(value) for value in request.numbers if math.isfinite(value) and value})
        if not _shown_in_full(self._given):
            raise EvaluateError("An optimizer of one's own may do anything at any step.")
        trained = list(model.trainable_variables)
        spared = {id(variable) for variable in without_decay(self._given, trained) or ()}
        kinds = sorted({(len(variable.shape), id(variable) in spared) for variable in trained})
        self._kinds = [kind for kind in kinds for _ in range(2)]  # a norm over all weights is not that of one

    def figures(self) -> Iterator[Array]:
        """The learning rate at many steps, then every weight after every step of every trajectory."""
        yield self._rates()
        powers = {math.floor(math.log10(value)) for value in self._numbers}
        for exponent in sorted({*EXPONENTS, *(power + more for power in powers for more in (-1, 0, 1, 2))}):
            yield from self._trajectory(0, STEPS, 10.0 ** max(-300, min(300, exponent)))
        periods = [number for number in self._whole_numbers() if number <= MOST_PERIOD]
        yield from self._trajectory(0, 2 * max([STEPS, *periods]) + 2, 1.0)
        if self._by_rows:
            yield from self._trajectory(0, STEPS, 1.0, by_rows=True)
        starts = {*STARTS, *(number - 3 for number in self._whole_numbers())}
        for start in sorted(start for start in starts if 0 < start <= LAST):
            yield from self._trajectory(start, STEPS, 1.0)

    def _made(self) -> Live:
        """A fresh optimizer, at a constant rate where its own is compared apart."""
        if self._apart:
            config = {**self._given.get_config(), "learning_rate": 0.01}
            # Optimizers of `keras.optimizers.legacy` have a decay, too.
            optimizer = type(self._given).from_config({**config, **({"decay": 0.0} if "decay" in config else {})})
            copy_decay_exclusions(self._given, optimizer)
            return optimizer
        optimizer = fresh(self._given)
        self._rounded(optimizer)
        return optimizer

    def _rounded(self, optimizer: Live) -> None:
        """A constant rate is that of float32, in which TensorFlow computes every schedule."""
        if isinstance(learning_rate_of(optimizer), keras.Variable):
            optimizer.learning_rate = float(np.float32(tf.convert_to_tensor(optimizer.learning_rate).numpy()))

    def _whole_numbers(self) -> list[int]:
        return [int(value) for value in self._numbers if value == int(value) and 2 <= value <= LAST]

    def _rates(self) -> Array:
        """The learning rate at the first steps, near every number of the settings and their sums, and far out."""
        near = self._whole_numbers()
        marks = {many * number for number in near for many in (*range(1, 9), 16, 32, 64)}
        marks |= {one + other for one in near for other in near}
        steps = {*range(64), *(mark + off for mark in marks for off in (-2, -1, 0, 1, 2))}
        steps |= {round(10**power) for power in np.linspace(1.8, 9.2, 60)}
        if self._apart:  # as nobody knows where a formula of the user's turns
            steps |= {*range(256), *(2**power + off for power in range(8, 21) for off in (-1, 0, 1))}
            steps |= {round(10**power) for power in np.linspace(2, 6, 300)}
        optimizer = fresh(self._given)
        self._rounded(optimizer)
        rates = []
        for step in sorted(step for step in steps if 0 <= step <= LAST):
            set_iterations(optimizer, step)
            rates.append(float(tf.convert_to_tensor(rate_now(optimizer))))
        return np.asarray(rates)

    def _trajectory(self, start: int, steps: int, scale: float, *, by_rows: bool = False) -> Iterator[Array]:
        """Every weight after each of some consecutive steps, and at the end, when averages take its place."""
        rng = np.random.default_rng([17, start, steps])
        weights = [
            keras.Variable(_spread(rng, _shape(rank)), dtype=keras.config.floatx(), name=f"weight_{number}")
            for number, (rank, _) in enumerate(self._kinds)
        ]
        optimizer = self._made()
        spared = [weight for weight, (_, left_out) in zip(weights, self._kinds, strict=True) if left_out]
        if without_decay(self._given, ()) is not None:
            optimizer.exclude_from_weight_decay(var_list=spared, var_names=[])
        build_optimizer(optimizer, weights)
        set_iterations(optimizer, start)
        for _ in range(steps):
            gradients = [_gradient(rng, weight, scale, by_rows=by_rows) for weight in weights]
            yield from self._moved(weights, partial(apply_gradients, optimizer, gradients, weights), by_rows)
        yield from self._moved(weights, partial(finish, optimizer, weights), by_rows)

    def _moved(self, weights: Sequence[Live], step: Callable[[], None], by_rows: bool) -> Iterator[Array]:
        """Every weight after a step; one by rows is no step here, for what rows do shows in that of the model."""
        before = [weight.numpy() for weight in weights]
        step()
        after = [weight.numpy() for weight in weights]
        self.steps += [now - (now if by_rows else then) for now, then in zip(after, before, strict=True)]
        yield from after


def _shown_in_full(optimizer: Live) -> bool:
    """Whether a sample tells all that an optimizer does: one of Keras's own, at a rate or by a schedule."""
    kind, rate = type(optimizer), learning_rate_of(optimizer)
    rated = isinstance(rate, keras.Variable | keras.optimizers.schedules.LearningRateSchedule)
    return kind.__name__ in WHOLE and is_keras_own(kind) and not own_code(optimizer) and rated


def _shape(rank: int) -> tuple[int, ...]:
    return (3,) * rank if rank <= 2 else (2,) * rank


def _spread(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Values of both signs over four decades, none of them zero."""
    return np.asarray(rng.choice([-1.0, 1.0], shape) * 10.0 ** rng.uniform(-2, 2, shape))


def _gradient(rng: np.random.Generator, weight: Live, scale: float, *, by_rows: bool) -> Live:
    values = tf.constant(scale * _spread(rng, tuple(weight.shape)), weight.dtype)
    if not by_rows or len(weight.shape) != 2:
        return values
    return tf.IndexedSlices(values, tf.constant([0, 2, 0]), tf.constant([3, 3]))


# Losses and metrics ----------------------------------------------------------------------------------------


class _Scored:
    """Losses and metrics on outputs of their own in the structure that the model returns."""

    def __init__(self, loaded: Loaded, task: Task, numbers: Sequence[float]) -> None:
        self._model, self._task = loaded.model, task
        powers = {math.floor(math.log10(abs(value))) for value in numbers if math.isfinite(value) and value}
        self._occasion: tuple[Occasion, ...] = ()
        self.occasions: list[tuple[Occasion, ...]] = []
        self._scales = sorted({1.0, 1e-3, 30.0, 1e4, *(10.0 ** min(30, max(-30, power + 1)) for power in powers)})

    def figures(self, section: Section) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """The figures of a section on plain batches, and on weighed and masked ones."""
        made = self._losses if section == "loss" else self._metrics
        return tuple(self._noting(made(weighed=False))), tuple(self._noting(made(weighed=True)))

    def _noting(self, figures: Iterator[Array]) -> Iterator[Array]:
        """The same, with a note of the occasion of each."""
        for figure in figures:
            self.occasions.append(self._occasion)
            yield figure

    def _kinds(self) -> list[str]:
        """Kinds of outputs: within their range, at its ends, and where it has none of every size."""
        bounded = all(head.zero_one for head in self._task.heads)
        return ["between", "rows", _ENDS, *([] if bounded else [f"size {scale!r}" for scale in self._scales])]

    def _batch(self, rows: int, kind: str, seed: int, *, masked: bool) -> tuple[list[Live], list[Live]]:
        """Outputs and targets."""
        values = [_output(head, rows, kind, [seed, number]) for number, head in enumerate(self._task.heads)]
        ends = all(bool(np.all((one == 0) | (one == 1))) for one in values)
        self._occasion = (*(("ends",) if ends else ()), *(("masked",) if masked else ()))
        outputs = [tf.constant(one, head.port.spec.dtype) for one, head in zip(values, self._task.heads, strict=True)]
        return outputs, [target_of(head, rows, number) for number, head in enumerate(self._task.heads)]

    def _packed(self, flat: Sequence[Live]) -> Live:
        return keras.tree.pack_sequence_as(self._task.structure, list(flat))

    def _weights(self, rows: int) -> Live:
        """One weight a value of the loss, 0 among them: Keras 3 spreads those of rows over no steps."""
        shapes = [(rows, *head.shape[:-1]) for head in self._task.heads]
        weights = [tf.constant(np.resize([0.5, 2.0, 0.0, 1.25, 3.0], one), keras.config.floatx()) for one in shapes]
        return weights[0] if len(weights) == 1 else self._packed(weights)

    def _losses(self, *, weighed: bool) -> Iterator[Array]:
        """The loss of each batch and its gradient by each output."""
        loss = compile_loss_of(self._model)
        if loss is None:
            raise EvaluateError("There is no loss.")
        for masked in (False, True) if weighed else (False,):
            for number, (rows, kind) in enumerate((rows, kind) for rows in ROWS for kind in self._kinds()):
                outputs, targets = self._batch(rows, kind, number, masked=masked)
                with tf.GradientTape() as tape:
                    tape.watch(outputs)
                    given = [_masked(tf.identity(output)) if masked else output for output in outputs]
                    weights = self._weights(rows) if weighed and not masked else None
                    value = loss(self._packed(targets), self._packed(given), weights)
                if value is None:
                    raise EvaluateError("There is no loss.")
                yield tf.convert_to_tensor(value).numpy()
                for gradient, output in zip(tape.gradient(value, outputs), outputs, strict=True):
                    yield np.zeros(output.shape) if gradient is None else tf.convert_to_tensor(gradient).numpy()

    def _metrics(self, *, weighed: bool) -> Iterator[Array]:
        """The metrics after each batch of an epoch, in their order, whatever they are called."""
        masked = weighed and any(mask_of(output) is not None for output in tensors_of(self._task.structure))
        means = {"loss", *(mean.name for mean in getattr(compile_loss_of(self._model), "metrics", ()))}
        for kind, mask in itertools.product(self._kinds(), (False, True) if masked else (False,)):
            self._model.reset_metrics()
            for number, rows in enumerate(METRIC_ROWS):
                outputs, targets = self._batch(rows, kind, number, masked=mask)
                outputs = [_masked(output) for output in outputs] if mask else outputs
                weights = self._weights(rows) if weighed and not mask else None
                results = self._model.compute_metrics(None, self._packed(targets), self._packed(outputs), weights)
                yield from _told(results, means)
        self._model.reset_metrics()


def _told(results: Mapping[str, Live], means: Set[str]) -> Iterator[Array]:
    """What metrics say, without the means of losses: of two outputs Keras 2 tells those first, Keras 3 last."""
    for name, value in results.items():
        if name not in means:
            yield np.asarray(tf.convert_to_tensor(value).numpy())


def _masked(output: Live) -> Live:
    """The output with every third row or time step masked."""
    dims = tuple(output.shape)[: 2 if len(output.shape) > 2 else 1]
    set_mask(output, tf.constant(np.arange(math.prod(dims)).reshape(dims) % 3 != 1))
    return output


def _output(head: Head, rows: int, kind: str, seed: Iterable[int]) -> Array:
    rng = np.random.default_rng([29, *seed])
    shape = (rows, *head.shape)
    if kind.startswith("size "):
        return np.asarray(float(kind[5:]) * rng.standard_normal(shape))
    values = rng.random(shape)
    if kind == _ENDS:
        return np.asarray(values < 0.5, np.float64)
    return np.asarray(values / values.sum(axis=-1, keepdims=True)) if kind == "rows" and head.shape else values
