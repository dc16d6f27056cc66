"""How is a file written so that it is never half there?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Writes a file whole or not at all: beside its place and, once it is on the disk, renamed to it.

    What is no regular file (a pipe, ``/dev/null``) cannot be replaced by one, and is written to as it is.

    Args:
        path: In a directory that exists.
        write: Fills an open stream.

    Raises:
        OSError: If it cannot be written; then what was there before is there still.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            write(stream)
        return
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
