"""Python functions on tensors as graphs of TF ops, lowered as the worker lowers a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from kerasdiff.graph import Edge, Graph, Node

tf: Any = pytest.importorskip("tensorflow")

from tensorflow.python.framework.func_graph import func_graph_from_py_func  # noqa: E402  (as the worker traces)

from kerasdiff.worker.tracing.lower import Lowering, spec_of  # noqa: E402  (imports TensorFlow, which may be missing)

Shape = tuple[int | None, ...]
Program = Callable[..., Any]


def specs_of(shapes: Sequence[Shape], dtypes: Sequence[str] = (), dtype: str = "float32") -> list[Any]:
    """What the operands of a program look like; ``dtypes`` names those that differ from ``dtype``."""
    names = [*dtypes, *([dtype] * (len(shapes) - len(dtypes)))]
    return [tf.TensorSpec(shape, name or dtype) for shape, name in zip(shapes, names, strict=True)]


def graph_of(program: Program, specs: Sequence[Any]) -> Graph:
    """The TF ops a program runs, from its operands to its results."""
    traced = func_graph_from_py_func("program", lambda *x: tf.nest.flatten(program(*x)), specs, {})
    ends = {tensor.op.name for tensor in traced.outputs}  # an Identity around each result, not the program's own
    lowering = Lowering(traced)
    places = {tensor.name: Edge(node=f"in{index}") for index, tensor in enumerate(traced.inputs)}
    nodes = [
        Node(id=f"in{index}", op="input", kind="input", attributes={"index": index}, outputs=(spec_of(tensor),))
        for index, tensor in enumerate(traced.inputs)
    ]
    for op in traced.get_operations():
        if op.type == "Placeholder" or op.name in ends:
            continue
        nodes.append(
            Node(
                id=f"{op.name}",
                op=op.type,
                kind="const" if op.type == "Const" else "op",
                operands=tuple(places[tensor.name] for tensor in op.inputs),
                attributes=lowering.attributes(op),
                outputs=tuple(spec_of(tensor) for tensor in op.outputs),
            )
        )
        places.update({tensor.name: Edge(node=op.name, port=port) for port, tensor in enumerate(op.outputs)})
    return Graph(nodes=tuple(nodes), outputs=tuple(places[tensor.op.inputs[0].name] for tensor in traced.outputs))


def probes(specs: Sequence[Any], batch: int = 5, other: int = 3, seed: int = 0) -> list[Any]:
    """Numbers for the operands: an unknown first dimension is ``batch`` long, any other unknown one ``other``."""
    generator = np.random.default_rng(seed)
    found = []
    for spec in specs:
        shape = [size if size is not None else other if axis else batch for axis, size in enumerate(spec.shape)]
        values = 3 * generator.normal(size=shape)
        found.append(tf.constant(values.round() if spec.dtype.is_integer else values, spec.dtype))
    return found
