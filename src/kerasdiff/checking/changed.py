"""Which pairs need not be run, as none of their files changed since a revision? In doubt a pair is run.

Imports are followed by reading, through every file of the repository that could be meant: a module is any file whose
path ends as its name does. So where modules are found is no matter, and a pair too many is run before one too few. What
lies outside the repository, and what git ignores, counts as unchanged.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.errors import TargetError
from kerasdiff.gates.records import Gate, Gates
from kerasdiff.side.reading.imported import imported_names
from kerasdiff.side.revisions.commits import base_of, changed_since, commit_of
from kerasdiff.side.revisions.git import git, repository_of
from kerasdiff.side.targets import STORED, Target

_RUNS_ANYTHING = frozenset({"import_module", "__import__", "exec", "eval", "run_path", "run_module", "execfile"})
"""Calls after which nobody knows what a module imports."""

_READS = ("open", "read", "load", "from_file", "glob", "rglob", "iterdir", "listdir", "walk", "files")
"""How the names begin of calls that may read a file of the repository."""

_ENVIRONMENT = ("pyproject.toml", "setup.py", "setup.cfg", "environment.yml", "environment.yaml", ".python-version")
"""Files that say which libraries are there, beside lock files and requirements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What changed.

    Attributes:
        revision: As it is shown.
        changed: The files that are not as they were, by their real paths.
        files: All files of the repository, those that were removed with them.
    """

    revision: str
    changed: frozenset[Path]
    files: tuple[Path, ...]


def since(gates: Gates, revision: str) -> Since:
    """What changed in the repository of the file of gates.

    Args:
        gates: The file.
        revision: Empty for that of the file, or else for the merge base.

    Raises:
        TargetError: If there is no repository, or no such revision.
    """
    repository = repository_of(Path(gates.here))
    if repository is None or repository.top is None:
        raise TargetError(f"{gates.path}: {gates.here} is in no git repository, so nobody knows what changed.")
    named = revision or gates.base
    commit = commit_of(repository, named) if named else base_of(repository)
    top = Path(os.path.realpath(repository.top))
    changed = frozenset(top / path.relative_to(repository.top) for path in changed_since(repository, commit))
    said = git(repository.top, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    files = {top / os.fsdecode(name) for name in said.split(b"\0") if name}
    return Since(revision=commit.name, changed=changed, files=tuple(sorted(files | changed)))


def is_unchanged(gate: Gate, targets: Collection[Target], own: Path, known: Since) -> bool:
    """Whether a pair is as it was.

    Args:
        gate: The pair.
        targets: Both its models.
        own: The file of gates.
        known: What changed.
    """
    everyone = {path for path in known.changed if _is_of_all(path)}
    if everyone or Path(os.path.realpath(own)) in known.changed:
        return False
    if gate.options.data is not None and _below(Path(gate.options.data), known.changed):
        return False
    return not any(_may_have_changed(target, known) for target in targets if target.revision is None)


def _is_of_all(path: Path) -> bool:
    return path.name in _ENVIRONMENT or path.suffix == ".lock" or path.name.startswith("requirements")


def _below(path: Path, changed: Iterable[Path]) -> bool:
    real = Path(os.path.realpath(path))
    return any(other == real or real in other.parents for other in changed)


def _may_have_changed(target: Target, known: Since) -> bool:
    if target.kind in (*STORED, "baseline"):
        own = {Path(os.path.realpath(file)) for file in target.objects}
        return _below(Path(target.location), known.changed) or (bool(own) and _reaches_change(own, known))
    if target.kind not in ("file", "module"):
        return True
    alone = target.kind == "file"
    return _reaches_change(
        {Path(os.path.realpath(target.location))} if alone else {*_modules({target.location}, known.files)}, known
    )


def _reaches_change(start: set[Path], known: Since) -> bool:
    """Whether something that is run changed, or may have: what starts, and all that it imports."""
    reached, waiting, reads = set(start), [*start], False
    while waiting:
        path = waiting.pop()
        imported = None if path in known.changed else _imported(path)
        if imported is None:
            return True
        reads = reads or imported.reads
        fresh = {*_modules(imported.names, known.files), *_packages(path)} - reached
        reached |= fresh
        waiting += fresh
    # What is read is told by nobody before it runs: it may be any file that is no module.
    return not start or (reads and any(path.suffix != ".py" for path in known.changed))


@dataclass(frozen=True, slots=True)
class _Imported:
    """What a file may import, by dotted names, and whether it may read files."""

    names: frozenset[str]
    reads: bool


def _imported(path: Path) -> _Imported | None:
    """What a file says of it; ``None`` where nobody can tell."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    calls = {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if calls & _RUNS_ANYTHING:
        return None
    names = {name for node in ast.walk(tree) for name in imported_names(node)}
    return _Imported(frozenset(names - {""}), any(name.startswith(_READS) for name in calls))


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _modules(names: Iterable[str], files: Iterable[Path]) -> Iterator[Path]:
    """The files that may be meant by dotted names, and by the packages above them."""
    wanted = set()
    for name in names:
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            inner = "/".join(parts[:length])
            wanted |= {f"/{inner}.py", f"/{inner}/__init__.py"}
    ends = tuple(wanted)
    return (path for path in files if ends and path.suffix == ".py" and path.as_posix().endswith(ends))


def _packages(path: Path) -> Iterator[Path]:
    """The packages that a file belongs to, whose beginnings run before it."""
    for above in path.parents:
        initial = above / "__init__.py"
        if not initial.is_file():
            return
        yield initial
