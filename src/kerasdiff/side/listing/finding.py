"""Which model is meant where a file or module alone is named, and what is there to be named in a directory?"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.errors import KerasdiffError, TargetError
from kerasdiff.side.listing.candidates import Candidate, candidates_in, the_one
from kerasdiff.side.reading import said
from kerasdiff.side.reading.configs import config_of
from kerasdiff.side.reading.homes import home_of, module_folder
from kerasdiff.side.reading.notebooks import cells_of
from kerasdiff.side.reading.source import INSTALLED, Source, UntoldError, module_text, source
from kerasdiff.side.revisions.finding import searched
from kerasdiff.side.revisions.targets import PREFIX, of_revision
from kerasdiff.side.targets import DEFINING, KINDS, Target, parse_target, path_of

MOST_FILES = 2_000
"""Files of a directory that are read, about ten seconds of them."""
_LEFT_OUT = INSTALLED | {"__pycache__", "node_modules", "build", "dist"}
_MARKS = (b"keras", b"tensorflow")
"""What a file that defines a model names somewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What can be named in a file.

    Attributes:
        place: What stands before a name in a target of it.
        whole: Whether the file is a model by itself.
        names: Its names, in the order of its text.
        problem: Why it cannot be read.
    """

    place: str
    whole: bool = False
    names: tuple[Candidate, ...] = ()
    problem: str = ""


def named(target: Target) -> Target:
    """A target with a name: where a file or module alone was named, that of the one model in it.

    Raises:
        KerasdiffError: If it holds none, or several; names them as targets.
    """
    if target.name or target.kind not in DEFINING:
        return target
    module = _text(target)
    if not isinstance(module, Source):
        if module is None:
            seen = f"`kerasdiff list {target.place}` shows which there are"
            raise TargetError(f"{target.text!r} names no model: write {target.place}:NAME; {seen}.")
        raise module
    candidates = candidates_in(module, target.kind, target.place)
    one = the_one(candidates)
    if one is not None:
        return replace(target, name=one.name, found=True)
    possible = sorted(
        (item for item in candidates if item.can != "no"), key=lambda it: (not it.whole, it.can == "maybe")
    )
    raise said.names_no_model(target, [shlex.quote(item.target) for item in possible])


def _text(target: Target) -> Source | KerasdiffError | None:
    """The text of a target's module, or what is wrong with it; ``None`` where it cannot be told from."""
    path = Path(target.location)
    try:
        if target.kind == "module":
            read = module_text(target, module_folder(target))
        elif target.kind == "notebook" and isinstance(wrong := cells_of(path), str):
            return said.no_notebook(target, wrong)
        else:
            read = source(path, "")
            if isinstance(read, Source):
                read = replace(read, search=home_of(path, read.tree).folder)
    except (OSError, UntoldError):
        return None
    except ModuleNotFoundError:
        return said.no_module(target, module_folder(target))
    return said.syntax_error(target, read) if isinstance(read, SyntaxError) else read


def listed(text: str, here: str = "") -> Iterator[Listed]:
    """What can be named in a file, a module, or each file of a directory.

    Args:
        text: It; a target with a name is that name alone.
        here: Directory that it is found from; empty for the current one.

    Raises:
        TargetError: If there is no such thing.
    """
    path = path_of(text, here)
    if os.path.isdir(path):
        yield from _in_directory(path, text)
        return
    target = of_revision(text, here) if text.startswith(PREFIX) else parse_target(text, here)
    with searched(target.revision):
        one = _listed(target)
    if not target.name:
        yield one
        return
    names = tuple(item for item in one.names if item.name == target.name)
    if not names and not one.problem:
        raise said.no_such_name(target, 0, [item.name for item in one.names if item.can != "no"])
    yield replace(one, names=names)


def _listed(target: Target) -> Listed:
    if target.kind not in DEFINING:
        return Listed(place=target.place, whole=True)
    module = _text(target)
    if isinstance(module, KerasdiffError):
        return Listed(place=target.place, problem=module.message)
    if module is None:
        return Listed(place=target.place, problem=f"{target.text}: its text cannot be read.")
    return Listed(place=target.place, names=candidates_in(module, target.kind, target.place))


def _in_directory(folder: Path, shown: str) -> Iterator[Listed]:
    """Its files that may define a model, or are one, in the order of their paths."""
    count = 0
    for path in _files(folder):
        if path.suffix == ".kerasdiff" or not _speaks_of_keras(path):
            continue
        count += 1
        if count > MOST_FILES:
            raise TargetError(
                f"{shown} holds more than {MOST_FILES:,} files that may define models: name a part of it."
            )
        place = os.path.normpath(os.path.join(shown, path.relative_to(folder)))
        kind = KINDS[path.suffix]
        yield _listed(Target(text=place, kind=kind, location=str(path.resolve()), place=place))


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _LEFT_OUT and not os.path.exists(here / name / "pyvenv.cfg")
        )
        yield from (here / name for name in sorted(names) if Path(name).suffix in KINDS and not name.startswith("."))


def _speaks_of_keras(path: Path) -> bool:
    if KINDS[path.suffix] == "config":
        return isinstance(config_of(path), dict)
    if KINDS[path.suffix] not in DEFINING:
        return True
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return any(mark in text for mark in _MARKS)
