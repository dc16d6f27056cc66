"""Which environments have upgrades left, and which of them may go?"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.errors import UpgradeError
from kerasdiff.side.files import UnreadableError, json_of
from kerasdiff.side.interpreters.kept import RECORD

PART = ".part-"
"""How the directory of one begins that is being made or removed."""
_ABANDONED_S = 24 * 3600.0
_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An environment that an upgrade made.

    Attributes:
        place: Its directory.
        asked: What was asked for, in words without passwords.
        python: Version of its Python.
        over: The interpreter whose packages it is lent; empty where it stands alone, or does not say.
        own: Its own packages with their versions.
        size: In bytes, as it was made.
        used: When it was last, in seconds since 1970.
        runs: Whether its interpreter is still there; it goes with the Python that it was made by.
    """

    place: str
    asked: str
    python: str
    over: str
    own: Mapping[str, str]
    size: int
    used: float
    runs: bool

    @property
    def name(self) -> str:
        return os.path.basename(self.place)

    def unused_days(self, now: float) -> float:
        """For how long nothing was run in it."""
        return max(now - self.used, 0.0) / _DAY_S


def kept(store: str) -> tuple[Kept, ...]:
    """The environments below a directory, the one that was used last first."""
    found = [one for record in Path(store).glob(f"*/{RECORD}") if (one := _read(record)) is not None]
    return tuple(sorted(found, key=lambda one: (-one.used, one.name)))


def _read(record: Path) -> Kept | None:
    """What a record says; ``None`` where it is none, or one that is being made."""
    try:
        held = json_of(record, "it is no JSON")
        used = record.stat().st_mtime
    except (UnreadableError, OSError):
        return None
    if not isinstance(held, dict) or record.parent.name.startswith(PART):
        return None
    own, size = held.get("own"), held.get("bytes")
    within = (record.parent / "bin/python", record.parent / "Scripts/python.exe")
    return Kept(
        place=str(record.parent),
        asked=str(held.get("asked", "")),
        python=str(held.get("python", "")),
        over=str(held.get("over", "")),
        own={str(name): str(version) for name, version in own.items()} if isinstance(own, dict) else {},
        size=size if isinstance(size, int) else 0,
        used=used,
        runs=any(python.exists() for python in within),
    )


def remove(one: Kept) -> None:
    """Removes an environment: at once as far as others see, and then its files.

    Raises:
        UpgradeError: If it cannot be.
    """
    try:
        part = tempfile.mkdtemp(prefix=PART, dir=os.path.dirname(one.place))
        with suppress(FileNotFoundError):  # another process was faster
            os.rename(one.place, os.path.join(part, one.name))
        shutil.rmtree(part)
    except OSError as error:
        raise UpgradeError(f"{one.place} cannot be removed ({error.strerror or error}); see whose it is.") from None


def clear_abandoned(store: Path) -> None:
    """Removes what a process left behind that was killed while it made or removed one."""
    for part in store.glob(f"{PART}*"):
        if time.time() - part.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(part, ignore_errors=True)
