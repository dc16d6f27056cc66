"""Another environment a test can run a side in: a virtual one that has the libraries of this one, and no kerasdiff.

It costs no download and some milliseconds. Of what it should have, a test may put something else in its place.
"""

from __future__ import annotations

import venv
from importlib.util import find_spec
from pathlib import Path


def made_environment(place: Path, *, libraries: bool = True) -> Path:
    """Makes it, and gives its interpreter.

    Args:
        place: Where it is to be.
        libraries: Whether it has TensorFlow, Keras and what they need; else it has nothing.
    """
    venv.create(place, symlinks=True)
    if libraries:
        numpy = find_spec("numpy")  # a unit test may look for no Keras
        assert numpy is not None
        assert numpy.origin is not None
        # A directory that a `.pth` names has none of its own looked at: so an editable kerasdiff is not found there.
        site_of(place).joinpath("libraries.pth").write_text(f"{Path(numpy.origin).parents[1]}\n")
    return place / "bin" / "python"


def site_of(place: Path) -> Path:
    """Where an environment has its packages."""
    (site,) = place.glob("lib/python*/site-packages")
    return site


def pretend(place: Path, **versions: str) -> None:
    """Puts packages into an environment that have these versions and nothing else."""
    for name, version in versions.items():
        package, about = site_of(place) / name, site_of(place) / f"{name}-{version}.dist-info"
        package.mkdir()
        package.joinpath("__init__.py").write_text("")
        about.mkdir()
        about.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
