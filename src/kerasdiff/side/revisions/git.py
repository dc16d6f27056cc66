"""How is git asked? By lists of arguments, never through a shell, and so that it changes nothing it is asked about."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.errors import TargetError

_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
)  # fmt: skip
"""What git tells a hook about its repository (``git rev-parse --local-env-vars``, git 2.39): with another index or work
tree in it, a command would write there."""

_SETTINGS = {
    "core.hooksPath": os.devnull,  # writing an index runs post-index-change
    "core.fsmonitor": "false",  # starts a daemon
    "core.splitIndex": "false",  # writes a part of any index into the repository
    "core.untrackedCache": "false",
    "core.sparseCheckout": "false",  # leaves files out
    "index.sparse": "false",
    "submodule.recurse": "false",
    "log.showSignature": "false",
    "core.quotePath": "false",
    "gc.auto": "0",  # what a partial clone fetches is followed by it
    "maintenance.auto": "false",
    # It would fetch what is not here; its files are filled in afterwards, from this machine's store.
    "filter.lfs.process": "",
    "filter.lfs.smudge": "",
    "filter.lfs.required": "false",
}


class GitError(Exception):
    """A command of git failed; the message is its first words."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of git.

    Attributes:
        directory: Its folder of objects and references (``.git``).
        common: The same of the repository that a linked worktree belongs to.
        top: Root of the work tree; ``None`` for a bare repository.
    """

    directory: Path
    common: Path
    top: Path | None

    @property
    def place(self) -> Path:
        """Where git is run for it."""
        return self.top or self.directory


def git(directory: Path, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
    """Runs git in a directory and gives what it prints.

    Args:
        directory: Where; its repository is found from there, whatever the environment says.
        arguments: The command.
        given: Its standard input.
        extra: More of its environment.

    Raises:
        TargetError: If there is no git.
        GitError: If it fails.
    """
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(extra or {})}
    try:
        done = subprocess.run(
            ["git", "--no-pager", *settings, *arguments],
            cwd=directory,
            env=environment,
            input=given,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise TargetError("git is not installed, or not on the PATH: without it no revision can be read.") from None
    except OSError as error:
        raise TargetError(f"git cannot be run: {error.strerror or error}.") from None
    if done.returncode:
        raise GitError(_first_words(done.stderr.decode(errors="replace")))
    return done.stdout


def text(directory: Path, *arguments: str) -> str:
    """What git prints, as text without the end of the last line.

    Raises:
        TargetError: If there is no git.
        GitError: If it fails.
    """
    return os.fsdecode(git(directory, *arguments)).removesuffix("\n")


def asked(directory: Path, *arguments: str) -> str | None:
    """The same, ``None`` where git fails.

    Raises:
        TargetError: If there is no git.
    """
    try:
        return text(directory, *arguments)
    except GitError:
        return None


def _first_words(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (fatal or lines or ["it said nothing"])[0].removeprefix("fatal: ").removeprefix("error: ").rstrip(".")


def repository_of(directory: Path) -> Repository | None:
    """The repository that a directory belongs to, ``None`` where it belongs to none.

    Raises:
        TargetError: If there is no git, or it does not read this repository.
    """
    try:
        said = text(directory, "rev-parse", "--absolute-git-dir", "--git-common-dir", "--is-inside-work-tree")
    except GitError as error:
        if "not a git repository" in str(error):
            return None
        raise TargetError(f"git does not read the repository of {directory}: {error}.", _trust(directory)) from None
    own, common, inside = said.split("\n")
    top = text(directory, "rev-parse", "--show-toplevel") if inside == "true" else None
    return Repository(Path(own), (directory / common).resolve(), None if top is None else Path(top).resolve())


def _trust(directory: Path) -> str:
    return f"If it belongs to another user: git config --global --add safe.directory {directory}"


def worktrees(repository: Repository) -> tuple[str, ...]:
    """Every place where files of a repository are checked out, without links, its own first."""
    listed = asked(repository.place, "worktree", "list", "--porcelain") or ""
    places = [line.removeprefix("worktree ") for line in listed.split("\n") if line.startswith("worktree ")]
    own = [] if repository.top is None else [str(repository.top)]
    real = [os.path.realpath(place) for place in places if not (Path(place) / "HEAD").is_file()]  # the latter is bare
    return tuple(dict.fromkeys([*own, *real]))
