"""After which runs do the variables of a graph still hold what they held before?"""

from __future__ import annotations

from collections.abc import Iterable

from kerasdiff.worker.keras_internals import Live, is_stateful

LOOKS = frozenset({"VarHandleOp", "ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VariableShape"})
"""Stateful ops that change nothing."""


class Undisturbed:
    """The ops of one graph that are run without any that may change a variable."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def by(self, fetched: Iterable[Live]) -> bool:
        """Whether running these ops changes nothing, whatever is fed."""
        passed: set[str] = set()
        waiting = list(fetched)
        while waiting:
            op = waiting.pop()
            if op.name in self._known or op.name in passed:
                continue
            if is_stateful(op) and op.type not in LOOKS:
                return False
            passed.add(op.name)
            waiting += [tensor.op for tensor in op.inputs]
            waiting += op.control_inputs
        self._known |= passed
        return True
