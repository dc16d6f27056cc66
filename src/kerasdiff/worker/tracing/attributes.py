"""What is a layer set to? Its config as plain attributes, without what only names, seeds or initialises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kerasdiff.graph import SAME_AS, Attribute
from kerasdiff.worker.keras_internals import LAMBDA, Live
from kerasdiff.worker.tracing.lower import constant_attributes
from kerasdiff.worker.tracing.names import serialized

_HIDDEN = frozenset(
    {"name", "trainable", "seed", "batch_input_shape", "batch_shape", "build_config", "shared_object_id"}
)
_BESIDE_THE_GRAPH = ("_initializer", "_regularizer", "_constraint")
"""Settings compared weight by weight, in the weights rung."""

_NESTED = ("layer", "backward_layer", "cell", "cells")
"""Settings that are a layer themselves, whose own settings count."""


def layer_attributes(layer: Live) -> dict[str, Attribute]:
    """A layer's settings by name, those of layers nested in it as ``cell.units``; empty where it has no config."""
    try:
        config = layer.get_config()
    except (NotImplementedError, TypeError, ValueError):
        return {}
    for key, value in config.items():
        if isinstance(value, Mapping) and _is_lambda(value, held := getattr(layer, key, None)):
            config[key] = serialized(held)
    return dict(_flatten(config, layer))


def _is_lambda(value: Mapping[str, Live], held: Live) -> bool:
    """Whether a setting is a lambda, whose config is its byte code, its file and its line."""
    return value.get("class_name") == LAMBDA or getattr(held, "__name__", "") == "<lambda>"


def _flatten(config: Mapping[str, Live], layer: Live, prefix: str = "") -> Iterator[tuple[str, Attribute]]:
    """The settings of a config, with those of the layers in it; ``layer`` is the one it is of, where that is known."""
    for key in sorted(config):
        if key in _HIDDEN or (key.endswith(_BESIDE_THE_GRAPH) and key != "activity_regularizer"):
            continue
        value = config[key]
        if isinstance(value, Mapping) and "class_name" in value and "config" in value:
            yield from _flatten_object(key, value, getattr(layer, key, None), prefix)
        elif key in _NESTED and isinstance(value, list | tuple):
            yield from _flatten_layers(key, value, getattr(layer, key, None), prefix)
        else:
            yield f"{prefix}{key}", _plain(value)


def _flatten_layers(key: str, values: Sequence[Live], layers: Live, prefix: str) -> Iterator[tuple[str, Attribute]]:
    """A list of layers one by one; of one that stands in it twice, the second time, that it does."""
    held = list(layers) if isinstance(layers, list | tuple) and len(layers) == len(values) else [None] * len(values)
    for number, (value, layer) in enumerate(zip(values, held, strict=True)):
        first = next((at for at, other in enumerate(held[:number]) if other is layer and layer is not None), number)
        name = f"{key}.{number}"
        if first < number:
            yield f"{prefix}{name}", {SAME_AS: f"{key}.{first}"}
        elif isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
            yield f"{prefix}{name}", str(value.get("class_name"))
            yield from _flatten(value["config"], layer, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _plain(value)


def _flatten_object(key: str, value: Mapping[str, Live], layer: Live, prefix: str) -> Iterator[tuple[str, Attribute]]:
    inner = value["config"]
    if key == "dtype":
        yield f"{prefix}{key}", inner.get("name") if isinstance(inner, Mapping) else str(inner)
    elif isinstance(inner, Mapping) and key in _NESTED:
        yield f"{prefix}{key}", value["class_name"]
        yield from _flatten(inner, layer, f"{prefix}{key}.")
    else:
        yield f"{prefix}{key}", _described(value)


def _described(value: Mapping[str, Live]) -> str:
    inner = value["config"]
    kind = str(value["class_name"])
    if kind == "function":
        return str(inner)
    if not isinstance(inner, Mapping):
        return kind
    settings = ", ".join(f"{k}={inner[k]}" for k in sorted(inner) if k not in ("name", "dtype", "trainable"))
    return f"{kind}({settings})" if settings else kind


def _plain(value: Live) -> Attribute:
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "item") and getattr(value, "size", 0) == 1:
        scalar: Attribute = value.item()
        return scalar
    if hasattr(value, "shape"):
        settings = constant_attributes(value)
        return settings.get("value", settings.get("digest"))
    return serialized(value)
