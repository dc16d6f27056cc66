"""Is a file a program of its own or a part of a package, and from which folder is it imported then?"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.side.reading.source import LOADED, source, top_level
from kerasdiff.side.targets import Target


@dataclass(frozen=True, slots=True)
class Home:
    """How a file is imported.

    Attributes:
        folder: What goes on the path: the file's own folder, or its package's parent.
        name: Dotted, of a part of a package; empty for a program of its own.
    """

    folder: str
    name: str = ""


def home_of(path: Path, tree: ast.AST | None) -> Home:
    """How a file is imported.

    Its text decides: a file that imports relatively, or by the name of the package it lies in, is a part of that
    package. Any other is a program of its own, though it may lie in a package: that runs no ``__init__`` which needs
    what the file does not, and the files beside it are found as ``python file.py`` finds them.

    Args:
        path: Of the file, absolute.
        tree: Of its text; ``None`` where it does not parse.
    """
    alone = Home(str(path.parent))
    if tree is None:
        return alone
    packages = _packages(path)
    own = packages[-1:] if path.name == "__init__.py" else []
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    level = _levels(imports) - len(own)
    inside = packages + [parent.name for parent in path.parents][len(packages) : level]
    if not inside or not (level > 0 or own or _names(imports, inside[-1])):
        return alone
    if inside[-1] in LOADED or any(not name or "." in name for name in inside):
        return alone  # another module goes by that name, or none can
    name = [*reversed(inside), *([] if own else [path.stem])]
    return Home(str(path.parents[len(inside)]), ".".join(name))


def home_at(path: Path) -> Home:
    """How the file at a place is imported."""
    read = source(path, "")
    return home_of(path, None if read is None or isinstance(read, SyntaxError) else read.tree)


def module_folder(target: Target) -> str:
    """The folder that the module of a target is imported from, unless it is installed.

    That is the current one, or ``src`` below it where the module lies there and nowhere else.

    Raises:
        OSError: If the current directory was removed.
    """
    here = str(Path(target.here).resolve() if target.here else Path.cwd())
    first = target.location.partition(".")[0]
    below = Path(here) / "src"
    if not (below / first).is_dir() and not (below / f"{first}.py").is_file():
        return here
    return str(below) if top_level(first, here) is None else here


def _packages(path: Path) -> list[str]:
    """The packages that a file lies in, the innermost first."""
    inside: list[str] = []
    for folder in path.parents:
        if not (folder / "__init__.py").is_file():
            break
        inside.append(folder.name)
    return inside


def _levels(imports: list[ast.Import | ast.ImportFrom]) -> int:
    """How many packages up relative imports reach, 0 for none."""
    return max((node.level for node in imports if isinstance(node, ast.ImportFrom)), default=0)


def _names(imports: list[ast.Import | ast.ImportFrom], package: str) -> bool:
    """Whether a package is imported from by its name."""
    names = [alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in imports if isinstance(node, ast.ImportFrom) and not node.level]
    return any(name.partition(".")[0] == package for name in names)
