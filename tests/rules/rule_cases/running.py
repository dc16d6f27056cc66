"""Computes a graph of TF ops, those of the normal form too: what the rules mean, told by TensorFlow itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kerasdiff.canonical.dims import GIVEN
from kerasdiff.graph import Graph, Node

tf: Any = pytest.importorskip("tensorflow")

from tensorflow.python.framework import op_def_registry  # noqa: E402  (private: names the inputs of raw ops)


def run(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    """The results of a graph, as tensors."""
    values: dict[str, list[Any]] = {}
    for node in graph:
        if node.kind == "input":
            values[node.id] = [inputs[node.attributes["index"]]]
        elif node.kind == "const":
            values[node.id] = [
                tf.constant(node.attributes["value"], node.attributes["dtype"], node.attributes["shape"])
            ]
        else:
            values[node.id] = compute(node, [values[edge.node][edge.port] for edge in node.operands])
    return [values[edge.node][edge.port] for edge in graph.outputs]


def compute(node: Node, operands: list[Any]) -> list[Any]:
    """The results of one op: as the normal form defines it, or as TensorFlow does."""
    for (op, marker), meaning in NORMAL.items():
        if node.op == op and (marker is None or marker in node.attributes):
            return [meaning(node.attributes, *operands)]
    return raw(node, operands)


def raw(node: Node, operands: list[Any]) -> list[Any]:
    """The results of a TF op by its own kernel."""
    function = getattr(tf.raw_ops, node.op)
    known = inspect.signature(function).parameters
    named: dict[str, Any] = {}
    rest = list(operands)
    arguments = op_def_registry.get(node.op).input_arg
    for number, (name, argument) in enumerate(zip(known, arguments, strict=False)):  # the API may have other names
        if argument.number_attr:
            count = len(rest) - (len(arguments) - number - 1)
            named[name], rest = rest[:count], rest[count:]
        elif argument.type_list_attr:
            named[name], rest = rest, []
        else:
            named[name] = rest.pop(0)
    settings = {key: value for key, value in node.attributes.items() if key in known and value is not None}
    result = function(**named, **{key: list(v) if isinstance(v, tuple) else v for key, v in settings.items()})
    return list(result) if isinstance(result, tuple | list) else [result]


def _reshape(attributes: Any, x: Any, *given: Any) -> Any:
    sizes = iter(given)
    return tf.reshape(x, [next(sizes) if size == GIVEN else size for size in attributes["to"]])


def _slice(attributes: Any, x: Any) -> Any:
    return x[tuple(slice(*part) for part in attributes["ranges"])]


def _number(attributes: Any, x: Any) -> Any:
    return tf.constant(float(attributes["by"]), x.dtype)


def _linear(attributes: Any, x: Any, matrix: Any) -> Any:
    return tf.tensordot(x, matrix, 1)


def _convolved(function: Callable[..., Any], **renamed: str) -> Callable[..., Any]:
    def meaning(attributes: Any, x: Any, kernel: Any) -> Any:
        padded = tf.pad(x, [(0, 0), *attributes["pads"], (0, 0)])
        settings = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in attributes.items()
            if key in ("strides", "dilations", "data_format")
        }
        return function(input=padded, filter=kernel, padding="VALID", **settings)

    return meaning


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda attributes, x: function(x, list(attributes["axes"]), bool(attributes.get("keep_dims")))


NORMAL: dict[tuple[str, str | None], Callable[..., Any]] = {
    ("Reshape", "to"): _reshape,
    ("Slice*", None): _slice,
    ("Scale", None): lambda attributes, x: x * _number(attributes, x),
    ("Shift", None): lambda attributes, x: x + _number(attributes, x),
    ("Linear", None): _linear,
    ("Elu", "alpha"): lambda attributes, x: tf.where(x > 0, tf.nn.elu(x), attributes["alpha"] * tf.nn.elu(x)),
    ("Sum*", None): lambda attributes, *values: tf.add_n(values),
    ("Dim", None): lambda attributes, x: tf.shape(x)[attributes["axis"]],
    ("Transpose", "perm"): lambda attributes, x: tf.transpose(x, attributes["perm"]),
    ("Pad", "paddings"): lambda attributes, x: tf.pad(x, attributes["paddings"]),
    ("ConcatV2", "axis"): lambda attributes, *values: tf.concat(values, attributes["axis"]),
    ("Conv2D", "pads"): _convolved(tf.raw_ops.Conv2D),
    ("Conv3D", "pads"): _convolved(
        lambda input, filter, strides, padding, **more: tf.nn.conv3d(input, filter, strides, padding, **more)
    ),
    ("DepthwiseConv2dNative", "pads"): _convolved(tf.raw_ops.DepthwiseConv2dNative),
    **{
        (name, "axes"): _reduced(getattr(tf, f"reduce_{name.lower()}"))
        for name in ("Mean", "Sum", "Max", "Min", "Prod", "All", "Any")
    },
}
"""The ops of the normal form, by op and by the attribute that marks the form."""
