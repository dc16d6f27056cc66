"""How is a report shown again from its JSON? The comparison itself, in plain data, with what tells that it is whole.

Why not from the public part? That holds sentences, and a renderer makes its own from the facts; so the file carries
both, and every format shown from it is, byte for byte, what the comparison printed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import TypeVar, cast

from kerasdiff import __version__
from kerasdiff.comparison import Comparison
from kerasdiff.errors import KerasdiffError
from kerasdiff.graph import Attribute, Node
from kerasdiff.graph.values import Array
from kerasdiff.plain import PlainError, Reader, plain, told_once
from kerasdiff.side.training import Answers, History, Trial, TrialSoFar

RECORD = "record"
"""The member of a report that holds it."""

Json = dict[str, Attribute]

MOST_BYTES = 1 << 28
"""Of a record: two models of 300,000 nodes."""

Record = TypeVar("Record")


class SavedError(KerasdiffError):
    """A file is no report that can be shown again."""


def record(comparison: Comparison) -> Json:
    """The member of a comparison; :func:`sealed` adds the digest."""
    return kept("comparison", shown(comparison))


def kept(name: str, held: object) -> Json:
    """The member of any report, which holds a record by this name; of arrays their shapes alone, as reports do."""
    return {"kerasdiff": __version__, name: packed(told_once(plain(held, keep=lambda array: list(array.shape))))}


def packed(data: Attribute) -> str:
    """Data of a record as text: JSON, compressed, in base64.

    A record of two models of 770 layers takes 50 kB so, and 600 kB as it is; nobody but :func:`read_record` reads it.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode(), level=9)).decode("ascii")


def unpacked(text: str) -> Attribute:
    """What :func:`packed` was given.

    Raises:
        ValueError: If it is something else.
        zlib.error: The same.
    """
    inflating = zlib.decompressobj()
    held = inflating.decompress(base64.b64decode(text, validate=True), MOST_BYTES)
    if not inflating.eof:
        raise ValueError("it is cut off, or too large")
    return cast("Attribute", json.loads(held))


def _shaped(shape: Attribute) -> Array:
    import numpy as np  # which most reports do without

    return np.broadcast_to(np.zeros(()), cast("list[int]", shape))


def sealed(report: Json) -> Json:
    """A report whose record says what the whole of it must be."""
    return {**report, RECORD: {**cast("Json", report[RECORD]), "digest": digest(report)}}


def digest(report: Json) -> str:
    """Of all that a report says but its digest, however it is laid out; within the record, order says something."""
    held = {name: value for name, value in cast("Json", report[RECORD]).items() if name != "digest"}
    rest = {name: value for name, value in report.items() if name != RECORD}
    text = json.dumps(rest, sort_keys=True) + json.dumps(held)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read(report: Mapping[str, Attribute]) -> Comparison:
    """The comparison that a report of schema ``kerasdiff/1`` was made of.

    Raises:
        SavedError: As :func:`read_record`.
    """
    return read_record(report, "comparison", Comparison, _modules(), again="compare")


def read_record(
    report: Mapping[str, Attribute], name: str, kind: type[Record], modules: Iterable[ModuleType], *, again: str
) -> Record:
    """The record that a report was made of.

    Args:
        report: As it was read.
        name: Of the record.
        kind: Of the record.
        modules: Those of all that it may hold.
        again: What makes such a report.

    Raises:
        SavedError: If it has none, was changed, or is of another version's making; the message begins with ``it``.
    """
    held = report.get(RECORD)
    if not isinstance(held, Mapping) or name not in held:
        raise SavedError(f"it holds no record to show again: {again} once more, with this version of kerasdiff.")
    version = str(held.get("kerasdiff", ""))
    other = "" if version == __version__ else f", which kerasdiff {version} wrote and this is {__version__},"
    if held.get("digest") != digest(dict(report)):
        raise SavedError(f"it is damaged, or was changed after kerasdiff wrote it: {again} once more.")
    try:
        return Reader(modules, _shaped).read(kind, unpacked(str(held[name])))
    except (PlainError, ValueError, RecursionError, zlib.error):
        raise SavedError(f"its record{other} cannot be read: {again} once more.") from None


# What is kept -------------------------------------------------------------------------------------------------


def shown(comparison: Comparison) -> Comparison:
    """The same without what no report shows: lowerings, weights, arrays, timings."""
    drawing, advised = comparison.drawing, bool(comparison.edits)
    first, second = ({}, {}) if drawing is None else (side.graph.by_id() for side in drawing.sides)
    rows = (
        replace(
            row,
            reference=_bare(row.reference, first, advised=advised),
            candidate=_bare(row.candidate, second, advised=advised),
        )
        for row in comparison.rows
    )
    fit, witness = comparison.fit, comparison.witness
    return replace(
        comparison,
        rows=tuple(rows),
        fit=None if fit is None else replace(fit, trials=tuple(map(_trial, fit.trials))),
        witness=None if witness is None else replace(witness, inputs=()),
    )


def _bare(node: Node | None, drawn: Mapping[str, Node], *, advised: bool) -> Node | None:
    """A node as it is drawn, else as a table knows it, and an advice: that it has weights or settings, not which."""
    if node is None or node.id in drawn:
        return None if node is None else drawn[node.id]
    bare = Node(id=node.id, op=node.op, kind=node.kind, outputs=node.outputs, source=node.source, called=node.called)
    if not advised:
        return bare
    settings = {} if node.weights else node.attributes
    return replace(bare, operands=node.operands, weights=node.weights[:1], attributes=settings)


def _trial(trial: TrialSoFar) -> TrialSoFar:
    epochs = tuple(replace(epoch, seconds=0.0) for epoch in trial.epochs)
    history = History(losses=trial.losses, epochs=epochs)
    if not isinstance(trial, Trial):
        return replace(trial, history=history)
    answers = Answers(predictions=cast("Array", ()), digest=trial.answers.digest)
    return replace(trial, history=history, answers=answers, samples_per_second=0.0)


# Reading ------------------------------------------------------------------------------------------------------


def _modules() -> tuple[ModuleType, ...]:
    """Those of all that a comparison may hold."""
    from kerasdiff import comparison, drawing, findings
    from kerasdiff.align import edits
    from kerasdiff.explain import records as explained
    from kerasdiff.fitting import decisions, trials
    from kerasdiff.graph import model, returned, table, values
    from kerasdiff.probing import witness
    from kerasdiff.rungs import records
    from kerasdiff.side import locations, training
    from kerasdiff.side.revisions import records as revisions

    modules = (
        comparison,
        drawing,
        findings,
        edits,
        explained,
        decisions,
        trials,
        model,
        returned,
        table,
        values,
        witness,
    )
    return (*modules, records, locations, training, revisions)
