"""Which model does ``git:REV:path/file.py:Name`` name, and which one is a target's at another revision?"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from kerasdiff.errors import TargetError
from kerasdiff.side.revisions.commits import AUTO, base_of, commit_of, former_name
from kerasdiff.side.revisions.git import Repository, asked, git, repository_of
from kerasdiff.side.revisions.layout import laid_out
from kerasdiff.side.revisions.records import Commit
from kerasdiff.side.targets import Target, is_module, location_of, parse_target, path_of

PREFIX = "git:"
"""How a target of a revision begins."""

_FORM = "write git:REVISION:FILE.py:NAME, e.g. git:main:models.py:build"


def of_revision(text: str, here: str = "") -> Target:
    """Reads ``git:REVISION:TARGET``, and lays the files of the revision out.

    The path in it is relative to the current directory, or where nothing is there at that revision, to the root of the
    repository.

    Raises:
        TargetError: If there is no such repository, revision or file.
    """
    name, _, rest = text.removeprefix(PREFIX).partition(":")
    if not name or not rest:
        raise TargetError(f"{text!r} names no model of a revision: {_FORM}.")
    sought = _sought(rest, here, text)
    commit = commit_of(sought.repository, name)
    known = sought if sought.path is None else _at(sought, commit, text, renamed=False)
    return _target(known, commit, text)


def against(text: str, revision: str, here: str = "") -> Target:
    """The model that a target names, at another revision; by the name that its file had there.

    Args:
        text: A target of what is here.
        revision: Or ``auto`` for the commit that the work here began from.
        here: Directory that ``text`` is read in; empty for the current one.

    Raises:
        TargetError: If there is no such repository, revision or file.
    """
    if text.startswith(PREFIX):
        raise TargetError(
            f"{text!r} is of a revision already; --against takes the target as it is here, or compare two targets: "
            f"kerasdiff compare git:{revision}:FILE.py:NAME {text}"
        )
    sought = _sought(text, here, text)
    commit = base_of(sought.repository) if revision == AUTO else commit_of(sought.repository, revision)
    if sought.path is None:
        return _target(sought, commit, f"{PREFIX}{commit.name}:{text}")
    found = _at(sought, commit, f"{PREFIX}{commit.name}:{text}", renamed=True)
    return _target(found, commit, f"{PREFIX}{commit.name}:{found.rest}")


def pinned(target: Target) -> str:
    """The text of a target with its revision by its hash, which means the same files when branches have moved on."""
    if target.revision is None:
        return target.text
    commit = target.revision.commit
    return f"{PREFIX}{commit.commit}:{target.text.removeprefix(PREFIX).partition(':')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """What is looked for in a revision.

    Attributes:
        repository: Where.
        rest: The target there, as it is written in ``directory``.
        location: What stands before the name in it.
        path: Of its file from the root of the repository; ``None`` for a module.
        directory: The current one.
    """

    repository: Repository
    rest: str
    location: str
    path: str | None
    directory: Path


def _sought(rest: str, here: str, text: str) -> _Sought:
    try:
        directory = Path(here or Path.cwd()).resolve()
    except OSError as error:
        raise TargetError(f"{text}: the current directory cannot be seen ({error.strerror}).") from None
    location = location_of(rest, here)
    own = repository_of(directory)
    if is_module(location) and not (directory / location).exists():
        if own is None:
            raise _no_repository(text, directory)
        return _Sought(repository=own, rest=rest, location=location, path=None, directory=directory)
    given = directory / path_of(location, "")
    # A link that is a file is one in the repository; what it leads to there may be another file.
    path = Path(os.path.realpath(given.parent)) / given.name
    if own is not None and own.top is None:
        within = os.path.normpath(location)
        return _Sought(repository=own, rest=rest, location=location, path=within, directory=directory)
    if own is None or own.top is None or not path.is_relative_to(own.top):
        near = next(above for above in path.parents if above.is_dir())
        own = repository_of(near)
        if own is None or own.top is None:
            raise _no_repository(text, near)
    within = path.relative_to(own.top).as_posix()
    return _Sought(repository=own, rest=rest, location=location, path=within, directory=directory)


def _no_repository(text: str, directory: Path) -> TargetError:
    return TargetError(f"{text}: {directory} is in no git repository, so there is no revision of it.")


def _at(sought: _Sought, commit: Commit, text: str, *, renamed: bool) -> _Sought:
    """The same with the path by which a commit has the file.

    Raises:
        TargetError: If it has none.
    """
    assert sought.path is not None
    kind = _kind(sought.repository, commit, sought.path)
    if kind == "blob" or (kind is None and _in_submodule(sought.repository, commit, sought.path)):
        return sought
    where = f"{commit.short} ({commit.subject})" if commit.name == commit.short else f"{commit.name} ({commit.short})"
    if kind == "tree":
        raise TargetError(f"{text}: {sought.location} is a directory at {where}: name the file that defines the model.")
    if not renamed and not sought.location.startswith((".", "/")):
        root = os.path.normpath(sought.location)
        if _kind(sought.repository, commit, root) == "blob":  # as git itself reads REVISION:PATH
            return replace(sought, path=root)
    former = former_name(sought.repository, commit, sought.path)
    if former is None:
        raise TargetError(
            f"{text}: there is no {sought.path} at {where}.", _similar(sought.repository, commit, sought.path)
        )
    shown = former
    if sought.repository.top is not None and sought.directory.is_relative_to(sought.repository.top):
        shown = os.path.relpath(sought.repository.top / former, sought.directory)
    if renamed:
        rest = shown + sought.rest.removeprefix(sought.location)
        return replace(sought, path=former, location=shown, rest=rest)
    raise TargetError(
        f"{text}: there is no {sought.path} at {where}; it was called {former} then: write "
        f"{PREFIX}{commit.name}:{shown}{sought.rest.removeprefix(sought.location)}."
    )


def _kind(repository: Repository, commit: Commit, path: str) -> str | None:
    return asked(repository.place, "cat-file", "-t", f"{commit.commit}:{'' if path == '.' else path}")


def _in_submodule(repository: Repository, commit: Commit, path: str) -> bool:
    above = [str(folder) for folder in Path(path).parents if folder.name]
    if not above:
        return False
    return b"160000 " in git(repository.place, "ls-tree", "-z", "--full-tree", commit.commit, "--", *above)


def _similar(repository: Repository, commit: Commit, path: str) -> str:
    said = git(repository.place, "ls-tree", "-r", "--name-only", "--full-tree", "-z", commit.commit)
    suffix = Path(path).suffix
    known = [name for name in os.fsdecode(said).split("\0") if name.endswith(suffix) and name]
    same = [name for name in known if Path(name).name == Path(path).name][:3]
    close = same or difflib.get_close_matches(path, known, n=3, cutoff=0.6)
    return f"Nearest: {', '.join(close)}." if close else ""


def _target(sought: _Sought, commit: Commit, text: str) -> Target:
    """The target in the files of the commit."""
    revision = laid_out(sought.repository, commit)
    root, top = Path(revision.root), sought.repository.top
    here = str(sought.directory)
    if top is None:
        here = revision.root
    elif sought.directory.is_relative_to(top):
        then = root / sought.directory.relative_to(top)
        # A directory that did not exist is an empty one: nothing is to be read there.
        then.mkdir(parents=True, exist_ok=True)
        here = str(then)
    location, rest = sought.location, sought.rest
    if sought.path is not None:
        file = root / sought.path
        location = os.path.relpath(file, here) if Path(here).is_relative_to(root) else str(file)
        rest = location + sought.rest.removeprefix(sought.location)
    target = parse_target(rest, here)
    place = text.removesuffix(sought.rest.removeprefix(sought.location))
    return replace(target, text=text, place=place, revision=revision)
