"""May a graph that was read from a file be run? It is data: no op may reach for files, Python or other machines.

A model whose own graph does so is not stored in the first place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasdiff.graph.ops import TABLE_READS, TABLE_WRITES, draws, writes
from kerasdiff.worker.keras_internals import Live, is_stateful_kind
from kerasdiff.worker.running.undisturbed import LOOKS

REACHES = re.compile(r"File|Dataset|Iterator|ImmutableConst|PyFunc|Checkpoint|Restore|^Save|Summary|Debug|Remote|Rpc")
"""Ops that reach outside of a graph, by what is in their names, whether or not TensorFlow calls them stateful."""

HARMLESS = (
    LOOKS | TABLE_READS | {"Assert", "If", "While", "Case", "PartitionedCall", "StatefulPartitionedCall", "Placeholder"}
)
"""Stateful ops that change nothing by themselves."""


def refused(definition: Live) -> str:
    """The first op of a graph, or of a function in it, that may not be run; empty where all may."""
    return next((kind for kind in _kinds(definition) if not _allowed(kind)), "")


def _kinds(definition: Live) -> Iterator[str]:
    names = {function.signature.name for function in definition.library.function}
    inside = (node.op for function in definition.library.function for node in function.node_def)
    yield from sorted({*(node.op for node in definition.node), *inside} - names)


def _allowed(kind: str) -> bool:
    if REACHES.search(kind):
        return False
    stateful = is_stateful_kind(kind)
    if stateful is None:
        return False  # an op of a library that is not there
    changes = writes(kind) and kind not in TABLE_WRITES and "Print" not in kind
    return not stateful or kind in HARMLESS or draws(kind) or changes
