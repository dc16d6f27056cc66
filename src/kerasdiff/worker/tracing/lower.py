"""Turns TensorFlow operations into plain nodes: types, attributes, constants and function bodies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import tensorflow as tf

from kerasdiff.graph import Attribute, Edge, Graph, Node, TensorSpec
from kerasdiff.graph.ops import PYTHON_CALLS, VARIABLE_READS, is_effect
from kerasdiff.graph.table import MOST_KEPT, Table
from kerasdiff.worker.keras_internals import (
    Live,
    called_function,
    dtype_name,
    output_arguments,
    registered_gradient,
)
from kerasdiff.worker.user_code.digests import code_digest, digest_of
from kerasdiff.worker.user_code.libraries import is_user_file
from kerasdiff.worker.user_code.reach import filled


@runtime_checkable
class Told(Protocol):
    """An op of another backend, which says its attributes as plain data."""

    @property
    def settings(self) -> Mapping[str, Attribute]:
        """They."""


_NOISE = frozenset(
    {"T", "Tidx", "Tshape", "Tperm", "Tpaddings", "Tmultiples", "Tdim", "Taxis", "Tindices", "Tparams", "Index", "N",
     "Tin", "Tout", "Tcond", "index_type", "container", "shared_name", "device", "debug_name", "parallel_iterations",
     "output_shapes", "validate_shape", "data_format_hint", "Toutput_types", "is_stateless", "use_cudnn_on_gpu",
     "allowed_devices", "executor_type", "config_proto", "config", "Tsegmentids", "element_dtype", "Tlen",
     "seed", "seed2", "dtypes", "incompatible_shape_error"}
)  # fmt: skip
"""Attributes that restate the operand types or steer execution, not the value computed."""
SMALL = 64
"""Constants up to this size travel as values, larger ones as a digest."""


def spec_of(tensor: Live) -> TensorSpec:
    """Static shape and dtype of a symbolic tensor."""
    known = isinstance(tensor.shape, tuple) or tensor.shape.rank is not None
    shape = tuple(None if dim is None else int(dim) for dim in tensor.shape) if known else None
    return TensorSpec(shape=shape, dtype=dtype_name(tensor))


def constant_attributes(value: Live) -> dict[str, Attribute]:
    """A constant as attributes: its values where small, always shape and dtype, else a digest."""
    array = np.asarray(value)
    settings: dict[str, Attribute] = {"shape": tuple(array.shape), "dtype": array.dtype.name}
    if array.dtype.kind in "OSUV" and array.dtype.name != "bfloat16":
        settings["value"] = repr(array.tolist())
    elif array.size <= SMALL:
        wide = array.astype(np.float64) if array.dtype.kind not in "biufc" else array
        settings["value"] = _tuples(wide.tolist()) if array.dtype.kind != "c" else repr(wide.tolist())
    else:
        data = np.ascontiguousarray(array).tobytes()
        kept = data if array.size <= MOST_KEPT and array.dtype.kind in "biuf" else b""
        settings["digest"] = Table(hashlib.sha256(data).hexdigest(), tuple(array.shape), array.dtype.name, kept)
        if (array == array.flat[0]).all():
            settings["fill"] = array.flat[0].item() if array.dtype.kind in "biuf" else float(array.flat[0])
    return settings


_PLAIN: Mapping[str, Callable[[Live], Attribute]] = {
    "s": lambda item: item.decode("utf-8", "replace"),
    "i": int,
    "f": float,
    "b": bool,
    "type": lambda item: tf.as_dtype(item).name,
    "shape": lambda item: tuple(int(dim.size) for dim in item.dim),
    "tensor": lambda item: constant_attributes(tf.make_ndarray(item)),
}
"""How each kind of value that an ``AttrValue`` holds becomes plain data; bodies of functions apart."""

_LISTED = ("func", "type", "shape", "s", "i", "f", "b")
"""The kinds of which a list holds one, the others being empty."""


def _tuples(value: Attribute) -> Attribute:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


class Lowering:
    """Reads op attributes of one traced graph; function bodies are read once each."""

    def __init__(self, graph: Live) -> None:
        self._graph = graph
        self._library: dict[str, Live] | None = None
        self._bodies: dict[str, Graph | None] = {}

    def attributes(self, op: Live) -> dict[str, Attribute]:
        """The attributes of an op that decide what it computes."""
        if isinstance(op, Told):
            return dict(op.settings)
        attr = op.node_def.attr
        settings = self._attributes(op.type, attr)
        gradient = custom_gradient(attr)
        return settings if gradient is None else {**settings, "gradient": gradient}

    def _attributes(self, kind: str, attr: Live) -> dict[str, Attribute]:
        if kind == "Const":
            return constant_attributes(tf.make_ndarray(attr["value"].tensor))
        names = [name for name in sorted(attr) if name not in _NOISE and not name.startswith("_")]
        settings = {name: self._value(attr[name]) for name in names}
        if kind in PYTHON_CALLS:  # a token says who came first; the code says what is run
            function = called_function(str(settings.pop("token", "")))
            settings["code"] = None if function is None else code_digest(function)
        return settings

    def _value(self, value: Live) -> Attribute:
        """An ``AttrValue`` as plain data: one value, or a list of values of one kind."""
        case = value.WhichOneof("value")
        if case == "shape" and value.shape.unknown_rank:
            return None
        if case == "list":
            case = next((kind for kind in _LISTED if getattr(value.list, kind)), None)
            items = getattr(value.list, case) if case else ()
            return tuple(self._item(str(case), item) for item in items)
        return None if case is None else self._item(case, getattr(value, case))

    def _item(self, case: str, item: Live) -> Attribute:
        if case == "func":
            return self.body(item.name)
        read = _PLAIN.get(case)
        return None if read is None else read(item)

    def body(self, name: str) -> Graph | None:
        """The body of a loop, branch or called function as a graph; ``None`` where it cannot be read."""
        if name not in self._bodies:
            self._bodies[name] = None
            if self._library is None:
                library = self._graph.as_graph_def().library.function
                self._library = {function.signature.name: function for function in library}
            definition = self._library.get(name)
            if definition is not None:
                self._bodies[name] = self._read(definition)
        return self._bodies[name]

    def _read(self, definition: Live) -> Graph:
        """A FunctionDef as a graph: its nodes name their inputs ``node:output:index`` or an argument."""
        definitions = {node.name: node for node in definition.node_def}
        offsets = {node.name: _output_offsets(node) for node in definition.node_def}
        nodes: dict[str, Node] = {}
        for index, argument in enumerate(definition.signature.input_arg):
            nodes[argument.name] = Node(id=argument.name, op="input", kind="input", attributes={"index": index})
        roots = [_maker(text) for text in definition.ret.values()]
        for name in _operands_first([*roots, *definitions], definitions, set(nodes)):
            raw = definitions[name]
            nodes[name] = Node(
                id=name,
                op=raw.op,
                kind="const" if raw.op == "Const" else "op",
                operands=tuple(_edge(text, offsets) for text in _data_inputs(raw)),
                attributes={**self._attributes(raw.op, raw.attr), **_writes_before(raw, definitions)},
            )
        outputs = tuple(_edge(definition.ret[argument.name], offsets) for argument in definition.signature.output_arg)
        effects = tuple(node.id for node in nodes.values() if is_effect(node.op))
        return Graph(nodes=tuple(nodes.values()), outputs=outputs, effects=effects)


def _data_inputs(raw: Live) -> list[str]:
    """What a node of a function computes from; the others it only comes after."""
    return [text for text in raw.input if not text.startswith("^")]


def _maker(text: str) -> str:
    """The node behind ``node:output:index``, or the argument itself."""
    return text.split(":")[0]


def _edge(text: str, offsets: Mapping[str, Mapping[str, int]]) -> Edge:
    """``node:output:index`` as an edge, by the first output index of each named output of each node."""
    name, *rest = text.split(":")
    if not rest:
        return Edge(node=name)
    offset = offsets[name].get(rest[0], 0)
    return Edge(node=name, port=offset + int(rest[1] if len(rest) > 1 else 0))


def _operands_first(roots: Sequence[str], definitions: Mapping[str, Live], known: set[str]) -> Iterator[str]:
    """The roots and all they compute from, each after its operands; ``known`` are the function's arguments."""
    done = set(known)
    stack = list(reversed(roots))
    while stack:
        name = stack[-1]
        operands = [] if name in done else [_maker(text) for text in _data_inputs(definitions[name])]
        missing = [operand for operand in operands if operand not in done]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if name not in done:
            done.add(name)
            yield name


