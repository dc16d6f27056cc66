"""Turns TensorFlow operations into plain nodes: types, attributes, constants and function bodies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from kerasdiff.graph import Attribute, Edge, Graph, Node, TensorSpec
from kerasdiff.graph.ops import VARIABLE_READS, is_effect
from kerasdiff.worker.tracing.code import code_digest, digest_of
from kerasdiff.worker.tracing.code import filled as _filled
from kerasdiff.worker.tracing.sources import is_user_file

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


def spec_of(tensor: Any) -> TensorSpec:
    """Static shape and dtype of a symbolic tensor."""
    shape = None if tensor.shape.rank is None else tuple(None if dim is None else int(dim) for dim in tensor.shape)
    return TensorSpec(shape=shape, dtype=tensor.dtype.name)


def constant_attributes(value: Any) -> dict[str, Attribute]:
    """A constant as attributes: its values where small, always shape and dtype, else a digest."""
    array = np.asarray(value)
    found: dict[str, Attribute] = {"shape": tuple(array.shape), "dtype": array.dtype.name}
    if array.dtype.kind in "OSUV" and array.dtype.name != "bfloat16":
        found["value"] = repr(array.tolist())
    elif array.size <= SMALL:
        wide = array.astype(np.float64) if array.dtype.kind not in "biufc" else array
        found["value"] = _tuples(wide.tolist()) if array.dtype.kind != "c" else repr(wide.tolist())
    else:
        found["digest"] = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        if (array == array.flat[0]).all():
            found["fill"] = array.flat[0].item() if array.dtype.kind in "biuf" else float(array.flat[0])
    return found


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


class Lowering:
    """Reads op attributes of one traced graph; function bodies are read once each."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._library: dict[str, Any] | None = None
        self._bodies: dict[str, Graph | None] = {}

    def attributes(self, op: Any) -> dict[str, Attribute]:
        """The attributes of an op that decide what it computes."""
        attr = op.node_def.attr
        found = self._attributes(op.type, attr)
        gradient = custom_gradient(attr)
        return found if gradient is None else {**found, "gradient": gradient}

    def _attributes(self, kind: str, attr: Any) -> dict[str, Attribute]:
        if kind == "Const":
            return constant_attributes(tf.make_ndarray(attr["value"].tensor))
        found: dict[str, Attribute] = {}
        for name in sorted(attr):
            if name not in _NOISE and not name.startswith("_"):
                found[name] = self._value(attr[name])
        return found

    def _value(self, value: Any) -> Attribute:
        case = value.WhichOneof("value")
        if case == "s":
            return value.s.decode("utf-8", "replace")
        if case in ("i", "f", "b"):
            return getattr(value, case)
        if case == "type":
            return tf.as_dtype(value.type).name
        if case == "shape":
            return None if value.shape.unknown_rank else tuple(int(dim.size) for dim in value.shape.dim)
        if case == "tensor":
            return constant_attributes(tf.make_ndarray(value.tensor))
        if case == "func":
            return self.body(value.func.name)
        if case == "list":
            kinds = value.list
            if kinds.func:
                return tuple(self.body(item.name) for item in kinds.func)
            if kinds.type:
                return tuple(tf.as_dtype(item).name for item in kinds.type)
            if kinds.shape:
                return tuple(tuple(int(dim.size) for dim in item.dim) for item in kinds.shape)
            return tuple([item.decode("utf-8", "replace") for item in kinds.s] or [*kinds.i, *kinds.f, *kinds.b])
        return None

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

    def _read(self, definition: Any) -> Graph:
        """A FunctionDef as a graph: its nodes name their inputs ``node:output:index`` or an argument."""
        nodes: dict[str, Node] = {}
        order: list[Node] = []
        offsets = {node.name: _output_offsets(node) for node in definition.node_def}
        definitions = {node.name: node for node in definition.node_def}
        for position, argument in enumerate(definition.signature.input_arg):
            node = Node(id=argument.name, op="input", kind="input", attributes={"index": position})
            nodes[argument.name] = node
            order.append(node)

        def edge(text: str) -> Edge:
            name, *rest = text.split(":")
            if not rest:
                return Edge(node=name)
            offset = offsets[name].get(rest[0], 0)
            return Edge(node=name, port=offset + int(rest[1] if len(rest) > 1 else 0))

        stack = [*reversed(list(definitions)), *reversed([e.split(":")[0] for e in definition.ret.values()])]
        while stack:
            name = stack[-1]
            if name in nodes:
                stack.pop()
                continue
            raw = definitions[name]
            inputs = [text for text in raw.input if not text.startswith("^")]
            missing = [text.split(":")[0] for text in inputs if text.split(":")[0] not in nodes]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            node = Node(
                id=name,
                op=raw.op,
                kind="const" if raw.op == "Const" else "op",
                operands=tuple(edge(text) for text in inputs),
                attributes={**self._attributes(raw.op, raw.attr), **_writes_before(raw, definitions)},
            )
            nodes[name] = node
            order.append(node)
        outputs = tuple(edge(definition.ret[argument.name]) for argument in definition.signature.output_arg)
        effects = tuple(node.id for node in order if is_effect(node.op))
        return Graph(nodes=tuple(order), outputs=outputs, effects=effects)


def _writes_before(raw: Any, definitions: Mapping[str, Any]) -> dict[str, Attribute]:
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


def _output_offsets(node: Any) -> dict[str, int]:
    """First output index of each named output of an op (``tf.raw_ops`` op definitions by way of the registry)."""
    from tensorflow.python.framework import op_def_registry  # private; checked with TensorFlow 2.16 to 2.21

    definition = op_def_registry.get(node.op)
    found: dict[str, int] = {}
    offset = 0
    for argument in definition.output_arg if definition is not None else ():
        found[argument.name] = offset
        if argument.number_attr:
            offset += int(node.attr[argument.number_attr].i)
        elif argument.type_list_attr:
            offset += len(node.attr[argument.type_list_attr].list.type)
        else:
            offset += 1
    return found


def custom_gradient(attr: Any) -> str | None:
    """A digest of the gradient function written for an op, ``None`` where its gradient is that of its type.

    ``tf.custom_gradient`` registers a closure under a name in ``_gradient_op_type``; the registry is private
    (checked with TensorFlow 2.16 to 2.21). The user's functions count by their code, the library's by their names.
    """
    written = gradient_functions(attr)
    return None if written is None else digest_of(written)


def gradient_functions(attr: Any) -> list[str] | None:
    """The functions such a gradient is made of, sorted: names of the library's, digests of the user's."""
    if "_gradient_op_type" not in attr:
        return None
    from tensorflow.python.framework import ops

    try:
        registered = ops.gradient_registry.lookup(attr["_gradient_op_type"].s.decode())
    except LookupError:
        return None
    return sorted(_functions(registered, 0))


def _functions(value: Any, depth: int) -> list[str]:
    """What the functions in a closure are, and those in the closures of library functions."""
    code = getattr(value, "__code__", None)
    if code is None or depth > 4:
        return []
    if is_user_file(code.co_filename):
        return [code_digest(value)]
    cells = [cell.cell_contents for cell in getattr(value, "__closure__", None) or () if _filled(cell)]
    return [
        f"{value.__module__}.{value.__qualname__}",
        *(text for item in cells for text in _functions(item, depth + 1)),
    ]
