"""How does Keras 3 take a training step: losses, metrics, optimizers, penalties?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kerasdiff.worker.keras_internals.generations import Live


def learning_rate_of(optimizer: Live) -> Live:
    """What sets the learning rate: a variable, a schedule or a function.

    ``BaseOptimizer._learning_rate``; the public ``learning_rate`` is the number a schedule gives now. Checked with
    Keras 3.11 to 3.15.1.
    """
    return getattr(optimizer, "_learning_rate", None)


def set_iterations(optimizer: Live, number: int) -> None:
    """Makes an optimizer believe that it has taken so many steps.

    ``BaseOptimizer._iterations``; the public ``iterations`` counts updates where gradients are accumulated. Checked
    with Keras 3.11 to 3.15.1.
    """
    optimizer._iterations.assign(number)


def compile_loss_of(model: Live) -> Callable[..., Live] | None:
    """The loss of all outputs together, with weights, masks and reductions, as ``compile`` made it.

    ``Trainer._compile_loss``; the public ``compute_loss`` adds what layers add. Checked with Keras 3.11 to 3.15.1.
    """
    made: Callable[..., Live] | None = getattr(model, "_compile_loss", None)
    return made


def loss_settings(loss: Live) -> Mapping[str, Live]:
    """Its config with what it hands to its function, which some leave out there (the ``delta`` of ``Huber``).

    ``LossFunctionWrapper._fn_kwargs``. Checked with Keras 3.11 to 3.15.1.
    """
    return {**getattr(loss, "_fn_kwargs", {}), **loss.get_config()}


def apply_gradients(optimizer: Live, gradients: Sequence[Live], variables: Sequence[Live]) -> None:
    """Takes one step (``Optimizer.apply``)."""
    optimizer.apply(gradients, variables)


def metrics_of(model: Live, targets: Live, outputs: Live) -> Mapping[str, Live]:
    """The metrics of one batch (``Model.compute_metrics``)."""
    figures: Mapping[str, Live] = model.compute_metrics(None, targets, outputs)
    return figures


def scaled_loss(optimizer: Live, loss: Live) -> Live:
    """The loss as a gradient is to be taken of it (``Optimizer.scale_loss``)."""
    return optimizer.scale_loss(loss)


def loss_of(model: Live, targets: Live, outputs: Live, *, training: bool) -> Live:
    """The loss of a batch with all that the model adds (``Model.compute_loss``)."""
    return model.compute_loss(y=targets, y_pred=outputs, training=training)


def is_compiled(model: Live) -> bool:
    """Whether a model was given an optimizer, losses or metrics (``Trainer.compiled``)."""
    return bool(getattr(model, "compiled", False))


def build_optimizer(optimizer: Live, variables: Sequence[Live]) -> None:
    """Makes the variables of an optimizer (``Optimizer.build``)."""
    optimizer.build(list(variables))


def optimizer_variables(optimizer: Live) -> list[Live]:
    """The variables of an optimizer (``Optimizer.variables``)."""
    return list(optimizer.variables)


def added_by(model: Live) -> list[Live]:
    """What layers add to the loss, that of their calls first and then the regularizers' (``Layer.losses``)."""
    return list(model.losses)


def drop_penalty(model: Live, variable: Live) -> None:
    """Takes the regularizer of a weight off."""
    del model
    variable.regularizer = None


def penalizes_frozen() -> bool:
    """Whether the regularizer of a frozen weight adds to the loss (``Layer._get_regularization_losses``: no)."""
    return False


def rate_now(optimizer: Live) -> Live:
    """The learning rate of the next step (``Optimizer.learning_rate``)."""
    return optimizer.learning_rate


def finish(optimizer: Live, variables: Sequence[Live]) -> None:
    """Puts averages in the place of variables, where an optimizer takes any, as ``fit`` does in the end."""
    optimizer.finalize_variable_values(variables)
