"""Tar archives of CIFAR-10, read without being unpacked: each member is checked before a byte of it is used."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from kerasdiff.data import cifar
from kerasdiff.data.table import Table
from kerasdiff.errors import DataError

MOST_MEMBERS = 100
"""Members of an archive that is read at all; the published ones have nine."""


def archive_table(path: Path) -> Table:
    """CIFAR-10 from ``cifar-10-python.tar.gz`` or ``cifar-10-binary.tar.gz``.

    Raises:
        DataError: If the archive is damaged, suspicious or of something else.
    """
    batches, others = {}, []
    for name, content in members(path, (*cifar.PYTHON_FILES, *cifar.BINARY_FILES)):
        if content is None:
            others.append(name)
            continue
        if name in batches:
            raise DataError(f"{path} holds {name} twice: refused.")
        batches[name] = cifar.parse(name, content, f"{path}: {name}")
    for files in (cifar.PYTHON_FILES, cifar.BINARY_FILES):
        if set(batches) == set(files):
            return cifar.batches_table(batches, str(path), path.name)
    raise DataError(
        f"{path} is no CIFAR-10: expected {cifar.PYTHON_FILES[0]} to 5 and test_batch, or the same as .bin; "
        f"it holds {some([*batches, *others])}. An archive of image folders has to be unpacked first."
    )


def members(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes | None]]:
    """The members of a tar archive: plain name and content of those wanted, full name and ``None`` of other files.

    Raises:
        DataError: If the archive cannot be read, or a member is a link, a device, a path out of the archive, or too
            large.
    """
    try:
        with tarfile.open(path) as archive:
            for at, member in enumerate(archive):
                _check(member, path)
                if at >= MOST_MEMBERS:
                    raise DataError(f"{path} has more than {MOST_MEMBERS} members, and CIFAR-10 has nine: refused.")
                if member.isdir():
                    continue
                name = PurePosixPath(member.name).name
                stream = archive.extractfile(member) if name in wanted else None
                yield (name, stream.read()) if stream else (member.name, None)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as why:
        reason = why.strerror if isinstance(why, OSError) and why.strerror else why
        raise DataError(f"{path} cannot be read as a tar archive: {reason}.") from why


def _check(member: tarfile.TarInfo, path: Path) -> None:
    """Refuses what no data archive holds; nothing is unpacked, yet such an archive is not to be trusted."""
    inside = PurePosixPath(member.name)
    if inside.is_absolute() or ".." in inside.parts or "\\" in member.name:
        raise DataError(f"{path} holds {member.name}, a path out of the archive: refused.")
    if not (member.isfile() or member.isdir()):
        raise DataError(f"{path} holds {member.name}, a link or a special file: refused.")
    if member.size > cifar.LARGEST_BATCH:
        raise DataError(f"{path} holds {member.name} of {member.size:,} bytes, too large for CIFAR-10: refused.")


def some(names: Collection[str], most: int = 5) -> str:
    """The first names and how many more there are; ``nothing`` for none."""
    shown = ", ".join(sorted(names)[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown or "nothing"
