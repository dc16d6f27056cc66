"""What does a node need of this machine's files, and where do they lie there?

Two ways: what the models import goes with Ray's runtime environment, once a node; what they are trained on goes through
the object store, once a node, too. A node's own files never decide a trial.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from kerasdiff.data.cifar import cifar10_cached
from kerasdiff.errors import ClusterError
from kerasdiff.graph.values import Array
from kerasdiff.side.locations import Location, below, root
from kerasdiff.side.reading.homes import home_at, module_folder
from kerasdiff.side.targets import DEFINING, Target

MOST_BYTES = 100 * 2**20
"""Of the models' files: Ray ships a package of 500 MB at most, and keeps it in the memory of the head node until then
(``ray._private.runtime_env.packaging``)."""

MOST_FILES = 20_000

_LEFT_OUT = {"__pycache__", "node_modules", "site-packages"}
"""Folders that hold no model, like those whose name begins with a dot and virtual environments."""

Parcel = Mapping[str, Array]
"""Files by their path in the node's data folder, as bytes in arrays, which Ray maps and does not copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A model's files on their way.

    Attributes:
        target: As it is found once the files are in the working directory.
        origin, place: The folder that was sent, and where in the working directory it is then; empty for none, and for
            that of a revision, whose files are named from its own root.
    """

    target: Target
    origin: str = ""
    place: str = ""

    def there(self, working_directory: Path) -> Target:
        """The target on a node, whose files lie in ``working_directory``."""
        objects = tuple(str(working_directory / file) for file in self.target.objects)
        target = replace(self.target, objects=objects)
        if target.revision is not None:
            root = str(working_directory / target.revision.root)
            location = target.location if target.kind == "module" else str(working_directory / target.location)
            revision = replace(target.revision, root=root)
            return replace(target, location=location, here=str(Path(root) / target.here), revision=revision)
        if target.kind == "module":
            return replace(target, here=str(working_directory / target.here) if target.here else "")
        return replace(target, location=str(working_directory / target.location))

    def here(self, seen: Location) -> Location:
        """Where files lie on this machine that a node saw in its working directory."""
        if not self.place or seen.directory is None:
            return seen
        inner = PurePosixPath(seen.directory)
        if inner.parts[:1] != (self.place,):
            return seen
        return replace(seen, directory=below(Path(self.origin, *inner.parts[1:]), root()))


def stage(targets: Sequence[Target], data: Collection[str], directory: Path) -> tuple[Shipment, ...]:
    """Copies what the targets are made of into a directory, which Ray ships.

    Of a file's target that is its folder or the one that holds its package, of a saved model the file, of a module the
    current directory where it holds the module, and else nothing: an installed module must be installed on the nodes;
    of a target of a revision all that was laid out. Hidden files, caches, virtual environments and the data stay
    behind.

    Raises:
        ClusterError: If that is more than a cluster should be sent.
    """
    places: dict[Path, str] = {}
    shipments: list[Shipment] = []
    skip = frozenset(Path(path).expanduser().resolve() for path in data)
    for named in targets:
        target = _with_objects(named, places, directory, skip)
        if target.revision is not None:
            root = Path(target.revision.root)
            if root not in places:
                places[root] = f"models{len(places)}"
                _copied(root, directory / places[root], skip)
            shipments.append(_of_revision(target, root, places[root]))
            continue
        if target.kind not in DEFINING:
            place = directory / f"saved{len(shipments)}"
            place.mkdir(parents=True)
            shutil.copy2(target.location, place)
            shipments.append(_at(target, Path(place.name) / Path(target.location).name))
            continue
        if target.kind == "module":
            here = Path(module_folder(target))
            first = target.location.partition(".")[0]
            if (here / first).is_dir() or (here / f"{first}.py").is_file():
                if here not in places:
                    places[here] = f"models{len(places)}"
                    _copied(here, directory / places[here], skip)
                moved = replace(target, here=places[here], revision=None)
                shipments.append(Shipment(target=moved, origin=str(here), place=places[here]))
            else:
                shipments.append(Shipment(target=target))
            continue
        folder = Path(home_at(Path(target.location)).folder)
        if folder not in places:
            places[folder] = f"models{len(places)}"
            _copied(folder, directory / places[folder], skip)
        shipment = _at(target, Path(places[folder]) / Path(target.location).relative_to(folder))
        shipments.append(replace(shipment, origin=str(folder), place=places[folder]))
    return tuple(shipments)


def _with_objects(target: Target, places: dict[Path, str], directory: Path, skip: frozenset[Path]) -> Target:
    """The same with the files of its custom objects, and what lies beside them, in the directory."""
    moved = []
    for file in map(Path, target.objects):
        if file.parent not in places:
            places[file.parent] = f"models{len(places)}"
            _copied(file.parent, directory / places[file.parent], skip)
        moved.append(str(Path(places[file.parent]) / file.name))
    return replace(target, objects=tuple(moved))


def _of_revision(target: Target, root: Path, place: str) -> Shipment:
    """One whose location, directory and root are counted from the working directory of a node."""
    assert target.revision is not None
    here = os.path.relpath(target.here, root) if Path(target.here).is_relative_to(root) else ""
    moved = replace(target, here=here, revision=replace(target.revision, root=place))
    if target.kind == "module":
        return Shipment(target=moved)
    return Shipment(target=replace(moved, location=str(Path(place) / Path(target.location).relative_to(root))))


def _at(target: Target, path: Path) -> Shipment:
    return Shipment(target=replace(target, location=str(path), here="", revision=None))


def _copied(folder: Path, to: Path, skip: frozenset[Path]) -> None:
    size = count = 0
    for path in _files(folder, skip):
        size, count = size + path.stat().st_size, count + 1
        if size > MOST_BYTES or count > MOST_FILES:
            raise ClusterError(
                f"{folder} holds more than {MOST_BYTES >> 20} MB or {MOST_FILES:,} files, hidden ones and virtual "
                "environments aside: put the models and what they import in a folder of their own, which goes to every "
                "node."
            )
        place = to / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)


def _files(folder: Path, skip: frozenset[Path]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _LEFT_OUT
            and here / name not in skip
            and not (here / name / "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            path = here / name
            if not name.startswith(".") and path not in skip and path.is_file():
                yield path


# Data --------------------------------------------------------------------------------------------------------


def packed(data: str, keras_home: Path) -> Parcel:
    """What trials on ``data`` read on this machine: the files at that path, the cached CIFAR-10, Keras's settings.

    Raises:
        ClusterError: If a file cannot be read.
    """
    files: dict[str, Path] = {}
    if (keras_home / "keras.json").is_file():
        files["keras/keras.json"] = keras_home / "keras.json"
    if data in ("auto", "cifar10-cache"):
        cached = cifar10_cached()
        files |= {} if cached is None else _below(cached, "keras/datasets/cifar-10-batches-py")
    elif data != "synthetic":
        path = Path(data).expanduser()
        files |= _below(path, f"data/{path.name}") if path.is_dir() else {f"data/{path.name}": path}
    try:
        return {name: np.fromfile(path, np.uint8) for name, path in files.items()}
    except OSError as why:
        raise ClusterError(f"{why.filename} cannot be read: {why.strerror or why}.") from why


def _below(folder: Path, name: str) -> dict[str, Path]:
    return {f"{name}/{path.relative_to(folder)}": path for path in _files(folder, frozenset())}


def unpacked(parcel: Parcel, folder: Path) -> None:
    """Writes what was packed into ``folder``, by whichever task of a node comes first."""
    if folder.exists():
        return
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    for name, content in parcel.items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        content.tofile(part / name)
    (part / "keras").mkdir(parents=True, exist_ok=True)
    own = Path.home() / ".keras" / "models"
    if own.is_dir():  # what a model downloads, such as weights, is not downloaded anew
        (part / "keras" / "models").symlink_to(own)
    try:
        part.rename(folder)
    except OSError:  # another task was faster
        shutil.rmtree(part, ignore_errors=True)


def data_there(data: str, folder: Path) -> str:
    """What a plan calls its data on a node, whose files lie in ``folder``."""
    if data in ("auto", "cifar10-cache", "synthetic"):
        return data
    return str(folder / "data" / Path(data).name)
