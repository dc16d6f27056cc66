"""What does a trainer begin with, whatever backend it runs on? A model, its batch size and a fresh optimizer."""

from __future__ import annotations

from kerasdiff.errors import FitError
from kerasdiff.side.training import TrialOptions, TrialSettings
from kerasdiff.worker.keras_internals import Live, build_optimizer, keras, to_numpy
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.training.tasks import Task, fresh_optimizer


class Begun:
    """A model with its optimizer, before the first step.

    Attributes:
        size: Rows a batch.
        optimizer: Of this model, with the state it has before the first step, until it is trained.
    """

    def __init__(self, loaded: Loaded, task: Task, options: TrialOptions) -> None:
        self._loaded, self._task = loaded, task
        self._variables = list(loaded.model.trainable_variables)
        if not self._variables:
            raise FitError("The model has no trainable weights, so there is nothing to fit.")
        self.size = _batch_size_of(loaded, options.batch_size)
        self.optimizer = optimizer_of(loaded.model, task, options)
        # By way of text: 3e-4 in float32 is 0.00030000001424923539, which nobody set.
        self._learning_rate = float(str(to_numpy(self.optimizer.learning_rate)))
        self._without_gradient: tuple[str, ...] = ()

    def settings(self, *, steps: int, epochs: int, steps_per_epoch: int, test_rows: int) -> TrialSettings:
        """What a trial of this length is trained with, as a report shows it."""
        model = self._loaded.model
        own_step = getattr(type(model), "train_step", None) is not keras.Model.train_step
        draws, own_draws = self._drawn()
        return TrialSettings(
            optimizer=type(self.optimizer).__name__,
            learning_rate=self._learning_rate,
            loss=tuple(self._task.words),
            targets=tuple(head.encoding for head in self._task.heads),
            from_compile=self._task.compiled,
            batch_size=self.size,
            without_gradient=self._without_gradient,
            custom_train_step_ignored=own_step and isinstance(model, keras.Model),
            steps=steps,
            epochs=epochs,
            steps_per_epoch=steps_per_epoch,
            test_rows=test_rows,
            draws=draws,
            own_draws=own_draws,
        )

    def _drawn(self) -> tuple[tuple[str, ...], bool]:
        """Which random numbers it shares with the other side, and whether it draws its own though others were meant."""
        raise NotImplementedError


def _batch_size_of(loaded: Loaded, wanted: int) -> int:
    """The wanted batch size, or the one the model's inputs fix."""
    sizes = [port.spec.shape[0] for port in loaded.ports if port.spec.shape]
    fixed = {size for size in sizes if size is not None}
    if len(fixed) > 1:
        raise FitError(f"The inputs fix batch sizes that differ: {', '.join(str(size) for size in sorted(fixed))}.")
    return fixed.pop() if fixed else wanted


def optimizer_of(model: Live, task: Task, options: TrialOptions) -> Live:
    """A fresh optimizer: the one in the options, else the model's own, else the default."""
    if options.optimizer is not None:
        try:
            made = keras.optimizers.get(options.optimizer)
        except ValueError:
            raise FitError(f"Keras has no optimizer {options.optimizer!r}; e.g. adam, sgd, rmsprop, adamw.") from None
    else:
        made = fresh_optimizer(model, own=task.compiled or options.loss is not None)
    if options.learning_rate is not None:
        try:
            made.learning_rate = options.learning_rate
        except (TypeError, ValueError):
            text = "The model's optimizer follows a schedule of its own, which no single learning rate can replace."
            raise FitError(text) from None
    build_optimizer(made, model.trainable_variables)
    return made
