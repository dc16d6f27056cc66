"""Turns a recorded call into a :class:`Graph`: one node per built-in layer call or library function call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import tensorflow as tf

from kerasdiff.graph import FUSED, Edge, Graph, Node, Source, TensorSpec
from kerasdiff.graph.ops import VARIABLE_READS, bodies_in, is_effect, within, writes
from kerasdiff.worker.tracing.branches import Way, ways
from kerasdiff.worker.tracing.lower import Lowering, constant_attributes, spec_of
from kerasdiff.worker.tracing.names import serialized, snake
from kerasdiff.worker.tracing.outside import Outside, Untracked
from kerasdiff.worker.tracing.sites import Site, op_site
from kerasdiff.worker.tracing.sources import relative
from kerasdiff.worker.tracing.trace import Event, Recording

_HIDDEN = frozenset(
    {"name", "trainable", "seed", "batch_input_shape", "batch_shape", "build_config", "shared_object_id"}
)
_BESIDE_THE_GRAPH = ("_initializer", "_regularizer", "_constraint")
"""Settings compared weight by weight, in the weights rung."""


@dataclass(eq=False)
class _Unit:
    """The ops of one future node."""

    ops: list[Any]
    scope: str
    event: Event | None = None
    site: Site | None = None


class Assembler:
    """Builds the graph of one recording."""

    def __init__(self, recording: Recording, variables: Mapping[int, str], seeds: frozenset[str], root: str) -> None:
        """Collects nothing yet.

        Args:
            recording: The call.
            variables: Weight ids by ``id(resource handle)``.
            seeds: Those that are the state of a random generator.
            root: The directory that sources are relative to.
        """
        self._recording = recording
        self._root = root
        self._lowering = Lowering(recording.graph)
        self._weights: dict[str, str] = {}
        self._constants: dict[str, Any] = {}
        self._aliases: dict[str, Any] = {}
        self._edges: dict[str, Edge] = {}
        self._nodes: list[Node] = []
        self._taken: set[str] = set()
        self._variables = variables
        self._seeds = set(seeds)
        self._untracked: dict[str, str] = {}
        self._late: dict[str, int] = {}
        self._tensors: dict[str, Any] = {}
        self._weight_specs: dict[str, TensorSpec] = {}
        self._homes: dict[str, str] = {}
        self._fused: dict[Edge, Any] = {}

    def graph(self) -> Graph:
        """The traced graph; function nodes and layer nodes in the order they were called."""
        recording = self._recording
        self._captures()
        for position, tensor in enumerate(recording.inputs):
            node = Node(
                id=self._unique(f"input_{position}" if len(recording.inputs) > 1 else "input"),
                op="input",
                kind="input",
                attributes={"index": position},
                outputs=(spec_of(tensor),),
                display="Input",
            )
            self._nodes.append(node)
            self._edges[tensor.name] = Edge(node=node.id)
        units = self._units()
        wanted = self._wanted(units)
        for unit in units:
            self._add(unit, wanted)
        outputs = tuple(self._root_edge(tensor) for tensor in recording.outputs)
        losses = tuple(self._root_edge(tensor) for tensor in recording.losses)
        effects = tuple(node.id for node in self._nodes if node.lowering is not None and node.lowering.effects)
        return Graph(nodes=tuple(self._nodes), outputs=outputs, losses=losses, effects=effects)

    def spots(self) -> dict[Edge, Any]:
        """The tensor of every value between nodes, and of what goes into a fused activation (port ``FUSED``)."""
        found = {edge: self._tensors[name] for name, edge in self._edges.items() if name in self._tensors}
        return {**found, **self._fused}

    def home(self, op: str) -> str:
        """The id of the node an op belongs to, empty where it belongs to none."""
        return self._homes.get(op, "")

    def ways(self) -> list[Way]:
        """Where the call takes one of several ways for a whole batch."""
        return ways(self._recording, self._homes, set(self._constants), self._lowering)

    def _captures(self) -> None:
        graph = self._recording.graph
        outside = Outside(self._recording)
        for outer, inner in graph.captures:
            if inner.dtype == tf.resource:
                self._weights[inner.name] = self._variables.get(id(outer)) or self._found(outside.of(outer, inner))
            elif hasattr(outer, "numpy"):
                self._constants[inner.name] = outer
        written: Counter[str] = Counter()
        for op in graph.get_operations():
            written.update(tensor.name for tensor in self._written(op))
            if op.type == "Const":
                self._constants[op.outputs[0].name] = op
            elif op.type in VARIABLE_READS and written[op.inputs[0].name]:
                # Reads what the call itself has written: not the weight it started with.
                self._late[op.name] = written[op.inputs[0].name]
            elif op.type == "ReadVariableOp" and op.inputs[0].name in self._weights:
                weight = self._weights[op.inputs[0].name]
                self._weights[op.outputs[0].name] = weight
                self._weight_specs[weight] = spec_of(op.outputs[0])
            for tensor in op.outputs:
                self._tensors[tensor.name] = tensor

    def _found(self, item: Untracked) -> str:
        """The id of what the model does not track."""
        self._untracked[item.id] = item.contents
        if item.seed:
            self._seeds.add(item.id)
        return item.id

    def _written(self, op: Any) -> Sequence[Any]:
        """The handles of what an op writes: its first operand, or all that a function that writes is given."""
        if writes(op.type):
            return [op.inputs[0]]
        handles = [tensor for tensor in op.inputs if tensor.dtype == tf.resource]
        if not handles or not is_effect(op.type):
            return []
        inside = (node.op for body in bodies_in(self._lowering.attributes(op).values()) for node in within(body))
        return handles if any(map(writes, inside)) else []

    def _settings(self, op: Any) -> dict[str, Any]:
        """The attributes of an op; of one that reads what the call has written, how often it was written before.

        Of a generator only that it was: who draws first is no difference.
        """
        found = self._lowering.attributes(op)
        if op.name in self._late and self._weights.get(op.inputs[0].name) not in self._seeds:
            found["writes_before"] = self._late[op.name]
        return found

    def _units(self) -> list[_Unit]:
        """Splits the ops: those of one atomic layer call together, the rest by line and library function."""
        recording = self._recording
        operations = recording.graph.get_operations()
        owner: list[Event | None] = [None] * (len(operations) + 1)
        scope: list[str] = [""] * (len(operations) + 1)
        for event in recording.events:
            for index in range(event.start, min(event.stop, len(operations))):
                if event.atomic:
                    owner[index] = event
                else:
                    scope[index] = event.path
        inputs = {tensor.op.name for tensor in recording.inputs}
        units: list[_Unit] = []
        key: Any = None
        below: set[Any] = set()
        last = self._last_op()
        for index, op in enumerate(operations):
            if index > last or op.name in inputs or op.type in ("Placeholder", "NoOp"):
                continue
            if op.type == "ReadVariableOp" and op.name not in self._late:
                continue
            made_by = owner[index]
            if made_by is not None:
                if key is not made_by:
                    units.append(_Unit(ops=[], scope=made_by.scope, event=made_by))
                    key = made_by
                units[-1].ops.append(op)
                continue
            site = op_site(op)
            if key != (scope[index], site.source, site.function) or site.below in below or site.source is None:
                units.append(_Unit(ops=[], scope=scope[index], site=site))
                key, below = (scope[index], site.source, site.function), set()
            below.add(site.below)
            units[-1].ops.append(op)
        return [unit for unit in units if any(op.type != "Const" for op in unit.ops)]

    def _last_op(self) -> int:
        """Index of the last op that matters: what is evaluated after the call (regularizers) is left out."""
        last = max((event.stop for event in self._recording.events), default=0)
        return last - 1

    def _wanted(self, units: list[_Unit]) -> set[str]:
        """Names of the tensors that leave the unit that makes them."""
        home: dict[str, int] = {}
        for number, unit in enumerate(units):
            for op in unit.ops:
                home[op.name] = number
        wanted = {tensor.name for tensor in [*self._recording.outputs, *self._recording.losses]}
        for number, unit in enumerate(units):
            for op in unit.ops:
                wanted.update(tensor.name for tensor in op.inputs if home.get(tensor.op.name) != number)
        return wanted

    def _add(self, unit: _Unit, wanted: set[str]) -> None:
        event = unit.event
        own = {op.name for op in unit.ops}
        given = list(event.inputs) if event is not None else []
        used = [tensor for op in unit.ops for tensor in op.inputs]
        used_names = {tensor.name for tensor in used}
        outside: dict[str, Any] = {}
        weights: dict[str, None] = {}
        for tensor in [*(t for t in given if t.name in used_names), *used]:
            if tensor.name in self._weights:
                weights[self._weights[tensor.name]] = None
            elif tensor.op.name not in own and tensor.name not in self._constants:
                outside[tensor.name] = tensor
        ports: dict[str, Any] = {}
        if event is not None:
            ports.update({t.name: t for t in (*event.outputs, *event.masks) if t.op.name in own})
        ports.update({t.name: t for op in unit.ops for t in op.outputs if t.name in wanted})
        body = self._lower(unit, list(outside), list(weights), list(ports.values()))
        operands = tuple(self._edges[name] for name in outside if name in self._edges)
        node = Node(
            id=self._unique(self._base(unit)),
            op=self._op(unit),
            kind="function" if event is None or not isinstance(event.layer, keras.layers.Layer) else "layer",
            operands=operands,
            roles=tuple("mask" if name in self._recording.masks else "" for name in outside),
            weights=tuple(weights),
            seeds=tuple(name for name in weights if name in self._seeds),
            untracked=tuple(self._untracked[name] for name in weights if name in self._untracked),
            attributes={} if event is None else {**layer_attributes(event.layer), **event.settings},
            outputs=tuple(spec_of(tensor) for tensor in ports.values()),
            lowering=body,
            scope=unit.scope,
            display=self._display(unit),
            source=relative(_source(unit), self._root),
            activation=self._activation(unit),
        )
        self._nodes.append(node)
        self._homes.update(dict.fromkeys(own, node.id))
        for port, name in enumerate(ports):
            self._edges[name] = Edge(node=node.id, port=port)
        if node.activation is not None:
            before = unit.ops[int(node.activation.node[1:])].outputs[node.activation.port]
            self._fused[Edge(node=node.id, port=FUSED)] = before

    def _lower(self, unit: _Unit, outside: list[str], weights: list[str], ports: list[Any]) -> Graph:
        nodes: list[Node] = []
        place: dict[str, Edge] = {}
        for position, name in enumerate(outside):
            spec = spec_of(self._tensors[name])
            nodes.append(
                Node(id=f"in{position}", op="input", kind="input", attributes={"index": position}, outputs=(spec,))
            )
            place[name] = Edge(node=f"in{position}")
        for position, weight in enumerate(weights):
            known = self._weight_specs.get(weight)
            specs = () if known is None else (known,)
            nodes.append(Node(id=f"w{position}", op="read", kind="read", attributes={"index": position}, outputs=specs))

        def edge(tensor: Any) -> Edge:
            if tensor.name in self._weights:
                return Edge(node=f"w{weights.index(self._weights[tensor.name])}")
            if tensor.name not in place:
                constant = self._constant(f"c{len(nodes)}", tensor)
                nodes.append(constant)
                place[tensor.name] = Edge(node=constant.id)
            return place[tensor.name]

        effects: list[str] = []
        for number, op in enumerate(unit.ops):
            if op.type == "Const":
                continue
            operands = tuple(edge(tensor) for tensor in op.inputs)
            name = f"o{number}"
            nodes.append(
                Node(
                    id=name,
                    op=op.type,
                    kind="op",
                    operands=operands,
                    attributes=self._settings(op),
                    outputs=tuple(spec_of(tensor) for tensor in op.outputs),
                )
            )
            for port, tensor in enumerate(op.outputs):
                place[tensor.name] = Edge(node=name, port=port)
            if is_effect(op.type):
                effects.append(name)
        outputs = tuple(edge(tensor) for tensor in ports)  # may add constants
        return Graph(nodes=tuple(nodes), outputs=outputs, effects=tuple(effects))

    def _activation(self, unit: _Unit) -> Edge | None:
        """The value inside the unit that goes into its fused activation, if exactly one does."""
        if unit.event is None or unit.event.activation is None:
            return None
        start, stop = unit.event.activation
        operations = self._recording.graph.get_operations()
        region = {op.name for op in operations[start:stop]}
        own = {op.name: number for number, op in enumerate(unit.ops)}
        feeds = {
            (tensor.op.name, tensor.value_index)
            for op in operations[start:stop]
            for tensor in op.inputs
            if tensor.op.name not in region and tensor.op.name in own
        }
        if len(feeds) != 1:
            return None
        name, port = feeds.pop()
        return Edge(node=f"o{own[name]}", port=port)

    def _root_edge(self, tensor: Any) -> Edge:
        if tensor.name in self._edges:
            return self._edges[tensor.name]
        if tensor.name in self._constants:
            node = self._constant(self._unique("constant"), tensor)
        else:
            weight = self._weights[tensor.name]
            node = Node(
                id=self._unique("read"),
                op="read",
                kind="read",
                weights=(weight,),
                seeds=(weight,) if weight in self._seeds else (),
                untracked=(self._untracked[weight],) if weight in self._untracked else (),
                outputs=(spec_of(tensor),),
            )
        self._nodes.append(node)
        self._edges[tensor.name] = Edge(node=node.id)
        return self._edges[tensor.name]

    def _constant(self, name: str, tensor: Any) -> Node:
        """A Const op of the graph, or an eager tensor it captured, as a node."""
        made = self._constants[tensor.name]
        settings = constant_attributes(made.numpy()) if hasattr(made, "numpy") else self._lowering.attributes(made)
        return Node(id=name, op="Const", kind="const", attributes=settings, outputs=(spec_of(tensor),))

    def _unique(self, base: str) -> str:
        name, count = base, 1
        while name in self._taken:
            name, count = f"{base}:{count + 1}", count + 1
        self._taken.add(name)
        return name

    def _base(self, unit: _Unit) -> str:
        if unit.event is not None:
            return unit.event.path
        return f"{unit.scope}/{self._op(unit)}" if unit.scope else self._op(unit)

    def _op(self, unit: _Unit) -> str:
        if unit.event is not None:
            return snake(type(unit.event.layer).__name__)
        if unit.site is not None and unit.site.function and unit.site.source is not None:
            return snake(unit.site.function)
        return snake(unit.ops[-1].type)

    def _display(self, unit: _Unit) -> str:
        if unit.event is not None:
            return type(unit.event.layer).__name__
        return (unit.site.function if unit.site else "") or unit.ops[-1].type


def _source(unit: _Unit) -> Source | None:
    if unit.event is not None:
        return unit.event.source
    return unit.site.source if unit.site is not None else None


def layer_attributes(layer: Any) -> dict[str, Any]:
    """A layer's config with what only names, seeds or initialises left out, nested layers flattened."""
    try:
        config = layer.get_config()
    except (NotImplementedError, TypeError, ValueError):
        return {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value.get("class_name") == "__lambda__":  # its byte code, file and line
            config[key] = serialized(getattr(layer, key, None))
    return {key: value for key, value in _flatten(config) if value is not _ABSENT}


_ABSENT: Literal["absent"] = "absent"


def _flatten(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key in sorted(config):
        value = config[key]
        if key in _HIDDEN or (key.endswith(_BESIDE_THE_GRAPH) and key != "activity_regularizer"):
            continue
        if isinstance(value, Mapping) and "class_name" in value and "config" in value:
            inner = value["config"]
            if key == "dtype":
                found.append((f"{prefix}{key}", inner.get("name") if isinstance(inner, Mapping) else str(inner)))
            elif isinstance(inner, Mapping) and key in ("layer", "backward_layer", "cell", "cells"):
                found.append((f"{prefix}{key}", value["class_name"]))
                found.extend(_flatten(inner, f"{prefix}{key}."))
            else:
                found.append((f"{prefix}{key}", _described(value)))
        else:
            found.append((f"{prefix}{key}", _value(value)))
    return found


def _described(value: Mapping[str, Any]) -> Any:
    inner = value["config"]
    if value["class_name"] == "function":
        return str(inner)
    if isinstance(inner, Mapping):
        settings = ", ".join(f"{k}={inner[k]}" for k in sorted(inner) if k not in ("name", "dtype", "trainable"))
        return f"{value['class_name']}({settings})" if settings else value["class_name"]
    return str(value["class_name"])


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_value(item) for item in value)
    if isinstance(value, Mapping):
        return {str(key): _value(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "item") and getattr(value, "size", 0) == 1:
        return value.item()
    if hasattr(value, "shape"):
        settings = constant_attributes(value)
        return settings.get("value", settings.get("digest"))
    return serialized(value)
