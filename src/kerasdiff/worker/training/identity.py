"""Which trial is this? A digest of everything that determines its result, the traced graphs themselves included.

Why the graphs and not the source files? A comment changes a file and no result, and a module imported from elsewhere
changes a result and not the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

import kerasdiff
from kerasdiff.graph import Attribute
from kerasdiff.graph.ops import forgets
from kerasdiff.graph.values import Array
from kerasdiff.side.environment import processor_lines
from kerasdiff.worker.hardware import gpu_models
from kerasdiff.worker.keras_internals import NAMING_ATTRIBUTES, Live, graph_variables, handle_of, keras
from kerasdiff.worker.training.tasks import to_array

LAYOUT = 1
"""Of what the trial store holds; raised where older files must not be read."""

_NAMES = NAMING_ATTRIBUTES | {"shared_name", "container", "body_name", "cond_name"}
"""Attributes that name things and change with what else the process has built."""


Digest = Callable[[str], str]
"""The digest of a function by its name."""


def variables_of(functions: Sequence[Live]) -> list[Live] | None:
    """Every variable the functions read or write, in the order they were captured.

    Returns:
        ``None`` where state cannot be read back: a table, a random generator inside an op, Python code.
    """
    variables: dict[int, Live] = {}
    for function in functions:
        by_handle = {id(handle_of(variable)): variable for variable in graph_variables(function.graph)}
        for tensor in function.captured_inputs:
            if tensor.dtype != tf.resource:
                continue
            if id(tensor) not in by_handle:
                return None
            variable = by_handle[id(tensor)]
            variables.setdefault(id(variable), variable)
        if any(forgets(node.op) for node in nodes_of(function)):
            return None
    return list(variables.values())


def nodes_of(function: Live) -> list[Live]:
    """The nodes of a function's graph, and of those it calls."""
    definition = function.graph.as_graph_def()
    inner = [node for item in definition.library.function for node in item.node_def]
    return [*definition.node, *inner]


def trial_key(functions: Sequence[Live], variables: Sequence[Live], plan: Mapping[str, str | int]) -> str:
    """A digest that two trials share only where they give the same bits.

    Args:
        functions: Training and test, as traced.
        variables: All they use, holding the values the trial starts from.
        plan: What else counts: seed, steps, rows of the test.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps({**_environment(), **plan}, sort_keys=True).encode())
    for function in functions:
        digest.update(graph_digest(function.graph.as_graph_def()).encode())
        for tensor in function.captured_inputs:
            # Captured tensors are the data, and constants of the user's own.
            if tensor.dtype not in (tf.resource, tf.variant, tf.string):
                _update(digest, tensor.numpy())
    for variable in variables:
        _update(digest, to_array(variable))
    return digest.hexdigest()[:32]


def _update(digest: hashlib._Hash, values: Array) -> None:
    array = np.ascontiguousarray(values)
    digest.update(f"{array.dtype}{array.shape}".encode())
    digest.update(array.tobytes())


def graph_digest(definition: Live) -> str:
    """A digest of a graph without the names in it, which depend on what the process built before."""
    library = {item.signature.name: item for item in definition.library.function}
    known: dict[str, str] = {}

    def function(name: str) -> str:
        if name not in known:
            known[name] = ""  # a recursive function stands for itself
            known[name] = _hash([[name], []]) if name not in library else _function_digest(library[name], function)
        return known[name]

    return _hash(_body(definition.node, [], function))


def _function_digest(item: Live, function: Digest) -> str:
    arguments = [argument.name for argument in item.signature.input_arg]
    order = {node.name: at for at, node in enumerate(item.node_def)}
    position = {argument.name: at for at, argument in enumerate(item.signature.output_arg)}
    returns = sorted(sorted(item.ret.items()), key=lambda end: position.get(end[0], 0))
    body = _body(item.node_def, arguments, function)
    return _hash([body, [_reference(value, order, arguments) for _, value in returns]])


def _body(nodes: Live, arguments: list[str], function: Digest) -> list[Attribute]:
    order = {node.name: at for at, node in enumerate(nodes)}
    return [
        [
            node.op if "_" not in node.op else function(node.op),
            [_reference(text, order, arguments) for text in node.input],
            [(key, _attribute(node.attr[key], function)) for key in sorted(node.attr) if key not in _NAMES],
        ]
        for node in nodes
    ]


def _reference(text: str, order: Mapping[str, int], arguments: list[str]) -> list[Attribute]:
    name, _, port = text.lstrip("^").partition(":")
    where: Attribute = order.get(name, ("argument", arguments.index(name)) if name in arguments else name)
    return ["^" if text.startswith("^") else "", where, port]


def _attribute(value: Live, function: Digest) -> str:
    if value.HasField("func"):
        return function(value.func.name)
    if value.HasField("list") and value.list.func:
        return _hash([function(item.name) for item in value.list.func])
    return hashlib.sha256(value.SerializeToString(deterministic=True)).hexdigest()


def _hash(value: Attribute) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _environment() -> dict[str, Attribute]:
    """What bits depend on besides the graph: versions, processor, threads."""
    return {
        "layout": LAYOUT,
        "kerasdiff": kerasdiff.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "device": [device.name for device in tf.config.get_visible_devices()],
        **gpu_models(),
        "processor": _processor(),
        "threads": [
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
            os.cpu_count(),
        ],
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
    }


def _processor() -> str:
    """Model and instruction sets: the kernels are picked by them."""
    picked = processor_lines("model name", "flags", "Features")
    if not picked:
        return platform.processor() or platform.machine()
    return hashlib.sha256("\n".join(picked[:2]).encode()).hexdigest()[:12]
