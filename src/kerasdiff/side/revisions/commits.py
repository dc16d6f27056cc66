"""Which commit does a name stand for, and which is the one that what is here is to be compared with?"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kerasdiff.errors import TargetError
from kerasdiff.side.revisions.git import GitError, Repository, asked, git, text
from kerasdiff.side.revisions.records import Commit

AUTO = "auto"
"""In place of a revision: the one that :func:`base_of` gives."""

_USUAL = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master", "refs/heads/main",
    "refs/heads/master")  # fmt: skip
"""Branches that others are merged into, the surest first."""
_SHALLOW = (
    "This is a shallow clone, which lacks older commits and other branches: `git fetch --unshallow` gets them, and in "
    "GitHub Actions `fetch-depth: 0` of actions/checkout."
)


def commit_of(repository: Repository, name: str) -> Commit:
    """The commit that a name stands for: a branch, a tag, a hash, ``HEAD~2``, or a branch that one remote alone has.

    Raises:
        TargetError: If there is none; names the nearest branches and tags.
    """
    if name.startswith("-"):
        raise TargetError(f"{name}: no revision begins with a dash; name a branch, a tag or a commit.")
    said = _parsed(repository, name)
    if isinstance(said, str):
        return _named(repository, said, name)
    branch = _of_a_remote(repository, name)
    if branch is not None:
        found = _parsed(repository, branch)
        if isinstance(found, str):
            return _named(repository, found, name, branch)
    raise _no_such(repository, name, said)


def base_of(repository: Repository) -> Commit:
    """The commit that the work here began from: the merge base of what is checked out and the branch it goes to.

    That is the pull request's base in GitHub Actions, else the upstream branch unless it is a copy of this one, else
    the usual ones in turn.

    Raises:
        TargetError: If there is no such branch, or no common commit.
    """
    head = _parsed(repository, "HEAD")
    if not isinstance(head, str):
        raise TargetError(f"The repository of {repository.place} has no commit yet to compare with.")
    for branch in _bases(repository):
        base = asked(repository.place, "merge-base", "HEAD", branch)
        if base is None:
            continue
        shown = branch.removeprefix("refs/remotes/").removeprefix("refs/heads/")
        if branch.endswith("/HEAD"):
            shown = asked(repository.place, "rev-parse", "--abbrev-ref", branch) or shown
        one = _named(repository, base, "", shown)
        same = base == head and repository.top is not None and not changed_since(repository, one)
        return replace(one, name=one.short, merge_base=True, unchanged=same)
    raise TargetError(
        "There is no branch to compare with by default: neither an upstream branch nor origin/main, main or master has "
        "a commit in common with what is checked out. Name a revision, e.g. --against HEAD~1.",
        _SHALLOW if _is_shallow(repository) else "",
    )


def changed_since(repository: Repository, commit: Commit) -> tuple[Path, ...]:
    """The files that are not as a commit has them, added and removed ones with them, by their paths here."""
    place = repository.place
    tracked = git(place, "diff", "--name-only", "--no-renames", "-z", commit.commit, "--")
    added = git(place, "ls-files", "--others", "--exclude-standard", "-z")
    names = {os.fsdecode(name) for name in (tracked + added).split(b"\0") if name}
    return tuple(place / name for name in sorted(names))


def former_name(repository: Repository, commit: Commit, path: str) -> str | None:
    """What a file that is here now was called at a commit; ``None`` where git sees no renaming.

    Args:
        repository: Where it lies.
        commit: Which does not have it by this name.
        path: From the root of the work tree, with slashes.
    """
    try:
        said = git(repository.place, "diff", "--find-renames", "--diff-filter=R", "--name-status", "-z", commit.commit)
    except GitError:  # a bare repository
        return None
    words = [os.fsdecode(word) for word in said.split(b"\0")]
    return next((words[at + 1] for at in range(0, len(words) - 2, 3) if words[at + 2] == path), None)


def _parsed(repository: Repository, name: str) -> str | GitError:
    """The hash of the commit that git reads from a name, or why it reads none."""
    try:
        return text(repository.place, "rev-parse", "--verify", f"{name}^{{commit}}")
    except GitError as error:
        return error


def _named(repository: Repository, commit: str, name: str, branch: str = "") -> Commit:
    said = text(repository.place, "log", "-1", "--no-color", "--format=%h%x00%s", commit)
    short, _, subject = said.partition("\0")
    return Commit(name=name, commit=commit, short=short, subject=subject, branch=branch)


def _of_a_remote(repository: Repository, name: str) -> str | None:
    """A name spelled with the one remote that has the branch, as ``git checkout`` understands it."""
    branch = re.match(r"[^~^@:*?\[\\\s]+", name)
    if branch is None:
        return None
    pattern = f"refs/remotes/*/{branch[0]}"
    found = (asked(repository.place, "for-each-ref", "--format=%(refname:short)", pattern) or "").split()
    return found[0] + name[branch.end() :] if len(found) == 1 else None


def _no_such(repository: Repository, name: str, why: GitError) -> TargetError:
    where = f"the repository of {repository.place}"
    if "ambiguous" in str(why):
        return TargetError(f"{name}: several commits of {where} begin so; give more of the hash.")
    if "commit type" in str(why):
        return TargetError(f"{name}: that is no commit of {where}.")
    if name == "HEAD" or not isinstance(_parsed(repository, "HEAD"), str):
        return TargetError(f"{name}: {where} has no commit yet.")
    said = asked(
        repository.place, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"
    )
    known = [word for word in (said or "").split() if not word.endswith("/HEAD")]
    by_end = {word.rpartition("/")[2]: word for word in reversed(known)} | {word: word for word in known}
    close = difflib.get_close_matches(name, list(by_end), n=3, cutoff=0.6)
    nearest = "; nearest: " + ", ".join(dict.fromkeys(by_end[word] for word in close)) if close else ""
    return TargetError(
        f"{name}: there is no such branch, tag or commit in {where}{nearest}.",
        _SHALLOW if _is_shallow(repository) else "",
    )


def _is_shallow(repository: Repository) -> bool:
    return asked(repository.place, "rev-parse", "--is-shallow-repository") == "true"


def _bases(repository: Repository) -> Iterator[str]:
    """Branches that what is checked out may go to, the surest first.

    Raises:
        TargetError: If the one that GitHub names is not here.
    """
    place = repository.place
    wanted = os.environ.get("GITHUB_BASE_REF")
    if wanted:
        for branch in (f"refs/remotes/origin/{wanted}", f"refs/heads/{wanted}"):
            if asked(place, "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"):
                yield branch
                return
        raise TargetError(
            f"This pull request goes to {wanted}, which the clone in {place} lacks.",
            _SHALLOW if _is_shallow(repository) else f"git fetch origin {wanted}",
        )
    own = asked(place, "symbolic-ref", "--quiet", "--short", "HEAD")
    upstream = asked(place, "rev-parse", "--symbolic-full-name", "@{upstream}")
    copy = own is not None and upstream is not None and upstream.endswith(f"/{own}")
    if upstream and not copy:
        yield upstream
    for branch in _USUAL:
        if asked(place, "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"):
            yield branch
    if upstream and copy:
        yield upstream
