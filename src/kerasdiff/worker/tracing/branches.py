"""Where does a call take one of several ways for a whole batch, so that a probe sees one of them alone?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kerasdiff.graph import Attribute
from kerasdiff.graph.ops import BRANCHES, FUNCTION_CALLS, LOOPS, SELECTIONS, SHAPE_ONLY, bodies_in, within
from kerasdiff.worker.keras_internals import Live
from kerasdiff.worker.tracing.lower import Lowering
from kerasdiff.worker.tracing.trace import Recording

_MAY = BRANCHES | LOOPS | FUNCTION_CALLS
"""Ops that are a branch or may hold one in a function body."""


def may_branch(recording: Recording) -> bool:
    """Whether :func:`ways` could find any: a look at the op types alone."""
    ops = recording.graph.get_operations()
    return any(op.type in _MAY or _selects(op) for op in ops)


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
    taken = []
    for op in recording.graph.get_operations():
        if op.name not in homes:
            continue
        if op.type in BRANCHES or _selects(op):
            if _by_values(op.inputs[0], constants):
                taken.append(Way(homes[op.name], op.inputs[0]))
        elif op.type in LOOPS | FUNCTION_CALLS and _branches_inside(lowering.attributes(op).values()):
            taken.append(Way(homes[op.name], None))
    return taken


def _by_values(tensor: Live, constants: set[str]) -> bool:
    """Whether a tensor follows from the values of inputs or weights, not from shapes alone."""
    waiting, seen = [tensor], set(constants)
    while waiting:
        current = waiting.pop()
        if current.name in seen or current.op.type in SHAPE_ONLY:
            continue
        seen.add(current.name)
        if current.op.type == "Placeholder":
            return True
        waiting.extend(current.op.inputs)
    return False


def _selects(op: Live) -> bool:
    """Whether an op takes one of two values for a whole batch."""
    return op.type in SELECTIONS and op.inputs[0].shape.rank == 0


def _branches_inside(attributes: Iterable[Attribute]) -> bool:
    """Whether a function body among these attributes holds a branch, at any depth."""
    return any(node.op in BRANCHES for body in bodies_in(attributes) for node in within(body))