def _writes_before(raw: Live, definitions: Mapping[str, Live]) -> dict[str, Attribute]:
    """How often a variable is written before an op reads it, where it is; control inputs say what comes before."""
    if raw.op not in VARIABLE_READS:
        return {}
    stack, seen = [raw], {raw.name}
    writes = 0
    while stack:
        for text in stack.pop().input:
            name = text.removeprefix("^")
            if text.startswith("^") and name in definitions and name not in seen:
                seen.add(name)
                stack.append(definitions[name])
                writes += is_effect(definitions[name].op) and raw.input[0] in definitions[name].input
    return {"writes_before": writes} if writes else {}


def _output_offsets(node: Live) -> dict[str, int]:
    """First output index of each named output of an op."""
    offsets: dict[str, int] = {}
    offset = 0
    for argument in output_arguments(node.op):
        offsets[argument.name] = offset
        if argument.number_attr:
            offset += int(node.attr[argument.number_attr].i)
        elif argument.type_list_attr:
            offset += len(node.attr[argument.type_list_attr].list.type)
        else:
            offset += 1
    return offsets


def custom_gradient(attr: Live) -> str | None:
    """A digest of the gradient function written for an op, ``None`` where its gradient is that of its type.

    The user's functions count by their code, the library's by their names.
    """
    written = gradient_functions(attr)
    return None if written is None else digest_of(written)


def gradient_functions(attr: Live) -> list[str] | None:
    """The functions such a gradient is made of, sorted: names of the library's, digests of the user's."""
    registered = registered_gradient(attr)
    return None if registered is None else sorted(_functions(registered, 0))


def _functions(value: Live, depth: int) -> list[str]:
    """What the functions in a closure are, and those in the closures of library functions."""
    code = getattr(value, "__code__", None)
    if code is None or depth > 4:
        return []
    if is_user_file(code.co_filename):
        return [code_digest(value)]
    cells = [cell.cell_contents for cell in getattr(value, "__closure__", None) or () if filled(cell)]
    return [
        f"{value.__module__}.{value.__qualname__}",
        *(text for item in cells for text in _functions(item, depth + 1)),
    ]
