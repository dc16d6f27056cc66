"""Which inputs a model takes, and how a flat list of tensors becomes the arguments of its call."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from kerasdiff.errors import TargetError, TraceError
from kerasdiff.graph import TensorSpec
from kerasdiff.side.records import Port
from kerasdiff.side.targets import InputSpec
from kerasdiff.worker.loading.resolve import CIFAR_SHAPE, SHAPE_NAMES, Constructed, as_shape

Pack = Callable[[Sequence[Any]], tuple[tuple[Any, ...], dict[str, Any]]]
Shape = tuple[int | None, ...]
_AUTOMATIC = re.compile(r"(keras_tensor|input|input_layer)(_\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How to call a model.

    Attributes:
        ports: Inputs in the order ``pack`` takes them.
        pack: Builds positional and keyword arguments from one tensor per port.
        notes: One sentence for each guess.
        guessed: Whether the shape is the CIFAR-10 default, which the model may well refuse.
    """

    ports: tuple[Port, ...]
    pack: Pack
    notes: tuple[str, ...] = ()
    guessed: bool = False


def signature_of(made: Constructed, inputs: tuple[InputSpec, ...], text: str) -> Signature:
    """Finds a model's inputs: declared, given, recorded at build time, stated by the constructor, or CIFAR-10.

    Raises:
        TargetError: If ``--input`` contradicts what the model declares, or is needed and missing.
    """
    if is_declared(made.model):
        return _declared(made.model, inputs, text)
    if inputs:
        return _given(made.model, inputs, text)
    return _built(made.model) or _assumed(made, text)


def is_declared(model: Any) -> bool:
    """Whether the model is Functional or a built Sequential, whose inputs are part of its definition."""
    if not isinstance(model, keras.Model):
        return False
    found = getattr(model, "inputs", None)
    return isinstance(found, list) and bool(found) and all(isinstance(item, keras.KerasTensor) for item in found)


