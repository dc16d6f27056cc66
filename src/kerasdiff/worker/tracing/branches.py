"""Where a call takes one of several ways for a whole batch, so that a probe sees one of them alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerasdiff.graph import Attribute, Graph
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.tracing.lower import Lowering
from kerasdiff.worker.tracing.trace import Recording

SHAPE_OPS = frozenset({"Shape", "ShapeN", "Rank", "Size"})
"""What looks at the shape of a value alone."""
_BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
_SELECTS = frozenset({"Select", "SelectV2"})


_BODIES = frozenset({"While", "StatelessWhile", "PartitionedCall", "StatefulPartitionedCall"})
"""Ops that may hold a branch in a function body."""


def may_branch(recording: Recording) -> bool:
    """Whether :func:`ways` could find any: a look at the op types alone."""
    ops = recording.graph.get_operations()
    return any(op.type in _BRANCHES | _BODIES or (op.type in _SELECTS and op.inputs[0].shape.rank == 0) for op in ops)


@dataclass(frozen=True)
class Way:
    """A branch on data: the node it is in, and the tensor it goes by (``None`` where a function body hides it)."""

    node: str
    choice: Live


def ways(recording: Recording, homes: Mapping[str, str], constants: set[str], lowering: Lowering) -> list[Way]:
    """All of them, in graph order.

    Args:
        recording: The call.
        homes: The node of each op.
        constants: Names of tensors that hold no data.
        lowering: Reads the bodies of functions.
    """
    found = []
    for op in recording.graph.get_operations():
        if op.name not in homes:
            continue
        if op.type in _BRANCHES or (op.type in _SELECTS and op.inputs[0].shape.rank == 0):
            if _by_values(op.inputs[0], constants):
                found.append(Way(homes[op.name], op.inputs[0]))
        elif any(_inside(value) for value in lowering.attributes(op).values()):
            found.append(Way(homes[op.name], None))
    return found


def _by_values(tensor: Live, constants: set[str]) -> bool:
    """Whether a tensor follows from the values of inputs or weights, not from shapes alone."""
    open_tensors, seen = [tensor], set(constants)
    while open_tensors:
        current = open_tensors.pop()
        if current.name in seen or current.op.type in SHAPE_OPS:
            continue
        seen.add(current.name)
        if current.op.type == "Placeholder":
            return True
        open_tensors.extend(current.op.inputs)
    return False


def _inside(value: Attribute) -> bool:
    """Whether a function body holds a branch, at any depth."""
    if isinstance(value, tuple):
        return any(_inside(item) for item in value)
    if not isinstance(value, Graph):
        return False
    return any(node.op in _BRANCHES or any(map(_inside, node.attributes.values())) for node in value)
