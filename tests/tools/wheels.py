"""Packages of a few lines, as wheels in a folder: what a test installs without a network."""

from __future__ import annotations

import zipfile
from pathlib import Path


def wheel(folder: Path, name: str, version: str, content: str, requires: str = "") -> Path:
    """Writes ``name`` as a package of one module.

    Args:
        folder: Where it goes; ``PIP_FIND_LINKS`` names it to pip.
        name: Of the package and of what is imported.
        version: Of it.
        content: The module.
        requires: What it needs, as in ``other>=2``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}.py": content,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        record = "".join(f"{file},,\n" for file in (*files, f"{about}/RECORD"))
        archive.writestr(f"{about}/RECORD", record)
    return path


def unpacked(made: Path, site: Path) -> None:
    """Puts a wheel where an environment has its packages."""
    with zipfile.ZipFile(made) as archive:
        archive.extractall(site)
