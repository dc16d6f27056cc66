"""What is a layer set to? Its config as plain attributes, without what only names, seeds or initialises."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from kerasdiff.graph import SAME_AS, Attribute
from kerasdiff.worker.keras_internals import LAMBDA, Live, is_keras_own, keras
from kerasdiff.worker.tracing.lower import constant_attributes
from kerasdiff.worker.tracing.names import serialized

_HIDDEN = frozenset(
    {"name", "trainable", "seed", "batch_input_shape", "batch_shape", "build_config", "shared_object_id"}
    # Of Keras 2: in which order gates are multiplied, who draws random numbers, and what was called.
    | {"implementation", "rng_type", "query_shape", "key_shape", "value_shape"}
)
_BESIDE_THE_GRAPH = ("_initializer", "_regularizer", "_constraint")
"""Settings compared weight by weight, in the weights rung."""

_NESTED = ("layer", "backward_layer", "cell", "cells")
"""Settings that are a layer themselves, whose own settings count."""

_HELD_AS = {"layer": "forward_layer"}
"""Where ``Bidirectional`` holds what it is given by another name."""


def layer_attributes(layer: Live) -> dict[str, Attribute]:
    """A layer's settings by name, those of layers nested in it as ``cell.units``; empty where it has no config."""
    try:
        config = layer.get_config()
    except (NotImplementedError, TypeError, ValueError, OSError):  # Keras 2 quotes a lambda, and fails without source
        return {}
    forward, backward = (getattr(layer, name, None) for name in ("forward_layer", "backward_layer"))
    if forward is not None:  # Keras 2 says how it was given, and sets what it does where a step is masked
        config["layer"] = {"class_name": type(forward).__name__, "config": forward.get_config()}
    if backward is not None:  # Keras 2 leaves out the one it made of the other
        config.setdefault("backward_layer", {"class_name": type(backward).__name__, "config": backward.get_config()})
    for key, value in config.items():
        if isinstance(value, Mapping) and _is_lambda(value, held := getattr(layer, key, None)):
            config[key] = serialized(held)
    return dict(_flatten(config, layer))


def layer_defaults(layer: Live) -> dict[str, Attribute]:
    """The settings of a layer with what they are where nobody sets them; those of layers nested in it too."""
    nested = ((f"{name}.", getattr(layer, _HELD_AS.get(name, ""), getattr(layer, name, None))) for name in _NESTED)
    signed = {f"{prefix}{name}": given for prefix, one in (("", layer), *nested) for name, given in _signed(one)}
    found = {name: _plain(given) for name, given in signed.items() if given is not inspect.Parameter.empty}
    if "data_format" in found and found["data_format"] is None:
        found["data_format"] = keras.config.image_data_format()
    held = layer_attributes(layer)
    unsaid = [name for name in held if name not in signed and name != "dtype" and "." not in name]
    found |= _made_plain(layer, unsaid) if unsaid else {}
    return {name: value for name, value in found.items() if name in held}


def _signed(layer: Live) -> Iterator[tuple[str, Live]]:
    """What the constructors of a layer's own classes take, with the defaults; the class itself comes last."""
    for kind in reversed([kind for kind in type(layer).__mro__ if is_keras_own(kind) and "__init__" in vars(kind)]):
        for name, given in inspect.signature(vars(kind)["__init__"]).parameters.items():
            yield name, given.default


def _made_plain(layer: Live, names: Sequence[str]) -> dict[str, Attribute]:
    """What settings that no signature names are, in a layer of the class that is made with what it needs alone."""
    kind = type(layer)
    if not is_keras_own(kind):
        return {}
    config = layer.get_config()
    parameters = inspect.signature(kind.__init__).parameters.items()
    needed = [name for name, given in parameters if given.default is inspect.Parameter.empty and name in config]
    made = _made(lambda: kind(**{name: config[name] for name in needed}, name=layer.name))
    plain = {} if made is None else layer_attributes(made)
    return {name: plain[name] for name in names if name in plain}


def _made(make: Callable[[], Live]) -> Live:
    """Another layer; ``None`` where it needs what its config does not say."""
    before = random.getstate()  # initializers draw seeds from there, as they are made
    try:
        return make()
    except (TypeError, ValueError, AttributeError):
        return None
    finally:
        random.setstate(before)


def _range_of(name: str, value: Live, layer: Live) -> Live:
    """The range that a layer makes of one number, ``(-0.2, 0.2)`` of 0.2: one version keeps it so, another the number.

    It is one where the layer holds both ends, and all that another holds which is given the range.
    """
    if not isinstance(value, float) or not value or not is_keras_own(type(layer)):
        return value
    ends, held = (-abs(value), abs(value)), _numbers(layer, name)
    if not {*ends} <= {*held.values()}:
        return value
    made = _made(lambda: type(layer).from_config({**layer.get_config(), name: ends}))
    return ends if made is not None and _numbers(made, name) == held else value


def _numbers(layer: Live, name: str) -> dict[str, float]:
    """The numbers that a layer holds beside a setting."""
    return {key: held for key, held in vars(layer).items() if isinstance(held, float) and key != name}


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
            yield f"{prefix}{key}", _plain(_range_of(key, value, layer))


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
    settings = ", ".join(f"{k}={_shortest(inner[k])}" for k in sorted(inner) if k not in ("name", "dtype", "trainable"))
    return f"{kind}({settings})" if settings else kind


def _shortest(value: Live) -> Live:
    """A number that float32 has in the fewest digits: Keras 2 keeps factors so, and 0.01 is 0.0099999998 there."""
    return str(np.float32(value)) if isinstance(value, float) and float(np.float32(value)) == value else value


def _plain(value: Live) -> Attribute:
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, float):
        return float(_shortest(value))
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "item") and getattr(value, "size", 0) == 1:
        return _plain(value.item())
    if hasattr(value, "shape"):
        settings = constant_attributes(value)
        return settings.get("value", settings.get("digest"))
    return serialized(value)
