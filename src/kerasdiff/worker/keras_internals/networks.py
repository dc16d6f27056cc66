"""Of which layers is a functional model made, and how are they called? The same answer for both generations of Keras.

Imports generations; imported by the room alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from kerasdiff.worker.keras_internals.generations import Live, generation, keras


class Value(NamedTuple):
    """A value: output ``port`` of the ``number``-th call of a layer in its model."""

    layer: str
    number: int
    port: int


class Use(NamedTuple):
    """A layer of a functional model.

    Attributes:
        layer: It.
        data: As Keras serialises it.
        calls: Arguments and keywords of each call, as the author gave them, with a :class:`Value` where one stands.
    """

    layer: Live
    data: dict[str, Live]
    calls: tuple[tuple[Live, dict[str, Live]], ...]


class Network(NamedTuple):
    """A functional model, its layers in their order."""

    uses: tuple[Use, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def network(model: Live) -> Network:
    """What a functional model, or a ``Sequential`` that is built, is made of."""
    return _of_second(model) if generation() == "second" else _of_third(model)


# --- Keras 3: as its config says --------------------------------------------------------------------------------------


def _of_third(model: Live) -> Network:
    """``inbound_nodes`` and ``keras_history`` of a config, and ``Sequential._functional``, which has one.

    Checked with Keras 3.11 to 3.15.1.
    """
    form = model._functional if isinstance(model, keras.Sequential) else model
    called = {operation.name: operation for operation in form.operations}
    config = form.get_config()
    uses = []
    for entry in config["layers"]:
        calls = []
        for node in entry["inbound_nodes"]:
            kwargs = {key: _read(value) for key, value in node["kwargs"].items() if not _filled_in(key, value)}
            calls.append(([_read(item) for item in node["args"]], kwargs))
        uses.append(Use(called[entry["name"]], entry, tuple(calls)))
    inputs, outputs = (tuple(_values(config[key])) for key in ("input_layers", "output_layers"))
    return Network(tuple(uses), inputs, outputs)


def _filled_in(key: str, value: Live) -> bool:
    """Whether Keras gave a call this argument, not the author: the mode, and masks made by another layer."""
    return key == "training" or (key.endswith("mask") and not isinstance(value, bool))


def _values(listed: Live) -> Iterator[Value]:
    """``["dense", 0, 0]``, or a list of such."""
    if listed and isinstance(listed[0], str):
        yield Value(*listed)
    else:
        for item in listed:
            yield from _values(item)


def _read(value: Live) -> Live:
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return Value(*value["config"]["keras_history"])
    if isinstance(value, dict) and "class_name" in value:
        return keras.saving.deserialize_keras_object(value)
    return [_read(item) for item in value] if isinstance(value, list) else value


# --- Keras 2: as its nodes say ----------------------------------------------------------------------------------------


def _of_second(model: Live) -> Network:
    """``_inbound_nodes``, ``_network_nodes`` and ``_keras_history``: its config forgets which argument was the first.

    A node's key is that of ``functional._make_node_key``. Checked with Keras 2.13 to 2.21.
    """
    layers = list(model._flatten_layers(include_self=False, recursive=False))  # of a Sequential its input, too
    nodes = {
        layer.name: [
            (number, node)
            for number, node in enumerate(layer._inbound_nodes)
            if f"{layer.name}_ib-{number}" in model._network_nodes
        ]
        for layer in layers
    }
    numbers = {(name, old): new for name, held in nodes.items() for new, (old, _) in enumerate(held)}
    value_of = partial(_made_by, numbers)
    uses = []
    for layer in layers:
        calls = [node for _, node in nodes[layer.name] if not node.is_input]
        given = tuple((_mapped(node.call_args, value_of), _mapped(node.call_kwargs, value_of)) for node in calls)
        uses.append(Use(layer, keras.saving.serialize_keras_object(layer), given))
    return Network(tuple(uses), tuple(map(value_of, model.inputs)), tuple(map(value_of, model.outputs)))


def _made_by(numbers: Mapping[tuple[str, int], int], made: Live) -> Value:
    layer, number, port = made._keras_history
    return Value(layer.name, numbers[layer.name, number], port)


def _mapped(held: Live, value_of: Callable[[Live], Value]) -> Live:
    """Arguments with a :class:`Value` for each symbolic one."""
    if hasattr(held, "_keras_history"):
        return value_of(held)
    if isinstance(held, dict):
        return {key: _mapped(item, value_of) for key, item in held.items()}
    return [_mapped(item, value_of) for item in held] if isinstance(held, list | tuple) else held
