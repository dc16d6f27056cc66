"""What a model was compiled with, as plain settings that read the same however they were spelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kerasdiff.worker.keras_internals import (
    Live,
    copy_decay_exclusions,
    is_compiled,
    is_keras_own,
    keras,
    learning_rate_of,
    loss_settings,
    without_decay,
)
from kerasdiff.worker.tracing.names import serialized
from kerasdiff.worker.user_code.digests import own_code, reach_digest, state_digest
from kerasdiff.worker.user_code.reach import is_user_code

HOW = frozenset(("run_eagerly", "jit_compile", "steps_per_execution", "auto_scale_loss", "is_legacy_optimizer"))
"""Settings of how a step is run, not of what it does; ``auto_scale_loss`` shows in the optimizer."""


def compile_settings(model: Live) -> dict[str, str] | None:
    """Optimizer, losses and metrics of a compiled model, one entry a setting (``optimizer.learning_rate``).

    A name, the function of that name and its class with default settings are the same loss, as Keras takes them.
    """
    if not is_compiled(model):
        return None
    try:
        config = model.get_compile_config() or {}
    except (NotImplementedError, TypeError, ValueError):
        return None
    names = tuple(getattr(model, "output_names", None) or ())
    settings = {key: value for key, value in config.items() if key not in HOW}
    settings["loss"] = _by_output(_losses(getattr(model, "loss", None)), names)
    if getattr(model, "optimizer", None) is not None:
        settings["optimizer"] = _optimizer(model.optimizer, model.trainable_variables)
    return dict(item for key in ("loss", *sorted(set(settings) - {"loss"})) for item in _flat(key, settings[key]))


def fresh(optimizer: Live) -> Live:
    """Another optimizer of the same class and settings, which knows nothing of the first one's steps."""
    own, config = own_schedule(optimizer), optimizer.get_config()
    made = type(optimizer).from_config(config if own is None else {**config, "learning_rate": 1.0})
    if own is not None:  # which no config brings back, and holds no steps
        made.learning_rate = own
    copy_decay_exclusions(optimizer, made)
    if getattr(optimizer, "inner_optimizer", None) is not None:
        made.inner_optimizer = fresh(optimizer.inner_optimizer)
    return made


def own_schedule(optimizer: Live) -> Live | None:
    """The learning rate schedule that Keras did not write; ``None`` where it has none or Keras did."""
    rate = learning_rate_of(optimizer)
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return None
    return None if is_keras_own(type(rate)) and not own_code(rate) else rate


def _deciding(config: Mapping[str, Live]) -> dict[str, Live]:
    """The settings of an optimizer that say what it does: none of how, of averages it does not take, of no decay."""
    idle = () if config.get("use_ema") else ("ema_", "use_ema")
    # Those of `keras.optimizers.legacy` alone have a decay.
    left_out = HOW if config.get("decay", 1) else HOW | {"decay"}
    return {key: value for key, value in config.items() if key not in left_out and not key.startswith(idle)}


def _optimizer(made: Live, weights: Sequence[Live]) -> Live:
    """Class and settings of an optimizer, with what its config leaves out: code, schedules, exclusions."""
    config = _deciding(made.get_config())
    rate = learning_rate_of(made)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        own = state_digest(rate) if own_code(rate) else ""
        held = {"code": own} if own else {}
        config["learning_rate"] = {"class_name": type(rate).__name__, "config": {**rate.get_config(), **held}}
    elif callable(rate) and is_user_code(rate):
        config["learning_rate"] = serialized(rate)
    spared = without_decay(made, weights) if config.get("weight_decay") else None
    if spared is not None:
        config["without_decay"] = ", ".join(sorted(f"{weight.name} {tuple(weight.shape)}" for weight in spared))
    inner = getattr(made, "inner_optimizer", None)
    if inner is not None:
        config["inner_optimizer"] = _optimizer(inner, weights)
    return {"class_name": f"{type(made).__name__}{own_code(made)}", "config": config}


def _by_output(losses: Live, names: Sequence[str]) -> Live:
    """One loss for each output in their order, the loss alone where there is one output."""
    if isinstance(losses, Mapping) and "class_name" not in losses and names and set(losses) <= set(names):
        losses = [losses.get(name) for name in names]
    if isinstance(losses, list) and len(losses) == 1:
        return losses[0]
    several = len(names) > 1 and losses is not None and not isinstance(losses, list)
    return [losses] * len(names) if several and (isinstance(losses, str) or "class_name" in losses) else losses


def _losses(loss: Live) -> Live:
    if isinstance(loss, Mapping):
        return {str(key): _losses(value) for key, value in loss.items()}
    if isinstance(loss, list | tuple):
        return [_losses(value) for value in loss]
    if isinstance(loss, str) or (callable(loss) and is_keras_own(loss)):
        loss = _as_class(loss)
    if isinstance(loss, keras.losses.Loss):
        kind = type(loss).__name__
        own = is_user_code(type(loss).call)
        return {
            "class_name": f"{kind} (code {reach_digest(loss, 'call')})" if own else kind,
            "config": loss_settings(loss),
        }
    return loss if loss is None or isinstance(loss, str) else serialized(loss)


def _as_class(loss: Live) -> Live:
    """The class behind a loss given by name or as a function, with its default settings; else what it is."""
    try:
        known = keras.losses.get(loss)
    except ValueError:  # a name of the user's
        return loss
    name = str(getattr(known, "__name__", "")).replace("_", "").lower()
    kinds = {key.lower(): value for key, value in vars(keras.losses).items() if isinstance(value, type)}
    return kinds[name]() if name in kinds else known


def _flat(key: str, value: Live) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and "class_name" in value and "config" in value:
        inner = value["config"]
        kind = str(value["class_name"])
        yield key, str(inner) if kind == "function" else kind
        if isinstance(inner, Mapping):
            for name in sorted(set(inner) - {"name", "dtype"}):
                yield from _flat(f"{key}.{name}", inner[name])
    elif isinstance(value, Mapping):
        for name in sorted(value):
            yield from _flat(f"{key}.{name}", value[name])
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _flat(f"{key}.{number}", item)
    elif value is not None:
        yield key, f"{value:.7g}" if isinstance(value, float) else str(value)
