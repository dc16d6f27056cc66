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
from kerasdiff.side.revisions.commits import base_of, changed_since, commit_of
from kerasdiff.side.revisions.git import git, repository_of
from kerasdiff.side.targets import Target

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
    if target.kind in ("saved", "config", "baseline"):
        return _below(Path(target.location), known.changed)
    if target.kind == "file":
        start = {Path(os.path.realpath(target.location))}
    elif target.kind == "module":
        start = set(_modules({target.location}, known.files))
    else:
        return True
    reached, reads = set(start), False
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path in known.changed:
            return True
        imported = _imported(path)
        if imported is None:
            return True
        names, opens = imported
        reads = reads or opens
        fresh = {*_modules(names, known.files), *_packages(path)} - reached
        reached |= fresh
        waiting += fresh
    # What is read is told by nobody before it runs: it may be any file that is no module.
    return not start or (reads and any(path.suffix != ".py" for path in known.changed))


def _imported(path: Path) -> tuple[set[str], bool] | None:
    """The modules that a file may import, and whether it may read files; ``None`` where nobody can tell."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    names: set[str] = set()
    reads = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative one is found by its end, as all are.
            base = node.module or ""
            names.update(f"{base}.{alias.name}".strip(".") for alias in node.names if alias.name != "*")
            names.add(base)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _RUNS_ANYTHING:
                return None
            reads = reads or called.startswith(_READS)
    return names - {""}, reads


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
