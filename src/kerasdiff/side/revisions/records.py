"""A commit, and where its files lie."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a name of a revision stands for.

    Attributes:
        name: As the user wrote it (``main~3``); the abbreviated hash where it was chosen for the user.
        commit, short: Its hash, and the abbreviation that git gives it.
        subject: First line of its message.
        branch: Where the name is not that of the commit itself: the branch of a remote that was taken for it
            (``origin/main``), or the one that the merge base is with.
        merge_base: Whether it is the merge base of that branch and what is checked out.
        unchanged: Of a merge base, whether what is here is the same, so that nothing can have changed since.
    """

    name: str
    commit: str
    short: str
    subject: str
    branch: str = ""
    merge_base: bool = False
    unchanged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit whose files were laid out.

    Attributes:
        commit: Which.
        root: Directory that holds its files.
        worktrees: Where files of the same repository are checked out, without links. What lies there is found below
            ``root``, as the commit has it.
        missing: Paths of the commit whose content is not on this machine: submodules, files of git LFS, what a
            partial clone lacks.
    """

    commit: Commit
    root: str
    worktrees: tuple[str, ...]
    missing: tuple[str, ...] = ()
