"""Answers ``fit``: one seeded training run, the same to the last bit wherever seed, start and batches are the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kerasdiff.errors import FitError
from kerasdiff.side import Array, FitPlan, Progress, Trial
from kerasdiff.worker.data import DataSet, load_data
from kerasdiff.worker.names import weight_table
from kerasdiff.worker.tasks import Task, as_tensor, to_array
from kerasdiff.worker.trace import call_model, tensors_in

DATA_SEED = 0
"""Of made-up data: trials of any seed train on the same rows, so that seeds differ in order and draws alone."""

FEWEST_TEST_ROWS = 512


def fit(session: Any, plan: FitPlan, progress: Progress | None = None) -> Trial:
    """Trains a fresh copy of the session's model.

    The batch order is a permutation per pass over the data from ``numpy.random.default_rng(plan.seed)``; a batch may
    span two passes, so all have the same size and the step is compiled once. A loss that is not finite ends the
    trial: it is the last of ``losses``, and there are no test figures.

    Args:
        session: Has ``reload("float32")``, which gives the model, its ports and ``pack``.
        plan: Settings, seed and start.
        progress: Called with the number of steps done and the loss of the last one.

    Returns:
        The trial. The test figures are over the first ``max(512, rows trained on)`` test rows, so that testing never
        takes longer than training, and with ``loss`` they include what the model adds to it, like ``evaluate``.

    Raises:
        FitError: If there is no usable data, loss or gradient, or the start does not fit the model.
    """
    if plan.steps < 1 or plan.batch_size < 1:
        raise FitError(f"A fit needs at least one step and one row a batch, not {plan.steps} and {plan.batch_size}.")
    tf.config.experimental.enable_op_determinism()
    loaded = session.reload("float32", plan.seed)
    task = Task(loaded)
    data = load_data(plan.data, tuple(loaded.ports), task.heads, DATA_SEED)
    _assign(weight_table(loaded.model), plan.start)
    trainer = _Trainer(loaded, task, data, plan)
    # Construction and probing drew a number of times that depends on how the model is written.
    keras.utils.set_random_seed(plan.seed)
    losses, accuracies, speed = trainer.train(progress)
    finite = bool(np.isfinite(losses[-1]))
    test_loss, test_accuracy, predictions = trainer.test(whole=finite)
    return Trial(
        data=data.description,
        settings=trainer.settings(),
        losses=losses,
        accuracies=accuracies,
        test_loss=test_loss if finite else None,
        test_accuracy=test_accuracy if finite else None,
        predictions=predictions,
        samples_per_second=speed,
    )


def start(session: Any, seed: int) -> dict[str, Array]:
    """The values a fresh copy of the session's model starts from, by weight id."""
    return {name: to_array(value) for name, value in weight_table(session.reload("float32", seed).model).items()}


def _assign(weights: dict[str, Any], start: Any) -> None:
    for name, value in start.items():
        if name not in weights:
            raise FitError(f"The start names weight {name}, which the model does not have.")
        if tuple(weights[name].shape) != tuple(value.shape):
            raise FitError(f"The start gives weight {name} shape {value.shape}; it has {tuple(weights[name].shape)}.")
        weights[name].assign(value)


