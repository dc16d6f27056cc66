"""Where in a repository do the files of a model lie? What tells a pull request's diff, an editor or a link its lines.

A report names a line as its author does, ``model.py:17`` from the directory of the target; what marks lines elsewhere
needs the path from the root of the repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from kerasdiff.graph import Graph
from kerasdiff.side.reading.notebooks import cell_of
from kerasdiff.side.records import Description
from kerasdiff.side.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where the files of one side lie; paths are counted from the root, with ``/`` on every system.

    Attributes:
        directory: What file names of this side are relative to; absolute where it lies outside of the root, ``None``
            where they are not on disk.
        elsewhere: Paths of files outside of the directory, by the names they have.
    """

    directory: str | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def path(self, file: str) -> str:
        """A file of this side, from the root; absolute where it lies outside, and as it is where nobody knows."""
        if file in self.elsewhere:
            return self.elsewhere[file]
        if self.directory is None or PurePath(file).is_absolute():
            return _posix(file)
        return _posix(os.path.normpath(os.path.join(self.directory, file)))

    def place(self, file: str, line: int) -> tuple[str, int]:
        """The same as a file on disk and a line of it: of a cell its notebook, whose lines are no code."""
        path, cell = cell_of(self.path(file))
        return path, 1 if cell else line


def root() -> Path:
    """The repository that the working directory is in, or else that directory.

    Found by the ``.git`` that every work tree has at its top, so that no process has to be started.
    """
    here = Path.cwd()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), here)


def located(description: Description, target: Target) -> Location:
    """Where the files of a model lie, or of one of a revision, where they lay in the repository.

    Those of a baseline are as they were, wherever that was.
    """
    if target.kind == "baseline":
        return Location()
    top = root() if target.revision is None else Path(target.revision.root)
    directory = below(Path(description.root), top) if description.root else None
    outside = sorted(file for file in _files(description) if PurePath(file).is_absolute())
    return Location(directory=directory, elsewhere={file: below(Path(file), top) for file in outside})


def below(path: Path, top: Path) -> str:
    """A path from ``top`` on where it lies below it, else the whole of it.

    >>> below(Path("/repo/models/net.py"), Path("/repo"))
    'models/net.py'
    """
    try:
        return path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _files(description: Description) -> Iterable[str]:
    graphs: tuple[Graph | None, ...] = (description.inference, description.training)
    nodes = (node.source for graph in graphs if graph is not None for node in graph)
    notes = (site.source for note in description.notes for site in note.sites)
    return {source.file for source in (*nodes, *notes) if source is not None}


def _posix(path: str) -> str:
    return path.replace(os.sep, "/")
