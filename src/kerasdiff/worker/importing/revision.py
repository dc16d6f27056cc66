"""How does a worker read the files of a revision in place of those that are there now?

Everything that leads into a work tree of the repository is turned into the layout of the revision: the current
directory, the search path, what finders find. What gets past that, a path written out in full, is noticed where it is
opened: numbers from another revision's file are worse than no numbers.
"""

from __future__ import annotations

import filecmp
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kerasdiff.errors import KerasdiffError, LoadError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.revisions.finding import Finder, Places, turned
from kerasdiff.side.revisions.records import Revision
from kerasdiff.side.revisions.telling import told
from kerasdiff.side.targets import Target
from kerasdiff.worker.tracing import sources
from kerasdiff.worker.user_code.libraries import NAMED


class Entered:
    """What a worker of a revision knows of it.

    Attributes:
        target: Whose.
        places, finder: Where files lie and modules are found.
        present: Files of the work tree that were opened though the revision has others in their place.
    """

    def __init__(self, target: Target, revision: Revision) -> None:
        self.target = target
        self.places = Places(revision)
        self.finder = Finder(self.places)
        self.present: list[str] = []
        self._watching = False
        os.chdir(target.here or ".")
        self._forget()
        sys.path[:] = turned(sys.path, self.places)
        sys.meta_path.insert(0, self.finder)
        if "PYTHONPATH" in os.environ:  # of the processes that the model starts
            entries = os.environ["PYTHONPATH"].split(os.pathsep)
            os.environ["PYTHONPATH"] = os.pathsep.join(turned(entries, self.places))
        importlib.invalidate_caches()
        sources.shown_as(revision.root, revision.worktrees)
        sys.addaudithook(self._hears)

    def _forget(self) -> None:
        """Drops what was imported from the work tree before the target.

        Raises:
            LoadError: If that is what models run on.
        """
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name == "__main__" or not file or self.places.then(file) is None:
                continue
            if name.partition(".")[0] in NAMED:
                raise LoadError(
                    f"{self.target.text}: {name.partition('.')[0]} itself lies in this repository, so both models "
                    "would run on the one that is there now; install the two revisions in environments of their own."
                )
            del sys.modules[name]

    def _hears(self, event: str, given: tuple[object, ...]) -> None:
        if event != "open" or not self._watching or not isinstance(given[0], str | bytes):
            return
        path = os.fsdecode(given[0])
        if path.startswith(self.places.revision.root):
            return
        self._watching = False  # what follows opens files itself
        try:
            if path.endswith(".pyc"):
                path = importlib.util.source_from_cache(path)
            then = self.places.then(path)
            if then is not None and os.path.isfile(then) and not filecmp.cmp(path, then, shallow=False):
                self.present.append(path)
        except (OSError, ValueError):
            pass
        finally:
            self._watching = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Within, what the user's code opens is looked at.

        Raises:
            LoadError: If it opened a file of the work tree that the revision has otherwise.
        """
        self._watching = True
        try:
            yield
        finally:
            self._watching = False
        if self.present:
            name = self.places.revision.commit.name
            raise LoadError(
                f"{self.target.text}: {self.present[0]} is read by a path written out in full, so it is the file that "
                f"is there now and not that of {name}; name it relative to the file or to the current directory."
            )

    def found(self) -> tuple[Finding, ...]:
        """Facts about what it was loaded from."""
        kept = {os.path.relpath(file, self.places.revision.worktrees[0]) for file in self.finder.kept}
        both = ((Fact.BUILT_FILES_KEPT, kept), (Fact.INSTALLED_COPY, set(self.finder.copies)))
        return tuple(Finding(fact=fact, names=(self.target.text, *sorted(names))) for fact, names in both if names)

    def told(self, error: KerasdiffError) -> KerasdiffError:
        """An error in terms of the repository, with what the revision lacks."""
        return told(error, self.finder, self.target.here)


_entered: Entered | None = None


def enter(target: Target) -> None:
    """Makes this process read the files of a target's revision; nothing where it has none.

    Raises:
        LoadError: If what runs models lies in the repository.
    """
    global _entered
    if target.revision is not None and _entered is None:
        _entered = Entered(target, target.revision)


def entered() -> Entered | None:
    """The revision that this process reads, if any."""
    return _entered
