"""CIFAR-10 from the network: on request only, resumable, checked, and put where Keras looks for it."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from kerasdiff.data import cifar
from kerasdiff.data.archives import members
from kerasdiff.errors import DataError
from kerasdiff.side.files import write_whole

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
"""Both as in ``keras/src/datasets/cifar10.py`` of Keras 3.15."""

ARCHIVE = "cifar-10-batches-py-target_archive"
"""What ``keras.utils.get_file`` calls the archive; with it in place Keras downloads nothing."""

CHUNK = 256 * 1024
TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as dropped."""

LARGEST_ARCHIVE = 2**30
"""Most bytes taken from a server; the published archive has 170,498,071."""

Told = Callable[[int, int | None], None]
"""Hears how many bytes there are, and of how many (``None`` where the server does not say)."""


def archive_path() -> Path:
    """Where the archive goes, in the Keras cache."""
    return cifar.cache_folder() / ARCHIVE


def part_path(sha256: str) -> Path:
    """What was received so far; named by the checksum, so that no other archive's beginning is ever continued."""
    return cifar.cache_folder() / f"{ARCHIVE}.{sha256[:8]}.part"


def download(url: str, sha256: str, told: Told) -> Path:
    """Brings CIFAR-10 into the Keras cache, as archive and unpacked.

    An archive that is there already and has the checksum is not downloaded again. What an interrupted call received
    stays beside it, and the next call goes on from there if the server can.

    Args:
        url: ``http`` or ``https``.
        sha256: What the archive must have, 64 hexadecimal digits.
        told: Progress.

    Returns:
        The folder of the batches.

    Raises:
        DataError: If the server fails, the checksum is wrong (the file is removed), or the disk cannot be written.
        KeyboardInterrupt: What was received is kept.
    """
    target = archive_path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (target.is_file() and _digest(target) == sha256):
            part = part_path(sha256)
            _receive(url, part, told)
            _verify(part, sha256, url)
            os.replace(part, target)
        return _unpack(target)
    except OSError as why:
        raise DataError(
            f"{target.parent} cannot be written: {why.strerror or why}. Free some space (350 MB are needed), "
            "or set KERAS_HOME to another place; the same command goes on from what is there."
        ) from why


def _receive(url: str, part: Path, told: Told) -> None:
    """Appends to ``part`` until the server has sent everything."""
    have = part.stat().st_size if part.exists() else 0
    response, begin, total = _open(url, have)
    with response, part.open("r+b" if begin else "wb") as file:
        file.seek(begin)
        file.truncate()
        done = begin
        told(done, total)
        for chunk in _chunks(response, url):
            file.write(chunk)
            done += len(chunk)
            told(done, total)
            if done > LARGEST_ARCHIVE:
                break
        file.flush()
        os.fsync(file.fileno())
    if done > LARGEST_ARCHIVE:
        part.unlink()
        raise DataError(f"{url} sends more than {LARGEST_ARCHIVE:,} bytes: this is not CIFAR-10.")
    if total is not None and done < total:
        raise DataError(
            f"The connection to {url} was lost after {done:,} of {total:,} bytes. They are kept: "
            "the same command resumes."
        )


def _open(url: str, have: int) -> tuple[http.client.HTTPResponse, int, int | None]:
    """Asks for the bytes from ``have`` on.

    Returns:
        The response, the position its first byte has (0 where the server cannot resume), and the size of the whole.
    """
    headers = {"User-Agent": "kerasdiff", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except urllib.error.HTTPError as why:
        why.close()
        if have and why.code == 416:  # nothing lies beyond: what is here is whole, or not the beginning of this file
            return _open(url, 0)
        raise DataError(f"{url} answers {why.code} {why.reason}. Another source can be given with --url.") from why
    except (OSError, http.client.HTTPException) as why:
        reason = why.reason if isinstance(why, urllib.error.URLError) else why
        kept = f" {have:,} bytes are kept: the same command resumes." if have else ""
        raise DataError(f"{url} cannot be reached: {reason}.{kept}") from why
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if response.status == 206 and span and int(span[1]) == have:
        return response, have, None if span[2] == "*" else int(span[2])
    if response.status == 206:
        response.close()
        return _open(url, 0)
    length = response.headers.get("Content-Length", "")
    return response, 0, int(length) if length.isdecimal() else None


def _chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read1(CHUNK)  # what has arrived, so that little is lost with the connection
        except (OSError, http.client.HTTPException) as why:
            raise DataError(
                f"The connection to {url} was lost ({why}). What arrived is kept: the same command resumes."
            ) from why
        if not chunk:
            return
        yield chunk


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _verify(part: Path, sha256: str, url: str) -> None:
    digest = _digest(part)
    if digest != sha256:
        part.unlink()
        raise DataError(
            f"What {url} sent has the SHA-256 {digest}, not {sha256}: the file was removed. "
            "Run the command again, or give another source with --url."
        )


def _unpack(archive: Path) -> Path:
    """Writes the batches where Keras unpacks them; each file appears whole or not at all.

    Nothing but the six batches is written, under names from here, and each is read as a batch first.
    """
    folder = cifar.cache_folder() / cifar.FOLDERS[0]
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for name, content in members(archive, cifar.PYTHON_FILES):
        if content is None:
            continue
        cifar.parse(name, content, f"{archive}: {name}")
        write_whole(folder / name, partial(_put, content))
        written.add(name)
    lacking = [name for name in cifar.PYTHON_FILES if name not in written]
    if lacking:
        raise DataError(f"{archive} is no CIFAR-10 in its python version: it lacks {', '.join(lacking)}.")
    return folder


def _put(content: bytes, stream: BinaryIO) -> None:
    stream.write(content)
