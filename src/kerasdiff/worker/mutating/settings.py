"""Other values for the settings of a layer, and when such a change has no effect by construction."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.mutating.blueprint import Blueprint, Part, Ref

WRAPPED = {"Bidirectional": "layer", "TimeDistributed": "layer"}
"""Wrappers, and the setting that holds the layer inside."""

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "elu", "softplus", "silu")

NOISE = {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout"}


def _each(step: int) -> Callable[[Live], list[Live]]:
    """For a size in one or more dimensions: each ``step`` larger."""
    return lambda value: [[item + step for item in value]] if isinstance(value, list | tuple) else [value + step]


def _toggled(value: bool) -> list[bool]:
    return [not value]


def _pads(value: Live) -> list[Live]:
    if value in ("valid", "same"):
        return ["same" if value == "valid" else "valid"]
    if value == "causal":
        return ["same", "valid"]
    alone = isinstance(value[0], int)  # of one dimension
    (top, bottom), *rest = [value] if alone else value
    moved = [top + 1, bottom - 1] if bottom else [top - 1, bottom + 1]
    return [moved if alone else [moved, *rest]]


ALTERNATIVES: dict[str, Callable[[Live], list[Live]]] = {
    "alpha": lambda v: [v * 0.5],
    "axes": lambda v: [2],
    "axis": lambda v: [1, 2],
    "center": _toggled,
    "cropping": _pads,
    "depth_multiplier": lambda v: [v + 1],
    "dilation_rate": lambda v: [[2] * len(v)] if set(v) == {1} else [[1] * len(v)],
    "dims": lambda v: [[v[1], v[0], *v[2:]], [*v[:-2], v[-1], v[-2]]],
    "dropout": lambda v: [v + 0.2],
    "epsilon": lambda v: [1e-5 if v > 1e-4 else 1e-3],
    "filters": lambda v: [v + 2],
    "go_backwards": _toggled,
    "groups": lambda v: [2 if v == 1 else 1, v * 2],
    "input_dim": lambda v: [v + 1],
    "interpolation": lambda v: ["nearest" if v == "bilinear" else "bilinear"],
    "keepdims": _toggled,
    "kernel_size": _each(2),
    "key_dim": lambda v: [v + 1],
    "mask_zero": _toggled,
    "max_value": lambda v: [None, v + 2] if v else [6.0],
    "merge_mode": lambda v: [mode for mode in ("concat", "sum", "ave", "mul") if mode != v],
    "momentum": lambda v: [0.9 if v == 0.99 else 0.99],
    "negative_slope": lambda v: [0.3],
    "normalize": _toggled,
    "num_heads": lambda v: [v * 2, 1],
    "offset": lambda v: [v + 0.5],
    "output_dim": lambda v: [v + 2],
    "padding": _pads,
    "pool_size": _each(1),
    "rate": lambda v: [v + 0.1],
    "recurrent_activation": lambda v: ["hard_sigmoid", "tanh"],
    "recurrent_dropout": lambda v: [v + 0.2],
    "reset_after": _toggled,
    "return_sequences": _toggled,
    "scale": lambda v: _toggled(v) if isinstance(v, bool) else [v * 2],
    "shared_axes": lambda v: [[1]] if v is None else [None],
    "size": _each(1),
    "stddev": lambda v: [v * 2],
    "strides": _each(1),
    "target_shape": lambda v: [[*v[:-2], v[-1] * v[-2]], [*v[:-2], v[-1] * 2, v[-2] // 2]],
    "threshold": lambda v: [v + 0.5],
    "unit_forget_bias": _toggled,
    "units": lambda v: [v + 1],
    "use_bias": _toggled,
    "use_causal_mask": _toggled,
    "value_dim": lambda v: [v + 2],
}
"""For a setting by name: values to try instead. What a layer cannot be built with is not drawn."""


def holder(part: Part, dotted: str) -> dict[str, Live]:
    """The config that holds a setting; ``layer.units`` is in the layer a wrapper holds."""
    config = part.config
    for name in dotted.split(".")[:-1]:
        config = config[name]["config"]
    return config


def dotted_settings(part: Part) -> Iterator[tuple[str, Live]]:
    """The settings of a layer, and of the layer it wraps, with their values."""
    for key, value in part.config.items():
        yield key, value
    inside = part.config.get(WRAPPED.get(part.kind, ""), {})
    for key, value in inside.get("config", {}).items():
        yield f"{WRAPPED[part.kind]}.{key}", value


def alternatives(part: Part) -> Iterator[tuple[str, Live, Live]]:
    """``(setting, value, another value)`` for every setting that has one."""
    for dotted, value in dotted_settings(part):
        key = dotted.rpartition(".")[2]
        if key not in ALTERNATIVES or (value is None and key not in ("max_value", "shared_axes")):
            continue
        others: list[Live] = []
        for other in ALTERNATIVES[key](value):
            if other != value and other not in others:
                others.append(other)
        yield from ((dotted, value, other) for other in others)


def pads(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Zeros that ``same`` padding adds in one dimension."""
    window = (kernel - 1) * dilation + 1
    return max((math.ceil(size / stride) - 1) * stride + window - size, 0)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a layer that is given another value.

    Attributes:
        part, call: The layer, and its first call.
        dotted: The setting.
        new: Its other value.
    """

    part: str
    call: str
    dotted: str
    new: Live


def matters(setting: Setting, before: Blueprint, after: Blueprint) -> bool:
    """Whether a change of a setting can change what the model computes, learns or starts from.

    It cannot where, by the definition of the layer: the padding adds nothing; a stride leaves the output shape as it
    is; a window of one is dilated; an axis is the same one counted from the other end; no mask reaches a layer that
    uses it; the two directions of a symmetric Bidirectional change places; a rectifier gets no negative values; the
    layer is frozen and its moving statistics never move; a setting of the bias has no bias.
    """
    part, key = before.parts[setting.part], setting.dotted.rpartition(".")[2]
    config, new = holder(part, setting.dotted), setting.new
    operand = before.calls[setting.call].refs()[0]
    if key in ("strides", "padding", "dilation_rate"):
        return _windows_matter(setting, key, before, after)
    if key == "axis" and isinstance(new, int):
        old, dims = _wide(config[key], [0])[0], len(before.shapes[operand])
        return bool(old % dims != new % dims)
    if key == "mask_zero":
        return mask_used(before, Ref(setting.call))
    if key == "go_backwards":
        return bool(part.kind != "Bidirectional" or part.config["merge_mode"] == "concat")
    if key in ("negative_slope", "threshold", "max_value"):
        return interval(before, operand)[0] < 0
    needs = {"momentum": "trainable", "unit_forget_bias": "use_bias"}.get(key, "")
    return bool(config.get(needs, True))


def _windows_matter(setting: Setting, key: str, before: Blueprint, after: Blueprint) -> bool:
    """Whether another stride, padding or dilation moves a window over anything else."""
    config, new = holder(before.parts[setting.part], setting.dotted), setting.new
    shape = before.shapes[before.calls[setting.call].refs()[0]]
    same_shape = before.shapes[Ref(setting.call)] == after.shapes[Ref(setting.call)]
    spatial = [dim or 0 for dim in shape[1:-1]]
    if key == "strides":
        return not same_shape
    if key == "padding" and isinstance(new, str) and "causal" not in (new, config[key]):
        kernel = config.get("kernel_size") or config["pool_size"]
        dilation = config.get("dilation_rate") or [1] * len(spatial)
        added = map(pads, spatial, _wide(kernel, spatial), _wide(config["strides"], spatial), _wide(dilation, spatial))
        return not same_shape or any(added)
    if isinstance(new, str | list) and "kernel_size" in config:
        return bool(max(config["kernel_size"]) > 1 and max(spatial) > 1)
    return True


def _wide(value: Live, dims: list[int]) -> list[int]:
    return list(value) if isinstance(value, list | tuple) else [value] * len(dims)


_USES_MASK = {"LSTM", "GRU", "SimpleRNN", "Bidirectional", "GlobalAveragePooling1D", "MultiHeadAttention", "Attention"}
_ENDS_MASK = {"Conv1D", "GlobalMaxPooling1D", "Flatten", "Reshape", "MaxPooling1D"}


def mask_used(blueprint: Blueprint, ref: Ref) -> bool:
    """Whether a mask made here reaches a layer that computes something else with it."""
    for name in blueprint.users(ref):
        kind = "" if name == "output" else blueprint.parts[blueprint.calls[name].part].kind
        if kind in _USES_MASK or (kind and kind not in _ENDS_MASK and mask_used(blueprint, Ref(name))):
            return True
    return False


_RANGES = {
    "relu": (0.0, math.inf), "softplus": (0.0, math.inf), "exponential": (0.0, math.inf), "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "elu": (-1.0, math.inf),
}  # fmt: skip
_PASSES = {
    "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "Flatten", "Reshape", "Permute", "Dropout", "SpatialDropout1D",
    "SpatialDropout2D", "Concatenate", "Add", "Multiply", "Average", "Maximum", "Cropping2D", "ZeroPadding2D",
    "UpSampling2D", "Identity",
}  # fmt: skip
"""Layers that make nothing negative that was not."""


def activation_of(part: Part) -> str:
    """The function a layer applies last, as a name; empty where it is none."""
    if part.kind == "ReLU":
        return "relu" if not part.config["negative_slope"] and not part.config["threshold"] else ""
    if part.kind == "Softmax":
        return "softmax"
    if part.kind in WRAPPED:
        return str(part.config["layer"]["config"].get("activation", ""))
    name = part.data.get("config", {}).get("activation", "")
    return name if isinstance(name, str) else ""


def interval(blueprint: Blueprint, ref: Ref) -> tuple[float, float]:
    """Bounds of a value that hold for all weights and inputs."""
    if ref.call not in blueprint.calls:
        return -math.inf, math.inf
    call = blueprint.calls[ref.call]
    part = blueprint.parts[call.part]
    if part.kind in ("LSTM", "Bidirectional"):
        return -math.inf, math.inf
    if part.kind in _PASSES:
        low = min(interval(blueprint, operand)[0] for operand in call.refs())
        return (0.0, math.inf) if low >= 0 else (-math.inf, math.inf)
    return _RANGES.get(activation_of(part), (-math.inf, math.inf))


def rectified_next(blueprint: Blueprint, ref: Ref) -> bool:
    """Whether all that uses a value rectifies it, so that a ReLU before has no effect."""
    users = blueprint.users(ref)
    for name in users:
        if name == "output":
            return False
        part = blueprint.parts[blueprint.calls[name].part]
        passes = part.kind in _PASSES - {"Add", "Multiply"} and "Average" not in part.kind
        relu = part.kind in ("ReLU", "Activation") and activation_of(part) == "relu"
        if not relu and not (passes and rectified_next(blueprint, Ref(name))):
            return False
    return bool(users)
