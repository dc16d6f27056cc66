"""How is a file written so that it is never half there, what may be in its place, and why can one not be read?"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_OTHERS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "a device"),
)


def other_than_file(path: Path) -> str:
    """What is at a path, or at the end of a link there, that is neither nothing nor a regular file; empty otherwise.

    >>> other_than_file(Path("/"))
    'a directory'

    Raises:
        OSError: If that cannot be seen.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ""
    return next((name for test, name in _OTHERS if test(mode)), "")


class UnreadableError(Exception):
    """A file cannot be read; the message says why, as what follows its name and a colon."""


def json_of(path: Path, otherwise: str, most: int | None = None) -> object:
    """What a JSON file holds.

    Args:
        path: Of the file.
        otherwise: What is wrong with it where it is no JSON.
        most: Bytes of the largest that is read; ``None`` for any size.

    Raises:
        UnreadableError: If it cannot be read, is empty, larger or no JSON.
    """
    try:
        if most is not None and path.stat().st_size > most:
            raise UnreadableError(f"it is larger than {most // 1_000_000} MB")
        content = path.read_bytes()
        if not content:
            raise UnreadableError("it is empty")
        found: object = json.loads(content)
    except OSError as error:
        raise UnreadableError(f"it cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError):
        raise UnreadableError(otherwise) from None
    return found


def trial_directory(root: str, key: str) -> Path:
    """Where a trial store keeps the files of a trial."""
    return Path(root) / key[:2] / key


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Writes a file whole or not at all: beside its place and, once it is on the disk, renamed to it.

    Through a link it is the file at its end that is written; the link stays.

    Args:
        path: In a directory that exists.
        write: Fills an open stream.

    Raises:
        OSError: If it cannot be written, or something is there that is no file; it is there still.
    """
    path = path.resolve()
    if other := other_than_file(path):
        raise OSError(errno.EINVAL, f"it is {other}, and only a file is written over")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):  # the directory itself may be gone
            part.unlink(missing_ok=True)
