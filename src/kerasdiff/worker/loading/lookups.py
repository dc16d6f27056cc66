"""Which inputs of floating numbers hold ids? Those that are cast to whole numbers and look rows of a table up.

Keras casts what an Embedding is given, and ``Input((20,))`` says float32 where nobody says otherwise: many a model of
text declares its ids so. Normal numbers in their place would be ids that no table has.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from kerasdiff.graph import Port
from kerasdiff.graph.ops import LOOKUPS
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.tracing.trace import Pack, call_model

_PASSED = (
    "Cast", "Identity", "Reshape", "ExpandDims", "Squeeze", "StopGradient", "SelectV2", "Select", "AddV2",
)  # fmt: skip
"""Ops between an input and a lookup: whole numbers made of it, another shape, negative ones counted from the end.

None that makes any number fit, as a clip does: such an input takes more than ids.
"""


def hold_ids(model: Live, ports: Sequence[Port], pack: Pack) -> list[bool]:
    """Whether each input is one of floating numbers that looks rows up.

    Args:
        model: A built one, which is called once, in a graph that is thrown away.
        ports: Its inputs.
        pack: Builds its arguments of one tensor each.
    """
    floating = [port.spec.dtype.startswith(("float", "bfloat")) for port in ports]
    if not any(floating) or any(port.spec.shape is None for port in ports):
        return [False] * len(ports)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec(port.spec.shape, port.spec.dtype) for port in ports])  # type: ignore[untyped-decorator]
    def traced(*tensors: Live) -> Live:
        args, kwargs = pack(tensors)
        call_model(model, args, kwargs, training=False)
        return ()

    graph = traced.get_concrete_function().graph
    found: set[str] = set()
    for op in graph.get_operations():
        if op.type in LOOKUPS:
            found |= _entries(op.inputs[1].op)
    entries = [tensor.op.name for tensor in graph.inputs[: len(ports)]]  # captured ones follow
    return [is_float and name in found for is_float, name in zip(floating, entries, strict=True)]


def _entries(op: Live) -> set[str]:
    """The names of the placeholders that ids come from."""
    waiting, seen = [op], set()
    entries: set[str] = set()
    while waiting:
        at = waiting.pop()
        if at.name in seen:
            continue
        seen.add(at.name)
        if at.type == "Placeholder":
            entries.add(at.name)
        elif at.type in _PASSED:
            waiting += [tensor.op for tensor in at.inputs]
    return entries
