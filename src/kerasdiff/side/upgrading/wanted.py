"""What is to be installed? Read before anything is, so that a slip of the hand is told at once."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.errors import UpgradeError
from kerasdiff.side.interpreters.asking import PROVIDERS
from kerasdiff.side.interpreters.choosing import CALLED, LEAST, LEAST_OF_SECOND, dotted, too_old
from kerasdiff.side.upgrading.packages import canonical

_SECRET = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_NESTED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)", re.MULTILINE)
_SAVED = (".whl", ".zip", ".tar.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """By which names the user asks, as messages repeat them.

    Attributes:
        to: For a requirement.
        files: For a file of requirements.
        python: For the interpreter of the new environment.
        sign: Between a name and what is asked for.
    """

    to: str = "--to"
    files: str = "-r"
    python: str = "--with-python"
    sign: str = " "

    def said(self, name: str, value: str) -> str:
        """What the user wrote: a name and what is asked for."""
        return f"{name}{self.sign}{value!r}"


FROM_PYTHON = Asked(to="to", files="requirements", python="with_python", sign="=")
FROM_GATES = Asked(to="to", files="to", sign=" = ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a user asks for.

    Attributes:
        texts: Requirements, as an installer takes them.
        files: Files of requirements, absolute.
        names: The packages that are named, as far as that can be read; canonical.
        stamps: Digests of what lies behind paths, for it may change.
        asked: How it was asked for.
    """

    texts: tuple[str, ...]
    files: tuple[str, ...]
    names: frozenset[str]
    stamps: tuple[str, ...]
    asked: Asked = Asked()

    @property
    def label(self) -> str:
        """What is asked for, in words that hold no password."""
        return ", ".join([*map(without_secrets, self.texts), *(f"-r {_shown(file)}" for file in self.files)])

    @property
    def short(self) -> str:
        """What a directory may be called after: the first plain requirement."""
        plain = next((text for text in self.texts if "/" not in text and "@" not in text), "environment")
        return re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-.")[:40] or "environment"


def without_secrets(text: str) -> str:
    """A text whose addresses name nobody.

    >>> without_secrets("git+https://me:secret@host/a.git")
    'git+https://***@host/a.git'
    """
    return _SECRET.sub("***", text)


def wanted(texts: Sequence[str], files: Sequence[str], here: str = "", *, asked: Asked = Asked()) -> Wanted:
    """Reads what is to be installed.

    Args:
        texts: Requirements, paths, addresses; a file that ends in ``.txt`` counts as one of requirements.
        files: Files of requirements.
        here: Directory that paths are relative to; empty for the current one.
        asked: How it was asked for.

    Raises:
        UpgradeError: If one cannot be what it should be, or names what kerasdiff does not run.
    """
    lists = [_absolute(text, here) for text in (*files, *texts) if text in files or _is_list(text, here)]
    plain = [_one(text.strip(), here, asked) for text in texts if not _is_list(text, here)]
    held = {file: content for path in lists for file, content in _with_nested(path, asked)}
    lines = [line.strip() for content in held.values() for line in content.splitlines()]
    named = dict(filter(None, map(_parsed, [*plain, *lines])))
    for name, pins in named.items():
        _refuse_old(name, pins, asked)
    stamps = [hashlib.sha256(content.encode()).hexdigest() for content in held.values()]
    return Wanted(
        texts=tuple(plain),
        files=tuple(map(str, lists)),
        names=frozenset(named),
        stamps=(*stamps, *(_stamp(Path(text)) for text in plain if os.path.isabs(text))),
        asked=asked,
    )


def _absolute(text: str, here: str) -> Path:
    return Path(here, Path(text).expanduser()).absolute()


def _is_list(text: str, here: str) -> bool:
    return text.endswith(".txt") and _absolute(text, here).is_file()


def _one(text: str, here: str, asked: Asked) -> str:
    """A requirement, with a path made absolute."""
    said = asked.said(asked.to, text)
    if text.startswith("-"):
        raise UpgradeError(
            f"{said} is an option of pip's: name what is to be installed, or a file of it by {asked.files}."
        )
    if _is_path(text):
        path = _absolute(text, here)
        if not path.exists():
            raise UpgradeError(f"{said}: there is no such file or directory.")
        return str(path)
    if "://" in text.split("@")[0]:
        return text
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        read = Requirement(text)
    except InvalidRequirement:
        read = None
    if read is None or (read.url and ":" not in read.url):
        raise UpgradeError(f"{said} is no requirement: {_meant(text)}")
    if re.fullmatch(r"[\d.]+\w*", read.name):
        raise UpgradeError(f"{said} is a version of nothing: write what it is one of, as in tensorflow=={text}.")
    return text


def _is_path(text: str) -> bool:
    return text.startswith((".", "/", "~")) or (text.endswith(_SAVED) and "://" not in text)


def _meant(text: str) -> str:
    """What to write instead, where one can guess."""
    found = re.fullmatch(r"([A-Za-z][\w.-]*(?:\[[\w,-]*\])?)\s*(?:=|@|\s)\s*v?(\d[\w.]*)", text)
    return f"write {found[1]}=={found[2]}." if found else "write a name and a version, as in tensorflow==2.21."


def _parsed(text: str) -> tuple[str, tuple[str, ...]] | None:
    """The name of a requirement, canonical, and the versions it is pinned to; ``None`` where it has none to be read."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        read = Requirement(text.partition(" #")[0].partition(" --")[0].strip())
    except InvalidRequirement:
        return None
    pins = tuple(one.version for one in read.specifier if one.operator in ("==", "==="))
    return canonical(read.name), pins


def _refuse_old(name: str, pins: Iterable[str], asked: Asked) -> None:
    """Refuses what is too old for kerasdiff, before it is installed."""
    package = next((package for package, names in PROVIDERS.items() if name in names), None)
    if package is None:
        return
    for version in pins:
        promised = LEAST if package == "keras" and not version.startswith("2.") else LEAST_OF_SECOND
        if too_old(package, version, promised):
            least = dotted(promised[package])
            pinned = asked.said(asked.to, f"{name}=={version}")
            raise UpgradeError(f"{pinned}: kerasdiff runs models with {CALLED[package]} {least} or later.")


def _with_nested(path: Path, asked: Asked) -> Iterator[tuple[str, str]]:
    """A file of requirements and those it names, each with what it holds."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        said = asked.said(asked.files, _shown(str(path)))
        raise UpgradeError(f"{said} cannot be read ({why}); name a file of requirements.") from None
    yield str(path), content
    for found in _NESTED.finditer(content):
        below = path.parent / found[1]
        if below != path and below.is_file():
            yield from _with_nested(below, asked)


def _stamp(path: Path) -> str:
    """What says that a file or directory is as it was: the latest time that anything in it was written."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return str(max((file.stat().st_mtime_ns for file in files), default=0))


def _shown(file: str) -> str:
    here = Path.cwd()
    return str(Path(file).relative_to(here)) if Path(file).is_relative_to(here) else file


def nearest(name: str, known: Iterable[str]) -> str:
    """The package that a name was meant for, where its letters are near; else empty."""
    most = sorted({*map(canonical, known), *(name for names in PROVIDERS.values() for name in names)})
    return next(iter(difflib.get_close_matches(canonical(name), most, 1, 0.8)), "")
