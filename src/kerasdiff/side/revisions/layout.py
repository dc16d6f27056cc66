"""Where do the files of a commit lie? In a directory of their own below the temporary one, as if checked out there.

Why not ``git archive``? It leaves out and rewrites what ``.gitattributes`` says for releases (``export-ignore``,
``export-subst``), and a module or a table of numbers may be among that. Why not ``git worktree add``? It writes into
the repository. So an index of its own is read from the commit and checked out elsewhere: git converts line ends and
applies filters as it does for the user, by the attributes of that very commit. Files of git LFS and submodules are
filled in from what this machine has; what it lacks is left out, so that nobody reads something else in its place.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kerasdiff.errors import TargetError
from kerasdiff.side.revisions.git import GitError, Repository, asked, git, repository_of, worktrees
from kerasdiff.side.revisions.records import Commit, Revision

_PREFIX = "kerasdiff-git-"
_LINK, _SUBMODULE = b"120000", b"160000"
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_POINTER_BYTES = 1024
"""A pointer of git LFS is shorter (its specification, version 1)."""


@dataclass(frozen=True, slots=True)
class _Owned:
    """A directory that this process made.

    Attributes:
        lock: Held as long as the process lives; by that another one knows whether anyone still needs the directory.
    """

    path: Path
    lock: IO[bytes]
    pid: int


_owned: list[_Owned] = []
_known: dict[tuple[Path, str], Revision] = {}
_laying = threading.Lock()


def laid_out(repository: Repository, commit: Commit) -> Revision:
    """Lays the files of a commit out, once a process.

    Raises:
        TargetError: If there is no room, or git cannot read the commit.
    """
    key = repository.place, commit.commit
    with _laying:
        if key not in _known:
            owned = _new_directory()
            # Of the same name as here, for code that reads the name of its directory.
            root = owned.path / repository.place.name
            try:
                root.mkdir()
                missing = tuple(_fill(repository, commit.commit, root, owned.path))
            except (GitError, OSError) as error:
                _remove(owned)
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                room = "; make room there, or name another directory by TMPDIR" if "space" in why else ""
                where = owned.path.parent
                raise TargetError(
                    f"{commit.name}: the files of {commit.short} cannot be laid out in {where}: {why}{room}."
                ) from None
            _known[key] = Revision(commit=commit, root=str(root), worktrees=worktrees(repository), missing=missing)
        known = _known[key]
    return Revision(commit=commit, root=known.root, worktrees=known.worktrees, missing=known.missing)


# The directory -----------------------------------------------------------------------------------------------


def _new_directory() -> _Owned:
    try:
        above = Path(tempfile.gettempdir()).resolve()
        _clear_up(above)
        while True:
            path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above))
            lock = (path / "lock").open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.is_dir():  # else another process cleared it up before it was locked
                break
            lock.close()
    except OSError as error:
        raise TargetError(
            f"No directory can be made for the files of a revision ({error.strerror or error}); name another one by "
            "TMPDIR."
        ) from None
    owned = _Owned(path, lock, os.getpid())
    _owned.append(owned)
    return owned


def _clear_up(above: Path) -> None:
    """Removes what runs left that were killed."""
    for path in above.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), (path / "lock").open("rb") as lock:
            if path.stat().st_uid == os.getuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)


def _remove(owned: _Owned) -> None:
    shutil.rmtree(owned.path, ignore_errors=True)
    owned.lock.close()


@atexit.register
def _remove_all() -> None:
    for owned in _owned:
        if owned.pid == os.getpid():  # a forked process shares the list, not the directories
            _remove(owned)


# Its files ---------------------------------------------------------------------------------------------------


def _fill(repository: Repository, commit: str, root: Path, scratch: Path) -> Iterator[str]:
    """Writes the files of a commit below ``root``; gives the paths of those whose content is not on this machine."""
    own = {"GIT_INDEX_FILE": str(scratch / f"index-{commit}")}
    words = (f"--git-dir={repository.directory}", f"--work-tree={root}")
    try:
        git(root, *words, "read-tree", "--reset", "-u", commit, extra=own)
    except GitError as error:
        if "unable to read" not in str(error):
            raise
        yield from _without_lost(root, words, commit, own)
    listed = git(root, *words, "ls-files", "--stage", "-z", extra=own)
    attributes: list[Path] = []
    for entry in listed.split(b"\0"):
        head, _, name = entry.partition(b"\t")
        path = root / os.fsdecode(name)
        if head.startswith(_LINK):
            _turn(path, root, repository)
        elif head.startswith(_SUBMODULE):
            below = _submodule(repository, path.relative_to(root), head.split(b" ")[1].decode())
            if below is None:
                yield os.fsdecode(name)
            else:
                path.mkdir(parents=True, exist_ok=True)
                yield from (f"{os.fsdecode(name)}/{lost}" for lost in _fill(*below, path, scratch))
        elif path.name == ".gitattributes":
            attributes.append(path)
    if any(b"filter=lfs" in path.read_bytes() for path in attributes if path.is_file()):
        yield from _filled_from_lfs(repository, root, listed)


def _without_lost(root: Path, words: Sequence[str], commit: str, own: Mapping[str, str]) -> Iterator[str]:
    """Writes the files of a commit whose content the repository holds, and gives the paths of the others."""
    git(root, *words, "read-tree", "--reset", commit, extra=own)
    entries = [
        entry.partition(b"\t") for entry in git(root, *words, "ls-files", "--stage", "-z", extra=own).split(b"\0")
    ]
    asked_for = b"".join(head.split(b" ")[1] + b"\n" for head, _, _ in entries if head)
    known = git(root, *words, "cat-file", "--batch-check", given=asked_for).splitlines()
    lost = [
        name
        for (head, _, name), said in zip(entries, known, strict=False)
        if said.endswith(b" missing") and not head.startswith(_SUBMODULE)
    ]
    git(root, *words, "update-index", "--force-remove", "-z", "--stdin", given=b"\0".join([*lost, b""]), extra=own)
    git(root, *words, "checkout-index", "--all", "--force", extra=own)
    yield from map(os.fsdecode, lost)


def _turn(link: Path, root: Path, repository: Repository) -> None:
    """Makes a link that leaves the repository lead where it led, and one that names its work tree into the layout."""
    if repository.top is None or not link.is_symlink():
        return
    here = repository.top / link.relative_to(root)
    leads = Path(os.path.normpath(here.parent / link.readlink()))
    inside = leads.is_relative_to(repository.top)
    if inside != link.readlink().is_absolute():
        return  # a relative one inside, an absolute one outside: it leads where it should
    link.unlink()
    link.symlink_to(root / leads.relative_to(repository.top) if inside else leads)


def _submodule(repository: Repository, path: Path, commit: str) -> tuple[Repository, str] | None:
    """The repository of a submodule, where this machine has it and the commit in it."""
    if repository.top is None or not (repository.top / path / ".git").exists():
        return None
    below = repository_of(repository.top / path)
    has = below is not None and asked(below.place, "cat-file", "-e", f"{commit}^{{commit}}") is not None
    return (below, commit) if below is not None and has else None


def _filled_from_lfs(repository: Repository, root: Path, listed: bytes) -> Iterator[str]:
    """Puts the content of files of git LFS in place of their pointers; gives the paths of those it lacks."""
    import hashlib

    own = asked(repository.place, "config", "--path", "lfs.storage")
    store = (repository.common / (own or "lfs")) / "objects"
    for entry in listed.split(b"\0"):
        name = os.fsdecode(entry.partition(b"\t")[2])
        path = root / name
        if not name or path.is_symlink() or not path.is_file() or path.stat().st_size > _POINTER_BYTES:
            continue
        said = path.read_bytes()
        if not said.startswith(_POINTER):
            continue
        path.unlink()
        digest = said.partition(b"oid sha256:")[2][:64].decode(errors="replace")
        content = store / digest[:2] / digest[2:4] / digest
        if content.is_file() and hashlib.sha256(content.read_bytes()).hexdigest() == digest:
            shutil.copyfile(content, path)
        else:
            yield name
