"""What a model was compiled with, as plain settings that read the same however they were spelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from kerasdiff.worker.code import is_user_code, reach_digest
from kerasdiff.worker.names import serialized

HOW = frozenset(("run_eagerly", "jit_compile", "steps_per_execution", "auto_scale_loss"))
"""Settings of how a step is run, not of what it does; ``auto_scale_loss`` shows in the optimizer."""


def compile_settings(model: Any) -> dict[str, Any] | None:
    """Optimizer, losses and metrics of a compiled model, one entry a setting (``optimizer.learning_rate``).

    A name, the function of that name and its class with default settings are the same loss, as Keras takes them.
    """
    if not getattr(model, "compiled", False):
        return None
    try:
        config = model.get_compile_config() or {}
    except (NotImplementedError, TypeError, ValueError):
        return None
    loss = getattr(model, "loss", None)
    settings = {key: value for key, value in config.items() if key not in HOW and key != "loss"}
    return dict(
        [*_flat("loss", _losses(loss)), *(item for key in sorted(settings) for item in _flat(key, settings[key]))]
    )


def _losses(loss: Any) -> Any:
    if isinstance(loss, Mapping):
        return {str(key): _losses(value) for key, value in loss.items()}
    if isinstance(loss, list | tuple):
        return [_losses(value) for value in loss]
    if isinstance(loss, str) or (callable(loss) and str(getattr(loss, "__module__", "")).startswith("keras.")):
        loss = _as_class(loss)
    if isinstance(loss, keras.losses.Loss):
        kind = type(loss).__name__
        own = is_user_code(type(loss).call)
        return {
            "class_name": f"{kind} (code {reach_digest(loss, 'call')})" if own else kind,
            "config": loss.get_config(),
        }
    return loss if loss is None or isinstance(loss, str) else serialized(loss)


def _as_class(loss: Any) -> Any:
    """The class behind a loss given by name or as a function, with its default settings; else what it is."""
    try:
        found = keras.losses.get(loss)
    except ValueError:  # a name of the user's
        return loss
    name = str(getattr(found, "__name__", "")).replace("_", "").lower()
    kinds = {key.lower(): value for key, value in vars(keras.losses).items() if isinstance(value, type)}
    return kinds[name]() if name in kinds else found


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
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
