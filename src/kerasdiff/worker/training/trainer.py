"""The compiled steps of one trial: many optimizer steps a call, and the test.

Why a loop in the graph? Between two steps Python costs 1 ms and more, which a small model feels, and both sides of a
trial pair share the processor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kerasdiff.errors import FitError, OutOfMemoryError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.training import TrialOptions
from kerasdiff.worker.keras_internals import Live, apply_gradients, keras, scaled_loss
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.tracing.returned import tensors_of
from kerasdiff.worker.tracing.trace import call_model
from kerasdiff.worker.training.batches import Batches
from kerasdiff.worker.training.begun import Begun
from kerasdiff.worker.training.draws import CommonDraws
from kerasdiff.worker.training.identity import trial_key, variables_of
from kerasdiff.worker.training.tasks import Task
from kerasdiff.worker.training.tested import Tested, Tests

_SHORT_OF_MEMORY = ("CUDA_ERROR_OUT_OF_MEMORY", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
"""What libraries of CUDA call it, which TensorFlow passes on as an internal error."""


class Trainer(Begun):
    """A model with its optimizer, ready to train and to test.

    Attributes:
        not_stored: Why a trial is not, where its state cannot be read back.
        draws: The random numbers it shares with the other side; ``None`` where it draws its own.
    """

    not_stored = Finding(fact=Fact.NOT_STORED)

    def __init__(self, loaded: Loaded, task: Task, batches: Batches, options: TrialOptions) -> None:
        super().__init__(loaded, task, options)
        self._batches = batches
        self.draws = None if options.draws == "own" else CommonDraws()
        # Autograph stays off, as in Keras's own fit: models are called as they are written.
        self._loop = tf.function(
            self._train_steps, autograph=False, input_signature=[tf.TensorSpec([None, self.size], tf.int64)]
        )
        self._infer = tf.function(
            self._test_step,
            autograph=False,
            input_signature=[tf.TensorSpec([self.size], tf.int64), tf.TensorSpec([], tf.int64)],
        )

    def _drawn(self) -> tuple[tuple[str, ...], bool]:
        return ((), False) if self.draws is None else self.draws.told(self.compiled())

    def state(self) -> list[Live] | None:
        """All variables that the steps read or write; ``None`` where their state cannot be read back."""
        return variables_of(self.compiled())

    def key(self, state: Sequence[Live], plan: Mapping[str, str | int]) -> str:
        """What a trial of these steps is called, which starts from the values that stand in its state now."""
        return trial_key(self.compiled(), state, plan)

    def compiled(self) -> tuple[Live, Live]:
        """The concrete functions of training and of testing, traced on first use.

        Raises:
            FitError: If the training step or the test cannot be built.
        """
        try:
            return self._loop.get_concrete_function(), self._infer.get_concrete_function()
        except (ValueError, TypeError, tf.errors.OpError) as why:
            raise _failure(why) from why

    def train(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Runs one optimizer step per row of ``rows``; a loss that is not finite ends the run.

        Args:
            rows: Row numbers of the training data, shape ``(steps, size)``.

        Returns:
            Loss and accuracy of every step that ran; no accuracy for regression.
        """
        try:
            done, losses, accuracies = self._loop(tf.constant(rows))
        except (ValueError, TypeError, tf.errors.OpError) as why:
            raise _failure(why) from why
        count = int(done)
        known = self._task.has_accuracy
        return losses.numpy()[:count], accuracies.numpy()[:count] if known else None

    def test(self, total: int, *, outputs: bool) -> Tested:
        """Loss and accuracy over the first ``total`` test rows.

        Args:
            total: Number of rows.
            outputs: Whether the outputs are wanted as well.
        """
        tests = Tests(outputs=outputs, accuracy=self._task.has_accuracy)
        for begin in range(0, total, self.size):
            count = min(self.size, total - begin)
            rows = np.minimum(np.arange(begin, begin + self.size), total - 1)
            loss, accuracy, results, answered = self._infer(tf.constant(rows), tf.constant(count, tf.int64))
            tests.add(count, float(loss), float(accuracy), results, answered)
        return tests.tested(total)

    def _drawing(self, what: str) -> AbstractContextManager[None]:
        return nullcontext() if self.draws is None else self.draws.taken(what)

    def _call(self, inputs: Live, *, training: bool) -> Live:
        args, kwargs = self._loaded.pack(inputs)
        return call_model(self._loaded.model, args, kwargs, training=training, fitted=True)

    def _train_steps(self, rows: Live) -> tuple[Live, Live, Live]:
        """One optimizer step after another, as long as the loss is finite; how many, their losses and accuracies."""
        steps = tf.shape(rows)[0]

        def step(done: Live) -> tuple[Live, Live]:
            with self._drawing("step"):
                return self._train_step(rows[done])

        def body(done: Live, _: Live, losses: Live, accuracies: Live) -> tuple[Live, Live, Live, Live]:
            loss, accuracy = step(done)
            loss = tf.cast(loss, tf.float64)
            return done + 1, loss, losses.write(done, loss), accuracies.write(done, accuracy)

        done, _, losses, accuracies = tf.while_loop(
            lambda done, last, *_: (done < steps) & tf.math.is_finite(last),
            body,
            (
                tf.constant(0),
                tf.constant(0.0, tf.float64),
                tf.TensorArray(tf.float64, steps, element_shape=[]),
                tf.TensorArray(tf.float64, steps, element_shape=[]),
            ),
            parallel_iterations=1,
        )
        return done, losses.stack(), accuracies.stack()

    def _train_step(self, rows: Live) -> tuple[Live, Live]:
        inputs, targets = self._batches.train(rows)
        with tf.GradientTape() as tape:
            result = self._call(inputs, training=True)
            loss = self._task.loss(result, targets, training=True)
            scaled = scaled_loss(self.optimizer, loss)
        gradients = tape.gradient(scaled, self._variables)
        pairs = [(g, v) for g, v in zip(gradients, self._variables, strict=True) if g is not None]
        if not pairs:
            raise FitError("No trainable weight gets a gradient: the outputs do not depend on any.")
        lost = {id(v) for g, v in zip(gradients, self._variables, strict=True) if g is None}
        self._without_gradient = tuple(name for name, v in weight_table(self._loaded.model).items() if id(v) in lost)
        apply_gradients(self.optimizer, [g for g, _ in pairs], [v for _, v in pairs])
        return loss, self._accuracy(result, targets)

    def _test_step(self, rows: Live, count: Live) -> tuple[Live, Live, list[Live], list[Live]]:
        """Loss, accuracy, outputs and answers of the first ``count`` rows.

        The last batch is filled up, not compiled anew.
        """
        inputs, targets = self._batches.test(rows)
        with self._drawing("test"):
            result = self._call(inputs, training=False)
        real = keras.tree.map_structure(lambda leaf: leaf[:count] if tf.is_tensor(leaf) else leaf, result)
        wanted = [y[:count] for y in targets]
        loss = self._task.loss(real, wanted, training=False)
        return loss, self._accuracy(real, wanted), tensors_of(real), self._task.answers(tensors_of(real), wanted)

    def _accuracy(self, result: Live, targets: Sequence[Live]) -> Live:
        accuracy = self._task.accuracy(result, targets)
        return tf.constant(float("nan"), tf.float64) if accuracy is None else accuracy


def _failure(why: Exception) -> FitError:
    text = str(why).strip()
    if isinstance(why, tf.errors.ResourceExhaustedError) or any(name in text for name in _SHORT_OF_MEMORY):
        return OutOfMemoryError(
            f"The training step finds too little memory: {text.splitlines()[0] if text else ''}", text
        )
    return FitError(f"The training step fails: {text.splitlines()[0] if text else repr(why)}", text)
