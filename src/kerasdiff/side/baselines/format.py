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
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kerasdiff import findings
from kerasdiff.errors import TargetError
from kerasdiff.graph import Attribute, joins, model, returned, values
from kerasdiff.graph.values import Array
from kerasdiff.plain import PlainError, Reader, plain
from kerasdiff.side import checkpoints, observations, targets
from kerasdiff.side import records as side_records
from kerasdiff.side.baselines import records
from kerasdiff.side.baselines.records import Baseline, Variant
from kerasdiff.side.targets import Target

SUFFIX = ".kerasdiff"
SCHEMA = "kerasdiff.baseline/"
VERSION = 1

ABOUT, MODEL = "about.json", "model.json"

MOST_MEMBERS = 100_000
MOST_ABOUT = 16 << 20
"""Bytes of ``about.json`` at most: 160 for each of as many members."""

MOST_BYTES = 1 << 36
"""Bytes of all members at most: 64 GiB, the values of a saved model of 16 billion parameters."""

SMALL, DENSEST = 16 << 20, 100
"""A member that is compressed and unpacks to more than the first may be so many times as large as it is stored.
Measured: the description of ResNet50 is 20 times as large."""

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
    members = _checked(path, most=MOST_BYTES)

    def kept(name: Attribute) -> Array:
        return _array(members[str(name)])

    try:
        data = json.loads(members[MODEL])
        baseline = Reader(_RECORDS, kept).read(Baseline, data)
        _consistent(baseline, members)
    except (PlainError, ValueError, KeyError, AttributeError, RecursionError) as error:
        why = error.message if isinstance(error, PlainError) else str(error)
        raise _fault(path, f"its {MODEL} is not what kerasdiff writes ({why})") from None

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


def check(path: Path) -> None:
    """Looks at a file as far as that takes no time to speak of: what it is, whether it is whole, large members aside.

    Raises:
        TargetError: As :func:`read`.
    """
    _checked(path, most=SMALL)


def refuse_training(*these: Target) -> None:
    """Refuses to train what no graph of a call can be made to learn for many steps.

    Raises:
        TargetError: If one of them is a baseline.
    """
    held = next((one for one in these if one.kind == "baseline"), None)
    if held is not None:
        raise TargetError(
            f"{held.text} is a baseline, and cannot be trained: name the code of the model, or compare without a fit "
            "by `kerasdiff compare`."
        )


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


def _checked(path: Path, most: int) -> dict[str, bytes]:
    """The members of at most so many bytes, all of them as they were written."""
    try:
        if path.stat().st_size == 0:
            raise _fault(path, "it is empty")
        if not zipfile.is_zipfile(path):
            raise _fault(path, "it is no baseline, or a truncated one")
        with zipfile.ZipFile(path) as archive:
            return _members(path, archive, most)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _fault(path, f"it is damaged ({error})") from None
    except OSError as error:
        raise TargetError(f"{path.name} cannot be read: {error.strerror or error}.") from None


def _members(path: Path, archive: zipfile.ZipFile, most: int) -> dict[str, bytes]:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if ABOUT not in entries:
        raise _fault(path, f"it lacks {ABOUT}: another program wrote it")
    if len(entries) != len(archive.infolist()) or len(entries) > MOST_MEMBERS:
        raise _fault(path, "it holds a member twice, or too many of them")
    if entries[ABOUT].file_size > MOST_ABOUT:
        raise _fault(path, f"its {ABOUT} is too large to be one")
    known = _listed(path, archive.read(ABOUT))
    if why := _misfit(entries, known):
        raise _fault(path, why)
    members = {name: archive.read(name) for name, (size, _) in known.items() if size <= most}
    changed = (name for name, content in members.items() if hashlib.sha256(content).hexdigest() != known[name][1])
    if odd := next(changed, None):
        raise _fault(path, f"{odd} was changed after it was written")
    return members


def _misfit(entries: Mapping[str, zipfile.ZipInfo], known: Mapping[str, tuple[int, str]]) -> str:
    """Why the members are not those that were written, by name and size; empty where they are."""
    if set(known) | {ABOUT} != set(entries):
        return f"its members are not those that its {ABOUT} lists"
    odd = next((name for name, (size, _) in known.items() if not _fits(entries[name], size)), None)
    if odd is None and sum(size for size, _ in known.values()) > MOST_BYTES:
        odd = "all of it"
    return "" if odd is None else f"{odd} would unpack to more than a baseline has"


def _fits(entry: zipfile.ZipInfo, size: int) -> bool:
    """Whether a member is as large as it was, and no more than what is stored can hold."""
    most = SMALL if entry.compress_type != zipfile.ZIP_STORED else entry.compress_size
    return entry.file_size == size and size <= max(most, DENSEST * entry.compress_size)


def _listed(path: Path, content: bytes) -> dict[str, tuple[int, str]]:
    """Size and digest of every member."""
    try:
        about = json.loads(content)
        schema = str(about["schema"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _fault(path, f"its {ABOUT} is not what kerasdiff writes") from None
    number = schema.removeprefix(SCHEMA)
    if not schema.startswith(SCHEMA) or not number.isdigit():
        raise _fault(path, f"its schema is {schema!r}")
    if int(number) > VERSION:
        raise TargetError(
            f"{path.name} was written by a later kerasdiff ({about.get('kerasdiff', '?')}, schema {schema}); this one "
            f"reads up to {SCHEMA}{VERSION}: update kerasdiff, or lock the model anew."
        )
    try:
        return {str(name): (int(one["bytes"]), str(one["sha256"])) for name, one in about["members"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _fault(path, f"its {ABOUT} lists no members") from None


def _fault(path: Path, why: str) -> TargetError:
    return TargetError(
        f"{path.name} cannot be read as a baseline: {why}; take an intact copy, or make it anew by "
        f"`kerasdiff lock TARGET -o {path.name}`."
    )
