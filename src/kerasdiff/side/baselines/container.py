"""Is a file a baseline, and whole? What its archive tells, before a member of it is read for what it says.

Imports errors and targets, and no numpy: a damaged file is told at once. What the members are stands in
:mod:`kerasdiff.side.baselines.format`.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from kerasdiff.errors import TargetError
from kerasdiff.side.targets import Target

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


def check(path: Path) -> None:
    """Looks at a file as far as that takes no time to speak of: what it is, whether it is whole, large members aside.

    Raises:
        TargetError: As :func:`read`.
    """
    checked(path, most=SMALL)


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


def checked(path: Path, most: int) -> dict[str, bytes]:
    """The members of at most so many bytes, all of them as they were written."""
    try:
        if path.stat().st_size == 0:
            raise fault(path, "it is empty")
        if not zipfile.is_zipfile(path):
            raise fault(path, "it is no baseline, or a truncated one")
        with zipfile.ZipFile(path) as archive:
            return _members(path, archive, most)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise fault(path, f"it is damaged ({error})") from None
    except OSError as error:
        raise TargetError(f"{path.name} cannot be read: {error.strerror or error}.") from None


def _members(path: Path, archive: zipfile.ZipFile, most: int) -> dict[str, bytes]:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if ABOUT not in entries:
        raise fault(path, f"it lacks {ABOUT}: another program wrote it")
    if len(entries) != len(archive.infolist()) or len(entries) > MOST_MEMBERS:
        raise fault(path, "it holds a member twice, or too many of them")
    if entries[ABOUT].file_size > MOST_ABOUT:
        raise fault(path, f"its {ABOUT} is too large to be one")
    known = _listed(path, archive.read(ABOUT))
    if why := _misfit(entries, known):
        raise fault(path, why)
    members = {name: archive.read(name) for name, (size, _) in known.items() if size <= most}
    changed = (name for name, content in members.items() if hashlib.sha256(content).hexdigest() != known[name][1])
    if odd := next(changed, None):
        raise fault(path, f"{odd} was changed after it was written")
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
        raise fault(path, f"its {ABOUT} is not what kerasdiff writes") from None
    number = schema.removeprefix(SCHEMA)
    if not schema.startswith(SCHEMA) or not number.isdigit():
        raise fault(path, f"its schema is {schema!r}")
    if int(number) > VERSION:
        raise TargetError(
            f"{path.name} was written by a later kerasdiff ({about.get('kerasdiff', '?')}, schema {schema}); this one "
            f"reads up to {SCHEMA}{VERSION}: update kerasdiff, or lock the model anew."
        )
    try:
        return {str(name): (int(one["bytes"]), str(one["sha256"])) for name, one in about["members"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise fault(path, f"its {ABOUT} lists no members") from None


def fault(path: Path, why: str) -> TargetError:
    return TargetError(
        f"{path.name} cannot be read as a baseline: {why}; take an intact copy, or make it anew by "
        f"`kerasdiff lock TARGET -o {path.name}`."
    )
