"""Where does Python find a module of a revision? Below its layout, wherever it would find that module now.

A repository's modules are found by many ways: the directory of a file, ``PYTHONPATH``, the ``.pth`` file or the finder
of an editable install. All of them lead into a work tree, so each is turned into the layout once it has found
something there. What is outside the repository, and environments and installed packages inside it, stay as they are.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from kerasdiff.side.reading.source import INSTALLED
from kerasdiff.side.revisions.git import GitError, git
from kerasdiff.side.revisions.records import Revision

_OWN = __name__.partition(".")[0]


class Places:
    """The two places of a file: in a work tree and in the layout of a revision.

    Attributes:
        revision: Which one.
    """

    def __init__(self, revision: Revision) -> None:
        self.revision = revision
        self._trees = tuple(sorted(revision.worktrees, key=len, reverse=True))
        self._own = os.path.realpath(Path(__file__).parents[2])

    def then(self, path: str) -> str | None:
        """Where a path of the repository lies in the layout; ``None`` for a path outside, and for installed packages.

        It need not exist there.
        """
        real = os.path.realpath(path)
        if _below(real, self.revision.root) or _below(real, self._own):
            return None
        tree = next((tree for tree in self._trees if _below(real, tree)), None)
        if tree is None or INSTALLED.intersection(Path(real).parts) or _is_foreign(real, tree):
            return None
        return os.path.normpath(os.path.join(self.revision.root, os.path.relpath(real, tree)))

    def now(self, path: str) -> str | None:
        """Where a path of the layout lies in the work tree; ``None`` for a path outside, or without a work tree."""
        if not self._trees or not _below(path, self.revision.root):
            return None
        return os.path.normpath(os.path.join(self.revision.worktrees[0], os.path.relpath(path, self.revision.root)))

    def is_copied(self, site: Path, file: str) -> bool:
        """Whether a file below a folder of installed packages came from a work tree when it was installed."""
        return file in _copied(site, self._trees)


@cache
def _copied(site: Path, trees: tuple[str, ...]) -> frozenset[str]:
    """The files of a folder of installed packages that came from one of these directories.

    References:
        PyPA, "Recording the Direct URL Origin of installed distributions" and "Recording installed projects".
    """
    files: list[str] = []
    for direct in site.glob("*.dist-info/direct_url.json"):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            address = urllib.parse.urlsplit(str(json.loads(direct.read_text(encoding="utf-8")).get("url")))
            place = os.path.realpath(urllib.parse.unquote(address.path))
            if address.scheme == "file" and any(_below(place, tree) for tree in trees):
                listed = (direct.parent / "RECORD").read_text(encoding="utf-8").splitlines()
                files += [line.rsplit(",", 2)[0].strip('"') for line in listed]
    return frozenset(files)


def _below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


@cache
def _is_foreign(path: str, top: str) -> bool:
    """Whether a folder at or above a path holds packages installed there (``pip install --target``), or a clone.

    The ``.git`` of a submodule is a file; that of a clone inside of a work tree, which is none of it, a directory.
    """
    if path == top:
        return False
    if os.path.isdir(path) and any(name.endswith(".dist-info") for name in os.listdir(path)):
        return True
    return os.path.isdir(os.path.join(path, ".git")) or _is_foreign(os.path.dirname(path), top)


class Finder:
    """Asks all other finders, and turns what they find in a work tree into the layout.

    Attributes:
        places: Of the revision.
        kept: Modules that git ignores and that were therefore taken from the work tree: built ones, and versions
            written by a build.
        lacking: Modules that the work tree has and the revision has not.
        copies: Those that are installed as a copy of the repository.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.kept: list[str] = []
        self.lacking: list[str] = []
        self.copies: list[str] = []

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Finds a module where the revision has it.

        Raises:
            ModuleNotFoundError: If it is in a work tree alone; a finder asked later would find it there.
        """
        if name.partition(".")[0] == _OWN:
            return None
        rejected = False
        for finder in [other for other in sys.meta_path if other is not self]:
            find = getattr(finder, "find_spec", None)
            spec = None if find is None else find(name, path, target)
            if spec is None:
                continue
            found = self._then(spec)
            if found is not None:
                return found
            rejected = True
        built = self._built(name, path)
        if built is not None:
            return built
        if rejected:
            self.lacking.append(name)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

    def _then(self, spec: ModuleSpec) -> ModuleSpec | None:
        """The same module in the layout; ``None`` where the revision does not have it."""
        folders = spec.submodule_search_locations
        if spec.origin is None or not spec.has_location:
            return spec if folders is None else self._namespace(spec, list(folders))
        origin = self.places.then(spec.origin)
        if origin is None:
            return self._original(spec)
        if not os.path.isfile(origin):
            return None
        inside = None if folders is None else [self.places.then(folder) or folder for folder in folders]
        return importlib.util.spec_from_file_location(spec.name, origin, submodule_search_locations=inside)

    def _original(self, spec: ModuleSpec) -> ModuleSpec | None:
        """The same module, in the layout where it is an installed copy of one of the repository (``pip install .``)."""
        site, _, within = str(spec.origin).rpartition("/site-packages/")
        if "." in spec.name or not site or not self.places.is_copied(Path(site) / "site-packages", within):
            return spec
        self.copies.append(spec.name)
        for folder in ("", "src", "lib", "python"):
            origin = os.path.join(self.places.revision.root, folder, within)
            if os.path.isfile(origin):
                inside = None if spec.submodule_search_locations is None else [os.path.dirname(origin)]
                return importlib.util.spec_from_file_location(spec.name, origin, submodule_search_locations=inside)
        return None

    def _namespace(self, spec: ModuleSpec, folders: list[str]) -> ModuleSpec | None:
        turned = [self.places.then(folder) or folder for folder in folders]
        if turned == folders:
            return spec
        there = [folder for folder in dict.fromkeys(turned) if os.path.isdir(folder)]
        # A package without an initial file now may have had one.
        initial = next((file for folder in there if os.path.isfile(file := os.path.join(folder, "__init__.py"))), None)
        if initial is not None:
            within = [os.path.dirname(initial)]
            return importlib.util.spec_from_file_location(spec.name, initial, submodule_search_locations=within)
        if not there:
            return None
        found = ModuleSpec(spec.name, None, is_package=True)
        found.submodule_search_locations = there
        return found

    def _built(self, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """A module that a build left in the work tree and no revision holds: it is the same for all of them."""
        here = [now for folder in (sys.path if path is None else path) if (now := self.places.now(folder))]
        spec = PathFinder.find_spec(name, here) if here else None
        if spec is None or spec.origin is None or not spec.has_location:
            return None
        version = "version" in name.rpartition(".")[2]
        if not (version or spec.origin.endswith(tuple(EXTENSION_SUFFIXES))) or not _is_ignored(spec.origin):
            self.lacking.append(name)
            return None
        self.kept.append(spec.origin)
        return spec


def _is_ignored(file: str) -> bool:
    try:
        git(Path(file).parent, "check-ignore", "--quiet", file)
    except GitError:
        return False
    return True


def turned(entries: Sequence[str], places: Places) -> list[str]:
    """A search path with each folder of the repository replaced by the same of the revision."""
    return [places.then(entry) or entry if entry else entry for entry in entries]


@contextmanager
def searched(revision: Revision | None) -> Iterator[Finder | None]:
    """Within, modules are found as a worker finds those of a revision; nothing is imported by that."""
    if revision is None:
        yield None
        return
    places = Places(revision)
    before, finder = list(sys.path), Finder(places)
    sys.path[:] = turned(sys.path, places)
    sys.meta_path.insert(0, finder)
    try:
        yield finder
    finally:
        sys.meta_path.remove(finder)
        sys.path[:] = before
