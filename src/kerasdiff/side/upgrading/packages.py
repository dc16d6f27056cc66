"""What is installed in an environment, and what of it does a model's code import?"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.errors import UpgradeError
from kerasdiff.side.interpreters.asking import answered, shown
from kerasdiff.side.reading.homes import home_at, module_folder
from kerasdiff.side.reading.imported import imported_names
from kerasdiff.side.reading.source import Source, source
from kerasdiff.side.targets import Target

_PATIENCE_S = 60.0
"""How long an interpreter may take to list its packages: 0.2 s for 80 of them, more where its disk is far away."""

_QUESTION = """
import sys
sys.path[:] = [place for place in sys.path if place]
import json, os, re
from importlib import metadata
held, homes, own, needs = {}, {}, [], {}
for one in metadata.distributions():
    name = one.metadata["Name"]
    if not name or name in held:
        continue
    held[name] = one.version
    needs[name] = sorted({re.match(r"[\\w.-]+", text)[0] for text in one.requires or () if "extra ==" not in text})
    if one.read_text("direct_url.json"):
        own.append(name)
    files = [file for file in one.files or () if file.suffix in (".py", ".so", ".pyd")]
    tops = (one.read_text("top_level.txt") or "").split()
    for top in tops or sorted({file.parts[0].partition(".")[0] for file in files}):
        homes.setdefault(top, name)
places = [place for place in sys.path if os.path.basename(place) in ("site-packages", "dist-packages")]
told = {"held": held, "homes": homes, "own": own, "needs": needs, "places": places}
print("")
print(json.dumps(told))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """What an environment has.

    Attributes:
        held: Versions by name, as the index spells it.
        homes: By what is imported, the name of the package that brings it.
        own: Packages that came from no index: from a directory, a file or a repository.
        needs: By package, the names of those that it requires.
        places: Directories that hold them.
    """

    held: Mapping[str, str]
    homes: Mapping[str, str]
    own: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]
    places: tuple[str, ...]

    def versions(self) -> dict[str, str]:
        """Versions by canonical name."""
        return {canonical(name): version for name, version in self.held.items()}

    def below(self, names: Iterable[str]) -> set[str]:
        """Packages and all that they require, as far as it is there; canonical names."""
        needs = {canonical(name): tuple(map(canonical, held)) for name, held in self.needs.items()}
        reached, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name in needs and name not in reached:
                reached.add(name)
                waiting += needs[name]
        return reached


def packages_of(python: str) -> Packages:
    """Asks an interpreter what it has.

    Raises:
        UpgradeError: If it does not say.
    """
    try:
        done = answered(python, _QUESTION, _PATIENCE_S)
        told = json.loads(done.stdout.decode(errors="replace").strip().splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        raise UpgradeError(f"{shown(python)} does not say what is installed there; does it run?") from None
    return Packages(
        held=told["held"],
        homes=told["homes"],
        own=tuple(told["own"]),
        needs={name: tuple(names) for name, names in told["needs"].items()},
        places=tuple(told["places"]),
    )


def canonical(name: str) -> str:
    """A package's name as all its spellings are compared (PEP 503).

    >>> canonical("Keras_Hub")
    'keras-hub'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def imports_of(target: Target) -> tuple[str, ...]:
    """The packages, by the first part of their names, that a model's code imports and that lie not beside it.

    Read from the text, through the files of the user's own that it imports; what another Python's own library has
    counts as that of this one.
    """
    waiting = [Path(file) for file in target.objects]
    if target.kind in ("file", "notebook"):
        waiting.append(Path(target.location))
    folders = _folders(target)
    if target.kind == "module":
        waiting += _files(target.location, folders)
    seen, found = set(waiting), set()
    while waiting:
        read = source(waiting.pop(), "")
        for name in _names(read) if isinstance(read, Source) else ():
            files = _files(name, folders)
            if not files:
                found.add(name.partition(".")[0])
            waiting += [file for file in files if file not in seen]
            seen.update(files)
    return tuple(sorted(name for name in found if name and name not in sys.stdlib_module_names))


def _folders(target: Target) -> list[Path]:
    """Where the user's own modules lie."""
    here = Path(target.here or Path.cwd())
    alone = target.kind in ("file", "notebook")
    first = home_at(Path(target.location)).folder if alone else module_folder(target)
    return [Path(first), *(Path(file).parent for file in target.objects), here, here / "src"]


def _names(read: Source) -> Iterator[str]:
    for node in ast.walk(read.tree):
        if not (isinstance(node, ast.ImportFrom) and node.level):
            yield from imported_names(node)
        else:
            above = read.path.parents[node.level - 1].name
            yield from (f"{above}.{name}" for name in imported_names(node))


def _files(dotted: str, folders: Iterable[Path]) -> list[Path]:
    """The files of the user's own that are run where a dotted name is imported: its packages, and itself."""
    parts = dotted.split(".")
    for folder in folders:
        within = [folder.joinpath(*parts[: length + 1]) for length in range(len(parts))]
        files = [file for at in within for file in (at.with_suffix(".py"), at / "__init__.py") if file.is_file()]
        if files:
            return files
    return []
