"""How is a baseline written, and what is checked before a line of it is believed?

Schema ``kerasdiff.baseline/1``. The file is a zip archive of

- ``about.json``: ``schema``, ``kerasdiff`` (the version that wrote it), ``target``, ``environment``, and ``members``:
  of each other member the ``bytes`` it unpacks to and their ``sha256``;
- ``model.json``: the record :class:`kerasdiff.side.baselines.records.Baseline` as :mod:`kerasdiff.plain` writes it:
  the description (both traced graphs with their lowering, weights, inputs, notes), how each call is run, weights,
  answers;
- ``graphs/NAME.pb``: a call as a TensorFlow ``GraphDef``, in inference and in training mode, float32 and float64;
- ``arrays/NUMBER.npy``: an array that ``model.json`` refers to by that name; equal ones are one member.

Nothing in it is a pickle, and equal models give equal bytes: members come in one order, without a time. Sizes are
checked before anything is unpacked, digests before anything is read. A file of a later schema is refused, never guessed
at; what this version adds to a record has a default, so that files of before are read.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kerasdiff import findings
from kerasdiff.graph import Attribute, joins, model, returned, values
from kerasdiff.graph.values import Array
from kerasdiff.plain import PlainError, Reader, plain
from kerasdiff.side import checkpoints, observations, targets
from kerasdiff.side import records as side_records
from kerasdiff.side.baselines import records
from kerasdiff.side.baselines.container import ABOUT, MODEL, MOST_BYTES, SCHEMA, VERSION, checked, fault
from kerasdiff.side.baselines.records import Baseline, Variant

_RECORDS = (records, side_records, checkpoints, observations, targets, findings, model, returned, values, joins)
"""The modules whose records a file may name."""


# Writing -----------------------------------------------------------------------------------------------------


def write(stream: BinaryIO, baseline: Baseline, version: str) -> None:
    """Writes a baseline; the same one gives the same bytes.

    Args:
        stream: Open for writing.
        baseline: What is written.
        version: Of kerasdiff.
    """
    arrays: dict[bytes, str] = {}

    def keep(array: Array) -> str:
        held = io.BytesIO()
        np.save(held, array.astype(str) if array.dtype.kind == "O" else array, allow_pickle=False)
        return arrays.setdefault(held.getvalue(), f"arrays/{len(arrays)}.npy")

    data = plain(_without_graphs(baseline), keep)
    members = {MODEL: _json(data), **_graphs(baseline), **{name: content for content, name in arrays.items()}}
    about = {
        "schema": f"{SCHEMA}{VERSION}",
        "kerasdiff": version,
        "target": baseline.target,
        "environment": dict(baseline.environment),
        "members": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in members.items()
        },
    }
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in {ABOUT: _json(about), **members}.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".npy") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _json(data: object) -> bytes:
    return json.dumps(data, allow_nan=False, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _variants(baseline: Baseline) -> Iterable[Variant]:
    return (baseline.plain, *(() if baseline.fitted is None else (baseline.fitted,)))


def _graphs(baseline: Baseline) -> dict[str, bytes]:
    return {name: one for variant in _variants(baseline) for name, one in variant.frozen.graphs.items()}


def _without_graphs(baseline: Baseline) -> Baseline:
    def bare(variant: Variant) -> Variant:
        return replace(variant, frozen=replace(variant.frozen, graphs={}))

    fitted = None if baseline.fitted is None else bare(baseline.fitted)
    return replace(baseline, plain=bare(baseline.plain), fitted=fitted)


# Reading -----------------------------------------------------------------------------------------------------


def read(path: Path) -> Baseline:
    """Reads a baseline whole.

    Raises:
        TargetError: If it is none, is damaged, or was written by a later version.
    """
    members = checked(path, most=MOST_BYTES)

    def kept(name: Attribute) -> Array:
        return _array(members[str(name)])

    try:
        data = json.loads(members[MODEL])
        baseline = Reader(_RECORDS, kept).read(Baseline, data)
        _consistent(baseline, members)
    except (PlainError, ValueError, KeyError, AttributeError, RecursionError) as error:
        why = error.message if isinstance(error, PlainError) else str(error)
        raise fault(path, f"its {MODEL} is not what kerasdiff writes ({why})") from None

    def whole(variant: Variant) -> Variant:
        graphs = {call.graph: members[call.graph] for call in variant.frozen.calls}
        return replace(variant, frozen=replace(variant.frozen, graphs=graphs))

    fitted = None if baseline.fitted is None else whole(baseline.fitted)
    return replace(baseline, plain=whole(baseline.plain), fitted=fitted)


def _consistent(baseline: Baseline, members: Mapping[str, bytes]) -> None:
    """Refuses a record whose parts are other kinds than the fields say, as far as that would show late."""
    for variant in _variants(baseline):
        if not isinstance(variant, Variant) or any(call.graph not in members for call in variant.frozen.calls):
            raise ValueError("a call lacks its graph")
        for graph in (variant.description.inference, variant.description.training):
            if graph is not None and not isinstance(graph, model.Graph):
                raise ValueError("a traced graph is none")


def _array(content: bytes) -> Array:
    """An array; what its header says is held against the bytes there are, before there is room made for it.

    Raises:
        ValueError: If it is none, or would take unpickling.
    """
    stream = io.BytesIO(content)
    major, _ = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, backwards, dtype = header(stream)
    data = content[stream.tell() :]
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError("an array is not as long as it says")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if backwards else "C").copy()