def _declared(model: Any, inputs: tuple[InputSpec, ...], text: str) -> Signature:
    # A Sequential declares inputs but has no ``input`` of its own until something else has called it.
    structure = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    tensors = keras.tree.flatten(structure)
    names = _declared_names(structure, tensors)
    ports = [
        Port(name=name, spec=TensorSpec(shape=tuple(tensor.shape), dtype=keras.backend.standardize_dtype(tensor.dtype)))
        for name, tensor in zip(names, tensors, strict=True)
    ]
    aliases = {tensor.name: index for index, tensor in enumerate(tensors)} | {name: i for i, name in enumerate(names)}
    notes: list[str] = []
    for position, spec in enumerate(inputs):
        index = _position(spec, position, inputs, aliases, names, text)
        ports[index] = _override(ports[index], spec, text, notes)

    def pack(flat: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (keras.tree.pack_sequence_as(structure, list(flat)),), {}

    return Signature(ports=tuple(ports), pack=pack, notes=tuple(notes))


def _declared_names(structure: Any, tensors: list[Any]) -> list[str]:
    """Dict keys where the structure has them, else the names the user gave, else numbered."""
    names = []
    paths = keras.tree.flatten_with_path(structure)
    for index, ((path, _), tensor) in enumerate(zip(paths, tensors, strict=True)):
        keys = [str(part) for part in path]
        if keys and any(isinstance(part, str) for part in path):
            names.append("/".join(keys))
        elif _AUTOMATIC.fullmatch(tensor.name):
            # Keras numbers unnamed inputs over the whole process, which says nothing about the model.
            names.append("input" if len(tensors) == 1 else f"input_{index}")
        else:
            names.append(str(tensor.name))
    return names


def _position(
    spec: InputSpec, position: int, inputs: tuple[InputSpec, ...], aliases: dict[str, int], names: list[str], text: str
) -> int:
    if spec.name is not None:
        if spec.name not in aliases:
            raise TargetError(f"{text}: it declares no input {spec.name}; its inputs are {', '.join(names)}.")
        return aliases[spec.name]
    if len(inputs) != len(names):
        raise TargetError(
            f"{text}: {len(inputs)} unnamed --input option{'s' if len(inputs) > 1 else ''}, but the model declares "
            f"{len(names)} inputs ({', '.join(names)}); name them, e.g. --input {names[0]}=SHAPE."
        )
    return position


def _override(port: Port, spec: InputSpec, text: str, notes: list[str]) -> Port:
    declared = port.spec.shape or ()
    own = declared[1:]
    fits = len(own) == len(spec.shape) and all(
        mine is None or given is None or mine == given for mine, given in zip(own, spec.shape, strict=True)
    )
    if not fits:
        raise TargetError(
            f"{text}: --input says {show(spec.shape)}, but the model declares its input {port.name} as {show(own)}."
        )
    if spec.dtype is not None and spec.dtype != port.spec.dtype:
        notes.append(f"{text}: input {port.name} stays {port.spec.dtype} as declared, not {spec.dtype} as --input says")
    shape = tuple(given if mine is None else mine for mine, given in zip(own, spec.shape, strict=True))
    return replace(
        port, spec=TensorSpec(shape=(*declared[:1], *shape), dtype=port.spec.dtype), low=spec.low, high=spec.high
    )


def show(shape: Shape) -> str:
    """A shape as ``--input`` spells it: ``32,32,3``, ``?`` where unknown; ``()`` for a scalar per sample."""
    return ",".join("?" if dim is None else str(dim) for dim in shape) or "()"


def _given(model: Any, inputs: tuple[InputSpec, ...], text: str) -> Signature:
    parameters, required = _call_parameters(model)
    labels = [spec.label for spec in inputs if spec.label is not None]
    if len(labels) == len(inputs) > 1 and set(required) <= set(labels) <= set(parameters):
        inputs = tuple(replace(spec, name=spec.label) for spec in inputs)
    names = [spec.name for spec in inputs]
    if None in names and any(names):
        raise TargetError(f"{text}: name either every --input or none, e.g. --input {next(filter(None, names))}=SHAPE.")
    if len(set(names)) < len(names) and any(names):
        raise TargetError(f"{text}: an input is given twice with --input.")
    if None not in names:
        keys = [str(name) for name in names]
        missing = [name for name in required if name not in keys]
        if missing and len(required) > 1:
            options = " ".join(f"--input {name}=SHAPE" for name in missing)
            raise TargetError(f"{text}: {type(model).__name__}.call also takes {', '.join(missing)}; add {options}.")
        by_parameter = set(keys) <= set(parameters) and set(required) <= set(keys)
        # One order whatever the command line's: that of the call, or of the keys, as Keras flattens a dict.
        keys = [name for name in parameters if name in keys] if by_parameter else sorted(keys)
        inputs = tuple(next(spec for spec in inputs if spec.name == key) for key in keys)
        pack = _by_parameter(parameters, keys) if by_parameter else _as_dict(keys)
    elif len(inputs) == 1:
        keys, pack = ["input"], _as_one
    elif len(required) == len(inputs):
        keys, pack = list(required), _by_parameter(parameters, list(required))
    else:
        keys, pack = [f"input_{index}" for index in range(len(inputs))], _as_list
    ports = tuple(
        Port(
            name=key,
            spec=TensorSpec(shape=(spec.batch, *spec.shape), dtype=_own_dtype(spec.dtype)),
            low=spec.low,
            high=spec.high,
        )
        for key, spec in zip(keys, inputs, strict=True)
    )
    return Signature(ports=ports, pack=pack)


def _own_dtype(given: str | None) -> str:
    """``--input``'s dtype; float32 follows the precision the model is rebuilt in."""
    return keras.config.floatx() if given in (None, "float32") else str(given)


def _call_parameters(model: Any) -> tuple[list[str], list[str]]:
    """The names of ``call``'s inputs, and those without default."""
    every, required = [], []
    for name, item in inspect.signature(model.call).parameters.items():
        if name in ("training", "mask") or item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD):
            continue
        every.append(name)
        if item.default is item.empty:
            required.append(name)
    return every, required


