"""The training step of Keras 2; see :mod:`...third.training`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence

from kerasdiff.worker.keras_internals.generations import Live
from kerasdiff.worker.keras_internals.second.layers import sublayers
from kerasdiff.worker.keras_internals.second.public import public


def learning_rate_of(optimizer: Live) -> Live:
    """The same attribute; of optimizers of ``keras.optimizers.legacy`` what they hold. Checked with 2.13 to 2.21."""
    own = getattr(optimizer, "_learning_rate", None)
    return optimizer.learning_rate if own is None and hasattr(optimizer, "learning_rate") else own


def set_iterations(optimizer: Live, number: int) -> None:
    """The public one counts steps."""
    optimizer.iterations.assign(number)


def compile_loss_of(model: Live) -> Callable[..., Live] | None:
    """``Model.compiled_loss``. Checked with Keras 2.13 to 2.21."""
    made: Callable[..., Live] | None = getattr(model, "compiled_loss", None)
    return made


def loss_settings(loss: Live) -> Mapping[str, Live]:
    """The same, by the names of Keras 3: ``auto`` is the mean, the function of a class of Keras's own is that class's.

    Settings that are not handed on have the default of the function. Checked with Keras 2.13 to 2.21.
    """
    settings = {**getattr(loss, "_fn_kwargs", {}), **loss.get_config()}
    function = getattr(loss, "fn", None)
    if function is not None and type(loss).__name__ != "LossFunctionWrapper":
        settings.pop("fn", None)
        known = inspect.signature(function).parameters.values()
        settings = {**{one.name: one.default for one in known if one.default is not one.empty}, **settings}
    if settings.get("reduction") == "auto":
        settings["reduction"] = "sum_over_batch_size"
    return settings


def apply_gradients(optimizer: Live, gradients: Sequence[Live], variables: Sequence[Live]) -> None:
    """``Optimizer.apply_gradients`` of pairs."""
    optimizer.apply_gradients(list(zip(gradients, variables, strict=True)))


def metrics_of(model: Live, targets: Live, outputs: Live) -> Mapping[str, Live]:
    """The same method, which takes weights too."""
    figures: Mapping[str, Live] = model.compute_metrics(None, targets, outputs, None)
    return figures


def scaled_loss(optimizer: Live, loss: Live) -> Live:
    """Of a ``LossScaleOptimizer`` alone, ``get_scaled_loss``. Checked with Keras 2.13 to 2.21."""
    return optimizer.get_scaled_loss(loss) if hasattr(optimizer, "get_scaled_loss") else loss


def loss_of(model: Live, targets: Live, outputs: Live, *, training: bool) -> Live:
    """The same method, which is not told the mode."""
    del training
    return model.compute_loss(y=targets, y_pred=outputs)


def is_compiled(model: Live) -> bool:
    """``Model._is_compiled``. Checked with Keras 2.13 to 2.21."""
    return bool(getattr(model, "_is_compiled", False))


def build_optimizer(optimizer: Live, variables: Sequence[Live]) -> None:
    """``_create_all_weights`` of optimizers of ``keras.optimizers.legacy``. Checked with Keras 2.13 to 2.21."""
    make = getattr(optimizer, "build", None) or optimizer._create_all_weights
    make(list(variables))


def optimizer_variables(optimizer: Live) -> list[Live]:
    """A method of optimizers of ``keras.optimizers.legacy``; of others a list that can be called too."""
    own = optimizer.variables
    return list(own() if callable(own) else own)


def added_by(model: Live) -> list[Live]:
    """``_eager_losses`` or ``_losses``, then what ``_callable_losses`` give, which ``losses`` mixes layer by layer.

    Checked with Keras 2.13 to 2.21.
    """
    layers = [model, *sublayers(model, deep=True)]
    called = [loss for layer in layers for loss in (layer._eager_losses or layer._losses)]
    penalties = [penalty() for layer in layers for penalty in layer._callable_losses]
    return [*called, *(penalty for penalty in penalties if penalty is not None)]


def drop_penalty(model: Live, variable: Live) -> None:
    """In ``_callable_losses`` of its layer, by ``_handle_weight_regularization``. Checked with Keras 2.13 to 2.21."""
    variable.regularizer = None
    for layer in (model, *sublayers(model, deep=True)):
        layer._callable_losses[:] = [one for one in layer._callable_losses if not penalizes(one, variable)]


def penalizes(penalty: Live, variable: Live) -> bool:
    inner: Live = penalty.args[0] if getattr(penalty, "args", ()) else None
    function = getattr(inner, "func", None)
    named = getattr(function, "__name__", "") == "_loss_for_variable"
    return named and any(one is variable for one in inner.args)


def penalizes_frozen() -> bool:
    """It does: ``losses`` asks every regularizer. Checked with Keras 2.13 to 2.21."""
    return True


def rate_now(optimizer: Live) -> Live:
    """``_decayed_lr`` of ``keras.optimizers.legacy``, which have a ``decay``. Checked with Keras 2.13 to 2.21."""
    decayed = getattr(optimizer, "_decayed_lr", None)
    return optimizer.learning_rate if decayed is None else decayed(public().config.floatx())


def finish(optimizer: Live, variables: Sequence[Live]) -> None:
    """Optimizers of ``keras.optimizers.legacy`` take no averages."""
    if hasattr(optimizer, "finalize_variable_values"):
        optimizer.finalize_variable_values(variables)