def batches(rows: int, size: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Row numbers of batch after batch, without end: each pass over the data is a new permutation."""
    rng = np.random.default_rng(seed)
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, rng.permutation(rows)])
        yield waiting[:size]
        waiting = waiting[size:]


class _Trainer:
    """The compiled steps of one trial and what they need."""

    def __init__(self, loaded: Any, task: Task, data: DataSet, plan: FitPlan) -> None:
        self._loaded, self._task, self._data, self._plan = loaded, task, data, plan
        self._variables = list(loaded.model.trainable_variables)
        if not self._variables:
            raise FitError("The model has no trainable weights, so there is nothing to fit.")
        self._size = _batch_size(loaded, plan.batch_size)
        self._optimizer = _optimizer(loaded.model, task, plan)
        # By way of text: 3e-4 in float32 is 0.00030000001424923539, which nobody set.
        self._learning_rate = float(str(to_array(self._optimizer.learning_rate)))
        self._without_gradient: tuple[str, ...] = ()
        # Autograph stays off, as in Keras's own fit: models are called as they are written.
        self._step = tf.function(self._train_step, autograph=False)
        self._infer = tf.function(self._test_step, autograph=False)

    def settings(self) -> dict[str, Any]:
        """What determined this trial besides model and data, as JSON data."""
        own_step = getattr(type(self._loaded.model), "train_step", None) is not keras.Model.train_step
        return {
            "optimizer": type(self._optimizer).__name__,
            "learning_rate": self._learning_rate,
            "loss": list(self._task.words),
            "targets": [head.encoding for head in self._task.heads],
            "from_compile": self._task.compiled,
            "batch_size": self._size,
            "steps": self._plan.steps,
            "seed": self._plan.seed,
            "without_gradient": list(self._without_gradient),
            "custom_train_step_ignored": own_step and isinstance(self._loaded.model, keras.Model),
        }

    def _call(self, inputs: Any, *, training: bool) -> Any:
        args, kwargs = self._loaded.pack(inputs)
        return call_model(self._loaded.model, args, kwargs, training=training)

    def _train_step(self, inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            result = self._call(inputs, training=True)
            loss = self._task.loss(result, targets, training=True)
            scaled = self._optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self._variables)
        pairs = [(g, v) for g, v in zip(gradients, self._variables, strict=True) if g is not None]
        if not pairs:
            raise FitError("No trainable weight gets a gradient: the outputs do not depend on any.")
        lost = {id(v) for g, v in zip(gradients, self._variables, strict=True) if g is None}
        self._without_gradient = tuple(name for name, v in weight_table(self._loaded.model).items() if id(v) in lost)
        self._optimizer.apply([g for g, _ in pairs], [v for _, v in pairs])
        return loss, self._task.accuracy(result, targets)

    def _test_step(self, inputs: Any, targets: Any, count: Any) -> Any:
        """Loss, accuracy and outputs of the first ``count`` rows: the last batch is filled up, not compiled anew."""
        result = self._call(inputs, training=False)
        real = keras.tree.map_structure(lambda leaf: leaf[:count] if tf.is_tensor(leaf) else leaf, result)
        kept = [y[:count] for y in targets]
        loss = self._task.loss(real, kept, training=False)
        return loss, self._task.accuracy(real, kept), tensors_in(real)

    def _tensors(self, batch: tuple[tuple[Array, ...], tuple[Array, ...]]) -> tuple[list[Any], list[Any]]:
        inputs = [as_tensor(x, port) for x, port in zip(batch[0], self._loaded.ports, strict=True)]
        return inputs, [tf.convert_to_tensor(y) for y in batch[1]]

    def train(self, progress: Progress | None) -> tuple[tuple[float, ...], tuple[float, ...], float]:
        """Losses and accuracies step by step, and samples a second without the first step (compilation)."""
        losses: list[float] = []
        accuracies: list[float] = []
        began = time.perf_counter()
        order = batches(len(self._data.x_train[0]), self._size, self._plan.seed)
        for done, rows in zip(range(1, self._plan.steps + 1), order, strict=False):
            loss, accuracy = self._stepped(rows)
            losses.append(float(loss))
            if accuracy is not None:
                accuracies.append(float(accuracy))
            if progress is not None:
                progress(done, losses[-1])
            if not np.isfinite(losses[-1]):
                break
            if done == 1:
                began = time.perf_counter()
        elapsed = time.perf_counter() - began
        speed = (len(losses) - 1) * self._size / elapsed if len(losses) > 1 else 0.0
        return tuple(losses), tuple(accuracies), speed

    def _stepped(self, rows: NDArray[np.int64]) -> Any:
        inputs, targets = self._tensors(self._data.train_batch(rows))
        try:
            return self._step(inputs, targets)
        except (ValueError, TypeError, tf.errors.OpError) as why:
            text = str(why).strip()
            raise FitError(f"The training step fails: {text.splitlines()[0] if text else why!r}", text) from why

    def test(self, *, whole: bool) -> tuple[float, float | None, Array]:
        """Mean loss and accuracy over the test rows, and the outputs on the first batch.

        Args:
            whole: Whether to go beyond the first batch.
        """
        total = min(len(self._data.x_test[0]), max(FEWEST_TEST_ROWS, self._plan.steps * self._size))
        loss_sum = accuracy_sum = 0.0
        known = False
        first: Array = np.empty(0, np.float32)
        for begin in range(0, total, self._size):
            count = min(self._size, total - begin)
            rows = np.minimum(np.arange(begin, begin + self._size), total - 1)
            inputs, targets = self._tensors(self._data.test_batch(rows))
            loss, accuracy, outputs = self._infer(inputs, targets, tf.constant(count))
            loss_sum += float(loss) * count
            if accuracy is not None:
                known = True
                accuracy_sum += float(accuracy) * count
            if begin == 0:
                first = _joined([to_array(output) for output in outputs])
                if not whole:
                    break
        return loss_sum / total, accuracy_sum / total if known else None, first


def _joined(outputs: list[Array]) -> Array:
    """One array of predictions: a single output as it is, several flattened side by side, row by row."""
    if len(outputs) == 1:
        return outputs[0]
    return np.concatenate([output.reshape(len(output), -1).astype(np.float64) for output in outputs], axis=1)


def _batch_size(loaded: Any, wanted: int) -> int:
    """The plan's batch size, or the one the model's inputs fix."""
    fixed = {port.spec.shape[0] for port in loaded.ports if port.spec.shape} - {None}
    if len(fixed) > 1:
        raise FitError(f"The inputs fix batch sizes that differ: {', '.join(str(size) for size in sorted(fixed))}.")
    return int(fixed.pop()) if fixed else wanted


def _optimizer(model: Any, task: Task, plan: FitPlan) -> Any:
    """A fresh optimizer: the compiled one's class and settings without its state, else Adam."""
    own = getattr(model, "optimizer", None) if task.compiled else None
    fresh = None if own is None else type(own).from_config(own.get_config())
    optimizer = keras.optimizers.Adam(plan.learning_rate) if fresh is None else fresh
    optimizer.build(list(model.trainable_variables))
    return optimizer