def _as_one(flat: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (flat[0],), {}


def _as_list(flat: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (list(flat),), {}


def _as_dict(keys: list[str]) -> Pack:
    def pack(flat: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (dict(zip(keys, flat, strict=True)),), {}

    return pack


def _by_parameter(parameters: list[str], keys: list[str]) -> Pack:
    """Keras wants the first input of a call by position; the others go by name."""

    def pack(flat: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        values = dict(zip(keys, flat, strict=True))
        first = (values.pop(parameters[0]),) if parameters[0] in values else ()
        return first, values

    return pack


def _built(model: Any) -> Signature | None:
    """The shapes a model was built with, which Keras records."""
    if not model.built:
        return None
    config = model.get_build_config() or {}
    shapes = config.get("input_shape", config.get("shapes_dict"))
    parameters, _ = _call_parameters(model)
    pack: Pack
    one = _without_batch(shapes)
    if one is not None:
        return _signature([("input", one)], _as_one)
    if isinstance(shapes, dict):
        named = [(str(key), _without_batch(shape)) for key, shape in shapes.items()]
        if "shapes_dict" in config:
            named = [(key.removesuffix("_shape"), shape) for key, shape in named]
            pack = _by_parameter(parameters, [key for key, _ in named])
            if not {key for key, _ in named} <= set(parameters):
                return None
        else:
            pack = _as_dict([key for key, _ in named])
    elif isinstance(shapes, list | tuple):
        named = [(f"input_{index}", _without_batch(shape)) for index, shape in enumerate(shapes)]
        pack = _as_list
    else:
        return None
    known = [(name, shape) for name, shape in named if shape is not None]
    return _signature(known, pack) if known and len(known) == len(named) else None


def _without_batch(shape: Any) -> Shape | None:
    if not isinstance(shape, tuple | list) or not shape:
        return None
    if all(item is None or isinstance(item, int) for item in shape):
        return tuple(shape[1:])
    return None


def _signature(shapes: Sequence[tuple[str, Shape]], pack: Pack, notes: tuple[str, ...] = ()) -> Signature:
    ports = tuple(
        Port(name=name, spec=TensorSpec(shape=(None, *shape), dtype=keras.config.floatx())) for name, shape in shapes
    )
    return Signature(ports=ports, pack=pack, notes=notes)


def _assumed(made: Constructed, text: str) -> Signature:
    _, required = _call_parameters(made.model)
    if len(required) > 1:
        options = " ".join(f"--input {name}=SHAPE" for name in required)
        raise TraceError(
            f"{text}: {type(made.model).__name__}.call takes {', '.join(required)}; give their shapes: {options}."
        )
    shape, origin = made.hint or _attribute_hint(made.model) or (None, "")
    if shape is not None:
        found = _signature([("input", shape)], _as_one, (f"{text}: input {shape} taken from {origin}",))
        return replace(found, guessed=bool(made.inferred) and shape == CIFAR_SHAPE)
    note = f"{text}: input {CIFAR_SHAPE} float32 inferred from the CIFAR-10 default"
    return replace(_signature([("input", CIFAR_SHAPE)], _as_one, (note,)), guessed=True)


def _attribute_hint(model: Any) -> tuple[Shape, str] | None:
    for name in SHAPE_NAMES:
        shape = as_shape(vars(model).get(name))
        if shape is not None:
            return shape, f"the model's attribute {name}"
    return None


def with_ranges(ports: tuple[Port, ...], model: Any, text: str) -> tuple[tuple[Port, ...], tuple[str, ...]]:
    """Bounds integer inputs by the smallest embedding table; once the model is built, so all layers are known.

    Without an embedding: 0 to 9, or 0 to 255 for uint8, which is how images come.
    """
    layers = model._flatten_layers()  # private; the only way to sublayers kept in lists and dicts
    tables = sorted({int(layer.input_dim) for layer in layers if isinstance(layer, keras.layers.Embedding)})
    found, notes = [], []
    for port in ports:
        low, high = port.low, port.high
        if port.spec.dtype.startswith(("int", "uint")):
            default = tables[0] - 1 if tables else 255 if port.spec.dtype == "uint8" else 9
            low, high = (0, default) if low is None else (low, high)
            if high in tables:
                # 0..30 for a table of 30 rows: the reader meant a range as Python counts, and row 30 does not exist.
                notes.append(f"{text}: values of {port.name} end at {high - 1:g}, the last row of its embedding table")
                high -= 1
        found.append(replace(port, low=low, high=high))
    return tuple(found), tuple(notes)
